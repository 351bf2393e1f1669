//! R76: entity tags of what can be replaced, and what a request says of what must be there, or must not.

use serde_json::{Value, json};

use crate::server::{Answer, Server, Texts, request};
use crate::world::World;

/// What can be put and read under one path: the path, a document, another one, and whether it can be removed.
fn resources() -> [(&'static str, Value, Value, bool); 4] {
    let issuer = |seconds: u64| json!({"issuer": "https://idp.example", "jwks_uri": "https://idp.example/jwks", "max_lifetime": seconds});
    let application =
        |scope: &str| json!({"client_secret": "s".repeat(43), "grant_types": [], "scope": scope});
    let stated = |scope: &str| json!({"scopes_supported": [scope]});
    [
        ("/acme/trusted-issuers/a%2Fb", issuer(60), issuer(61), true),
        ("/acme/applications/app", application("read"), application("write"), true),
        ("/acme/metadata", stated("read"), stated("write"), true),
        ("/globex", json!({"display_name": "Globex"}), json!({}), false),
    ]
}

fn with(
    server: &Server<'_>,
    method: &'static str,
    path: &str,
    headers: &[(&str, &str)],
    document: &Value,
) -> Answer {
    let sent = request(method, format!("/admin/organizations{path}")).by_admin().json(document);
    server.send(headers.iter().fold(sent, |sent, (name, value)| sent.header(name, value)))
}

fn tag(server: &Server<'_>, path: &str) -> String {
    let got = server.admin("GET", path, &Value::Null);
    got.header("etag").expect("a tag").to_owned()
}

/// RFC 9110 sections 8.8.3 and 13.1.2: a strong tag of the representation, and 304 where it is known.
#[test]
fn r76_what_is_read_has_a_tag() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    server.admin("PUT", "/acme", &json!({}));
    for (path, one, other, _) in resources() {
        let get = |headers: &[(&str, &str)]| with(&server, "GET", path, headers, &Value::Null);
        assert_eq!(get(&[("if-none-match", "*")]).header("etag"), None, "{path}");
        // Section 9.3.4: a response to PUT has no tag, since what is stored is not byte by byte what was sent.
        let put = server.admin("PUT", path, &one);
        assert_eq!((put.status(), put.header("etag")), (201, None), "{path}");
        let first = tag(&server, path);
        assert!(first.starts_with('"') && first.ends_with('"') && first.len() == 45, "{first}");
        assert_eq!(tag(&server, path), first);
        for known in [first.clone(), format!("W/{first}"), format!("\"x,y\" , {first}"), "*".to_owned()] {
            for method in ["GET", "HEAD"] {
                let kept = with(&server, method, path, &[("If-None-Match", &known)], &Value::Null);
                assert_eq!(
                    (kept.status(), kept.text(), kept.header("etag")),
                    (304, "", Some(&*first)),
                    "{known}"
                );
                assert_eq!(kept.header("cache-control"), Some("no-store"));
            }
        }
        assert_eq!(get(&[("if-none-match", "\"x\""), ("if-none-match", &first)]).status(), 304, "{path}");
        assert_eq!(get(&[("if-none-match", "\"x\""), ("if-match", &first)]).status(), 200, "{path}");
        get(&[("if-match", "\"x\"")]).assert_problem(412, "precondition-failed", None);
        // Compared strongly, a weak tag is that of nothing.
        get(&[("if-match", &format!("W/{first}"))]).assert_problem(412, "precondition-failed", None);
        assert_eq!(server.admin("PUT", path, &other).status(), 200);
        assert_ne!(tag(&server, path), first, "{path}");
        assert_eq!(get(&[("if-none-match", &first)]).status(), 200);
    }
}

/// Two administrators read the same document: the second one replaces and removes nothing that he has not seen.
#[test]
fn r76_no_update_is_lost() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    server.admin("PUT", "/acme", &json!({}));
    for (path, one, other, can_be_removed) in resources() {
        let put = |headers: &[(&str, &str)], document: &Value| with(&server, "PUT", path, headers, document);
        // Of nothing no tag is right, not even any.
        for tags in ["*", "\"x\""] {
            put(&[("If-Match", tags)], &one).assert_problem(412, "precondition-failed", None);
            server.admin("GET", path, &Value::Null).assert_problem(404, "not-found", None);
            if can_be_removed {
                let removed = with(&server, "DELETE", path, &[("If-Match", tags)], &Value::Null);
                removed.assert_problem(404, "not-found", None);
            }
        }
        assert_eq!(put(&[("If-None-Match", "*")], &one).status(), 201, "{path}");
        put(&[("If-None-Match", "*")], &other).assert_problem(412, "precondition-failed", None);
        let seen = tag(&server, path);
        put(&[("If-None-Match", &seen)], &other).assert_problem(412, "precondition-failed", None);
        assert_eq!(tag(&server, path), seen, "nothing was replaced");
        assert_eq!(put(&[("If-Match", &seen)], &other).status(), 200, "{path}");
        let newer = tag(&server, path);
        put(&[("If-Match", &seen)], &one).assert_problem(412, "precondition-failed", None);
        put(&[("If-Match", &format!("W/{newer}"))], &one).assert_problem(412, "precondition-failed", None);
        let either = format!("{seen},{newer}");
        assert_eq!(put(&[("If-Match", &either), ("If-None-Match", &seen)], &other).status(), 200, "{path}");
        assert_eq!(put(&[("If-Match", "*")], &other).status(), 200, "{path}");
        assert_eq!(tag(&server, path), newer);
        if can_be_removed {
            let remove = |headers: &[(&str, &str)]| with(&server, "DELETE", path, headers, &Value::Null);
            remove(&[("If-Match", &seen)]).assert_problem(412, "precondition-failed", None);
            remove(&[("If-None-Match", "*")]).assert_problem(412, "precondition-failed", None);
            assert_eq!(tag(&server, path), newer, "nothing was removed");
            assert_eq!(remove(&[("If-Match", &newer)]).status(), 204, "{path}");
        }
    }
}

#[test]
fn r76_a_condition_that_can_not_be_read_is_refused() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    server.admin("PUT", "/acme", &json!({}));
    let (path, one, _, _) = &resources()[0];
    assert_eq!(server.admin("PUT", path, one).status(), 201);
    let before = world.registry.entries.borrow().clone();
    for header in ["if-match", "if-none-match"] {
        for value in ["", "x", "\"x", "x\"", "*, \"x\"", "w/\"x\"", "\"x\" y", "**"] {
            for (method, document) in [("GET", &Value::Null), ("PUT", one), ("DELETE", &Value::Null)] {
                let refused = with(&server, method, path, &[(header, value)], document);
                refused.assert_problem(400, "invalid", Some(header));
            }
        }
    }
    assert_eq!(*world.registry.entries.borrow(), before);
}

/// What is asked to do something has no tag, so that none is right.
#[test]
fn r76_of_a_post_no_condition_is_ignored() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    server.admin("PUT", "/acme", &json!({}));
    let rotate = |header, value| with(&server, "POST", "/acme/keys/rotate", &[(header, value)], &Value::Null);
    rotate("If-Match", "\"x\"").assert_problem(412, "precondition-failed", None);
    rotate("If-None-Match", "*").assert_problem(412, "precondition-failed", None);
    assert_eq!(server.told("SigningKeyAdded").len(), 0);
    assert_eq!(rotate("If-Match", "*").status(), 200);
    assert_eq!(rotate("If-None-Match", "\"x\"").status(), 200);
}

/// R74: a record that can't be read is there, and has no tag.
#[test]
fn r76_what_can_not_be_read_has_no_tag() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    server.admin("PUT", "/acme", &json!({}));
    for (path, key) in [
        ("/acme/trusted-issuers/a%2Fb", "trusted-issuer/acme/a/b"),
        ("/acme/applications/app", "application/acme/app"),
    ] {
        let (_, one, ..) = resources().into_iter().find(|(known, ..)| *known == path).expect("known");
        assert_eq!(server.admin("PUT", path, &one).status(), 201);
        let seen = tag(&server, path);
        assert!(world.registry.entries.borrow_mut().insert(key.into(), b"{".to_vec()).is_some(), "{key}");
        for (method, document) in [("PUT", &one), ("DELETE", &Value::Null)] {
            let refused = with(&server, method, path, &[("If-Match", &seen)], document);
            refused.assert_problem(412, "precondition-failed", None);
        }
        assert_eq!(with(&server, "PUT", path, &[("If-Match", "*")], &one).status(), 200, "{path}");
    }
}
