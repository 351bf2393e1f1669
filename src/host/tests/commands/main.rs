//! The command line as a person uses it: the built program, in directories of its own.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says clearly enough where it failed")]

mod activity;
mod administer;
mod assertions;
mod client_keys;
mod dpop;
mod files;
#[cfg(unix)]
mod guard;
mod issuer_keys;
mod metadata;
mod options;
mod own_tokens;
#[cfg(unix)]
mod policy;
mod presets;
mod serve;
mod server;
mod token;
mod token_exchange;
