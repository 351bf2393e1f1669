//! Where the log goes: standard error, so that standard output is for what a command is asked for.

use std::io::IsTerminal as _;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{fmt, registry};

/// What is logged where `ASSERTA_LOG` says nothing.
const USUAL: &str = "warn,asserta=info,endpoint=info";

pub(crate) fn start() {
    let wanted = std::env::var("ASSERTA_LOG").ok().filter(|wanted| !wanted.is_empty());
    let filter = wanted.as_deref().unwrap_or(USUAL).parse::<Targets>();
    if let Err(error) = &filter {
        eprintln!("asserta: ASSERTA_LOG can't be used ({error}); the log is as without it");
    }
    let filter = filter.unwrap_or_else(|_| USUAL.parse().expect("the usual filter is well-formed"));
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        // Where the log itself has no room left, a complaint about that has none either.
        .log_internal_errors(false);
    registry().with(lines.with_filter(filter_fn(shows_no_secret)).with_filter(filter)).init();
}

/// Below `info` only what is ours: libraries tell there what passes through them (wasmtime the arguments of each
/// call), and that is assertions and secrets (R3). Nobody who looks for a fault should log them by mistake.
fn shows_no_secret(metadata: &Metadata<'_>) -> bool {
    let ours = |name: &str| metadata.target().split("::").next() == Some(name);
    *metadata.level() <= Level::INFO || ours("asserta") || ours("endpoint")
}
