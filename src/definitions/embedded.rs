//! The definitions, rehearsals and sample sources that are part of the program file.

use rust_embed::RustEmbed;

/// Everything under `definitions/`.
#[derive(RustEmbed)]
#[folder = "definitions/"]
struct Shipped;

/// The shipped definitions: the program's name and the text of its file, by name.
pub fn programs() -> Vec<(String, String)> {
    let mut programs: Vec<_> = Shipped::iter()
        .filter_map(|path| {
            let name = path.strip_suffix(".yaml").filter(|name| !name.contains(['/', '.']))?;
            Some((name.to_owned(), text(&path)?))
        })
        .collect();
    programs.sort();
    programs
}

/// The shipped calendars: the name and the text of each file, by name.
pub fn calendars() -> Vec<(String, String)> {
    let mut calendars: Vec<_> = Shipped::iter()
        .filter_map(|path| Some((path.strip_prefix("calendars/")?.to_owned(), text(&path)?)))
        .filter(|(name, _)| name.ends_with(".yaml"))
        .collect();
    calendars.sort();
    calendars
}

/// The text of a program's rehearsal, if it has one.
pub fn rehearsal(program: &str) -> Option<String> {
    text(&format!("{program}.rehearsal.yaml"))
}

/// The sample sources of a program: the source's id and its CSV file, by id.
pub fn samples(program: &str) -> Vec<(String, Vec<u8>)> {
    let folder = format!("samples/{program}/");
    let mut samples: Vec<_> = Shipped::iter()
        .filter_map(|path| {
            let source = path.strip_prefix(&folder)?.strip_suffix(".csv")?;
            Some((source.to_owned(), Shipped::get(&path)?.data.into_owned()))
        })
        .collect();
    samples.sort();
    samples
}

fn text(path: &str) -> Option<String> {
    Shipped::get(path).and_then(|file| String::from_utf8(file.data.into_owned()).ok())
}
