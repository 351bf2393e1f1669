//! What registering makes and refuses, over a world in memory.

mod world;

use asserta_core::oauth::GrantType;
use asserta_core::organization::OrganizationId;
use asserta_core::service::{Applied, Kind, Outcome, RegistryError, Run, Seeding, TrustDocument};
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
    run(service.registry().apply(
        &parsed(document!([{ "name": "acme", "trusted_issuers": [named("a", "1")] }])).expect("good"),
    ))
    .expect("applied");
    let before = world.registry.entries.borrow().clone();
    let taken = document!([{ "name": "new" }, { "name": "acme", "trusted_issuers": [named("b", "2"), named("c", "1")] }]);
    let refused = run(service.registry().apply(&parsed(taken).expect("well-formed")));
    let Err(RegistryError::Invalid(error)) = refused else { panic!("{refused:?}") };
    assert_eq!(error.field, "organizations[1].trusted_issuers[1].issuer");
    assert_eq!(*world.registry.entries.borrow(), before);
    // Given up before it is taken.
    let moved = document!([{ "name": "acme", "trusted_issuers": [named("a", "2"), named("b", "1")] }]);
    let report = run(service.registry().apply(&parsed(moved).expect("well-formed"))).expect("applied");
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
        let new = run(service.registry().create_application(&organization, metadata(document!({}))))
            .expect("registered");
        let client_id = new.application.client_id().to_owned();
        assert!(client_id.starts_with(|first: char| first.is_ascii_alphabetic()), "{client_id}");
    }
}

/// R20: GNU `base64` breaks its lines after 57 bytes, and a broken line is no `Authorization` header.
#[test]
fn r20_credentials_stay_on_one_line() {
    let world = World::default();
    let (service, organization) = (world.service(), default_organization());
    let new = run(service.registry().create_application(&organization, metadata(document!({}))))
        .expect("registered");
    assert_eq!(new.application.client_id().len(), 12);
    let again =
        run(service.registry().renew_secret(&organization, new.application.client_id())).expect("renewed");
    for secret in [secret(&new), secret(&again)] {
        assert_eq!(secret.len(), 43, "256 bits (R23)");
        assert!(new.application.client_id().len() + 1 + secret.len() <= 57);
    }
}

/// R24: whoever names a grant that is none is told of all there are.
#[test]
fn r24_every_grant_is_named() {
    let application = document!({
        "client_id": "app", "client_secret": "s".repeat(43),
        "grant_types": [GrantType::JwtBearer.name(), "client_credentials"],
    });
    let refused = parsed(document!([{ "name": "a", "applications": [application] }]));
    let refused = refused.err().expect("refused");
    assert!(refused.starts_with("organizations[0].applications[0].grant_types[1]: must be "), "{refused}");
    assert!(GrantType::ALL.iter().all(|grant| refused.contains(grant.name())), "{refused}");
}

/// R34: our own tokens are no assertions, whichever of our organizations they are of.
#[test]
fn r34_we_are_no_third_party() {
    let world = World::default();
    let (service, organization) = (world.service(), default_organization());
    for own in ["https://as.example", "https://as.example/t/acme", "https://as.example/t/default"] {
        let mut issuer = issuer(document!({ "jwks": jwks(&[&key(1)]) }));
        issuer.issuer = own.into();
        let field = |refused| match refused {
            Err(RegistryError::Invalid(error)) => error.field,
            _ => "not refused".into(),
        };
        assert_eq!(
            field(run(service.registry().create_trusted_issuer(&organization, &issuer))),
            "issuer",
            "{own}"
        );
        let put = run(service.registry().put_trusted_issuer(&organization, "idp", &issuer)).map(drop);
        assert_eq!(field(put), "issuer", "{own}");
        let seed = document!([{ "name": "acme" }, { "name": "default", "trusted_issuers": [named("a", "1"), named("b", own)] }]);
        let applied = run(service.registry().apply(&parsed(seed).expect("well-formed"))).map(drop);
        assert_eq!(field(applied), "organizations[1].trusted_issuers[1].issuer", "{own}");
    }
    for other in [
        "https://as.example/",
        "https://as.example.org",
        "https://as.example/t/",
        "https://as.example/tenant",
    ] {
        let mut issuer = issuer(document!({ "jwks": jwks(&[&key(1)]) }));
        issuer.issuer = other.into();
        assert!(run(service.registry().put_trusted_issuer(&organization, "idp", &issuer)).is_ok(), "{other}");
    }
}

/// R42: an alias can't stand for another organization of ours, at any door. One's own it may repeat.
#[test]
fn r42_an_alias_is_no_other_organization() {
    let world = World::default();
    let (service, default) = (world.service(), default_organization());
    let acme = OrganizationId::parse("acme").expect("a name");
    run(service.registry().put_organization(&acme, None)).expect("registered");
    let with_alias = |alias: &str| issuer(document!({ "jwks": jwks(&[&key(1)]), "alias": alias }));
    let put = |organization: &OrganizationId, alias: &str| {
        let issuer = with_alias(alias);
        let put = run(service.registry().put_trusted_issuer(organization, "idp", &issuer)).map(drop);
        let mut seed = named("idp", ISSUER);
        seed["alias"] = alias.into();
        let seed = document!([{ "name": organization.as_str(), "trusted_issuers": [seed] }]);
        let applied = run(service.registry().apply(&parsed(seed).expect("well-formed"))).map(drop);
        assert_eq!(put.is_ok(), applied.is_ok(), "{alias}: {put:?} {applied:?}");
        put.map_err(|error| match error {
            RegistryError::Invalid(error) => error.field,
            other => panic!("{other}"),
        })
    };
    let own = [
        (&acme, "https://as.example/t/acme"),
        (&default, "https://as.example"),
        (&default, "https://as.example/t/default"),
    ];
    for (organization, url) in own {
        for alias in [url.to_owned(), format!("{url}/oauth2/token")] {
            let other = if *organization == acme { &default } else { &acme };
            assert_eq!(put(other, &alias), Err("alias".into()), "{alias}");
            assert_eq!(put(organization, &alias), Ok(()), "{alias}");
        }
    }
    assert_eq!(put(&acme, "https://as.example/t/nobody"), Err("alias".into()), "it may come to be");
    let created = run(service.registry().create_trusted_issuer(&acme, &with_alias("https://as.example")));
    assert!(matches!(created, Err(RegistryError::Invalid(error)) if error.field == "alias"));
    for alias in ["https://as.example/t/Acme", "https://as.example/oauth2", "https://as.example.org", "acme"]
    {
        assert_eq!(put(&default, alias), Ok(()), "{alias}");
    }
}

/// What stands in a URL, and what clients take out of one before they send it.
#[test]
fn names_that_no_url_reaches() {
    let world = World::default();
    let service = world.service();
    for name in [".", ".."] {
        let seed = document!([{ "name": "default", "trusted_issuers": [named(name, ISSUER)] }]);
        let refused = parsed(seed).err().expect("refused");
        assert!(refused.starts_with("organizations[0].trusted_issuers[0].name: "), "{refused}");
        let mut one = issuer(document!({ "jwks": jwks(&[&key(1)]) }));
        one.name = name.into();
        let created = run(service.registry().create_trusted_issuer(&default_organization(), &one));
        assert!(matches!(created, Err(RegistryError::Invalid(error)) if error.field == "name"), "{name}");
        let application = document!({ "client_id": name, "client_secret": "s".repeat(43) });
        let seed = document!([{ "name": "default", "applications": [application] }]);
        let refused = parsed(seed).err().expect("refused");
        assert!(refused.starts_with("organizations[0].applications[0].client_id: "), "{refused}");
    }
    for name in ["...", ".a", "a.", "~"] {
        let application = document!({ "client_id": name, "client_secret": "s".repeat(43) });
        let seed = document!([{ "name": "default", "trusted_issuers": [named(name, ISSUER)], "applications": [application] }]);
        parsed(seed).expect("good names");
    }
}

/// What is removed stays removed while nodes with an older and a newer seed document start in turns.
#[test]
fn a_seed_document_is_applied_once() {
    let world = World::default();
    let organization = default_organization();
    let seed = |enabled: bool| {
        let mut issuer = named("idp", "1");
        issuer["enabled"] = enabled.into();
        let application = document!({ "client_id": "app", "client_secret": "s".repeat(43) });
        let organizations =
            document!([{ "name": "default", "trusted_issuers": [issuer], "applications": [application] }]);
        parsed(organizations).expect("well-formed")
    };
    let (older, newer) = (seed(true), seed(false));
    let start =
        |document: &TrustDocument, digest: &str| run(world.service().registry().apply_once(document, digest));
    assert!(matches!(start(&older, "older"), Ok(Seeding::Applied(_))));
    assert_eq!(start(&older, "older"), Ok(Seeding::Known));
    // It fails in the middle: so it was not applied.
    world.registry.fails_after.set(Some(10));
    assert!(start(&newer, "newer").is_err());
    world.advance(20);
    assert!(matches!(start(&newer, "newer"), Ok(Seeding::Applied(_))));
    run(world.service().registry().remove_application(&organization, "app")).expect("removed");
    for _ in 0..3 {
        assert_eq!(start(&older, "older"), Ok(Seeding::Superseded));
        assert_eq!(start(&newer, "newer"), Ok(Seeding::Known));
    }
    let service = world.service();
    assert!(!run(service.registry().trusted_issuer(&organization, "idp")).expect("there").enabled);
    assert_eq!(run(service.registry().application(&organization, "app")), Err(RegistryError::NotFound));
}

/// What a dry run says of each registration is what applying it does then, and it writes nothing.
#[test]
fn a_dry_run_foretells() {
    let world = World::default();
    let service = world.service();
    let application =
        |scope: &str| document!({ "client_id": "app", "client_secret": "s".repeat(43), "scope": scope });
    let seed = |display_name: &str, issuer: &str, scope: &str| {
        parsed(document!([
            { "name": "acme", "display_name": display_name,
              "trusted_issuers": [named("a", issuer), named("b", "2")], "applications": [application(scope)] },
            { "name": "default" },
        ]))
        .expect("well-formed")
    };
    let outcomes = |applied: &[Applied]| {
        let one = |one: &Applied| (one.outcome, one.changed.join(" "));
        applied.iter().map(one).collect::<Vec<_>>()
    };
    let same = |outcome| (outcome, String::new());
    let changed = |members: &str| (Outcome::Replaced, members.to_owned());
    let (created, unchanged) = (same(Outcome::Created), same(Outcome::Unchanged));
    let cases = [
        (
            seed("Acme", "1", "read"),
            [created.clone(), created.clone(), created.clone(), created, unchanged.clone()],
        ),
        (seed("Acme", "1", "read"), [(); 5].map(|()| unchanged.clone())),
        (
            seed("Acme Ltd", "3", "write"),
            [changed("display_name"), changed("issuer"), unchanged.clone(), changed("scope"), unchanged],
        ),
    ];
    for (document, expected) in cases {
        let before = world.registry.entries.borrow().clone();
        let foretold = run(service.registry().apply_each(&document, Run::Dry)).expect("applicable");
        assert_eq!(outcomes(&foretold), expected);
        assert_eq!(*world.registry.entries.borrow(), before, "a dry run writes");
        assert_eq!(run(service.registry().apply_each(&document, Run::Real)), Ok(foretold));
    }
    // A record that can't be read is replaced; nothing is known of what it had.
    world.registry.entries.borrow_mut().insert("trusted-issuer/acme/a".into(), b"{".to_vec());
    for mode in [Run::Dry, Run::Real] {
        let applied =
            run(service.registry().apply_each(&seed("Acme Ltd", "3", "write"), mode)).expect("applied");
        assert_eq!(outcomes(&applied)[1], same(Outcome::Replaced), "{mode:?}");
    }
    let expected = [
        (Kind::Organization, "acme", None),
        (Kind::TrustedIssuer, "acme", Some("a")),
        (Kind::TrustedIssuer, "acme", Some("b")),
        (Kind::Application, "acme", Some("app")),
        (Kind::Organization, "default", None),
    ];
    let named = run(service.registry().apply_each(&seed("Acme", "1", "read"), Run::Dry)).expect("applicable");
    let named: Vec<_> =
        named.iter().map(|one| (one.kind, one.organization.as_str(), one.name.as_deref())).collect();
    assert_eq!(named, expected);
}

/// Without a secret in the document, the one of the application that is there stays.
#[test]
fn a_secret_stays() {
    let world = World::default();
    let service = world.service();
    let new = run(service.registry().create_application(&default_organization(), metadata(document!({}))))
        .expect("new");
    let mut shown = document!({ "client_id": new.application.client_id(), "client_id_issued_at": START });
    shown["scope"] = "other".into();
    let seed = |application: &Value| {
        parsed(document!([{ "name": "default", "applications": [application] }])).expect("well-formed")
    };
    run(service.registry().apply(&seed(&shown))).expect("applied");
    let replaced = run(service.registry().application(&default_organization(), new.application.client_id()))
        .expect("there");
    assert_eq!(replaced.secret_sha256(), new.application.secret_sha256());
    assert_eq!(replaced.metadata().scope, "other");
    shown["client_id"] = "nobody".into();
    for mode in [Run::Dry, Run::Real] {
        let refused = run(service.registry().apply_each(&seed(&shown), mode)).expect_err("no secret");
        assert_eq!(refused.place, "organizations[0].applications[0]");
        assert!(matches!(&refused.error, RegistryError::Invalid(error) if error.field == "client_secret"));
        assert!(refused.applied.is_empty());
    }
    // A secret is a member that changes, under the name that people give it.
    shown["client_id"] = new.application.client_id().into();
    shown["client_secret"] = "t".repeat(43).into();
    let applied = run(service.registry().apply_each(&seed(&shown), Run::Real)).expect("applied");
    assert_eq!(applied[1].changed, ["client_secret"]);
}

/// R70: wherever the store fails, it is told of each registration what became of it, and applying again completes it.
#[test]
fn a_store_that_fails_halfway() {
    let document = parsed(document!([
        { "name": "acme", "trusted_issuers": [named("a", "1"), named("b", "2")] }, { "name": "globex" }
    ]))
    .expect("well-formed");
    let mut unknown = 0;
    for step in 0.. {
        let world = World::default();
        let service = world.service();
        world.registry.fails_after.set(Some(step));
        let Err(failed) = run(service.registry().apply_each(&document, Run::Real)) else {
            if world.registry.fails_after.get().is_some() {
                break;
            }
            // A lock that can't be given back is given back again.
            continue;
        };
        world.registry.fails_after.set(None);
        assert!(matches!(failed.error, RegistryError::Store(_)), "{failed:?}");
        let outcomes: Vec<_> = failed.applied.iter().map(|one| one.outcome).collect();
        if let Some(number) = outcomes.iter().position(|outcome| *outcome == Outcome::Unknown) {
            unknown += 1;
            let places = [
                "organizations[0]",
                "organizations[0].trusted_issuers[0]",
                "organizations[0].trusted_issuers[1]",
                "organizations[1]",
            ];
            assert_eq!(failed.place, places[number]);
            assert!(outcomes[..number].iter().all(|outcome| *outcome == Outcome::Created));
            assert!(outcomes[number + 1..].iter().all(|outcome| *outcome == Outcome::NotApplied));
        } else {
            assert!(outcomes.is_empty() && world.registry.entries.borrow().is_empty(), "{failed:?}");
        }
        world.advance(20);
        run(service.registry().apply_each(&document, Run::Real)).expect("healed");
        let again = run(service.registry().apply_each(&document, Run::Dry)).expect("applicable");
        assert!(again.iter().all(|one| one.outcome == Outcome::Unchanged), "step {step}: {again:?}");
    }
    assert!(unknown > 10, "{unknown} steps");
}
