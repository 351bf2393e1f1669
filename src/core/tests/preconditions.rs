//! R76: preconditions hold when a change has its turn, and not only when it is asked for.

mod world;

use asserta_core::organization::OrganizationId;
use asserta_core::service::{Precondition, RegistryError, Tags, entity_tag};
use asserta_core::trust::TrustedIssuer;
use serde_json::json as document;
use world::{World, default_organization, issuer, jwks, key, run, run_all};

fn named(max_lifetime: u32) -> TrustedIssuer {
    issuer(document!({ "jwks": jwks(&[&key(1)]), "max_lifetime": max_lifetime }))
}

/// Of those who replace the same document at the same moment, one does.
#[test]
fn r76_one_of_several_at_once() {
    let world = World::default();
    let services = [world.service(), world.service(), world.service()];
    let organization = default_organization();
    let outcomes = |precondition: &Precondition| {
        let documents = [named(60), named(61), named(62)];
        let puts = documents.iter().zip(&services).map(|(document, service)| {
            service.registry().put_trusted_issuer_if(&organization, document, precondition)
        });
        run_all(puts)
    };
    let count = |outcomes: &[Result<bool, RegistryError>], wanted: &Result<bool, RegistryError>| {
        outcomes.iter().filter(|outcome| *outcome == wanted).count()
    };
    let is_new = Precondition { if_none_match: Some(Tags::Any), ..Precondition::default() };
    let made = outcomes(&is_new);
    assert_eq!(count(&made, &Ok(true)), 1, "{made:?}");
    assert_eq!(count(&made, &Err(RegistryError::PreconditionFailed)), 2, "{made:?}");
    // A fourth one, so that all three change something.
    run(services[0].registry().put_trusted_issuer(&organization, "idp", &named(63))).expect("put");
    let seen = run(services[0].registry().trusted_issuer(&organization, "idp")).expect("there");
    let tag = entity_tag(serde_json::to_string(&seen).expect("a document").as_bytes());
    let is_seen = Precondition { if_match: Some(Tags::These(vec![tag])), ..Precondition::default() };
    let replaced = outcomes(&is_seen);
    assert_eq!(count(&replaced, &Ok(false)), 1, "{replaced:?}");
    assert_eq!(count(&replaced, &Err(RegistryError::PreconditionFailed)), 2, "{replaced:?}");
}

/// The same of an organization, which has no other turn to wait for.
#[test]
fn r76_one_organization_of_several_at_once() {
    let world = World::default();
    let services = [world.service(), world.service()];
    let acme = OrganizationId::parse("acme").expect("a name");
    let is_new = Precondition { if_none_match: Some(Tags::Any), ..Precondition::default() };
    let puts = ["One", "Two"].into_iter().zip(&services);
    let outcomes = run_all(
        puts.map(|(name, service)| service.registry().put_organization_if(&acme, Some(name), &is_new)),
    );
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Ok(true)).count(), 1, "{outcomes:?}");
    assert!(
        !world.registry.entries.borrow().keys().any(|key| key.starts_with("lock/")),
        "the lock is given back"
    );
}
