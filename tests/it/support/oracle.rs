//! Programs in Python that find the same answers by other means.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::checkout;

/// The interpreter that `tests/run.sh` furnishes.
const PYTHON: &str = "target/oracle-venv/bin/python";

/// Runs a script of `tests/oracle` and gives what it prints.
pub fn run(script: &str, arguments: &[&str], input: &str) -> String {
    let python = checkout::root().join(PYTHON);
    assert!(python.exists(), "{} is missing: run tests/run.sh, which makes it", python.display());
    let mut command = Command::new(&python);
    command.arg(checkout::root().join("tests/oracle").join(script)).args(arguments);
    let mut running = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the interpreter starts");
    running.stdin.take().expect("an input").write_all(input.as_bytes()).expect("the script reads its input");
    let ran = running.wait_with_output().expect("the interpreter runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).expect("text")
}
