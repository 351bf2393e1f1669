//! A client assertion works once, in whichever role.

use asserta_core::oauth::Reason;
use serde_json::json;

use crate::world::keyed_clients::{
    REFUSED, ask, client, client_assertion, good, granted, refused, register, request_by_key, trusting,
};
use crate::world::{START, World, assertion, default_organization, issuer, jwks, key, run, run_all};

/// R27, R45: once for each client, in a namespace of its own, and burned by a grant that is refused after the reservation.
#[test]
fn r27_r45_a_client_assertion_works_once() {
    let world = trusting();
    let (id, other) = (client(&world), client(&world));
    assert!(
        ask(&world, None, &good(&id, "1"), &granted("1")).is_ok(),
        "the grant's jti is the same: no matter"
    );
    assert_eq!(refused(&world, None, &good(&id, "1"), "2"), REFUSED);
    let again = client_assertion(&key(2), &id, json!({}), json!({ "jti": "1", "exp": START + 3000 }));
    assert_eq!(refused(&world, None, &again, "2"), REFUSED, "under another exp, too");
    assert!(ask(&world, None, &good(&other, "1"), &granted("2")).is_ok(), "another client's jti is free");
    // What is refused before the reservation burns nothing.
    let unknown = assertion(&key(1), START, json!({ "iss": "https://nobody.example" }));
    let refusal = ask(&world, None, &good(&id, "3"), &unknown).expect_err("refused");
    assert_eq!(refusal.reason, Reason::IssuerUnknown);
    // The grant's mark comes second: it is the client assertion that is burned.
    let refusal = ask(&world, None, &good(&id, "3"), &granted("2")).expect_err("replayed");
    assert_eq!(refusal.reason, Reason::Replayed);
    assert_eq!(refused(&world, None, &good(&id, "3"), "3"), REFUSED);
    assert!(ask(&world, None, &good(&id, "4"), &granted("3")).is_ok());
}

/// R27, R45: at once, over several instances: exactly one.
#[test]
fn r27_r45_at_once_exactly_one() {
    let world = trusting();
    let id = client(&world);
    // So that a signing key is there.
    assert!(ask(&world, None, &good(&id, "before"), &granted("before")).is_ok());
    let presented = good(&id, "1");
    let requests: Vec<_> =
        (0..64).map(|n| request_by_key(None, &presented, &granted(&n.to_string()))).collect();
    let instances: Vec<_> = (0..64).map(|_| world.service()).collect();
    let organization = default_organization();
    let outcomes = run_all(
        instances.iter().zip(&requests).map(|(instance, request)| instance.exchange(&organization, request)),
    );
    let (granted, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!((granted.len(), refused.len()), (1, 63));
    for refusal in refused.into_iter().filter_map(Result::err) {
        assert_eq!((refusal.reason, refusal.code), REFUSED);
    }
}

/// R27, R45: the store of marks fails: nothing is issued, and that is no failure of the client (R70).
#[test]
fn r27_r70_marks_that_can_not_be_made() {
    let world = trusting();
    let id = client(&world);
    world.replay.broken.set(true);
    let refusal = ask(&world, None, &good(&id, "1"), &granted("1")).expect_err("no store");
    assert_eq!(refusal.reason, Reason::StoreUnavailable);
    world.replay.broken.set(false);
    assert!(ask(&world, None, &good(&id, "1"), &granted("1")).is_ok());
}

/// R28, R35, R45: a JWT of a trusted issuer works once, as a client assertion or as an assertion. Where its assertions may be
/// used again, it authenticates each application once.
#[test]
fn r28_r35_r45_one_use_in_whichever_role() {
    for replay in ["once", "allow"] {
        let world = World::default();
        let partner = issuer(json!({ "jwks": jwks(&[&key(1)]), "replay": replay }));
        run(world.service().registry().create_trusted_issuer(&default_organization(), &partner))
            .expect("trusted");
        let members = json!({ "client_assertion_issuer": "idp", "client_assertion_subject": "alice" });
        let (one, two) =
            (register(&world, members.clone()).expect("one"), register(&world, members).expect("two"));
        let other = client(&world);
        let as_assertion = |jwt: &str, jti: &str| {
            ask(&world, None, &good(&other, jti), jwt).map(drop).map_err(|refusal| refusal.reason)
        };
        let as_client = |id: &str, jwt: &str, jti: &str| {
            ask(&world, Some(id), jwt, &granted(jti)).map(drop).map_err(|refusal| refusal.reason)
        };
        let again = |reason| if replay == "once" { Err(reason) } else { Ok(()) };
        let (first, second) = (granted("first"), granted("second"));
        assert_eq!(as_client(&one, &first, "1"), Ok(()));
        assert_eq!(as_client(&one, &first, "2"), Err(Reason::ClientAssertionRefused));
        assert_eq!(as_client(&two, &first, "2"), again(Reason::ClientAssertionRefused));
        assert_eq!(as_assertion(&first, "3"), again(Reason::Replayed));
        assert_eq!(as_assertion(&second, "4"), Ok(()));
        assert_eq!(as_client(&two, &second, "5"), again(Reason::ClientAssertionRefused));
        let explained =
            run(world.service().explain(&default_organization(), &first, None)).expect("explained");
        assert_eq!(explained.accepted, replay == "allow");
    }
}
