//! What registering makes and refuses, over a world in memory.

mod world;

use asserta_core::service::{RegistryError, TrustDocument};
use serde_json::{Value, json as document};
use world::*;

fn parsed(organizations: Value) -> Result<TrustDocument, String> {
    let text = document!({ "organizations": organizations }).to_string();
    TrustDocument::parse(text.as_bytes(), false).map_err(|error| error.to_string())
}

fn named(name: &str, issuer: &str) -> Value {
    document!({ "name": name, "issuer": issuer, "jwks_uri": format!("https://{name}.example/jwks") })
}

/// A document that can't be applied as a whole is not applied in part.
#[test]
fn a_refused_document_stores_nothing() {
    let world = World::default();
    let service = world.service();
    run(service.apply(
        &parsed(document!([{ "name": "acme", "trusted_issuers": [named("a", "1")] }])).expect("good"),
    ))
    .expect("applied");
    let before = world.registry.entries.borrow().clone();
    let taken = document!([{ "name": "new" }, { "name": "acme", "trusted_issuers": [named("b", "2"), named("c", "1")] }]);
    let refused = run(service.apply(&parsed(taken).expect("well-formed")));
    let Err(RegistryError::Invalid(error)) = refused else { panic!("{refused:?}") };
    assert_eq!(error.field, "organizations[1].trusted_issuers[1].issuer");
    assert_eq!(*world.registry.entries.borrow(), before);
    // Given up before it is taken.
    let moved = document!([{ "name": "acme", "trusted_issuers": [named("a", "2"), named("b", "1")] }]);
    let report = run(service.apply(&parsed(moved).expect("well-formed"))).expect("applied");
    assert_eq!((report.created, report.replaced, report.unchanged), (1, 1, 1));
}

#[test]
fn nothing_is_in_a_document_twice() {
    let application = document!({ "client_id": "app", "client_secret": "s".repeat(43) });
    let cases = [
        (document!([{ "name": "a" }, { "name": "b" }, { "name": "a" }]), "organizations[2].name"),
        (
            document!([{ "name": "a", "trusted_issuers": [named("x", "1"), named("x", "2")] }]),
            "organizations[0].trusted_issuers[1].name",
        ),
        (
            document!([{ "name": "a", "trusted_issuers": [named("x", "1"), named("y", "1")] }]),
            "organizations[0].trusted_issuers[1].issuer",
        ),
        (
            document!([{ "name": "a", "applications": [application, application] }]),
            "organizations[0].applications[1].client_id",
        ),
    ];
    for (organizations, place) in cases {
        assert_eq!(parsed(organizations).err(), Some(format!("{place}: is there twice")));
    }
}

/// A generated identifier is an argument of commands, which would take a leading hyphen for an option.
#[test]
fn no_client_identifier_begins_with_a_hyphen() {
    let world = World::default();
    let (service, organization) = (world.service(), default_organization());
    for _ in 0..1000 {
        let new =
            run(service.create_application(&organization, metadata(document!({})))).expect("registered");
        let client_id = new.application.client_id;
        assert!(client_id.starts_with(|first: char| first.is_ascii_alphabetic()), "{client_id}");
    }
}
