//! The admin API: who may, what it registers, what it shows.

use serde_json::{Value, json};

use crate::server::{ADMIN_TOKEN, Server, Texts, request};
use crate::world::{START, World, assertion, jwks, key};

const PATH: &str = "/admin/organizations";

fn with_acme<'a>(world: &'a World, texts: &'a Texts) -> Server<'a> {
    let server = Server::new(world, texts);
    assert_eq!(server.admin("PUT", "/acme", &json!({"display_name": "Acme Ltd"})).status(), 201);
    server
}

fn issuer(name: &str) -> Value {
    json!({"name": name, "issuer": format!("https://{name}.example"), "jwks": jwks(&[&key(1)])})
}

fn application() -> Value {
    json!({"grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"], "scope": "read"})
}

#[test]
fn the_admin_token() {
    let (world, texts) = (World::default(), Texts::default());
    let server = with_acme(&world, &texts);
    for good in [format!("Bearer {ADMIN_TOKEN}"), format!("bearer   {ADMIN_TOKEN} ")] {
        assert_eq!(server.send(request("GET", PATH).header("AUTHORIZATION", good)).status(), 200);
    }
    let wrong = format!("Bearer {}x", &ADMIN_TOKEN[..31]);
    for bad in ["", "Bearer", "Bearer ", &wrong, &format!("Basic {ADMIN_TOKEN}"), ADMIN_TOKEN] {
        for (method, path) in [("GET", PATH), ("PUT", "/admin/organizations/x"), ("GET", "/admin/nothing")] {
            let refused = server.send(request(method, path).header("authorization", bad).body("{"));
            refused.assert_problem(401, "unauthorized", None);
            assert_eq!(refused.header("www-authenticate"), Some("Bearer realm=\"asserta admin\""));
        }
    }
    server.send(request("GET", PATH)).assert_problem(401, "unauthorized", None);
    let bearer = format!("Bearer {ADMIN_TOKEN}");
    let twice = request("GET", PATH).header("authorization", &bearer).header("Authorization", &bearer);
    server.send(twice).assert_problem(401, "unauthorized", None);
    // The query string is no place for it.
    let in_query = request("GET", format!("{PATH}?access_token={ADMIN_TOKEN}"));
    server.send(in_query).assert_problem(401, "unauthorized", None);
}

#[test]
fn without_an_admin_token_there_is_no_admin_api() {
    let (world, texts) = (World::default(), Texts::default());
    texts.set("admin_token", Ok(" \n"));
    let server = Server::new(&world, &texts);
    for sent in [
        request("GET", PATH),
        request("GET", PATH).by_admin(),
        request("GET", PATH).header("authorization", "Bearer "),
    ] {
        server.send(sent).assert_problem(404, "not-found", None);
    }
}

#[test]
fn organizations() {
    let (world, texts) = (World::default(), Texts::default());
    let server = with_acme(&world, &texts);
    let put = server.admin("PUT", "/acme", &json!({"name": "acme"}));
    assert_eq!((put.status(), put.json()), (200, json!({"name": "acme"})));
    // With what its clients and its issuers have to be told.
    let described = |name: &str, issuer: &str| {
        json!({
            "name": name, "issuer": issuer, "token_endpoint": format!("{issuer}/oauth2/token"),
            "jwks_uri": format!("{issuer}/oauth2/jwks"),
        })
    };
    let got = |path| server.admin("GET", path, &Value::Null).json();
    assert_eq!(got("/acme"), described("acme", "https://as.example/t/acme"));
    assert_eq!(got("/default"), described("default", "https://as.example"));
    server.admin("GET", "/nobody", &Value::Null).assert_problem(404, "not-found", None);
    server.admin("PUT", "/acme", &json!({"name": "other"})).assert_problem(400, "invalid", Some("name"));
    server.admin("PUT", "/acme", &json!({"display": "x"})).assert_problem(400, "invalid", Some("display"));
    server.admin("PUT", "/acme", &json!({"display_name": ""})).assert_problem(
        400,
        "invalid",
        Some("display_name"),
    );
    server.admin("PUT", "/Acme", &json!({})).assert_problem(400, "invalid", Some("organization"));
}

#[test]
fn trusted_issuers() {
    let (world, texts) = (World::default(), Texts::default());
    let server = with_acme(&world, &texts);
    let made = server.admin("POST", "/acme/trusted-issuers", &issuer("idp"));
    assert_eq!(made.status(), 201, "{}", made.text());
    assert_eq!(made.header("location"), Some("/admin/organizations/acme/trusted-issuers/idp"));
    // What a GET shows can be sent back as it is.
    let shown = server.admin("GET", "/acme/trusted-issuers/idp", &Value::Null).json();
    assert_eq!(made.json(), shown);
    let put = server.admin("PUT", "/acme/trusted-issuers/idp", &shown);
    assert_eq!((put.status(), put.header("location"), put.json()), (200, None, shown));

    let taken = server.admin("POST", "/acme/trusted-issuers", &issuer("idp"));
    taken.assert_problem(409, "taken", Some("name"));
    let mut other = issuer("other");
    other["issuer"] = json!("https://idp.example");
    let taken = server.admin("PUT", "/acme/trusted-issuers/other", &other);
    taken.assert_problem(409, "taken", Some("issuer"));
    let detail = taken.json()["detail"].clone();
    assert_eq!(detail, "issuer: the trusted issuer \"idp\" has it already; add a rule to that one");
    server.admin("PUT", "/acme/trusted-issuers/x", &issuer("y")).assert_problem(400, "invalid", Some("name"));
    server.admin("PUT", "/nobody/trusted-issuers/idp", &issuer("idp")).assert_problem(404, "not-found", None);

    // R53: keys that are not used are named.
    let mut keys = jwks(&[&key(1)]);
    keys["keys"].as_array_mut().expect("keys").push(json!({"kty": "oct", "k": "AAAA"}));
    let mut skipping = issuer("idp");
    skipping["jwks"] = keys;
    let put = server.admin("PUT", "/acme/trusted-issuers/idp", &skipping).json();
    assert_eq!(put["skipped_keys"][0]["key"], "keys[1]", "{put}");

    let removed = server.admin("DELETE", "/acme/trusted-issuers/idp", &Value::Null);
    assert_eq!(
        (removed.status(), removed.text(), removed.headers()),
        (204, "", vec!["cache-control: no-store".into()])
    );
    server.admin("DELETE", "/acme/trusted-issuers/idp", &Value::Null).assert_problem(404, "not-found", None);
}

#[test]
fn the_member_at_fault_is_named() {
    let (world, texts) = (World::default(), Texts::default());
    let server = with_acme(&world, &texts);
    for (change, field) in [
        (json!({"issuer": 1}), "issuer"),
        (json!({"issuer": ""}), "issuer"),
        (json!({"jwks_uri": "http://x.example"}), "jwks_uri"),
        (json!({"max_lifetime": -1}), "max_lifetime"),
        (json!({"replay": "never"}), "replay"),
        (json!({"enabeld": true}), "enabeld"),
        (json!({"claims": [{"claim": "a", "equals": 1}, {"claim": "b"}]}), "claims[1]"),
    ] {
        let mut wanted = json!({"issuer": "https://idp.example", "jwks_uri": "https://idp.example/jwks"});
        for (name, value) in change.as_object().expect("an object") {
            wanted[name] = value.clone();
        }
        let refused = server.admin("PUT", "/acme/trusted-issuers/idp", &wanted);
        let found = refused.json()["field"].as_str().unwrap_or_default().to_owned();
        assert!(found.starts_with(field), "{change}: {}", refused.text());
        refused.assert_problem(400, "invalid", Some(&found));
    }
    server.admin("GET", "/acme/trusted-issuers/idp", &Value::Null).assert_problem(404, "not-found", None);
}

#[test]
fn applications() {
    let (world, texts) = (World::default(), Texts::default());
    let server = with_acme(&world, &texts);
    let made = server.admin("POST", "/acme/applications", &application());
    assert_eq!(made.status(), 201, "{}", made.text());
    let new = made.json();
    let id = new["client_id"].as_str().expect("a client_id");
    assert_eq!(
        made.header("location"),
        Some(format!("/admin/organizations/acme/applications/{id}").as_str())
    );
    assert_eq!(new["client_secret"].as_str().map(str::len), Some(43));
    let path = format!("/acme/applications/{id}");
    let shown = server.admin("GET", &path, &Value::Null).json();
    assert_eq!(shown.get("client_secret"), None);
    let put = server.admin("PUT", &path, &shown);
    assert_eq!((put.status(), put.json()), (200, shown));
    let renewed = server.admin("POST", &format!("{path}/secret"), &Value::Null).json();
    assert_ne!(renewed["client_secret"], new["client_secret"]);
    assert_eq!(server.admin("DELETE", &path, &Value::Null).status(), 204);
    server.admin("GET", &path, &Value::Null).assert_problem(404, "not-found", None);
    // Without a secret nothing is created.
    server.admin("PUT", "/acme/applications/app-1", &application()).assert_problem(404, "not-found", None);
    let mut own = application();
    own["client_secret"] = json!("short");
    server.admin("PUT", "/acme/applications/app-1", &own).assert_problem(
        400,
        "invalid",
        Some("client_secret"),
    );
    own["client_secret"] = json!("x".repeat(32));
    let created = server.admin("PUT", "/acme/applications/app-1", &own);
    assert_eq!((created.status(), created.json().get("client_secret")), (201, None));
    assert_eq!(created.header("location"), Some("/admin/organizations/acme/applications/app-1"));
    assert_eq!(server.admin("PUT", "/acme/applications/app-1", &own).status(), 200);
    let mut other = own.clone();
    other["client_id"] = json!("app-2");
    server.admin("PUT", "/acme/applications/app-1", &other).assert_problem(400, "invalid", Some("client_id"));
}

#[test]
fn the_schema_of_registrations() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    let path = "/admin/schema.json";
    let response = server.send(request("GET", path).by_admin());
    assert_eq!((response.status(), response.header("content-type")), (200, Some("application/schema+json")));
    assert_eq!(response.json()["$defs"]["TrustedIssuer"]["properties"]["clock_skew"]["maximum"], 600);
    server.send(request("GET", path)).assert_problem(401, "unauthorized", None);
    let refused = server.send(request("POST", path).by_admin());
    assert_eq!((refused.status(), refused.header("allow")), (405, Some("GET, HEAD")));
}

#[test]
fn r73_keys() {
    let (world, texts) = (World::default(), Texts::default());
    let server = with_acme(&world, &texts);
    let count = |keys: Value| (keys["items"].as_array().map(Vec::len), keys["next"].clone());
    assert_eq!(count(server.admin("GET", "/acme/keys", &Value::Null).json()), (Some(1), Value::Null));
    let rotated = server.admin("POST", "/acme/keys/rotate", &Value::Null);
    assert_eq!((rotated.status(), count(rotated.json())), (200, (Some(2), Value::Null)));
    assert!(!rotated.text().contains("private"));
    assert_eq!(server.told("SigningKeyAdded").len(), 2);
    server.admin("POST", "/nobody/keys/rotate", &Value::Null).assert_problem(404, "not-found", None);
}

#[test]
fn explain() {
    let (world, texts) = (World::default(), Texts::default());
    let server = with_acme(&world, &texts);
    let mut known = issuer("idp");
    known["issuer"] = json!(crate::world::ISSUER);
    server.admin("POST", "/acme/trusted-issuers", &known);
    let good = assertion(&key(1), START, json!({"aud": "https://as.example/t/acme"}));
    for _ in 0..2 {
        let told = server.admin("POST", "/acme/explain", &json!({"assertion": good})).json();
        assert_eq!(told["accepted"], true, "{told}");
    }
    let told = server.admin("POST", "/acme/explain", &json!({"assertion": "no-jwt"})).json();
    assert_eq!(told["accepted"], false);
    let with_unknown = json!({"assertion": good, "client_id": "nobody"});
    server.admin("POST", "/acme/explain", &with_unknown).assert_problem(400, "invalid", Some("client_id"));
    server.admin("POST", "/acme/explain", &json!({})).assert_problem(400, "invalid", Some("assertion"));
    server.admin("POST", "/acme/explain", &json!({"assertion": "", "x": 1})).assert_problem(
        400,
        "invalid",
        Some("x"),
    );
}

/// What is not there is named, quoted and cut off; what a PUT lacks that can't replace anything is named, too.
#[test]
fn what_is_not_there() {
    let (world, texts) = (World::default(), Texts::default());
    let server = with_acme(&world, &texts);
    let long = "x".repeat(2000);
    let application = application();
    let rest = "a new one needs client_secret, client_secret_sha256 or private_key_jwt";
    for (method, path, document, detail) in [
        ("GET", "/acme/trusted-issuers/nothere", json!({}), "trusted issuer \"nothere\": is not registered"),
        ("DELETE", "/acme/trusted-issuers/a%0Ab", json!({}), "trusted issuer \"a\\nb\": is not registered"),
        ("GET", "/acme/trusted-issuers/a/keys", json!({}), "trusted issuer \"a\": is not registered"),
        ("POST", "/acme/trusted-issuers/a/check", json!({}), "trusted issuer \"a\": is not registered"),
        ("GET", "/acme/applications/T", json!({}), "application \"T\": is not registered"),
        ("DELETE", "/acme/applications/a b", json!({}), "application \"a b\": is not registered"),
        ("POST", "/acme/applications/T/secret", json!({}), "application \"T\": is not registered"),
        (
            "PUT",
            "/acme/applications/T",
            application,
            &format!("application \"T\": is not registered; {rest}"),
        ),
        ("GET", "/acme/metadata", json!({}), "metadata: nothing is stated"),
        ("DELETE", "/acme/metadata", json!({}), "metadata: nothing is stated"),
        ("GET", "/nobody", json!({}), "organization \"nobody\": is not registered"),
        ("GET", "/nobody/applications/T", json!({}), "organization \"nobody\": is not registered"),
        ("GET", "/nobody/metadata", json!({}), "organization \"nobody\": is not registered"),
        ("PUT", "/nobody/trusted-issuers/idp", issuer("idp"), "organization \"nobody\": is not registered"),
        ("GET", "/acme/nothing", json!({}), "Nothing is served at this path"),
        ("GET", "/acme/metadata/x", json!({}), "Nothing is served at this path"),
    ] {
        let missing = server.admin(method, path, &document);
        missing.assert_problem(404, "not-found", None);
        assert_eq!(missing.json()["detail"], detail, "{method} {path}");
    }
    let preset = server.send(request("GET", "/admin/presets/nope").by_admin());
    assert_eq!(preset.json()["detail"], "preset \"nope\": does not exist");
    let cut = server.admin("GET", &format!("/acme/trusted-issuers/{long}"), &Value::Null);
    assert!(cut.json()["detail"].as_str().is_some_and(|detail| detail.len() < 400), "{}", cut.text());
    // Who may not ask learns nothing.
    let stranger = server.send(request("GET", "/admin/organizations/acme/applications/T"));
    assert_eq!(stranger.json().get("detail"), None);
}

#[test]
fn lists_come_in_pages() {
    let (world, texts) = (World::default(), Texts::default());
    let server = with_acme(&world, &texts);
    for name in ["a b", "c", "d/é", "e", "f"] {
        assert_eq!(server.admin("POST", "/acme/trusted-issuers", &issuer_called(name)).status(), 201);
    }
    let names = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().expect("items").iter();
        items.map(|item| item["name"].as_str().expect("a name").to_owned()).collect()
    };
    let page = |query: &str| server.admin("GET", &format!("/acme/trusted-issuers{query}"), &Value::Null);
    let first = page("?limit=2").json();
    assert_eq!((names(&first), &first["next"]), (vec!["a b".into(), "c".into()], &json!("c")));
    assert_eq!(first.get("unreadable"), None);
    let second = page("?after=c&limit=2").json();
    assert_eq!((names(&second), &second["next"]), (vec!["d/é".into(), "e".into()], &json!("e")));
    let last = page("?limit=100&after=d%2F%C3%A9").json();
    assert_eq!((names(&last), &last["next"]), (vec!["e".into(), "f".into()], &Value::Null));
    assert_eq!(names(&page("?limit=1000&after=").json()).len(), 5);
    for (query, field) in [
        ("?limit=0", "limit"),
        ("?limit=-1", "limit"),
        ("?limit=x", "limit"),
        ("?limit=1&limit=2", "query"),
        ("?after=%zz", "query"),
        ("?after=%ff", "query"),
    ] {
        page(query).assert_problem(400, "invalid", Some(field));
    }
    // R74: what can't be read is named, and keeps nothing back.
    world.registry.entries.borrow_mut().insert("trusted-issuer/acme/c".into(), b"{".to_vec());
    let all = page("").json();
    assert_eq!(names(&all), ["a b", "d/é", "e", "f"]);
    assert_eq!(all["unreadable"], json!([{"name": "c", "problem": "is not a JSON object"}]));
    assert_eq!(server.told("RecordUnreadable").len(), 1);
}

fn issuer_called(name: &str) -> Value {
    let mut issuer = issuer("x");
    issuer["name"] = json!(name);
    issuer["issuer"] =
        json!(format!("https://idp.example/{}", name.len() + name.bytes().map(usize::from).sum::<usize>()));
    issuer
}

#[test]
fn a_store_that_fails_is_told_of_and_tried_again() {
    let (world, texts) = (World::default(), Texts::default());
    let server = with_acme(&world, &texts);
    world.registry.broken.set(true);
    for (method, path, document) in [
        ("GET", "/acme", Value::Null),
        ("GET", "", Value::Null),
        ("PUT", "/acme/trusted-issuers/idp", issuer("idp")),
        ("POST", "/acme/applications", application()),
    ] {
        let refused = server.admin(method, path, &document);
        refused.assert_problem(503, "unavailable", None);
        assert_eq!(refused.header("retry-after"), Some("5"));
    }
}
