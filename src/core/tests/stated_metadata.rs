//! R67: what an administrator states in an organization's metadata: where it is kept, who sees it and from when on.

mod world;

use asserta_core::json;
use asserta_core::oauth::StatedMetadata;
use asserta_core::organization::OrganizationId;
use asserta_core::ports::StoreError;
use asserta_core::service::{Outcome, Put, RegistryError, Run, Service, TrustDocument};
use serde_json::{Value, json as document};
use world::*;

const KEY: &str = "stated-metadata/default";

fn stated(document: Value) -> StatedMetadata {
    let members = json::parse_object(document.to_string().as_bytes()).expect("an object");
    StatedMetadata::read(members, false).expect("acceptable")
}

fn endpoint(url: &str) -> StatedMetadata {
    stated(document!({ "authorization_endpoint": url }))
}

/// What the metadata of the organization `default` shows of it.
fn shown(service: &Service<&World>) -> Result<String, RegistryError> {
    let offered = run(service.registry().offered(&default_organization()))?;
    Ok(json::to_text(&*offered.stated))
}

/// R67: each instance shows what was stated last from its next request on, and nothing of another organization's.
#[test]
fn r67_it_is_shown_in_every_instance() {
    let world = World::default();
    let (one, other) = (world.service(), world.service());
    let default = default_organization();
    let acme = OrganizationId::parse("acme").expect("a name");
    run(one.registry().put_organization(&acme, None)).expect("put");
    let put = |stated: &StatedMetadata| run(one.registry().put_stated_metadata(&default, stated));
    let (first, second) = (endpoint("https://a.example/1"), endpoint("https://a.example/2"));
    for (wanted, outcome) in [
        (&first, Put::Created),
        (&first, Put::Unchanged),
        (&second, Put::Replaced),
        (&StatedMetadata::default(), Put::Replaced),
    ] {
        assert_eq!(put(wanted), Ok(outcome));
        for service in [&one, &other] {
            assert_eq!(shown(service), Ok(json::to_text(wanted)));
            assert_eq!(run(service.registry().stated_metadata(&default)).as_ref(), Ok(wanted));
            assert_eq!(run(service.registry().stated_metadata(&acme)), Err(RegistryError::NotFound));
            let theirs = run(service.registry().offered(&acme)).expect("read");
            assert_eq!(*theirs.stated, StatedMetadata::default());
        }
    }
    assert_eq!(run(one.registry().remove_stated_metadata(&default)), Ok(()));
    assert_eq!(run(one.registry().remove_stated_metadata(&default)), Err(RegistryError::NotFound));
    assert_eq!(shown(&other), Ok("{}".to_owned()));

    let nobody = OrganizationId::parse("nobody").expect("a name");
    let unknown = Err(RegistryError::OrganizationUnknown);
    assert_eq!(run(one.registry().put_stated_metadata(&nobody, &first)), unknown);
}

/// R67: a request for the metadata reads it once, and an exchange never.
#[test]
fn r67_it_costs_an_exchange_nothing() {
    let world = World::default();
    let (service, organization) = (world.service(), default_organization());
    let registry = service.registry();
    run(registry.create_trusted_issuer(&organization, &issuer(document!({ "jwks": jwks(&[&key(1)]) }))))
        .expect("registered");
    let client =
        run(registry.create_application(&organization, metadata(document!({})))).expect("registered");
    run(registry.put_stated_metadata(&organization, &endpoint("https://a.example/"))).expect("put");
    world.registry.entries.borrow_mut().insert(KEY.into(), b"{".to_vec());
    let granted = assertion(&key(1), START, document!({}));
    run(service.exchange(&organization, &request(&client, &granted))).map(drop).expect("it is not read");

    run(registry.put_stated_metadata(&organization, &endpoint("https://a.example/"))).expect("put");
    shown(&service).expect("read");
    let before = world.registry.reads.get();
    shown(&service).expect("kept");
    assert_eq!(world.registry.reads.get() - before, 1, "the counter of changes alone");
}

/// R70: whichever step fails, a change that is repeated until it is answered holds in every instance.
#[test]
fn r70_a_repeated_change_holds_everywhere() {
    for wanted in [Some(endpoint("https://a.example/2")), None] {
        for step in 0.. {
            let world = World::default();
            let (one, other) = (world.service(), world.service());
            let organization = default_organization();
            let first = endpoint("https://a.example/1");
            run(one.registry().put_stated_metadata(&organization, &first)).expect("put");
            assert_eq!(shown(&other), Ok(json::to_text(&first)));
            let change = || match &wanted {
                Some(wanted) => run(one.registry().put_stated_metadata(&organization, wanted)).map(drop),
                None => run(one.registry().remove_stated_metadata(&organization)),
            };
            world.registry.fails_after.set(Some(step));
            let mut answer = change();
            let failed = world.registry.fails_after.get().is_none();
            world.registry.fails_after.set(None);
            while matches!(answer, Err(RegistryError::Store(_) | RegistryError::Busy)) {
                world.advance(20);
                answer = change();
            }
            assert!(matches!(answer, Ok(()) | Err(RegistryError::NotFound)), "step {step}: {answer:?}");
            let expected = wanted.as_ref().map_or_else(|| "{}".to_owned(), json::to_text);
            assert_eq!((shown(&one), shown(&other)), (Ok(expected.clone()), Ok(expected)), "step {step}");
            if !failed {
                assert!(step > 3, "{step} steps");
                break;
            }
        }
    }
}

/// R74: a record that can't be read, or that has a member of ours in it, shows nothing. It is told with its key, and can be
/// replaced and removed.
#[test]
fn r74_a_record_that_can_not_be_read() {
    for record in [
        "{",
        "{}",
        r#"{"version":2}"#,
        r#"{"version":1,"issuer":"https://evil.example"}"#,
        r#"{"version":1,"service_documentation":"javascript:evil()"}"#,
    ] {
        let world = World::default();
        let (service, organization) = (world.service(), default_organization());
        let broken = || world.registry.entries.borrow_mut().insert(KEY.into(), record.as_bytes().to_vec());
        broken();
        let Err(RegistryError::Store(StoreError::Unreadable(unreadable))) = shown(&service) else {
            panic!("{record}")
        };
        assert!(unreadable.key == KEY && !unreadable.problem.contains("evil"), "{unreadable:?}");
        assert!(world.events.0.borrow().iter().any(|told| told.starts_with("RecordUnreadable")));
        let wanted = endpoint("https://a.example/");
        assert_eq!(run(service.registry().put_stated_metadata(&organization, &wanted)), Ok(Put::Replaced));
        assert_eq!(shown(&service), Ok(json::to_text(&wanted)));
        broken();
        assert_eq!(run(service.registry().remove_stated_metadata(&organization)), Ok(()));
        assert_eq!(shown(&service), Ok("{}".to_owned()));
    }
}

/// R67: a document of registrations has it as `metadata` of an organization. Where it has none, what is stated stays.
#[test]
fn r67_in_a_document_of_registrations() {
    let world = World::default();
    let (service, organization) = (world.service(), default_organization());
    let apply = |seed: Value, run_of| {
        let text = document!({ "organizations": [seed] }).to_string();
        let seed = TrustDocument::parse(text.as_bytes(), false).expect("a good document");
        run(service.registry().apply_each(&seed, run_of)).expect("applied").remove(0)
    };
    let with = |url: &str| document!({ "name": "default", "metadata": { "service_documentation": url } });
    let (first, second) = (with("https://a.example/1"), with("https://a.example/2"));
    for (seed, outcome, changed) in [
        (&first, Outcome::Replaced, &["metadata"][..]),
        (&first, Outcome::Unchanged, &[]),
        (&second, Outcome::Replaced, &["metadata"]),
        (&document!({ "name": "default" }), Outcome::Unchanged, &[]),
        (&document!({ "name": "default", "metadata": null }), Outcome::Unchanged, &[]),
        (&document!({ "name": "default", "metadata": {} }), Outcome::Replaced, &["metadata"]),
    ] {
        for run_of in [Run::Dry, Run::Real] {
            let applied = apply(seed.clone(), run_of);
            let named: Vec<&str> = applied.changed.iter().map(String::as_str).collect();
            assert_eq!((applied.outcome, &named[..]), (outcome, changed), "{seed}");
        }
    }
    assert_eq!(run(service.registry().stated_metadata(&organization)), Ok(StatedMetadata::default()));

    // Of one that is new, too.
    let acme = document!({ "name": "acme", "metadata": { "scopes_supported": ["read"] } });
    assert_eq!(apply(acme.clone(), Run::Dry).outcome, Outcome::Created);
    assert_eq!(apply(acme, Run::Real).outcome, Outcome::Created);
    let acme = OrganizationId::parse("acme").expect("a name");
    let expected = stated(document!({ "scopes_supported": ["read"] }));
    assert_eq!(run(service.registry().stated_metadata(&acme)), Ok(expected));
}

/// R67: nothing of a document is stored where a member of it can't be stated; the member is named with its place.
#[test]
fn r67_a_document_that_is_refused() {
    for (metadata, field) in [
        (document!({ "issuer": "https://evil.example" }), "organizations[1].metadata.issuer"),
        (document!({ "scopes_supported": ["a", "a"] }), "organizations[1].metadata.scopes_supported[1]"),
        (document!({ "service_documentation": 1 }), "organizations[1].metadata.service_documentation"),
    ] {
        let text = document!({ "organizations": [{ "name": "a" }, { "name": "b", "metadata": metadata }] });
        let refused = TrustDocument::parse(text.to_string().as_bytes(), false).map(drop);
        assert_eq!(refused.expect_err(field).field, field);
    }
    let text = document!({ "organizations": [{ "name": "a", "metadata": [] }] });
    assert!(TrustDocument::parse(text.to_string().as_bytes(), false).is_err());
}
