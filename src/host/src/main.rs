//! `asserta`: serves the token endpoint, and looks after it.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
