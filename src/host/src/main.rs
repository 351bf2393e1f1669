//! `asserta`: serves the token endpoint, and manages it.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
