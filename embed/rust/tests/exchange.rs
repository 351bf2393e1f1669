//! An exchange from outside, through the crate's own API.

mod partner;

use asserta_exchanger::records::{
    ErrorCode, KeyDocument, KeySource, Page, Reason, RegistryError, TrustedIssuer,
};
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

/// R51, R52, R56: whatever a fetcher fails with or hands over, it is asked at most once in a half minute, and its
/// cause is told.
#[test]
fn keys_that_can_not_be_had_are_told_with_their_cause() {
    let document = |text: &str| Ok(KeyDocument { text: text.to_owned(), max_age: None });
    let outcomes: [(&str, Result<KeyDocument, &str>); 7] = [
        ("it is down", Err("it is down")),
        ("document: must not exceed 64 KiB", document(&" ".repeat(64 * 1024 + 1))),
        ("document: must not exceed 64 KiB", document(&" ".repeat(100_000_000))),
        ("document: ", document("")),
        ("document: ", document("<!doctype html>")),
        ("document: ", document(r#"{"issuer":"x"}"#)),
        ("document: ", document(r#"{"keys":[{"kty":"oct","k":"AA"}]}"#)),
    ];
    for (words, outcome) in outcomes {
        let partner = Partner::new();
        let (mut exchanger, app) = exchanger(&partner, MemoryStore::default(), Options::new(PUBLIC_URL));
        let keys = KeySource::JwksUri("https://partner.example/jwks".into());
        let issuer = TrustedIssuer { keys, ..partner.as_trusted_issuer() };
        exchanger.replace_trusted_issuer("default", &issuer).expect("a good issuer");
        let assertion = partner.assertion("one");
        let request = ExchangeRequest::new(&assertion, &app.application.client_id, &app.client_secret);
        let mut fetches = 0;
        let mut exchange = || {
            exchanger.exchange_fetching(&request, |uri| {
                assert_eq!(uri, "https://partner.example/jwks");
                fetches += 1;
                outcome.clone()
            })
        };
        let Err(Error::KeysFailed { refusal, cause }) = exchange() else { panic!("{words}") };
        assert_eq!(refusal.reason, Reason::KeysUnavailable);
        assert!(cause.to_string().starts_with(words), "{cause}");
        for _ in 0..4 {
            match exchange() {
                Err(Error::Refused(refusal) | Error::KeysFailed { refusal, .. }) => {
                    assert_eq!(refusal.reason, Reason::KeysUnavailable);
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(fetches <= 2, "{fetches}: the half minute may end in between, once");
    }
}

#[test]
fn keys_are_fetched_once_and_the_exchange_goes_on() {
    let partner = Partner::new();
    let (mut exchanger, app) = exchanger(&partner, MemoryStore::default(), Options::new(PUBLIC_URL));
    let keys = KeySource::JwksUri("https://partner.example/jwks".into());
    let issuer = TrustedIssuer { keys, ..partner.as_trusted_issuer() };
    exchanger.replace_trusted_issuer("default", &issuer).expect("a good issuer");
    let mut fetches = 0;
    for jti in ["one", "two"] {
        let assertion = partner.assertion(jti);
        let request = ExchangeRequest::new(&assertion, &app.application.client_id, &app.client_secret);
        let granted = exchanger.exchange_fetching(&request, |_| {
            fetches += 1;
            Ok::<_, std::io::Error>(KeyDocument { text: partner.jwks(), max_age: Some(600) })
        });
        granted.expect("R51");
    }
    assert_eq!(fetches, 1);
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
