//! R87: an exchanger with a policy composed in, embedded as in any program: under fuel, and with a limit of memory.

mod memory_host;

use anyhow::{Result, anyhow, ensure};
use host_tests::assertion::assertion;
use host_tests::local_host::PUBLIC_URL;
use memory_host::bindings::exports::asserta::exchange::exchange::{AccessToken, ExchangeError};
use memory_host::{Embedded, Host};
use serde_json::{Value, json};

const CONTRARY: &str = "exchanger-policy-contrary.wasm";

fn start() -> Result<(Embedded, Value)> {
    let mut embedded = Embedded::start(CONTRARY, Host::default())?;
    embedded.register_partner()?;
    let application = embedded.register_application()?;
    Ok((embedded, application))
}

fn of(subject: &str) -> Result<String> {
    assertion("es256", &json!({ "aud": PUBLIC_URL, "sub": subject }))
}

fn exchange(
    embedded: &mut Embedded,
    application: &Value,
    assertion: &str,
) -> Result<Result<AccessToken, ExchangeError>> {
    embedded.exchange(application, assertion).map_err(|trap| anyhow!("{trap:#}"))
}

fn reason(exchanged: &Result<AccessToken, ExchangeError>) -> Option<(&str, Option<&str>)> {
    match exchanged {
        Err(ExchangeError::Refusal(refusal)) => Some((refusal.reason.as_str(), refusal.cause.as_deref())),
        _ => None,
    }
}

#[test]
fn r87_it_narrows_and_refuses() -> Result<()> {
    let (mut embedded, application) = start()?;
    let token = exchange(&mut embedded, &application, &of("narrow")?)?;
    let token = token.map_err(|error| anyhow!("{error:?}"))?;
    ensure!(token.scope.as_deref() == Some("read") && token.expires_in == 60, "{token:?}");
    for (subject, cause) in [
        ("deny", "the policy was asked: it refuses: not-today"),
        ("deny-in-prose", "the policy was asked: it refuses, and gives no name for it"),
        (
            "another-scope",
            "the policy was asked: its decision is malformed: scopes asks for what it may not give",
        ),
        (
            "reserved-claim",
            "the policy was asked: its decision is malformed: claims asks for what it may not give",
        ),
    ] {
        let exchanged = exchange(&mut embedded, &application, &of(subject)?)?;
        ensure!(reason(&exchanged) == Some(("policy-denied", Some(cause))), "{subject}: {exchanged:?}");
    }
    Ok(())
}

/// R45, R87: a trap, or the end of the fuel, is an error of the call, after which nobody enters that instance again. Nothing was
/// used up: the same assertion works in the next one, once.
#[test]
fn r87_a_policy_that_fails_ends_its_instance() -> Result<()> {
    for subject in ["trap", "panic", "loop", "grow", "flood"] {
        let (mut embedded, application) = start()?;
        let assertion = of(subject)?;
        for _ in 0..2 {
            let exchanged = embedded.exchange(&application, &assertion);
            ensure!(exchanged.is_err(), "{subject}: {exchanged:?}");
        }
        let mut plain = Embedded::start("exchanger.wasm", embedded.into_host())?;
        let exchanged = exchange(&mut plain, &application, &assertion)?;
        ensure!(exchanged.is_ok(), "{subject}: {exchanged:?}");
        let again = exchange(&mut plain, &application, &assertion)?;
        ensure!(reason(&again) == Some(("assertion-replayed", None)), "{subject}: {again:?}");
    }
    Ok(())
}
