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
mod issuer_policy;
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
mod words;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Failure;

/// Exchanges JWT assertions of trusted third parties for OAuth 2.0 access tokens (RFC 7523).
///
/// `test` works without a server, and `token` with an application's credentials. The other commands talk to a running server over
/// its admin API. On the machine of the server they find the admin token in the data directory by themselves.
#[derive(Parser)]
// The hint is in the short help too, which the bare command shows.
#[command(version, max_term_width = 100, after_help = "Start here:  ASSERTA_DEV=1 asserta serve")]
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
    /// Prints the version.
    #[command(hide = true)]
    Version,
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
        Command::Version => {
            output::line(concat!("asserta ", env!("CARGO_PKG_VERSION"))).map_err(Failure::from)
        }
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

    /// A help text with examples is shown as it is written: wider than this it would be wrapped, and an example could not
    /// be pasted.
    #[test]
    fn examples_are_not_wrapped() {
        const MOST: usize = 98;
        let mut commands = vec![super::Cli::command()];
        let mut examples = 0;
        while let Some(command) = commands.pop() {
            commands.extend(command.get_subcommands().cloned());
            let texts = [command.get_about(), command.get_long_about(), command.get_after_help()];
            for text in texts.into_iter().flatten().map(ToString::to_string) {
                let is_example = |line: &&str| line.starts_with("  ");
                if !text.lines().any(|line| is_example(&line)) {
                    continue;
                }
                examples += text.lines().filter(is_example).count();
                for line in text.lines() {
                    assert!(line.chars().count() <= MOST, "{}: {line}", command.get_name());
                }
            }
        }
        assert!(examples > 20, "the examples are found: {examples}");
    }

    /// What people type who know other programs.
    #[test]
    fn usual_names_are_understood() {
        for line in [
            "help",
            "help serve",
            "version",
            "app create x",
            "app ls",
            "app rm x",
            "app delete x",
            "app get x",
            "app update x",
            "issuer create x --issuer https://x.example",
            "issuer ls",
            "issuer delete x",
            "org create x",
            "org ls",
            "preset ls",
            "keys ls",
            "revocation ls",
            "metadata get",
            "metadata delete",
        ] {
            let words = std::iter::once("asserta").chain(line.split(' '));
            match super::Cli::command().try_get_matches_from(words) {
                Ok(_) => {}
                Err(error) => {
                    assert_eq!(error.kind(), clap::error::ErrorKind::DisplayHelp, "{line}: {error}")
                }
            }
        }
    }

    /// A change leaves what is not given as it is.
    #[test]
    fn what_changes_a_registration_has_no_defaults() {
        let mut cli = super::Cli::command();
        for name in ["issuer", "app"] {
            for (change, has_some) in [("add", true), ("set", false)] {
                let command = cli.find_subcommand_mut(name).unwrap().find_subcommand_mut(change).unwrap();
                let helps = command.get_arguments().filter_map(clap::Arg::get_help).map(ToString::to_string);
                let said: Vec<_> = helps.filter(|help| help.contains("[default: ")).collect();
                assert_eq!(!said.is_empty(), has_some, "{name} {change}: {said:?}");
                assert!(command.get_arguments().any(|option| option.get_long() == Some("enabled")));
            }
        }
    }

    #[test]
    fn a_refusal_says_what_to_write_instead() {
        for (line, told) in [
            ("serve --port 80", "--listen"),
            ("serve --host 0.0.0.0", "--listen"),
            ("issuer add x", "--preset"),
            ("issuer add x", "--issuer"),
        ] {
            let words = std::iter::once("asserta").chain(line.split(' '));
            let error = super::Cli::command().try_get_matches_from(words).unwrap_err().to_string();
            assert!(error.contains(told), "{line}: {error}");
        }
    }
}
