//! `GET /admin/organizations/{org}/activity`, and `POST /admin/apply?dry_run=true&against=activity`.

use serde_json::{Value, json};

use crate::server::{Answer, Server, Texts, request};
use crate::world::{ISSUER, START, World, assertion, jwks, key};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

fn document(application: Value) -> Value {
    let mut whole = json!({ "client_id": "app", "client_secret": "s".repeat(43), "scope": "read",
        "token_endpoint_auth_method": "client_secret_post", "grant_types": [GRANT] });
    whole.as_object_mut().expect("an object").append(&mut application.as_object().expect("one").clone());
    json!({ "organizations": [{
        "name": "acme",
        "trusted_issuers": [{ "name": "idp", "issuer": ISSUER, "jwks": jwks(&[&key(1)]) }],
        "applications": [whole],
    }] })
}

fn apply(server: &Server<'_>, query: &str, document: &Value) -> Answer {
    server.send(request("POST", format!("/admin/apply{query}")).by_admin().json(document))
}

/// A server with the organization `acme`, in whose log are two granted requests and two refused ones.
fn active<'a>(world: &'a World, texts: &'a Texts) -> Server<'a> {
    let server = Server::new(world, texts);
    assert_eq!(apply(&server, "", &document(json!({}))).status(), 200);
    let exchange = |secret: &str, jti: &str| {
        let claims = json!({ "aud": "https://as.example/t/acme", "jti": jti });
        let assertion = assertion(&key(1), START, claims);
        let body = format!("grant_type={GRANT}&client_id=app&client_secret={secret}&assertion={assertion}");
        let sent = request("POST", "/t/acme/oauth2/token")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(body);
        server.send(sent).status()
    };
    assert_eq!((exchange(&"s".repeat(43), "1"), exchange(&"s".repeat(43), "2")), (200, 200));
    world.advance(2);
    assert_eq!(exchange("wrong", "3"), 401);
    assert_eq!(server.send(request("PUT", "/t/acme/oauth2/token")).status(), 405);
    server
}

fn activity(server: &Server<'_>, query: &str) -> Answer {
    server.admin("GET", &format!("/acme/activity{query}"), &Value::Null)
}

/// R75: the newest first, a page at a time, and only what is asked for.
#[test]
fn r75_the_last_decisions() {
    let (world, texts) = (World::default(), Texts::default());
    let server = active(&world, &texts);
    let page = activity(&server, "");
    assert_eq!((page.status(), page.header("cache-control")), (200, Some("no-store")));
    let page = page.json();
    assert_eq!(
        (&page["next"], &page["recording"], &page["dropped"]),
        (&Value::Null, &json!(true), &json!(0))
    );
    let items = page["items"].as_array().expect("items");
    let reasons: Vec<_> = items.iter().map(|item| item["reason"].as_str()).collect();
    assert_eq!(reasons, [Some("method-not-allowed"), Some("client-unauthenticated"), None, None]);
    let mut granted = items[3].clone();
    let jti = granted.as_object_mut().expect("an object").remove("jti_sha256").expect("a token's");
    assert_eq!(jti.as_str().map(str::len), Some(43));
    assert!(granted.as_object_mut().expect("an object").remove("id").is_some_and(|id| id.is_string()));
    assert_eq!(
        granted,
        json!({ "time": START, "grant_type": GRANT, "client_id": "app", "trusted_issuer": "idp",
            "outcome": "granted", "microseconds": 0 })
    );
    let (mut found, mut query) = (Vec::new(), "?limit=1".to_owned());
    loop {
        let page = activity(&server, &query).json();
        found.extend(page["items"].as_array().expect("items").clone());
        let Some(next) = page["next"].as_str() else { break };
        query = format!("?limit=1&after={next}");
    }
    assert_eq!(&found, items);
    let count = |query: &str| activity(&server, query).json()["items"].as_array().map(Vec::len);
    assert_eq!(count("?outcome=granted&client_id=app&trusted_issuer=idp"), Some(2));
    assert_eq!((count("?reason=client-unauthenticated"), count("?rule=other")), (Some(1), Some(0)));
    assert!(server.send(request("HEAD", "/admin/organizations/acme/activity").by_admin()).text().is_empty());
    let other = server.admin("GET", "/default/activity", &Value::Null).json();
    assert_eq!(other["items"], json!([]), "another organization's");
}

#[test]
fn abuse() {
    let (world, texts) = (World::default(), Texts::default());
    let server = active(&world, &texts);
    for (query, field) in [
        ("?limit=0", "limit"),
        ("?after=yesterday", "after"),
        ("?outcome=maybe", "outcome"),
        ("?reason=because", "reason"),
        ("?subject=alice", "subject"),
        ("?rule=a&rule=b", "query"),
    ] {
        activity(&server, query).assert_problem(400, "invalid", Some(field));
    }
    server.admin("GET", "/nobody/activity", &Value::Null).assert_problem(404, "not-found", None);
    let posted = server.admin("POST", "/acme/activity", &json!({}));
    posted.assert_problem(405, "method-not-allowed", None);
    assert_eq!(posted.header("allow"), Some("GET, HEAD"));
    let path = "/admin/organizations/acme/activity";
    server.send(request("GET", path)).assert_problem(401, "unauthorized", None);
    server.send(request("GET", format!("/t/acme{path}")).by_admin()).assert_problem(404, "not-found", None);
}

#[test]
fn off() {
    let (world, texts) = (World::default(), Texts::default());
    texts.set("activity", Ok("off"));
    let server = active(&world, &texts);
    let page = activity(&server, "").json();
    assert_eq!((&page["items"], &page["recording"]), (&json!([]), &json!(false)));
    assert!(!world.registry.entries.borrow().keys().any(|key| key.starts_with("activity")));
}

/// A dry run says which decisions would come out otherwise, and changes nothing.
#[test]
fn against_the_activity() {
    let (world, texts) = (World::default(), Texts::default());
    let server = active(&world, &texts);
    activity(&server, "");
    let stored = || world.registry.entries.borrow().clone();
    let before = stored();
    let disabled = document(json!({ "enabled": false }));
    let report = apply(&server, "?dry_run=true&against=activity", &disabled);
    assert_eq!(report.status(), 200, "{}", report.text());
    let report = report.json();
    assert_eq!(report["dry_run"], true);
    assert_eq!(
        report["activity"],
        json!({ "compared": 4, "same": 2, "otherwise": 2, "unknown": 0, "items": [{
            "organization": "acme", "client_id": "app", "trusted_issuer": "idp", "outcome": "granted",
            "would_be": "refused", "would_be_reason": "client-unauthenticated", "count": 2,
        }] })
    );
    assert_eq!(stored(), before);
    assert_eq!(apply(&server, "?dry_run=true", &disabled).json().get("activity"), None);
    for (query, field) in [
        ("?against=activity", "against"),
        ("?dry_run=false&against=activity", "against"),
        ("?dry_run=true&against=yesterday", "against"),
        ("?dry_run=true&against=", "against"),
        ("?dry_run=true&agianst=activity", "agianst"),
        ("?dry_run=&against=activity", "dry_run"),
    ] {
        apply(&server, query, &disabled).assert_problem(400, "invalid", Some(field));
    }
    assert_eq!(stored(), before);
}
