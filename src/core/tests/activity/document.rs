//! The decisions recorded, held against a document and against other rules.

use asserta_core::service::{Comparison, Run, Service, TrustDocument, Would};
use serde_json::{Value, json};

use super::{Party, service};
use crate::world::{ISSUER, World, jwks, run};

fn against(service: &Service<&World>, organization: Value) -> Comparison {
    let document = json!({ "organizations": [organization] }).to_string();
    let document = TrustDocument::parse(document.as_bytes(), false).expect("a document");
    let applied = run(service.registry().apply_each(&document, Run::Dry)).expect("it could be applied");
    run(service.activity().compare(&document, &applied)).expect("compared")
}

fn counts(comparison: &Comparison) -> [usize; 4] {
    [comparison.compared, comparison.same, comparison.otherwise, comparison.unknown]
}

/// What a document would turn is told where the log says enough; elsewhere it is said that it can't be told, and why.
#[test]
fn what_a_document_would_turn() {
    let world = World::default();
    let (party, service) = (Party::new(&world, "default"), service(&world));
    let one = party.client_id().to_owned();
    party.exchange(&world, &service);
    party.exchange(&world, &service);
    party.intrude(&world, &service);
    let stored = |service: &Service<&World>| {
        let issuer = run(service.registry().trusted_issuer(&party.organization, "idp")).expect("there");
        serde_json::to_value(issuer).expect("JSON")
    };
    let issuer = |change: Value| {
        let mut issuer = stored(&service);
        issuer.as_object_mut().expect("an object").append(&mut change.as_object().expect("one").clone());
        json!({ "name": "default", "trusted_issuers": [issuer] })
    };
    let application = |change: Value| {
        let mut application = serde_json::to_value(party.client.application.metadata()).expect("JSON");
        application["client_id"] = one.clone().into();
        application.as_object_mut().expect("an object").append(&mut change.as_object().expect("one").clone());
        json!({ "name": "default", "applications": [application] })
    };
    assert_eq!(counts(&against(&service, issuer(json!({})))), [3, 3, 0, 0]);
    assert_eq!(counts(&against(&service, application(json!({ "client_name": "X" })))), [3, 2, 0, 1]);
    // Refusals that the log is enough for, in the order of an exchange. A refused one may be granted or not.
    for (change, reason) in [
        (application(json!({ "enabled": false })), "client-unauthenticated"),
        (application(json!({ "grant_types": [] })), "grant-not-allowed"),
        (application(json!({ "trusted_issuers": ["other"] })), "issuer-not-allowed"),
        (issuer(json!({ "enabled": false })), "issuer-unknown"),
        (issuer(json!({ "issuer": "https://other.example" })), "issuer-unknown"),
        (issuer(json!({ "rules": [{ "name": "a", "applications": ["other"] }] })), "no-rule-fits"),
        (issuer(json!({ "rules": [{ "name": "a", "mode": "audit" }] })), "no-rule-fits"),
    ] {
        let comparison = against(&service, change);
        assert_eq!(comparison.otherwise, 2, "{reason}: {comparison:?}");
        let item = comparison.items.iter().find(|item| item.would_be == Would::Refused).expect("an item");
        assert_eq!((item.count, item.outcome.as_str()), (2, "granted"));
        assert_eq!(item.would_be_reason.map(|reason| reason.name()), Some(reason));
        let shown = serde_json::to_value(item).expect("JSON");
        assert_eq!((&shown["would_be"], &shown["would_be_reason"]), (&json!("refused"), &json!(reason)));
    }
    // What depends on claims, scopes or keys can't be told.
    for (change, because) in [
        (issuer(json!({ "subjects": ["bob"] })), "trusted_issuer.subjects"),
        (issuer(json!({ "rules": [{ "name": "a", "subjects": ["bob"] }] })), "trusted_issuer.rules"),
        (application(json!({ "scope": "read" })), "application.scope"),
    ] {
        let comparison = against(&service, change);
        assert_eq!(comparison.otherwise, 0, "{because}");
        let item = comparison.items.iter().find(|item| item.outcome == "granted").expect("an item");
        assert_eq!(
            (item.would_be, item.count, item.because.clone()),
            (Would::Unknown, 2, vec![because.to_owned()])
        );
    }
    // An organization that is not there yet has decided nothing.
    assert_eq!(counts(&against(&service, json!({ "name": "new" }))), [0, 0, 0, 0]);
}

/// A rule that decided decides again, where it and those before it stay.
#[test]
fn what_other_rules_would_turn() {
    let world = World::default();
    let (party, service) = (Party::new(&world, "default"), service(&world));
    let with_rules = |rules: Value| {
        let mut issuer =
            json!({ "name": "idp", "issuer": ISSUER, "jwks": jwks(&[&party.idp]), "rules": rules });
        if rules.is_null() {
            issuer.as_object_mut().expect("an object").remove("rules");
        }
        json!({ "name": "default", "trusted_issuers": [issuer] })
    };
    let (first, second) = (json!({ "name": "1", "subjects": ["bob"] }), json!({ "name": "2" }));
    let document = json!({ "organizations": [with_rules(json!([first, second]))] }).to_string();
    let document = TrustDocument::parse(document.as_bytes(), false).expect("a document");
    run(service.registry().apply(&document)).expect("applied");
    party.exchange(&world, &service);
    assert_eq!(party.all(&service)[0].rule.as_deref(), Some("2"));
    let third = json!({ "name": "3" });
    for (rules, expected) in [
        (json!([first, second, third]), [1, 1, 0, 0]),
        (json!([second, first]), [1, 1, 0, 0]),
        (json!([second]), [1, 1, 0, 0]),
        (json!([third, second]), [1, 0, 0, 1]),
        (json!([first]), [1, 0, 0, 1]),
        (json!([first, { "name": "2", "scopes": ["read"] }]), [1, 0, 0, 1]),
        (json!([{ "name": "2", "applications": ["other"] }]), [1, 0, 1, 0]),
        (json!(null), [1, 0, 0, 1]),
    ] {
        assert_eq!(counts(&against(&service, with_rules(rules.clone()))), expected, "{rules}");
    }
}
