//! The label of such a rule is no application's, whichever of the two comes first.

use asserta_core::service::RegistryError;
use serde_json::{Value, json};

use super::{LABEL, ask, document, lists_none, put, register, rule, seed, with};
use crate::world::{ISSUER, World, default_organization, issuer, jwks, key, run, run_all, yield_once};

/// R29: a label is nobody's `client_id`, whichever comes first, by whichever door, also under a disabled issuer and a
/// rule that is only watched. It is free once no rule has it.
#[test]
fn r29_a_label_is_no_application() {
    for members in [
        json!({ "rules": [rule(json!({}))] }),
        json!({ "enabled": false, "rules": [rule(json!({}))] }),
        json!({ "rules": [rule(json!({ "mode": "audit" }))] }),
    ] {
        let world = with(members);
        let registry = || world.service();
        let taken = run(registry().registry().apply(&seed(LABEL)));
        let Err(RegistryError::Invalid(error)) = taken else { panic!("{taken:?}") };
        assert_eq!(error.field, "organizations[0].applications[0].client_id");
        // Two issuers may share it, and it is free only when both are gone.
        let second = json!({
            "name": "second", "issuer": "second", "jwks": jwks(&[&key(1)]), "rules": [rule(json!({}))],
        });
        put(&world, second).expect("registered");
        for (name, is_free) in [("idp", false), ("second", true)] {
            run(registry().registry().remove_trusted_issuer(&default_organization(), name)).expect("removed");
            assert_eq!(run(registry().registry().apply(&seed(LABEL))).is_ok(), is_free, "{name}");
        }
        // The other way round: an application is there.
        let refused =
            put(&world, json!({ "jwks": jwks(&[&key(1)]), "rules": [{ "name": "all" }, rule(json!({}))] }));
        assert_eq!(refused, Err(RegistryError::LabelTaken(1)));
        assert_eq!(
            RegistryError::LabelTaken(1).to_string(),
            "rules[1].client_id: is that of an application of this organization"
        );
        run(registry().registry().remove_application(&default_organization(), LABEL)).expect("removed");
        register(&world, json!({ "rules": [rule(json!({}))] }));
    }
}

/// R29: so do documents of both, which are refused before anything is stored.
#[test]
fn r29_labels_in_a_document() {
    let trusted = |members: Value| {
        let mut issuer = json!({ "name": "idp", "issuer": ISSUER, "jwks": jwks(&[&key(1)]) });
        issuer.as_object_mut().expect("an object").append(&mut members.as_object().expect("members").clone());
        issuer
    };
    let application = json!({ "client_id": LABEL, "client_secret": "s".repeat(43) });
    let labelled = trusted(json!({ "rules": [rule(json!({}))] }));
    let both = json!([{ "name": "default", "trusted_issuers": [labelled], "applications": [application] }]);
    assert_eq!(document(both).err().expect("refused").field, "organizations[0].applications[0].client_id");
    let elsewhere = json!([
        { "name": "default", "trusted_issuers": [labelled] }, { "name": "other", "applications": [application] },
    ]);
    let world = World::default();
    run(world.service().registry().apply(&document(elsewhere).expect("good"))).expect("applied");
    assert!(ask(&world, None, None, json!({})).is_ok());
    // The issuer gives the label up in the document that lets an application take it.
    let moved = json!([{ "name": "default", "trusted_issuers": [trusted(json!({}))], "applications": [application] }]);
    run(world.service().registry().apply(&document(moved).expect("good"))).expect("applied");
    assert!(!lists_none(&world));
    let back = json!([{ "name": "default", "trusted_issuers": [labelled] }]);
    let refused = run(world.service().registry().apply(&document(back).expect("good")));
    let Err(RegistryError::Invalid(error)) = refused else { panic!("{refused:?}") };
    assert_eq!(error.field, "organizations[0].trusted_issuers[0].rules[0].client_id");
}

/// R29: registered at the same moment, one of both is refused.
#[test]
fn r29_a_label_and_an_application_at_once() {
    for delay in 0..20 {
        let world = World::default();
        let (one, other) = (world.service(), world.service());
        let organization = default_organization();
        let issuer = issuer(json!({ "jwks": jwks(&[&key(1)]), "rules": [rule(json!({}))] }));
        let seed = seed(LABEL);
        let organization = &organization;
        let futures: [std::pin::Pin<Box<dyn Future<Output = bool>>>; 2] = [
            Box::pin(async { one.registry().create_trusted_issuer(organization, &issuer).await.is_ok() }),
            Box::pin(async {
                for _ in 0..delay {
                    yield_once().await;
                }
                other.registry().apply(&seed).await.is_ok()
            }),
        ];
        let done = run_all(futures);
        assert_eq!(done.iter().filter(|done| **done).count(), 1, "{delay}");
    }
}
