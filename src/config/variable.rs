//! The list of variables, read from the clap definitions so that help, manual and checks cannot differ.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::Fault;

/// The prefix of every variable of the product.
pub const PREFIX: &str = "PROVISO_";

/// One setting, as the manual lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// For example `PROVISO_LISTEN`.
    pub name: String,
    /// For example `--listen`; empty for what only the environment gives.
    pub flag: String,
    /// What the setting has when nobody gives it; empty for none.
    pub default: String,
    /// One sentence.
    pub help: String,
}

/// Every variable that `command` and its subcommands read, by name.
pub fn variables(command: &clap::Command) -> Vec<Variable> {
    let mut found: Vec<Variable> = command.get_arguments().filter_map(variable).collect();
    found.extend(command.get_subcommands().flat_map(variables));
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found.dedup_by(|a, b| a.name == b.name);
    found
}

fn variable(arg: &clap::Arg) -> Option<Variable> {
    let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    Some(Variable {
        name: arg.get_env()?.to_string_lossy().into_owned(),
        flag: arg.get_long().map(|long| format!("--{long}")).unwrap_or_default(),
        default: defaults.join(","),
        help: arg.get_help().map(ToString::to_string).unwrap_or_default(),
    })
}

/// A warning for each variable of the environment that has our prefix and that nothing reads, with the name it may have been meant for.
#[expect(clippy::disallowed_methods, reason = "the configuration is the reader of the environment")]
pub fn unknown_variables(known: &[Variable]) -> Vec<Fault> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    unknown(names, known)
}

fn unknown(names: impl Iterator<Item = String>, known: &[Variable]) -> Vec<Fault> {
    let mut faults: Vec<Fault> = names
        .filter(|name| name.starts_with(PREFIX) && !known.iter().any(|variable| variable.name == *name))
        .map(|name| Fault::new(&name, format!("is not a setting and is ignored{}", suggestion(&name, known))))
        .collect();
    faults.sort_by(|a, b| a.setting.cmp(&b.setting));
    faults
}

fn suggestion(name: &str, known: &[Variable]) -> String {
    nearest(name, known.iter().map(|variable| variable.name.as_str())).map(|near| format!("; did you mean {near}?")).unwrap_or_default()
}

/// The candidate that differs from `name` in the fewest letters, where that is few enough for a slip.
pub(super) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= 3)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The number that `text` writes, when it lies in `range`.
pub(super) fn number<T: FromStr + PartialOrd + Display>(variable: &str, text: &str, range: RangeInclusive<T>) -> Result<T, Fault> {
    text.trim()
        .parse()
        .ok()
        .filter(|number| range.contains(number))
        .ok_or_else(|| Fault::new(variable, format!("\"{text}\" is not a whole number from {} to {}", range.start(), range.end())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_variable_is_named_with_the_one_that_was_meant() {
        let known = [Variable { name: "PROVISO_SMTP_URL".into(), flag: String::new(), default: String::new(), help: String::new() }];
        let names = ["PROVISO_SMPT_URL", "PROVISO_SMTP_URL", "HOME", "PROVISO_COLOUR"].map(str::to_owned);
        let faults: Vec<String> = unknown(names.into_iter(), &known).iter().map(ToString::to_string).collect();
        assert_eq!(
            faults,
            [
                "PROVISO_COLOUR: is not a setting and is ignored",
                "PROVISO_SMPT_URL: is not a setting and is ignored; did you mean PROVISO_SMTP_URL?",
            ]
        );
    }
}
