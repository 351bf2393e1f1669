//! Lists: as long as they are, and with a record in them that can't be read (R74).

mod world;

use asserta_core::oauth::Reason;
use asserta_core::ports::StoreError;
use asserta_core::service::{Page, RegistryError};
use asserta_core::trust::TrustedIssuer;
use serde_json::{Value, json as document};
use world::*;

fn named(number: usize, source: Value) -> TrustedIssuer {
    let mut issuer = issuer(source);
    (issuer.name, issuer.issuer) = (format!("issuer-{number:03}"), format!("https://{number}.example"));
    issuer
}

/// A hundred registrations that are legal and as large as they may be are listed in parts, and of their key sets only
/// what is used is kept.
#[test]
fn a_hundred_large_registrations() {
    let world = World::default();
    let (service, organization) = (world.service(), default_organization());
    let zeros: Vec<u32> = vec![0; 31_000];
    let mut private = jwks(&[&key(2)])["keys"][0].clone();
    private["d"] = "AAAA".into();
    for number in 0..100 {
        let mut set = jwks(&[&key(1)]);
        set["ignored"] = document!(zeros[..15_000]);
        set["keys"][0]["x5c"] = document!(zeros[..14_000]);
        set["keys"].as_array_mut().expect("an array").push(private.clone());
        run(service
            .registry()
            .create_trusted_issuer(&organization, &named(number, document!({ "jwks": set }))))
        .expect("registered");
    }
    let whole = run(service.registry().trusted_issuers(&organization, &Page::default())).expect("listed");
    assert_eq!((whole.items.len(), whole.next), (100, None));
    let kept = serde_json::to_value(&whole.items[0].jwks).expect("JSON");
    assert_eq!(kept["keys"].as_array().map(Vec::len), Some(1), "a private key is not kept");
    assert_eq!((&kept["ignored"], &kept["keys"][0]["x5c"]), (&Value::Null, &Value::Null));
    assert_eq!(kept["keys"][0]["x"], jwks(&[&key(1)])["keys"][0]["x"]);
    assert!(world.registry.entries.borrow().values().map(Vec::len).sum::<usize>() < 100_000);

    // What cannot be made smaller: the list has several parts then, and no registration is left out.
    for number in 0..100 {
        let subjects: Vec<String> = (0..60).map(|index| format!("{index:0>1000}")).collect();
        let large = named(number, document!({ "jwks": jwks(&[&key(1)]), "subjects": subjects }));
        run(service.registry().put_trusted_issuer(&organization, &large.name, &large)).expect("put");
    }
    let (mut names, mut after, mut parts) = (Vec::new(), None, 0);
    loop {
        let part = run(service.registry().trusted_issuers(&organization, &Page { limit: None, after }))
            .expect("listed");
        let bytes = serde_json::to_vec(&part.items).expect("JSON").len();
        assert!(bytes <= 2 * 1024 * 1024, "{bytes}");
        names.extend(part.items.into_iter().map(|issuer| issuer.name));
        parts += 1;
        after = part.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((names.len(), parts), (100, 3));
    assert!(names.is_sorted());
}

/// A page costs what is on it, and not what is registered: of a store that keeps its keys in order, no other key is read.
/// Any other one lists all of them, and the page is the same.
#[test]
fn a_page_of_ten_thousand() {
    let world = World::default();
    let (service, organization) = (world.service(), default_organization());
    run(service
        .registry()
        .create_trusted_issuer(&organization, &named(0, document!({ "jwks": jwks(&[&key(1)]) }))))
    .expect("registered");
    let one = world.registry.entries.borrow()["trusted-issuer/default/issuer-000"].clone();
    for number in 1..10_000 {
        let mut record: Value = serde_json::from_slice(&one).expect("JSON");
        record["name"] = format!("issuer-{number:05}").into();
        let key = format!("trusted-issuer/default/issuer-{number:05}");
        world.registry.entries.borrow_mut().insert(key, record.to_string().into_bytes());
    }
    let page = |after: Option<&str>| {
        let (listed, reads) = (world.registry.listed.get(), world.registry.reads.get());
        let page = Page { limit: None, after: after.map(ToOwned::to_owned) };
        let page = run(service.registry().trusted_issuers(&organization, &page)).expect("listed");
        let cost = (world.registry.listed.get() - listed, world.registry.reads.get() - reads);
        (page.items.iter().map(|issuer| issuer.name.clone()).collect::<Vec<_>>(), page.next, cost)
    };
    let mut pages = Vec::new();
    for is_ordered in [true, false] {
        world.registry.is_ordered.set(is_ordered);
        for after in [None, Some("issuer-05000"), Some("issuer-05000x"), Some("issuer-09950"), Some("z")] {
            let (names, next, (listed, reads)) = page(after);
            assert_eq!(reads, names.len(), "after {after:?}");
            let more = usize::from(next.is_some());
            assert_eq!(listed, if is_ordered { names.len() + more } else { 10_000 }, "after {after:?}");
            pages.push((names, next));
        }
    }
    assert_eq!(pages[..5], pages[5..]);
    let lengths: Vec<_> = pages[..5].iter().map(|(names, next)| (names.len(), next.as_deref())).collect();
    let next = |number| (100, Some(number));
    let expected = [next("issuer-00099"), next("issuer-05100"), next("issuer-05100"), (49, None), (0, None)];
    assert_eq!(lengths, expected);
}

/// A registration that is put again as it was is unchanged, whatever its key set holds besides.
#[test]
fn what_is_not_kept_is_no_change() {
    let world = World::default();
    let (service, organization) = (world.service(), default_organization());
    let mut set = jwks(&[&key(1)]);
    set["keys"][0]["x5t"] = "AAAA".into();
    let issuer = named(1, document!({ "jwks": set }));
    run(service.registry().create_trusted_issuer(&organization, &issuer)).expect("registered");
    let text =
        document!({ "organizations": [{ "name": "default", "trusted_issuers": [issuer] }] }).to_string();
    let seed = asserta_core::service::TrustDocument::parse(text.as_bytes(), false).expect("good");
    assert_eq!(run(service.registry().apply(&seed)).expect("applied").unchanged, 2);
}

/// R74: a record that can't be read is named with its cause, and keeps nothing back but what depends on it; it can be
/// replaced and removed.
#[test]
fn one_unreadable_record() {
    let contents: [&[u8]; 4] = [b"", b"{", br#"{"version":2}"#, br#"{"version":1,"name":{"secret-name":1}}"#];
    for (number, content) in contents.iter().enumerate().skip(1) {
        let world = World::default();
        let (service, organization) = (world.service(), default_organization());
        for number in 0..3 {
            run(service.registry().create_trusted_issuer(
                &organization,
                &named(number, document!({ "jwks": jwks(&[&key(1)]) })),
            ))
            .expect("registered");
        }
        let client = run(service.registry().create_application(&organization, metadata(document!({}))))
            .expect("registered");
        let other = run(service.registry().create_application(&organization, metadata(document!({}))))
            .expect("registered");
        let broken = |key: String| world.registry.entries.borrow_mut().insert(key, content.to_vec());
        let application = format!("application/default/{}", other.application.client_id());
        for key in ["trusted-issuer/default/issuer-001", "organization/default", &application] {
            broken(key.to_owned());
        }
        // Another instance: nothing of it is kept.
        let service = world.service();

        let list = run(service.registry().trusted_issuers(&organization, &Page::default())).expect("listed");
        let names: Vec<_> = list.items.iter().map(|issuer| issuer.name.as_str()).collect();
        assert_eq!(names, ["issuer-000", "issuer-002"]);
        assert_eq!(list.unreadable.len(), 1);
        assert_eq!(list.unreadable[0].name, "issuer-001");
        assert!(!list.unreadable[0].problem.contains("secret-name"));
        let list = run(service.registry().applications(&organization, &Page::default())).expect("listed");
        assert_eq!((list.items.len(), list.unreadable.len()), (1, 1));
        let list = run(service.registry().organizations(&Page::default())).expect("listed");
        assert_eq!((list.items.len(), list.unreadable.len()), (0, 1));

        let exchange = |number: usize| {
            let claims = document!({ "iss": format!("https://{number}.example"), "jti": number.to_string() });
            run(service.exchange(&organization, &request(&client, &assertion(&key(1), START, claims))))
        };
        assert!(exchange(0).is_ok() && exchange(2).is_ok());
        let refused = exchange(1).map(drop).expect_err("unreadable");
        assert_eq!(refused.reason, Reason::StoreUnavailable);
        let cause = refused.cause.expect("a cause");
        assert!(
            cause.contains("trusted-issuer/default/issuer-001") && !cause.contains("secret-name"),
            "{cause}"
        );
        let one = run(service.registry().trusted_issuer(&organization, "issuer-001")).map(drop);
        assert!(matches!(one, Err(RegistryError::Store(StoreError::Unreadable(_)))), "{one:?}");
        let claims = document!({ "iss": "https://1.example", "jti": "9" });
        let told =
            run(service.explain(&organization, &assertion(&key(1), START, claims), None)).expect("told");
        let saw = &told.checks.last().expect("a check").saw;
        assert!(saw.contains("trusted-issuer/default/issuer-001"), "{saw}");

        if number % 2 == 0 {
            run(service.registry().remove_trusted_issuer(&organization, "issuer-001")).expect("removed");
        }
        let again = named(1, document!({ "jwks": jwks(&[&key(1)]) }));
        run(service.registry().put_trusted_issuer(&organization, "issuer-001", &again)).expect("replaced");
        assert!(exchange(1).is_ok());
        run(service.registry().remove_application(&organization, other.application.client_id()))
            .expect("removed");
        run(service.registry().put_organization(&organization, Some("Default"))).expect("replaced");
        assert_eq!(run(service.registry().organizations(&Page::default())).expect("listed").items.len(), 1);
    }
}
