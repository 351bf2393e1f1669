//! The command line: one file per command.

mod activity;
mod address;
mod admin;
mod app;
mod app_authentication;
mod apply;
mod component;
mod data;
mod demo;
mod document;
mod explain;
mod failure;
mod greeting;
mod issuer;
mod issuer_exchange;
mod issuer_keys;
mod key_file;
mod key_source;
mod keys;
mod log;
mod metadata;
mod mint;
mod org;
mod output;
mod parts;
mod preset;
mod proof;
mod revocation;
mod serve;
mod server_url;
mod signer;
mod strict_json;
mod test;
mod time;
mod token;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Failure;

/// Exchanges JWT assertions of trusted third parties for OAuth 2.0 access tokens (RFC 7523).
///
/// Start here:  ASSERTA_DEV=1 asserta serve
///
/// `test` works without a server, and `token` with an application's credentials. The other commands talk to a running server over
/// its admin API. On the machine of the server they find the admin token in the data directory by themselves.
#[derive(Parser)]
#[command(version, max_term_width = 100, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(Box<serve::Serve>),
    #[command(subcommand)]
    Issuer(issuer::Issuer),
    #[command(subcommand)]
    Preset(preset::Preset),
    #[command(subcommand)]
    App(app::App),
    #[command(subcommand)]
    Org(org::Org),
    #[command(subcommand)]
    Metadata(metadata::Metadata),
    #[command(subcommand)]
    Keys(keys::Keys),
    #[command(subcommand)]
    Token(token::Token),
    #[command(subcommand)]
    Revocation(revocation::Revocation),
    Apply(apply::Apply),
    Activity(activity::Activity),
    Explain(explain::Explain),
    Mint(mint::Mint),
    Proof(proof::Proof),
    Test(test::Test),
}

/// Runs the command that the process was started with. Exit codes: 0 done, 1 failed, 2 used wrongly; of commands
/// whose 1 is a verdict, 2 says that there is none.
pub(crate) fn run() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Serve(command) => command.run(),
        Command::Issuer(command) => command.run(),
        Command::Preset(command) => command.run(),
        Command::App(command) => command.run(),
        Command::Org(command) => command.run(),
        Command::Metadata(command) => command.run(),
        Command::Keys(command) => command.run(),
        Command::Token(command) => command.run(),
        Command::Revocation(command) => command.run(),
        Command::Apply(command) => command.run(),
        Command::Activity(command) => command.run(),
        Command::Explain(command) => command.run().map_err(Failure::beside_the_verdict),
        Command::Mint(command) => command.run(),
        Command::Proof(command) => command.run(),
        Command::Test(command) => command.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our output has read enough of it (`asserta issuer list | head -1`).
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
