//! R56, R75: what the world `exchanger-events` tells its host, of the component as it is built.

mod memory_host;

use anyhow::{Result, anyhow, ensure};
use host_tests::assertion::assertion;
use host_tests::local_host::PUBLIC_URL;
use memory_host::{Embedded, Host};
use serde_json::json;

#[test]
fn the_host_is_told_of_each_decision() -> Result<()> {
    let mut embedded = Embedded::start("exchanger-events.wasm", Host::default())?;
    embedded.register_partner()?;
    embedded.register_issuer(&json!({
        "name": "silent", "issuer": "https://silent.example", "jwks_uri": "https://silent.example/jwks",
    }))?;
    let application = embedded.register_application()?;
    let good = assertion("es256", &json!({ "aud": PUBLIC_URL }))?;
    let of_silent = assertion("es256", &json!({ "iss": "https://silent.example", "aud": PUBLIC_URL }))?;
    // That keys are needed is no decision.
    for assertion in [good.clone(), good, of_silent, "x".repeat(20_000)] {
        let _ = embedded.exchange(&application, &assertion).map_err(|trap| anyhow!("{trap:#}"))?;
    }
    let told = embedded.into_host().told;
    let outcomes: Vec<_> = told
        .iter()
        .filter(|told| told["event"] == "exchange")
        .map(|told| {
            let text = |member: &str| told[member].as_str().unwrap_or("-").to_owned();
            (text("outcome"), text("client_id"), text("trusted_issuer"))
        })
        .collect();
    let client_id = application["client_id"].as_str().unwrap_or_default();
    let expected = [
        ("granted", client_id, "partner"),
        ("assertion-replayed", client_id, "partner"),
        ("assertion-too-large", "-", "-"),
    ];
    let expected =
        expected.map(|(outcome, client, issuer)| (outcome.to_owned(), client.to_owned(), issuer.to_owned()));
    ensure!(outcomes == expected, "{told:#?}");
    ensure!(told.iter().any(|told| told["event"] == "signing-key-added"), "{told:#?}");
    Ok(())
}
