//! What tests demand of every page: inputs with labels, links that lead somewhere.

use std::collections::BTreeSet;

/// Keeps a page with its style inside, to be looked at, where a folder was named when the tests were built.
pub fn keep(name: &str, html: &str) {
    if let Some(folder) = option_env!("PROVISO_KEEP_PAGES") {
        let style = format!("<style>{}</style>", include_str!("../../../assets/proviso.css"));
        std::fs::write(format!("{folder}/{name}.html"), html.replace("<link rel=\"stylesheet\" href=\"/assets/proviso.css\">", &style))
            .unwrap();
    }
}

/// What every page must hold to: one heading, ids that are there once, a label for every control, nothing inline.
pub fn assert_accessible(html: &str) {
    let tags: Vec<&str> = html.split('<').skip(1).map(|rest| rest.split('>').next().unwrap_or_default()).collect();
    let named = |name: &'static str| tags.iter().filter(move |tag| tag.split([' ', '\n']).next() == Some(name));
    assert_eq!(named("h1").count(), 1, "one heading of the first level");
    assert!(html.contains("<html lang=\"en\">") && html.contains("<main id=\"main\""));
    let mut ids = BTreeSet::new();
    for id in tags.iter().filter_map(|tag| attribute(tag, "id")) {
        assert!(ids.insert(id), "the id {id} is there twice");
    }
    let labelled: BTreeSet<&str> = named("label").filter_map(|tag| attribute(tag, "for")).collect();
    for control in ["input", "select", "textarea"].into_iter().flat_map(named) {
        let wrapped = html.split(&format!("<{control}>")).next().is_some_and(|before| before.rfind("<label") > before.rfind("</label>"));
        let by_id = attribute(control, "id").is_some_and(|id| labelled.contains(id));
        let is_hidden = attribute(control, "type") == Some("hidden");
        assert!(is_hidden || by_id || wrapped, "no label for <{control}>");
    }
    for label in &labelled {
        assert!(ids.contains(label), "a label for {label}, which is not there");
    }
    for described in tags.iter().filter_map(|tag| attribute(tag, "aria-describedby")).flat_map(str::split_whitespace) {
        assert!(ids.contains(described), "described by {described}, which is not there");
    }
    for button in named("button") {
        let empty = html.contains(&format!("<{button}></button>"));
        assert!(!empty, "a button without words: {button}");
    }
    for bad in [" style=", " onclick=", "<style", "javascript:"] {
        assert!(!html.contains(bad), "{bad}");
    }
}

/// Whether each fragment a page links to is on it.
pub fn fragments_exist(html: &str) -> bool {
    html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()).all(|id| html.contains(&format!("id=\"{id}\"")))
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split_once(&format!(" {name}=\"")).and_then(|(_, rest)| rest.split('"').next())
}
