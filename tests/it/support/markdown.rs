//! Reads the tables of our documents, so that a test and a document cannot say different things.

/// The rows of the first table whose header's first cell is `header`, each as its cells without code marks.
pub fn table(document: &str, header: &str) -> Vec<Vec<String>> {
    let mut lines = document.lines().map(str::trim).skip_while(|line| cells(line).first().is_none_or(|cell| cell != header));
    assert!(lines.next().is_some(), "no table begins with the column \"{header}\"");
    lines.skip(1).take_while(|line| line.starts_with('|')).map(cells).collect()
}

fn cells(line: &str) -> Vec<String> {
    let Some(inner) = line.strip_prefix('|').and_then(|line| line.strip_suffix('|')) else { return Vec::new() };
    // A bar inside a cell is written `\|`.
    let inner = inner.replace("\\|", "\u{0}");
    inner.split('|').map(|cell| cell.trim().replace('`', "").replace('\u{0}', "|")).collect()
}

/// The entries of a cell that lists them with commas; "nothing" and a dash are no entries.
pub fn list(cell: &str) -> Vec<String> {
    cell.split(',').map(str::trim).filter(|entry| !["", "nothing", "–"].contains(entry)).map(str::to_owned).collect()
}

#[test]
fn a_table_is_read_by_its_first_column() {
    let document = "text\n\n| other | x |\n|---|---|\n| a | b |\n\n\
        | folder | may import |\n|---|---|\n| `domain` | `ids`, `instant` |\n| `ids` | nothing |\n\nend";
    let rows = table(document, "folder");
    assert_eq!(rows, [["domain", "ids, instant"], ["ids", "nothing"]]);
    assert_eq!(list(&rows[0][1]), ["ids", "instant"]);
    assert!(list(&rows[1][1]).is_empty());
}
