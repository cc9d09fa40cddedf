//! The `proviso` program: reads its arguments and hands over.

use std::process::ExitCode;

fn main() -> ExitCode {
    proviso::cli::main()
}
