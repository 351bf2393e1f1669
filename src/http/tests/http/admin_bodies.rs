//! Bodies of the admin API that are not what they should be: each is refused by what is wrong, and nothing is stored.

use serde_json::json;

use crate::server::{Sent, Server, Texts, request};
use crate::world::World;

fn post() -> Sent {
    request("POST", "/admin/organizations/acme/trusted-issuers")
}

#[test]
fn not_json_by_media_type() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    let bearer = format!("Bearer {}", crate::server::ADMIN_TOKEN);
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
        let sent = post().header("authorization", &bearer).header("content-type", media_type).body("{}");
        server.send(sent).assert_problem(415, "unsupported-media-type", None);
    }
    server.send(post().header("authorization", &bearer).body("{}")).assert_problem(
        415,
        "unsupported-media-type",
        None,
    );
    let twice = post().by_admin().header("content-type", "application/json").body("{}");
    server.send(twice).assert_problem(415, "unsupported-media-type", None);
    let with_charset =
        post().header("authorization", &bearer).header("content-type", "Application/JSON; charset=utf-8");
    server.send(with_charset.body("{}")).assert_problem(400, "invalid", Some("name"));
}

#[test]
fn malformed() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    server.admin("PUT", "/acme", &json!({}));
    let before = world.registry.entries.borrow().clone();
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let bodies: [&[u8]; 12] = [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\"text\"",
        b"{} {}",
        b"{\"name\":\"a\",\"name\":\"b\"}",
        b"{\"name\":\"\xff\"}",
        b"{\"name\":\"\\ud800\"}",
        b"{\"name\":1e999}",
        b"{\"name\":\"a\"",
        deep.as_bytes(),
    ];
    for body in bodies {
        let refused = server.send(post().by_admin().body(body));
        assert_eq!((refused.status(), &refused.json()["type"]), (400, &json!("urn:asserta:problem:invalid")));
    }
    let cut = server.send(post().by_admin().body("{\"name\"").cut());
    cut.assert_problem(400, "invalid", None);
    assert_eq!(cut.json()["detail"], "The body ended early");
    let after = world.registry.entries.borrow().clone();
    assert!(before.iter().all(|(key, value)| after.get(key) == Some(value)), "something was changed");
    assert!(!after.keys().any(|key| key.starts_with("trusted-issuer/")), "something was stored");
}

#[test]
fn too_large() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    let text = |bytes: usize| format!("{{\"name\":\"{}\"}}", "x".repeat(bytes - 11));
    server.send(post().by_admin().body(text(65_537))).assert_problem(413, "too-large", None);
    // A length that is announced is believed, and nothing is read.
    let announced = post().by_admin().header("Content-Length", "65537").body("{}");
    server.send(announced).assert_problem(413, "too-large", None);
    let refused = server.send(post().by_admin().header("Content-Length", "65536").body(text(65_536)));
    assert_eq!(refused.status(), 400, "{}", refused.text());
    // Nobody learns of limits who may not ask.
    server.send(post().body(text(65_537))).assert_problem(401, "unauthorized", None);
}

/// A method that has no use for a body has none read.
#[test]
fn bodies_that_nobody_awaits() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    for method in ["GET", "HEAD"] {
        let sent = request(method, "/admin/organizations").by_admin().header("content-length", "99999999");
        assert_eq!(server.send(sent.body("x".repeat(70_000)).cut()).status(), 200, "{method}");
    }
}
