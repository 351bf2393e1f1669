//! What is read of a store to know such a rule, and what becomes of one that fails.

use asserta_core::oauth::{ErrorCode, Reason};
use serde_json::{Value, json};

use super::{LABEL, lists_none, refused, register, rule, seed, with_rules};
use crate::world::{World, default_organization, issuer, jwks, key, run};

/// R29, R67: whether an organization has such a rule is known without a look at each of its issuers, in each instance at
/// the next request, also where one of several goes.
#[test]
fn r29_known_without_reading_every_issuer() {
    let world = World::default();
    let service = world.service();
    let organization = default_organization();
    let numbered = |number: usize, rules: Value| {
        issuer(json!({
            "name": format!("idp-{number:03}"), "issuer": format!("https://{number}.example"),
            "jwks": jwks(&[&key(1)]), "rules": rules,
        }))
    };
    for number in 0..50 {
        run(service
            .registry()
            .create_trusted_issuer(&organization, &numbered(number, json!([{ "name": "all" }]))))
        .expect("registered");
    }
    assert!(!lists_none(&world));
    for number in [7, 3, 11] {
        let changed = numbered(number, json!([rule(json!({}))]));
        world.registry.reads.set(0);
        run(service.registry().put_trusted_issuer(&organization, &changed.name, &changed)).expect("replaced");
        let reads = world.registry.reads.take();
        assert!(reads < 30, "{reads}");
        assert!(lists_none(&world));
        // The counter, and for each of what is offered a signpost and the record that it leads to.
        assert!(world.registry.reads.get() <= 7, "{}", world.registry.reads.get());
    }
    // Kept from then on: the counter alone is read.
    assert!(run(service.registry().offered(&organization)).expect("known").without_client);
    world.registry.reads.set(0);
    assert!(run(service.registry().offered(&organization)).expect("known").without_client);
    assert_eq!((world.registry.reads.get(), world.registry.pages.get()), (1, 0));
    for (number, left) in [(7, true), (11, true), (3, false)] {
        let name = format!("idp-{number:03}");
        run(world.service().registry().remove_trusted_issuer(&organization, &name)).expect("removed");
        assert_eq!(
            run(service.registry().offered(&organization)).expect("known").without_client,
            left,
            "{number}"
        );
        assert_eq!(lists_none(&world), left, "{number}");
    }
    let kept = world.registry.entries.borrow();
    assert_eq!(
        kept.keys().filter(|key| key.starts_with("without-client/")).count(),
        0,
        "nothing is left behind"
    );
}

/// R29, R70: wherever a store fails in the middle of a change, no rule that is there is missed, none that is gone is seen,
/// and the change repeated completes it.
#[test]
fn r29_a_store_that_fails_in_the_middle() {
    let organization = default_organization();
    let two = |rules: Value| {
        issuer(json!({ "name": "two", "issuer": "two", "jwks": jwks(&[&key(1)]), "rules": rules }))
    };
    let (none, some) = (two(json!([{ "name": "all" }])), two(json!([rule(json!({ "client_id": "two" }))])));
    for other_is_there in [false, true] {
        for gains in [false, true] {
            for step in 0.. {
                let world = World::default();
                let registry = |world: &World, issuer: &_| {
                    run(world.service().registry().put_trusted_issuer(&organization, "two", issuer))
                };
                let (before, after) = if gains { (&none, &some) } else { (&some, &none) };
                registry(&world, before).expect("registered");
                if other_is_there {
                    register(&world, json!({ "rules": [rule(json!({}))] }));
                }
                world.registry.fails_after.set(Some(step));
                let first = registry(&world, after);
                let failed = world.registry.fails_after.get().is_none();
                world.registry.fails_after.set(None);
                let stored =
                    run(world.service().registry().trusted_issuer(&organization, "two")).expect("there");
                assert_eq!(lists_none(&world), other_is_there || stored.grants_without_client(), "{step}");
                let label_is_taken = run(world.service().registry().apply(&seed("two"))).is_err();
                if label_is_taken {
                    world.advance(30);
                    registry(&world, after).expect("repeated");
                    assert_eq!(lists_none(&world), other_is_there || gains, "{step}");
                } else {
                    assert!(!stored.grants_without_client(), "{step}: {first:?}");
                }
                if !failed {
                    break;
                }
            }
        }
    }
}

/// R29, R70: what can't list its keys withdraws an issuer nevertheless, and who asks without a client is refused then.
#[test]
fn r29_a_store_that_can_not_list() {
    let world = with_rules(json!([rule(json!({}))]));
    world.registry.unlistable.set(true);
    run(world.service().registry().remove_trusted_issuer(&default_organization(), "idp")).expect("removed");
    assert_eq!(refused(&world, None, json!({})).0, Reason::StoreUnavailable);
    world.registry.unlistable.set(false);
    assert_eq!(refused(&world, None, json!({})).0, Reason::ClientUnauthenticated);
}

/// R29, R74: a record that can't be read does not say that nobody is granted anything.
#[test]
fn r29_an_unreadable_issuer() {
    let world = with_rules(json!([rule(json!({}))]));
    world.registry.entries.borrow_mut().insert("trusted-issuer/default/idp".into(), b"{".to_vec());
    assert_eq!(refused(&world, None, json!({})).0, Reason::StoreUnavailable);
    let unknown = json!({ "iss": "https://nobody.example" });
    assert_eq!(refused(&world, None, unknown), (Reason::IssuerUnknown, ErrorCode::InvalidGrant));
    assert!(run(world.service().registry().apply(&seed(LABEL))).is_err());
}
