//! The manual's table of settings, held against the program's.

use proviso::cli;
use proviso::config::variable::{self, Variable};

use super::support::{checkout, markdown};

/// Every variable the program reads.
pub fn variables() -> Vec<Variable> {
    variable::variables(&cli::command())
}

fn code(text: &str) -> String {
    if text.is_empty() { "–".to_owned() } else { format!("`{text}`") }
}

/// The table as the manual should have it.
fn table() -> String {
    let rows = variables().into_iter().map(|variable| {
        let flag = if variable.name.starts_with(variable::PREFIX) { variable.flag } else { String::new() };
        format!("| {} | {} | {} | {} |\n", code(&variable.name), code(&flag), code(&variable.default), variable.help.replace('|', "\\|"))
    });
    ["| variable | flag | default | meaning |\n|---|---|---|---|\n".to_owned()].into_iter().chain(rows).collect()
}

#[test]
fn the_manual_lists_every_setting_as_the_program_has_it() {
    let expected = table();
    assert!(checkout::text("README.md").contains(&expected), "the table of settings in README.md should be:\n\n{expected}");
    assert_eq!(markdown::table(&expected, "variable").len(), variables().len());
}
