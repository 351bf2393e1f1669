//! An exchange from outside, through the crate's own API.

mod partner;

use asserta_exchanger::documents::{
    ApplicationMetadata, Audience, Explanation, RegisteredIssuer, SigningKey, StatedMetadata, TrustedIssuer,
};
use asserta_exchanger::{
    Error, ExchangeRequest, Exchanger, KeyDocument, KeyOwner, MemoryStore, Options, Page, RegistryError,
    TokenExchangeRequest,
};
use serde_json::json;

use partner::{PUBLIC_URL, Partner, exchanger};

#[test]
fn an_assertion_becomes_an_access_token_once() {
    let partner = Partner::new();
    let (mut exchanger, app) = exchanger(&partner, MemoryStore::default(), Options::new(PUBLIC_URL));
    let assertion = partner.assertion("one");
    let request = ExchangeRequest::new(&assertion, &app.application.client_id, &app.client_secret);

    let token = exchanger.exchange(&request).expect("R60");
    assert_eq!(
        (token.token_type.as_str(), token.expires_in, token.issued_token_type),
        ("Bearer", 3600, None)
    );
    assert_eq!(token.scope.as_deref(), Some("read write"));
    assert_eq!(token.token.split('.').count(), 3);

    let Err(Error::Refused(refusal)) = exchanger.exchange(&request) else { panic!("R45") };
    assert_eq!((&*refusal.code, &*refusal.reason), ("invalid_grant", "assertion-replayed"));
}

#[test]
fn r61_r63_r100_explain_looks_at_the_whole_request() {
    let partner = Partner::new();
    let (mut exchanger, app) = exchanger(&partner, MemoryStore::default(), Options::new(PUBLIC_URL));
    let (assertion, client_id) = (partner.assertion("one"), app.application.client_id.as_str());
    let asked = ExchangeRequest::new(&assertion, client_id, &app.client_secret);
    assert!(exchanger.explain_request(&asked).expect("explained").accepted);
    let asking =
        ExchangeRequest { scope: Some("admin"), resources: &["https://other.example"], ..asked.clone() };
    let explained = exchanger.explain_request(&asking).expect("explained");
    let reasons: Vec<_> = explained.checks.iter().filter_map(|check| check.reason.as_deref()).collect();
    assert_eq!(reasons, ["scope-not-allowed", "resource-unknown"]);
    let with_proof = ExchangeRequest { dpop_proof: Some("a.b.c"), ..asked };
    let exchanged = TokenExchangeRequest {
        dpop_proof: Some("a.b.c"),
        ..TokenExchangeRequest::new(&assertion, client_id, &app.client_secret)
    };
    let explained = [
        exchanger.explain_request(&with_proof).expect("explained"),
        exchanger.explain_token(&exchanged).expect("explained"),
    ];
    for Explanation { accepted, checks } in explained {
        let step = checks.into_iter().find(|check| check.check == "DPoP proof").expect("a check");
        assert_eq!((accepted, step.reason.as_deref()), (false, Some("dpop-proof-malformed")));
    }
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
        matches!(first.exchange(&request), Err(Error::Refused(refusal)) if refusal.reason == "assertion-replayed")
    );
    let kids = |keys: Vec<SigningKey>| -> Vec<String> { keys.into_iter().map(|key| key.kid).collect() };
    assert_eq!(
        kids(first.signing_keys("default").expect("keys")),
        kids(second.signing_keys("default").expect("keys"))
    );
}

#[test]
fn keys_of_an_endpoint_are_asked_for_and_supplied() {
    let partner = Partner::new();
    let (mut exchanger, app) = exchanger(&partner, MemoryStore::default(), Options::new(PUBLIC_URL));
    exchanger.replace_trusted_issuer("default", &partner.with_endpoint()).expect("a good issuer");
    let assertion = partner.assertion("one");
    let request = ExchangeRequest::new(&assertion, &app.application.client_id, &app.client_secret);
    let Err(Error::KeysNeeded(needed)) = exchanger.exchange(&request) else { panic!("R51") };
    let KeyOwner::TrustedIssuer(name) = &needed.owner else { panic!("an issuer's") };
    assert_eq!(
        (name.as_str(), needed.kind.as_str(), needed.uri.as_str()),
        ("partner", "jwks", "https://partner.example/jwks")
    );

    let cause = Some("it answered 503 instead of 200");
    exchanger.report_keys_unavailable("default", &needed, cause).expect("it is known");
    let Err(Error::Refused(refusal)) = exchanger.exchange(&request) else {
        panic!("R51: never asked twice at once")
    };
    assert_eq!((&*refusal.code, &*refusal.reason), ("temporarily_unavailable", "keys-unavailable"));
    assert_eq!(refusal.cause.as_deref(), cause);
    // R56: and whoever looks into it learns why, too.
    let explained = exchanger.explain("default", &assertion, None).expect("it is known");
    let step = explained.checks.iter().find(|check| check.check == "keys available").expect("a check");
    assert_eq!(step.reason.as_deref(), Some("keys-unavailable"));
    assert!(step.saw.ends_with("it answered 503 instead of 200"), "{}", step.saw);

    let document = KeyDocument { text: r#"{"keys":[{"kty":"oct","k":"AA"}]}"#.into(), max_age: None };
    let unusable = exchanger.supply_keys("default", &needed, &document);
    assert!(matches!(unusable, Err(Error::Invalid(invalid)) if invalid.field == "document"));

    // A document of an address that the issuer no longer has is nobody's.
    let moved =
        TrustedIssuer { jwks_uri: Some("https://partner.example/new".into()), ..partner.with_endpoint() };
    exchanger.replace_trusted_issuer("default", &moved).expect("a good issuer");
    let document = KeyDocument { text: partner.jwks(), max_age: None };
    let late = exchanger.supply_keys("default", &needed, &document);
    assert!(matches!(late, Err(Error::Invalid(invalid)) if invalid.field == "uri"));
    let Err(Error::KeysNeeded(again)) = exchanger.exchange(&request) else { panic!("R51") };
    assert_eq!(again.uri, "https://partner.example/new");
    assert_eq!(exchanger.supply_keys("default", &again, &document).ok(), Some(1));
    exchanger.exchange(&request).expect("R51");
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
        exchanger.replace_trusted_issuer("default", &partner.with_endpoint()).expect("a good issuer");
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
        assert_eq!(refusal.reason, "keys-unavailable");
        assert!(cause.to_string().starts_with(words), "{cause}");
        for _ in 0..4 {
            match exchange() {
                Err(Error::Refused(refusal) | Error::KeysFailed { refusal, .. }) => {
                    assert_eq!(refusal.reason, "keys-unavailable");
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
    exchanger.replace_trusted_issuer("default", &partner.with_endpoint()).expect("a good issuer");
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
fn bad_documents_come_back_as_typed_errors() {
    let partner = Partner::new();
    let (mut exchanger, _) = exchanger(&partner, MemoryStore::default(), Options::new(PUBLIC_URL));
    let good = json!(partner.as_trusted_issuer());
    let with = |member: &str, value: serde_json::Value| {
        let mut issuer = good.clone();
        issuer[member] = value;
        issuer
    };
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
    for (issuer, field) in [
        (with("name", json!("")), "name"),
        (with("name", json!("a\0b")), "name"),
        (with("issuer", json!("")), "issuer"),
        (with("clock_skew", json!(601)), "clock_skew"),
        (with("clock_skew", json!(-1)), "clock_skew"),
        (with("clock_skewness", json!(1)), "clock_skewness"),
        (with("certificate", json!(garbage)), "certificate"),
        (with("claims", json!([{"claim": "c", "equals": null}])), "claims[0]"),
        (json!({"name": "a", "issuer": "b", "jwks": "{"}), "jwks"),
        (json!({"name": "a", "issuer": "b", "jwks_uri": "http://x"}), "jwks_uri"),
        (json!({"issuer": "b"}), "name"),
        (json!("text"), "document"),
    ] {
        match exchanger.register_trusted_issuer("default", &issuer) {
            Err(Error::Invalid(invalid)) => assert_eq!(invalid.field, field, "{invalid:?}"),
            other => panic!("{field}: {other:?}"),
        }
    }

    for (issuer, field) in
        [(with("issuer", json!("https://other.example")), "name"), (with("name", json!("other")), "issuer")]
    {
        let taken = exchanger.register_trusted_issuer("default", &issuer);
        assert!(matches!(&taken, Err(Error::Taken(taken)) if taken.field == field), "{taken:?}");
    }
    let registry = |outcome: Result<(), Error>| match outcome {
        Err(Error::Registry(error)) => error,
        other => panic!("{other:?}"),
    };
    for nobody in ["nobody", "No\u{0}body"] {
        let unknown = exchanger.register_trusted_issuer(nobody, &good).map(drop);
        assert_eq!(registry(unknown), RegistryError::OrganizationUnknown);
    }
    assert_eq!(registry(exchanger.remove_trusted_issuer("default", "nobody")), RegistryError::NotFound);
    let page = Page { limit: Some(0), after: None };
    assert!(
        matches!(exchanger.trusted_issuers("default", &page), Err(Error::Invalid(invalid)) if invalid.field == "limit")
    );
    for (options, field) in [
        (Options::new("nowhere"), "public_url"),
        (Options::new(PUBLIC_URL).access_token_algorithm("HS256"), "access_token_algorithm"),
    ] {
        let refused = Exchanger::new(MemoryStore::default(), options);
        assert!(matches!(refused, Err(Error::Invalid(invalid)) if invalid.field == field));
    }
}

/// What comes out can be handed back as it is.
#[test]
fn documents_come_back_as_they_went_in() {
    let partner = Partner::new();
    let (mut exchanger, app) = exchanger(&partner, MemoryStore::default(), Options::new(PUBLIC_URL));
    let mut jwks: serde_json::Value = serde_json::from_str(&partner.jwks()).expect("JSON");
    jwks["keys"].as_array_mut().expect("keys").push(json!({"kty": "oct", "k": "AA"}));
    let issuer = json!({"name": "other", "issuer": "https://other.example", "jwks": jwks, "subjects": ["a", "b*"],
        "claims": [{"claim": "n", "equals": 9_007_199_254_740_993_u64}], "claim_mappings": {"mail": "email"}});
    let registered = exchanger.register_trusted_issuer("default", &issuer).expect("a good issuer");
    assert_eq!(registered.skipped_keys.len(), 1, "R53");
    assert_eq!(
        (registered.issuer.enabled, registered.issuer.clock_skew),
        (Some(true), Some(60)),
        "defaults are filled in"
    );
    let kept = exchanger.trusted_issuer("default", "other").expect("it is there");
    assert_eq!(
        RegisteredIssuer { skipped_keys: Vec::new(), warnings: Vec::new(), ..registered.clone() },
        kept
    );
    let again = exchanger.replace_trusted_issuer("default", &registered).expect("it can be handed back");
    assert_eq!((again.created, again.document), (false, kept.clone()));
    let listing = exchanger.trusted_issuers("default", &Page::first()).expect("a list");
    assert_eq!((&listing.items[0], listing.items.len(), listing.next), (&kept, 2, None));

    let mut changed = exchanger.application("default", &app.application.client_id).expect("it is there");
    assert_eq!(changed, app.application);
    changed.metadata.audience = Some(Audience::One("https://api.example".into()));
    let replaced = exchanger.replace_application("default", &changed).expect("it can be handed back");
    assert_eq!((replaced.created, &replaced.document), (false, &changed));
    let assertion = partner.assertion("one");
    let request = ExchangeRequest {
        resources: &["https://api.example"],
        ..ExchangeRequest::new(&assertion, &app.application.client_id, &app.client_secret)
    };
    exchanger.exchange(&request).expect("the secret stays");

    let own = json!({"client_id": "orders", "client_secret": "x".repeat(32), "grant_types": []});
    let made = exchanger.replace_application("default", &own).expect("with a secret it may be new");
    assert_eq!((made.created, made.document.client_id.as_str()), (true, "orders"));
    let unknown = json!({"client_id": "nobody", "grant_types": []});
    let unknown = exchanger.replace_application("default", &unknown);
    assert!(matches!(unknown, Err(Error::Registry(RegistryError::NotFound))));
    let nameless = exchanger.replace_application("default", &ApplicationMetadata::jwt_bearer());
    assert!(matches!(nameless, Err(Error::Invalid(invalid)) if invalid.field == "client_id"));
}

/// R13: a few resources, and no more.
#[test]
fn at_most_eight_resources() {
    let partner = Partner::new();
    let (mut exchanger, _) = exchanger(&partner, MemoryStore::default(), Options::new(PUBLIC_URL));
    let resources: Vec<String> = (0..9).map(|number| format!("https://api{number}.example")).collect();
    let resources: Vec<&str> = resources.iter().map(String::as_str).collect();
    let metadata =
        json!({"grant_types": ApplicationMetadata::jwt_bearer().grant_types, "audience": resources});
    let app = exchanger.register_application("default", &metadata).expect("a good application");
    let outcome = |exchanger: &mut Exchanger<MemoryStore>, jti: &str, resources: &[&str]| {
        let assertion = partner.assertion(jti);
        let request = ExchangeRequest::new(&assertion, &app.application.client_id, &app.client_secret);
        exchanger.exchange(&ExchangeRequest { resources, ..request })
    };
    outcome(&mut exchanger, "eight", &resources[..8]).expect("eight are allowed");
    let Err(Error::Refused(refusal)) = outcome(&mut exchanger, "nine", &resources) else { panic!("R13") };
    assert_eq!((&*refusal.code, &*refusal.reason), ("invalid_request", "parameter-repeated"));
}

#[test]
fn what_is_stated_in_the_metadata() {
    let mut exchanger = Exchanger::new(MemoryStore::default(), Options::new(PUBLIC_URL)).expect("started");
    let stated =
        StatedMetadata { scopes_supported: Some(vec!["read".to_owned()]), ..StatedMetadata::default() };
    let replaced = exchanger.replace_stated_metadata("default", &stated).expect("R67");
    assert_eq!((replaced.created, replaced.document), (true, stated.clone()));
    assert_eq!(exchanger.stated_metadata("default").expect("it is there"), stated);
    let ours = json!({ "issuer": "https://evil.example" });
    let Err(Error::Invalid(invalid)) = exchanger.replace_stated_metadata("default", &ours) else {
        panic!("it is ours")
    };
    assert_eq!(invalid.field, "issuer");
    exchanger.remove_stated_metadata("default").expect("it was there");
    let Err(Error::Registry(RegistryError::NotFound)) = exchanger.stated_metadata("default") else {
        panic!("it is gone")
    };
}
