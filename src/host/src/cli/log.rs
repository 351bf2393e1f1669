//! Where the log goes: standard error, so that standard output is for what a command is asked for.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

pub(crate) fn start() {
    let filter = EnvFilter::try_from_env("ASSERTA_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,asserta=info,endpoint=info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}
