//! The optional file `proviso.toml`: one line per setting, named like its variable without the prefix, in lower case.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Arg, Command};

use super::variable::{PREFIX, nearest, variables};
use super::{Fault, Faults};

/// Read from the working directory when it is there and no other file is named.
pub const DEFAULT_FILE: &str = "proviso.toml";

/// Where the file is. It is looked up before the command line is parsed, because its values become the defaults of the other flags.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Args {
    /// Configuration file; default: proviso.toml in the working directory, when there is one
    #[arg(long, env = "PROVISO_CONFIG", value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
}

/// Makes the file's values the defaults of the matching flags of `command` and its subcommands, so that flags and environment
/// override them. `arguments` are those of the process. Fails with everything that is wrong with the file.
pub fn apply(command: Command, arguments: impl IntoIterator<Item = OsString>) -> Result<Command, Faults> {
    match named(arguments.into_iter()) {
        Some(path) => apply_text(command, &path, &read(&path)?),
        None if Path::new(DEFAULT_FILE).is_file() => apply_text(command, Path::new(DEFAULT_FILE), &read(Path::new(DEFAULT_FILE))?),
        None => Ok(command),
    }
}

/// The file that `--config` or `PROVISO_CONFIG` names.
#[expect(clippy::disallowed_methods, reason = "the configuration is the reader of the environment")]
fn named(mut arguments: impl Iterator<Item = OsString>) -> Option<PathBuf> {
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy();
        if text == "--" {
            break;
        }
        if text == "--config" {
            return arguments.next().map(PathBuf::from);
        }
        if let Some(path) = text.strip_prefix("--config=") {
            return Some(PathBuf::from(path));
        }
    }
    std::env::var_os("PROVISO_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from)
}

fn read(path: &Path) -> Result<String, Fault> {
    std::fs::read_to_string(path).map_err(|error| Fault::new(&path.display().to_string(), format!("cannot be read: {error}")))
}

fn apply_text(command: Command, path: &Path, text: &str) -> Result<Command, Faults> {
    let name = path.display().to_string();
    let table: toml::Table =
        toml::from_str(text).map_err(|error| Fault::new(&name, format!("is not TOML: {}", error.to_string().trim_end())))?;
    let known: Vec<String> = variables(&command).iter().filter_map(|variable| key(&variable.name)).collect();
    let mut faults = Faults::default();
    let mut command = command;
    for (key, value) in &table {
        if !known.contains(key) {
            let near = nearest(key, known.iter().map(String::as_str)).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            faults.0.push(Fault::new(&name, format!("\"{key}\" is not a setting{near}")));
        } else if let Some(value) = faults.note(plain(&name, key, value)) {
            command = with_default(command, &variable_of(key), &value);
        }
    }
    if faults.0.is_empty() { Ok(command) } else { Err(faults) }
}

/// The file's name of a variable; `None` for one that is not ours and for the file's own.
fn key(variable: &str) -> Option<String> {
    variable.strip_prefix(PREFIX).filter(|rest| *rest != "CONFIG").map(str::to_lowercase)
}

/// The variable whose default a key sets. The database's goes below `DATABASE_URL`, because environment goes before file.
fn variable_of(key: &str) -> String {
    if key == "database_url" { "DATABASE_URL".to_owned() } else { format!("{PREFIX}{}", key.to_uppercase()) }
}

fn plain(file: &str, key: &str, value: &toml::Value) -> Result<String, Fault> {
    let fault = || Fault::new(file, format!("{key} must be a text, a number, true, false or a list of texts"));
    match value {
        toml::Value::String(text) => Ok(text.clone()),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Boolean(truth) => Ok(truth.to_string()),
        toml::Value::Array(entries) => {
            let texts: Option<Vec<&str>> = entries.iter().map(toml::Value::as_str).collect();
            texts.map(|texts| texts.join(",")).ok_or_else(fault)
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => Err(fault()),
    }
}

fn with_default(command: Command, variable: &str, value: &str) -> Command {
    let set = |arg: Arg| if arg.get_env().is_some_and(|env| env == variable) { arg.default_value(value.to_owned()) } else { arg };
    command.mut_args(set).mut_subcommands(|subcommand| with_default(subcommand, variable, value))
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches as _};

    use super::*;
    use crate::config::{Config, Settings};

    fn command() -> Command {
        Command::new("proviso").subcommand(Settings::augment_args(Command::new("serve")))
    }

    fn config(file: &str, arguments: &[&str]) -> Result<Config, Faults> {
        let command = apply_text(command(), Path::new("proviso.toml"), file)?;
        let matches = command.get_matches_from([&["proviso", "serve"], arguments].concat());
        Settings::from_arg_matches(matches.subcommand_matches("serve").unwrap()).unwrap().resolve()
    }

    #[test]
    fn a_flag_goes_before_the_file_and_the_file_before_the_default() {
        let file = "listen = \"127.0.0.1:1\"\npoll_secs = 7\nwebhook_allow = [\"hooks.internal\", \"10.0.0.0/8\"]\n";
        let config = config(file, &["--listen", "127.0.0.1:2"]).unwrap();
        assert_eq!(config.http.listen.port(), 2);
        assert_eq!(config.scheduler.poll.as_secs(), 7);
        assert_eq!(config.scheduler.slice, 200);
        assert!(config.webhook.allow.has_host("hooks.internal"));
    }

    #[test]
    fn every_fault_of_the_file_is_named() {
        let faults = config("lisen = \"127.0.0.1:1\"\n[smtp]\nurl = \"x\"\n", &[]).unwrap_err().to_string();
        assert!(faults.contains("\"lisen\" is not a setting; did you mean listen?"), "{faults}");
        assert!(faults.contains("\"smtp\" is not a setting"), "{faults}");
    }

    #[test]
    fn the_file_is_named_by_its_flag() {
        let arguments = |list: &[&str]| named(list.iter().map(OsString::from));
        assert_eq!(arguments(&["proviso", "serve", "--config", "a.toml"]), Some("a.toml".into()));
        assert_eq!(arguments(&["proviso", "--config=b.toml", "serve"]), Some("b.toml".into()));
    }
}
