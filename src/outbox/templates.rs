//! The templates of mails, and what each may say.
//!
//! Guarantee: a template names only the fields on its list, and the server does not start otherwise. A list holds task numbers, names of
//! the definition, instants, counts and the names of staff; nothing people enter into tasks is a field at all.

/// A template: its text and HTML form, what its facts are called in them, and the fields it may name.
struct Template {
    name: &'static str,
    forms: [&'static str; 2],
    fields: &'static [(&'static str, &'static [&'static str])],
}

macro_rules! forms {
    ($name:literal) => {
        [include_str!(concat!("templates/", $name, ".txt")), include_str!(concat!("templates/", $name, ".html"))]
    };
}

const FRAME: &[&str] = &["to_name", "step", "program", "role", "due", "assignee", "stands_for"];
const LINE: &[&str] = &["is_overdue", "task", "step", "program", "assignee", "due"];

const TEMPLATES: &[Template] = &[
    Template { name: "frame", forms: forms!("frame"), fields: &[("letter", FRAME)] },
    Template { name: "warned", forms: forms!("warned"), fields: &[("letter", &["span", "assignee"])] },
    Template { name: "breached", forms: forms!("breached"), fields: &[("letter", &["span"])] },
    Template {
        name: "escalated",
        forms: forms!("escalated"),
        fields: &[("letter", &["span", "rung", "repetition", "until_acknowledged", "may_answer"])],
    },
    Template { name: "routed", forms: forms!("routed"), fields: &[("letter", &["due"])] },
    Template {
        name: "digest",
        forms: forms!("digest"),
        fields: &[
            ("digest", &["to_name", "overdue", "soon", "lines", "more", "answers"]),
            ("line", &["is_overdue", "task", "step", "program", "assignee", "due", "answer"]),
        ],
    },
    Template {
        name: "summary",
        forms: forms!("summary"),
        fields: &[
            ("summary", &["to_name", "program", "overdue", "soon", "unacknowledged", "unexplained", "lines", "more"]),
            ("line", LINE),
        ],
    },
    Template {
        name: "webhook_disabled",
        forms: forms!("webhook_disabled"),
        fields: &[("told", &["to_name", "receiver", "is_gone", "at", "failing_since"])],
    },
];

/// Words every template may use besides its facts.
const FREE: &[&str] = &["number", "link", "answer", "public_url", "unsubscribe"];

/// Refuses a template that names what is not on its list; tells all of them.
pub fn check() -> Result<(), String> {
    let faults: Vec<String> = TEMPLATES.iter().flat_map(|one| one.forms.iter().flat_map(|form| faults(one, form))).collect();
    if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
}

fn faults(template: &Template, form: &str) -> Vec<String> {
    let fault = |what: &str| format!("the mail template {} names {what}, which is not on its list", template.name);
    let mut found = Vec::new();
    for code in code_of(form) {
        let words: Vec<&str> =
            code.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.'))).filter(|word| !word.is_empty()).collect();
        for word in words {
            let mut parts = word.split('.');
            let (facts, field) = (parts.next().unwrap_or_default(), parts.next());
            let listed = template.fields.iter().find(|(name, _)| *name == facts);
            match (listed, field) {
                (Some((_, fields)), Some(field)) if !fields.contains(&field) => found.push(fault(word)),
                (Some(_), Some(_)) => {}
                // What is taken whole could be shown whole.
                (Some(_), None) if code.trim_start_matches('%').trim().starts_with("for ") => {}
                (Some(_), None) => found.push(fault(word)),
                (None, Some(_)) if !FREE.contains(&facts) && !facts.bytes().all(|byte| byte.is_ascii_digit()) => found.push(fault(word)),
                (None, _) => {}
            }
        }
    }
    found
}

/// What stands between `{{ }}` and `{% %}`, without quoted text.
fn code_of(form: &str) -> Vec<String> {
    let mut code = Vec::new();
    for (open, close) in [("{{", "}}"), ("{%", "%}")] {
        let mut rest = form;
        while let Some((_, after)) = rest.split_once(open) {
            let (inside, next) = after.split_once(close).unwrap_or((after, ""));
            let unquoted: String = inside.split('"').step_by(2).collect::<Vec<_>>().join(" ");
            code.push(unquoted);
            rest = next;
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_keeps_to_its_list() {
        assert_eq!(check(), Ok(()));
    }

    #[test]
    fn a_template_that_says_more_is_refused() {
        let spoiled = |form: &'static str| {
            let template = Template { name: "digest", forms: [form, ""], fields: &[("digest", &["lines"]), ("line", &["task"])] };
            faults(&template, form)
        };
        assert_eq!(spoiled("{% for line in digest.lines %}{{ line.task.number() }}{% endfor %}"), Vec::<String>::new());
        for bad in [
            "{{ line.participant }}",
            "{{ digest.lines }} {{ digest.note }}",
            "{% if let Some(note) = line.note %}{{ note }}{% endif %}",
            "{{ letter.to_name }}",
            "{{ fields.score }}",
            "{{ line }}",
        ] {
            assert_eq!(spoiled(bad).len(), 1, "{bad}: {:?}", spoiled(bad));
        }
        assert!(spoiled("{{ line.note }}")[0].contains("digest names line.note"));
    }

    #[test]
    fn every_file_of_the_folder_is_on_the_list() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/outbox/templates");
        for file in std::fs::read_dir(folder).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let name = name.trim_end_matches(".txt").trim_end_matches(".html").to_owned();
            assert!(name == "askama.toml" || TEMPLATES.iter().any(|template| template.name == name), "{name} has no list");
        }
    }
}
