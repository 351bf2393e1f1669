//! What an administrator withdrew is gone in every instance, also where the store failed in the middle (R70, R74).

mod world;

use asserta_core::oauth::GrantType;
use asserta_core::oauth::Reason;
use asserta_core::organization::OrganizationId;
use asserta_core::service::{NewApplication, RegistryError, Service, TrustDocument};
use asserta_core::trust::TrustedIssuer;
use serde_json::{Value, json as document};
use world::*;

const SECRET: &str = "a-secret-of-at-least-thirty-two-bytes";

/// Two instances over one store, and an application that both have let in.
struct Installation<'a> {
    world: &'a World,
    one: Service<&'a World>,
    other: Service<&'a World>,
    organization: OrganizationId,
    client: NewApplication,
}

fn trusted() -> TrustedIssuer {
    issuer(document!({ "jwks": jwks(&[&key(1)]), "replay": "allow" }))
}

fn application(enabled: bool) -> Value {
    document!({ "client_id": "app", "client_secret": SECRET, "grant_types": [GrantType::JwtBearer.name()], "enabled": enabled })
}

fn seed(enabled: bool) -> TrustDocument {
    let mut issuer = serde_json::to_value(trusted()).expect("JSON");
    issuer["enabled"] = enabled.into();
    let organization =
        document!({ "name": "default", "trusted_issuers": [issuer], "applications": [application(enabled)] });
    let text = document!({ "organizations": [organization] }).to_string();
    TrustDocument::parse(text.as_bytes(), false).expect("a good document")
}

impl<'a> Installation<'a> {
    fn new(world: &'a World) -> Self {
        let (one, other) = (world.service(), world.service());
        let organization = default_organization();
        run(one.registry().apply(&seed(true))).expect("applied");
        let application = run(one.registry().application(&organization, "app")).expect("there");
        let client = NewApplication { application, client_secret: Some(SECRET.to_owned().into()) };
        let installation = Self { world, one, other, organization, client };
        assert_eq!(installation.grants(), [Ok(()), Ok(())]);
        installation
    }

    /// What the two instances say to an assertion at this moment.
    fn grants(&self) -> [Result<(), Reason>; 2] {
        let assertion = assertion(&key(1), self.world.clock.0.get(), document!({}));
        let request = request(&self.client, &assertion);
        let exchange = |service: &Service<&World>| {
            run(service.exchange(&self.organization, &request)).map(drop).map_err(|refusal| refusal.reason)
        };
        [exchange(&self.one), exchange(&self.other)]
    }
}

/// A change that an administrator makes, and makes again until it is answered.
type Change = fn(&Installation<'_>) -> Result<(), RegistryError>;

const CHANGES: &[(&str, Change)] = &[
    ("remove application", |i| run(i.one.registry().remove_application(&i.organization, "app"))),
    ("remove issuer", |i| run(i.one.registry().remove_trusted_issuer(&i.organization, "idp"))),
    ("put application", |i| {
        let seed = serde_json::from_value(application(false)).expect("an application");
        run(i.one.registry().put_application(&i.organization, &seed)).map(drop)
    }),
    ("replace application", |i| {
        let metadata = metadata(document!({ "enabled": false }));
        run(i.one.registry().replace_application(&i.organization, "app", metadata)).map(drop)
    }),
    ("new secret", |i| run(i.one.registry().renew_secret(&i.organization, "app")).map(drop)),
    ("put issuer", |i| {
        let issuer = TrustedIssuer { enabled: false, ..trusted() };
        run(i.one.registry().put_trusted_issuer(&i.organization, "idp", &issuer)).map(drop)
    }),
    ("put issuer with another value", |i| {
        let issuer = TrustedIssuer { issuer: "https://other.example".into(), ..trusted() };
        run(i.one.registry().put_trusted_issuer(&i.organization, "idp", &issuer)).map(drop)
    }),
    ("put issuer with other keys", |i| {
        let issuer = issuer(document!({ "jwks": jwks(&[&key(2)]), "replay": "allow" }));
        run(i.one.registry().put_trusted_issuer(&i.organization, "idp", &issuer)).map(drop)
    }),
    ("apply", |i| run(i.one.registry().apply(&seed(false))).map(drop)),
];

/// R70: whichever step of a change fails, the change repeated until it is answered (with success, with "does not exist"
/// or with "unchanged") holds in every instance.
#[test]
fn a_repeated_change_holds_everywhere() {
    for (name, change) in CHANGES {
        for step in 0.. {
            let world = World::default();
            let installation = Installation::new(&world);
            world.registry.fails_after.set(Some(step));
            let first = change(&installation);
            let failed = world.registry.fails_after.get().is_none();
            world.registry.fails_after.set(None);
            assert!(failed || first.is_ok(), "{name}: {first:?}");
            let mut answer = first;
            while matches!(answer, Err(RegistryError::Store(_) | RegistryError::Busy)) {
                world.advance(20);
                answer = change(&installation);
            }
            assert!(
                matches!(answer, Ok(()) | Err(RegistryError::NotFound)),
                "{name}, step {step}: {answer:?}"
            );
            let grants = installation.grants();
            assert!(grants.iter().all(Result::is_err), "{name}, step {step}: {grants:?}");
            if !failed {
                assert!(step > 3, "{name} has {step} steps");
                break;
            }
        }
    }
}

/// R70: where nobody repeats it (the node has died), what was written holds everywhere after a minute.
#[test]
fn a_broken_off_change_holds_everywhere_in_a_minute() {
    for key in ["application/default/app", "trusted-issuer/default/idp"] {
        let world = World::default();
        let installation = Installation::new(&world);
        world.registry.entries.borrow_mut().remove(key);
        for _ in 0..6 {
            world.advance(10);
            // Use alone does not keep it.
            let _ = installation.grants();
        }
        assert!(installation.grants().iter().all(Result::is_err), "{key}");
    }
}

/// R70: nor does a clock that is set back keep anything.
#[test]
fn a_clock_set_back_keeps_nothing() {
    let world = World::default();
    let installation = Installation::new(&world);
    world.registry.entries.borrow_mut().remove("application/default/app");
    world.clock.0.set(START - 3600);
    assert_eq!(installation.grants(), [Err(Reason::ClientUnauthenticated); 2]);
}

/// R52: keys that a removal which failed halfway has left behind are not those of an issuer registered anew.
#[test]
fn keys_of_a_removed_issuer_are_not_found_again() {
    let uri = "https://idp.example/jwks";
    let endpoint = || issuer(document!({ "jwks_uri": uri, "replay": "allow" }));
    for step in 0.. {
        let world = World::default();
        let installation = Installation::new(&world);
        let (service, organization) = (world.service(), default_organization());
        let organization = &organization;
        world.endpoint.serve(&jwks(&[&key(1)]), Some(86_400));
        run(service.registry().put_trusted_issuer(organization, "idp", &endpoint())).expect("put");
        assert_eq!(installation.grants(), [Ok(()), Ok(())]);
        world.registry.fails_after.set(Some(step));
        let removed = run(service.registry().remove_trusted_issuer(organization, "idp"));
        let failed = world.registry.fails_after.get().is_none();
        world.registry.fails_after.set(None);
        world.advance(60);
        if removed.is_err() {
            // The node has died, and nobody repeats it; its record may be gone or not.
            world.registry.entries.borrow_mut().remove("trusted-issuer/default/idp");
        }
        world.endpoint.serve(&jwks(&[&key(2)]), None);
        run(service.registry().create_trusted_issuer(organization, &endpoint())).expect("registered anew");
        let (one, other) = (world.service(), world.service());
        let grants = Installation { one, other, ..installation }.grants();
        assert!(grants.iter().all(Result::is_err), "step {step}: {grants:?}");
        if !failed {
            break;
        }
    }
}
