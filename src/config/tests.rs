use clap::{Args as _, Command, FromArgMatches as _};

use super::*;

/// What the command line alone gives; the variables of the machine that runs the tests stay out of it.
fn resolve(arguments: &[&str]) -> Result<Config, Faults> {
    let command = Settings::augment_args(Command::new("proviso")).mut_args(|arg| arg.env(None::<&str>));
    let matches = command.get_matches_from([&["proviso"], arguments].concat());
    Settings::from_arg_matches(&matches).unwrap().resolve()
}

fn faults(arguments: &[&str]) -> Vec<String> {
    resolve(arguments).unwrap_err().0.iter().map(ToString::to_string).collect()
}

#[test]
fn everything_has_a_default_that_works() {
    let config = resolve(&[]).unwrap();
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.http.max_body_bytes, 1_048_576);
    assert_eq!(config.database.target, None);
    assert!(config.smtp.url.is_none() && config.metrics.token.is_none());
    assert_eq!(config.node.role, node::Role::All);
    assert!(!config.node.id.is_empty());
}

#[test]
fn every_fault_of_every_section_is_named_at_once() {
    let found = faults(&[
        "--listen=everywhere",
        "--database-url=mysql://x",
        "--mail-from=nobody",
        "--webhook-allow=10.0.0.300,ok.internal",
        "--poll-secs=0",
        "--role=boss",
        "--metrics-token=short",
        "--log-format=xml",
    ]);
    let settings: Vec<&str> = found.iter().map(|fault| fault.split(':').next().unwrap()).collect();
    let expected = [
        "PROVISO_LISTEN",
        "PROVISO_DATABASE_URL",
        "PROVISO_MAIL_FROM",
        "PROVISO_WEBHOOK_ALLOW",
        "PROVISO_POLL_SECS",
        "PROVISO_ROLE",
        "PROVISO_METRICS_TOKEN",
        "PROVISO_LOG_FORMAT",
    ];
    assert_eq!(settings, expected, "{found:#?}");
}

#[test]
fn a_password_is_never_sent_in_clear_text_to_another_machine() {
    for refused in ["smtp://u:p@mail.example.org", "smtp://u:p@mail.example.org?tls=opportunistic", "smtp://u@10.0.0.5:25"] {
        let found = faults(&["--smtp-url", refused]);
        assert_eq!(found, ["PROVISO_SMTP_URL: would send the password in clear text: use smtps:// or add ?tls=required"], "{refused}");
    }
    let lawful = [
        "smtps://u:p@mail.example.org",
        "smtp://u:p@mail.example.org:587?tls=required",
        "smtp://u:p@127.0.0.1:2525",
        "smtp://u:p@[::1]:2525",
        "smtp://u:p@localhost:25",
        "smtp://mail:1025",
    ];
    for url in lawful {
        let smtp = resolve(&["--smtp-url", url]).unwrap().smtp;
        assert_eq!(smtp.url.unwrap().expose(), url);
        lettre::AsyncSmtpTransport::<lettre::Tokio1Executor>::from_url(url).expect("the mail library accepts what was checked");
    }
}

#[test]
fn a_fault_and_a_debug_print_hide_the_secret() {
    let fault = faults(&["--smtp-url", "smtp://u:hunter2@mail.example.org"]).join("");
    assert!(!fault.contains("hunter2"), "{fault}");
    let config = resolve(&["--smtp-url", "smtps://u:hunter2@mail.example.org", "--database-url", "postgres://u:hunter2@db/x"]).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn a_secret_comes_from_its_file_and_not_from_two_places() {
    let folder = tempfile();
    let path = folder.join("token");
    std::fs::write(&path, "a-token-of-enough-length\n").unwrap();
    let file = path.to_str().unwrap();
    let token = resolve(&["--metrics-token-file", file]).unwrap().metrics.token.unwrap();
    assert_eq!(token.expose(), "a-token-of-enough-length");
    assert!(faults(&["--metrics-token-file", file, "--metrics-token", "another-token-of-length"])[0].contains("given twice"));
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(faults(&["--metrics-token-file", file])[0].starts_with("PROVISO_METRICS_TOKEN_FILE: "));
}

fn tempfile() -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("proviso-config-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn both_kinds_of_database_are_understood() {
    use database::Target;
    let target = |url: &str| resolve(&["--database-url", url]).unwrap().database.target.unwrap();
    assert_eq!(target("sqlite://data/x.db?mode=rwc"), Target::Sqlite("data/x.db".into()));
    assert_eq!(target("sqlite:///var/lib/x.db"), Target::Sqlite("/var/lib/x.db".into()));
    assert_eq!(target("postgres:///x?host=/tmp/socket"), Target::Postgres(Secret::new("postgres:///x?host=/tmp/socket")));
    assert_eq!(faults(&["--database-url", "postgres://db"])[0].split(": ").nth(1), Some("names no database"));
    let fallback = resolve(&["--database-url-fallback", "sqlite://b.db"]).unwrap();
    assert_eq!(fallback.database.target, Some(Target::Sqlite("b.db".into())));
}

#[test]
fn an_ipv4_receiver_written_as_ipv6_is_the_ipv4_receiver() {
    let allow = resolve(&["--webhook-allow", "10.20.0.0/16, 192.168.1.9, Hooks.Internal"]).unwrap().webhook.allow;
    assert!(allow.has_address("10.20.3.4".parse().unwrap()) && allow.has_address("::ffff:10.20.3.4".parse().unwrap()));
    assert!(allow.has_address("192.168.1.9".parse().unwrap()) && !allow.has_address("192.168.1.10".parse().unwrap()));
    assert!(allow.has_host("hooks.internal") && !allow.has_host("other.internal"));
}

#[test]
fn every_variable_tells_what_it_is_for() {
    let command = Settings::augment_args(Command::new("proviso"));
    for variable in variable::variables(&command) {
        assert!(variable.help.len() > 10, "{} has no description", variable.name);
    }
}
