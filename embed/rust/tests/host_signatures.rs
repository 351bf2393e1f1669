//! Signatures by aws-lc instead of by the component. Its verdicts, case by case, are the matter of host-tests.

#![cfg(feature = "host-signatures")]

mod partner;

use asserta_exchanger::documents::SigningKey;
use asserta_exchanger::{Error, ExchangeRequest, Exchanger, MemoryStore, Options};

use partner::{PUBLIC_URL, Partner, exchanger};

fn options(algorithm: &str, host_signatures: bool) -> Options {
    Options::new(PUBLIC_URL).access_token_algorithm(algorithm).host_signatures(host_signatures)
}

/// R45, R60: and the switch can be thrown at any time, since the stored keys are the same.
#[test]
fn either_exchanger_goes_on_where_the_other_ended() {
    for algorithm in ["ES256", "EdDSA", "RS256"] {
        let (partner, store) = (Partner::new(), MemoryStore::default());
        let (mut native, app) = exchanger(&partner, store.clone(), options(algorithm, true));
        let mut portable = Exchanger::new(store, options(algorithm, false)).expect("it starts");
        for (number, either) in [&mut native, &mut portable].into_iter().enumerate() {
            let assertion = partner.assertion(&number.to_string());
            let request = ExchangeRequest::new(&assertion, &app.application.client_id, &app.client_secret);
            either.exchange(&request).expect("R60");
            let again = either.exchange(&request);
            assert!(matches!(again, Err(Error::Refused(refusal)) if refusal.reason == "assertion-replayed"));
        }
        let kids = |keys: Vec<SigningKey>| -> Vec<String> { keys.into_iter().map(|key| key.kid).collect() };
        assert_eq!(
            kids(native.signing_keys("default").expect("keys")),
            kids(portable.signing_keys("default").expect("keys"))
        );
    }
}

/// R33.
#[test]
fn a_signature_of_something_else_is_refused() {
    let partner = Partner::new();
    let (mut exchanger, app) = exchanger(&partner, MemoryStore::default(), options("ES256", true));
    let [one, other] = ["one", "other"].map(|jti| partner.assertion(jti));
    let (signed, _) = one.rsplit_once('.').expect("three parts");
    let (_, signature) = other.rsplit_once('.').expect("three parts");
    for forged in [format!("{signed}.{signature}"), format!("{signed}.AAAA")] {
        let request = ExchangeRequest::new(&forged, &app.application.client_id, &app.client_secret);
        let Err(Error::Refused(refusal)) = exchanger.exchange(&request) else { panic!("R33: {forged}") };
        assert_eq!(refusal.reason, "signature-invalid", "{forged}");
    }
}

/// What the host computes costs no fuel: a fifth of the budget is enough, once there is a key.
#[test]
fn an_exchange_takes_little_fuel() {
    let (partner, store) = (Partner::new(), MemoryStore::default());
    let (mut generous, app) = exchanger(&partner, store.clone(), options("ES256", true));
    generous.jwks("default").expect("a key is made");
    let frugal = options("ES256", true).fuel(40_000_000).memory(16 << 20);
    let mut frugal = Exchanger::new(store, frugal).expect("it starts");
    let assertion = partner.assertion("one");
    frugal
        .exchange(&ExchangeRequest::new(&assertion, &app.application.client_id, &app.client_secret))
        .expect("R60");
}
