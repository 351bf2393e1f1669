//! The keys of a SPIFFE bundle count for an issuer that speaks for a trust domain, and for no other (R47). Elsewhere they
//! would vouch for whatever the issuer is trusted with.

mod world;

use asserta_core::jose::key::SigningKey;
use asserta_core::oauth::Reason;
use asserta_core::service::Service;
use asserta_core::trust::{Issuer, TrustedIssuer};
use serde_json::{Value, json};
use world::fetched_keys::*;
use world::*;

const WORKLOAD: &str = "spiffe://prod.example.org/api";

/// A bundle as SPIRE serves it: this key for JWT-SVIDs, and that of an authority for X.509-SVIDs.
fn bundle(svids: &SigningKey, authority: &SigningKey) -> Value {
    let mut document = jwks(&[svids, authority]);
    document["keys"][0]["use"] = "jwt-svid".into();
    document["keys"][1]["use"] = "x509-svid".into();
    document["spiffe_sequence"] = 7.into();
    document
}

/// An issuer with these members, and the trust domain if it is to speak for one.
fn trusting(members: &Value, trust_domain: Option<&str>) -> TrustedIssuer {
    let mut members = members.clone();
    if let Some(trust_domain) = trust_domain {
        members["trust_domain"] = trust_domain.into();
    }
    issuer(members)
}

/// R41, R47: the keys count as soon as the registration has a trust domain, and no longer than that, in every instance.
#[test]
fn r47_keys_of_an_endpoint() {
    let (world, svids, authority) = (World::default(), key(1), key(2));
    let (one, other) = (world.service(), world.service());
    let client = register(&one);
    world.endpoint.serve(&bundle(&svids, &authority), Some(86_400));
    let members = json!({ "jwks_uri": URI, "replay": "allow" });
    let put = |trust_domain| {
        let issuer = trusting(&members, trust_domain);
        run(one.registry().put_trusted_issuer(&default_organization(), "idp", &issuer)).expect("registered");
    };
    let ask = |service: &Service<&World>, key: &SigningKey, sub: &str| {
        let assertion = assertion(key, world.clock.0.get(), json!({ "sub": sub }));
        run(exchange(service, &client, &assertion))
    };
    let told = || {
        let assertion = assertion(&svids, world.clock.0.get(), json!({ "sub": WORKLOAD }));
        let explained = run(one.explain(&default_organization(), &assertion, None)).expect("explained");
        explained.checks.iter().map(|check| format!("{}\n", check.saw)).collect::<String>()
    };
    assert_eq!(ask(&one, &svids, WORKLOAD), Err(Reason::KeysUnavailable));
    let saw = told();
    assert!(saw.contains("keys[0]: use is jwt-svid") && saw.contains("trust_domain"), "{saw}");

    put(Some("prod.example.org"));
    for service in [&one, &other] {
        assert_eq!(ask(service, &svids, WORKLOAD), Ok(()), "at once");
        assert_eq!(ask(service, &authority, WORKLOAD), Err(Reason::KeyUnknown));
        let elsewhere = "spiffe://staging.example.org/api";
        assert_eq!(ask(service, &svids, elsewhere), Err(Reason::SubjectNotAllowed));
        assert_eq!(ask(service, &svids, "alice"), Err(Reason::SubjectNotAllowed));
    }
    let saw = told();
    assert!(saw.contains("1 usable key") && saw.contains("keys[1]: use is x509-svid"), "{saw}");

    put(None);
    for service in [&one, &other] {
        assert_eq!(ask(service, &svids, WORKLOAD), Err(Reason::KeysUnavailable));
    }
}

/// R47: an instance that kept the document parsed for a trust domain does not go on with its keys for another purpose, also
/// where the document itself stays in the store.
#[test]
fn r47_what_was_parsed_for_another_purpose() {
    let (world, svids) = (World::default(), key(1));
    let service = world.service();
    let organization = default_organization();
    let members = json!({ "jwks_uri": URI, "replay": "allow" });
    let issuer = trusting(&members, Some("prod.example.org"));
    run(service.registry().create_trusted_issuer(&organization, &issuer)).expect("registered");
    let client =
        run(service.registry().create_application(&organization, metadata(json!({})))).expect("registered");
    world.endpoint.serve(&bundle(&svids, &key(2)), Some(86_400));
    let ask = || {
        let assertion = assertion(&svids, world.clock.0.get(), json!({ "sub": WORKLOAD }));
        run(exchange(&service, &client, &assertion))
    };
    assert_eq!(ask(), Ok(()));
    let mut documents = world.registry.entries.borrow().clone();
    documents.retain(|key, _| key.starts_with("jwks/"));
    assert_eq!(documents.len(), 1, "{documents:?}");
    let plain = trusting(&members, None);
    run(service.registry().put_trusted_issuer(&organization, "idp", &plain)).expect("registered");
    // As if it had never been forgotten.
    world.registry.entries.borrow_mut().extend(documents);
    assert_eq!(ask(), Err(Reason::KeysUnavailable));
}

/// R47: keys that are registered: which are kept, and which registration is refused.
#[test]
fn r47_registered_keys() {
    let members = json!({ "jwks": bundle(&key(1), &key(2)) });
    let spire = trusting(&members, Some("prod.example.org"));
    Issuer::parse(spire.clone(), false).expect("a key is usable");
    let skipped: Vec<_> = spire.skipped_keys(START).iter().map(ToString::to_string).collect();
    assert_eq!(skipped, ["keys[1]: use is x509-svid (SPIFFE): it certifies, and signs no JWT"]);

    let stored = serde_json::to_value(spire.as_stored()).expect("JSON");
    let keys = stored["jwks"]["keys"].as_array().expect("keys");
    assert_eq!((keys.len(), &keys[0]["use"]), (1, &json!("jwt-svid")), "it is kept as what it is");
    let stored: TrustedIssuer = serde_json::from_value(stored).expect("a registration");
    Issuer::parse(stored, false).expect("the same as before");

    let error = Issuer::parse(trusting(&members, None), false).expect_err("no key is usable");
    assert_eq!(error.field, "jwks.keys[0]");
    assert!(error.problem.contains("trust_domain"), "{}", error.problem);
}
