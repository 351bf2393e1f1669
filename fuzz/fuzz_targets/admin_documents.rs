//! What an administrator hands over as JSON: a trusted issuer, an application, a seed document. What is accepted is
//! stored and read as the same; no error says what stood there; no JWKS address means one host to us and another
//! to the program that fetches (R50).
#![no_main]

use asserta_core::application::{Application, ApplicationMetadata};
use asserta_core::json::{self, Value};
use asserta_core::keys::KeySource;
use asserta_core::service::TrustDocument;
use asserta_core::trust::{Issuer, TrustedIssuer};

/// Stands for a secret in the seeds and in the dictionary.
const SECRET: &str = "c4n4ry";

asserta_fuzz::target!(|input| {
    let silent = secret_is_only_a_value(input);
    let check_error = |error: &dyn std::fmt::Display| {
        assert!(
            !silent || !error.to_string().contains(SECRET),
            "R3: an error says what stood there: {error}"
        );
    };

    match json::from_slice::<TrustedIssuer>(input) {
        Ok(issuer) => trusted_issuer(&issuer, &check_error),
        Err(error) => check_error(&error),
    }
    match json::from_slice::<ApplicationMetadata>(input) {
        Ok(application) => {
            let stored = serde_json::to_vec(&application).expect("JSON");
            let read = json::from_slice::<ApplicationMetadata>(&stored).expect("what was written is read");
            assert_eq!(read, application);
            let parse = |metadata| Application::parse("app".into(), None, 0, metadata, false).map(drop);
            assert_eq!(parse(read), parse(application));
        }
        Err(error) => check_error(&error),
    }
    match TrustDocument::parse(input, false) {
        Ok(document) => {
            assert!(TrustDocument::parse(input, true) == Ok(document), "what works works in development too");
        }
        Err(error) => check_error(&error),
    }
});

fn trusted_issuer(issuer: &TrustedIssuer, check_error: &dyn Fn(&dyn std::fmt::Display)) {
    let stored = serde_json::to_vec(issuer).expect("JSON");
    let read = json::from_slice::<TrustedIssuer>(&stored).expect("what was written is read");
    assert_eq!(&read, issuer, "stored and read");
    let parse = |dev| Issuer::parse(issuer.clone(), dev);
    let parsed = match parse(true) {
        Ok(parsed) => parsed,
        Err(error) => {
            check_error(&error);
            assert!(parse(false).is_err(), "development allows more, never less");
            return;
        }
    };
    let again = Issuer::parse(read, true).expect("the same issuer");
    match (parsed.keys(), again.keys()) {
        (KeySource::Endpoint(uri), KeySource::Endpoint(again)) => {
            assert_eq!(uri, again);
            endpoint(uri, parse(false).is_ok());
        }
        (KeySource::Discovery(address), KeySource::Discovery(again)) => {
            assert_eq!(address, again);
            for uri in [Some(&address.uri), address.otherwise.as_ref()].into_iter().flatten() {
                endpoint(uri, parse(false).is_ok());
            }
        }
        (KeySource::Inline(keys), KeySource::Inline(again))
        | (KeySource::Certificate(keys), KeySource::Certificate(again)) => {
            assert!(!keys.is_empty());
            assert_eq!(keys, again);
        }
        _ => panic!("keys of another kind"),
    }
}

/// The hosts read the address with `http::Uri`: it must not see another scheme, host or credentials there.
fn endpoint(uri: &str, allowed_in_production: bool) {
    let Ok(fetched) = uri.parse::<http::Uri>() else { return };
    let (scheme, host) = (fetched.scheme_str().expect("R50: a scheme"), fetched.host().expect("R50: a host"));
    assert!(!fetched.authority().expect("R50: a host").as_str().contains('@'), "R50: credentials");
    assert!(!host.is_empty(), "R50: no host");
    match scheme {
        "https" => assert!(allowed_in_production),
        "http" => {
            assert!(!allowed_in_production, "R50: http");
            assert!(["127.0.0.1", "[::1]", "localhost"].contains(&host), "R50: http to {host}");
        }
        other => panic!("R50: {other}"),
    }
}

/// Errors name members; a mapping's error names the claim that is written.
fn secret_is_only_a_value(input: &[u8]) -> bool {
    fn holds(value: &Value) -> bool {
        match value {
            Value::Array(elements) => elements.iter().all(holds),
            Value::Object(object) => object
                .iter()
                .all(|(name, value)| !name.contains(SECRET) && name != "claim_mappings" && holds(value)),
            _ => true,
        }
    }
    json::parse(input).is_ok_and(|value| holds(&value))
}
