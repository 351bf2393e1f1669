//! An exchange from outside, through the crate's own API.

mod partner;

use asserta_exchanger::records::{ErrorCode, KeySource, Page, Reason, RegistryError, TrustedIssuer};
use asserta_exchanger::{Error, ExchangeRequest, Exchanger, MemoryStore, Options};

use partner::{PUBLIC_URL, Partner, exchanger};

#[test]
fn an_assertion_becomes_an_access_token_once() {
    let partner = Partner::new();
    let (mut exchanger, app) = exchanger(&partner, MemoryStore::default(), Options::new(PUBLIC_URL));
    let assertion = partner.assertion("one");
    let request = ExchangeRequest::new(&assertion, &app.application.client_id, &app.client_secret);

    let token = exchanger.exchange(&request).expect("R60");
    assert_eq!(token.expires_in, 3600);
    assert_eq!(token.scope.as_deref(), Some("read write"));
    assert_eq!(token.token.split('.').count(), 3);

    let Err(Error::Refused(refusal)) = exchanger.exchange(&request) else { panic!("R45") };
    assert_eq!((refusal.code, refusal.reason), (ErrorCode::InvalidGrant, Reason::AssertionReplayed));
}

#[test]
fn another_instance_over_the_same_store_goes_on() {
    let (partner, store) = (Partner::new(), MemoryStore::default());
    let (mut first, app) = exchanger(&partner, store.clone(), Options::new(PUBLIC_URL));
    let mut second = Exchanger::new(store, Options::new(PUBLIC_URL)).expect("it starts");
    let assertion = partner.assertion("one");
    let request = ExchangeRequest::new(&assertion, &app.application.client_id, &app.client_secret);
    second.exchange(&request).expect("what the first registered, the second knows");
    assert!(
        matches!(first.exchange(&request), Err(Error::Refused(refusal)) if refusal.reason == Reason::AssertionReplayed)
    );
    let kids = |keys: Vec<asserta_exchanger::records::SigningKey>| -> Vec<String> {
        keys.into_iter().map(|key| key.kid).collect()
    };
    assert_eq!(
        kids(first.signing_keys("default").expect("keys")),
        kids(second.signing_keys("default").expect("keys"))
    );
}

#[test]
fn keys_of_an_endpoint_are_asked_for_and_supplied() {
    let partner = Partner::new();
    let (mut exchanger, app) = exchanger(&partner, MemoryStore::default(), Options::new(PUBLIC_URL));
    let keys = KeySource::JwksUri("https://partner.example/jwks".into());
    let issuer = TrustedIssuer { keys, ..partner.as_trusted_issuer() };
    exchanger.replace_trusted_issuer("default", &issuer).expect("a good issuer");
    let assertion = partner.assertion("one");
    let request = ExchangeRequest::new(&assertion, &app.application.client_id, &app.client_secret);
    let Err(Error::KeysNeeded(needed)) = exchanger.exchange(&request) else { panic!("R51") };
    assert_eq!(
        (needed.trusted_issuer.as_str(), needed.uri.as_str()),
        ("partner", "https://partner.example/jwks")
    );

    exchanger.report_keys_unavailable("default", "partner").expect("it is known");
    let Err(Error::Refused(refusal)) = exchanger.exchange(&request) else {
        panic!("R51: never asked twice at once")
    };
    assert_eq!((refusal.code, refusal.reason), (ErrorCode::TemporarilyUnavailable, Reason::KeysUnavailable));

    let unusable = exchanger.supply_keys("default", "partner", r#"{"keys":[{"kty":"oct","k":"AA"}]}"#, None);
    assert!(matches!(unusable, Err(Error::Invalid(invalid)) if invalid.member == "document"));
}

#[test]
fn bad_records_come_back_as_typed_errors() {
    let partner = Partner::new();
    let (mut exchanger, _) = exchanger(&partner, MemoryStore::default(), Options::new(PUBLIC_URL));
    let good = partner.as_trusted_issuer();
    let mut member = |issuer: TrustedIssuer| match exchanger.register_trusted_issuer("default", &issuer) {
        Err(Error::Invalid(invalid)) => invalid.member,
        other => panic!("{other:?}"),
    };
    assert_eq!(member(TrustedIssuer { name: String::new(), ..good.clone() }), "name");
    assert_eq!(member(TrustedIssuer { name: "a\0b".into(), ..good.clone() }), "name");
    assert_eq!(member(TrustedIssuer { issuer: String::new(), ..good.clone() }), "issuer");
    assert_eq!(member(TrustedIssuer { clock_skew: Some(601), ..good.clone() }), "clock-skew");
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
    assert_eq!(
        member(TrustedIssuer { keys: KeySource::Certificate(garbage.into()), ..good.clone() }),
        "certificate"
    );
    assert_eq!(member(TrustedIssuer { keys: KeySource::Jwks("{".into()), ..good.clone() }), "jwks");
    assert_eq!(
        member(TrustedIssuer { keys: KeySource::JwksUri("http://x".into()), ..good.clone() }),
        "jwks-uri"
    );

    let registry = |outcome: Result<(), Error>| match outcome {
        Err(Error::Registry(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(registry(exchanger.register_trusted_issuer("default", &good)), RegistryError::NameTaken);
    let same_issuer = TrustedIssuer { name: "other".into(), ..good.clone() };
    assert_eq!(
        registry(exchanger.register_trusted_issuer("default", &same_issuer)),
        RegistryError::IssuerTaken
    );
    assert_eq!(
        registry(exchanger.register_trusted_issuer("nobody", &good)),
        RegistryError::OrganizationUnknown
    );
    assert_eq!(
        registry(exchanger.register_trusted_issuer("No\u{0}body", &good)),
        RegistryError::OrganizationUnknown
    );
    assert_eq!(registry(exchanger.remove_trusted_issuer("default", "nobody")), RegistryError::NotFound);
    let page = Page { limit: Some(0), after: None };
    assert!(
        matches!(exchanger.trusted_issuers("default", &page), Err(Error::Invalid(invalid)) if invalid.member == "limit")
    );
    let nowhere = Exchanger::new(MemoryStore::default(), Options::new("nowhere"));
    assert!(matches!(nowhere, Err(Error::Invalid(invalid)) if invalid.member == "public-url"));
}
