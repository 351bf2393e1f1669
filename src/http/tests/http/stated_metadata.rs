//! R67: what an administrator states in the metadata of an organization: shown there, and nothing else of it.

use serde_json::{Value, json};

use crate::server::{ADMIN_TOKEN, Server, Texts, request};
use crate::world::World;

const ACME: [&str; 3] = [
    "/.well-known/oauth-authorization-server/t/acme",
    "/t/acme/.well-known/oauth-authorization-server",
    "/t/acme/.well-known/openid-configuration",
];
const DEFAULT: [&str; 2] = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];

fn all() -> Value {
    json!({
        "scopes_supported": ["read", "write"],
        "protected_resources": ["https://api.example/v1", "https://mcp.example/mcp"],
        "service_documentation": "https://docs.example/clients",
        "authorization_endpoint": "https://sign-in.example/authorize",
    })
}

fn with_acme<'a>(world: &'a World, texts: &'a Texts) -> Server<'a> {
    let server = Server::new(world, texts);
    assert_eq!(server.admin("PUT", "/acme", &json!({})).status(), 201);
    server
}

fn document(server: &Server<'_>, path: &str) -> Value {
    let answer = server.send(request("GET", path));
    assert_eq!(answer.status(), 200, "{}", answer.text());
    answer.json()
}

/// R67: it stands in the metadata of its organization, at each path, beside what stood there before; taken back, it is gone.
#[test]
fn r67_it_is_shown_beside_what_is_ours() {
    let (world, texts) = (World::default(), Texts::default());
    let server = with_acme(&world, &texts);
    let plain = document(&server, ACME[0]);
    let of_default = document(&server, DEFAULT[0]);
    let mut expected = plain.clone();
    for (name, value) in all().as_object().expect("an object") {
        assert_eq!(expected.get(name), None);
        expected[name] = value.clone();
    }
    assert_eq!(expected["response_types_supported"], json!([]), "there is no authorization endpoint of ours");

    server.admin("GET", "/acme/metadata", &Value::Null).assert_problem(404, "not-found", None);
    for status in [201, 200] {
        let put = server.admin("PUT", "/acme/metadata", &all());
        assert_eq!((put.status(), put.json()), (status, all()));
    }
    assert_eq!(server.admin("GET", "/acme/metadata", &Value::Null).json(), all());
    for path in ACME {
        assert_eq!(document(&server, path), expected, "{path}");
    }
    for path in DEFAULT {
        assert_eq!(document(&server, path), of_default, "{path}");
    }
    server.admin("GET", "/default/metadata", &Value::Null).assert_problem(404, "not-found", None);

    let less = json!({"service_documentation": "https://docs.example/", "scopes_supported": null});
    let put = server.admin("PUT", "/acme/metadata", &less);
    assert_eq!(put.json(), json!({"service_documentation": "https://docs.example/"}));
    assert_eq!(document(&server, ACME[0])["service_documentation"], "https://docs.example/");
    assert_eq!(document(&server, ACME[0]).get("scopes_supported"), None);

    let removed = server.admin("DELETE", "/acme/metadata", &Value::Null);
    assert_eq!((removed.status(), removed.text()), (204, ""));
    server.admin("DELETE", "/acme/metadata", &Value::Null).assert_problem(404, "not-found", None);
    assert_eq!(document(&server, ACME[0]), plain);
}

/// R67: what is not to be stated is refused before anything is stored, with the member at fault.
#[test]
fn r67_what_is_refused() {
    let (world, texts) = (World::default(), Texts::default());
    let server = with_acme(&world, &texts);
    let before = world.registry.entries.borrow().clone();
    let scopes: Vec<String> = (0..10_000).map(|number| format!("s{number}")).collect();
    for (document, field) in [
        (json!({"issuer": "https://evil.example"}), "issuer"),
        (json!({"token_endpoint": "https://evil.example/token"}), "token_endpoint"),
        (json!({"jwks_uri": "https://evil.example/jwks"}), "jwks_uri"),
        (json!({"introspection_endpoint": "https://evil.example"}), "introspection_endpoint"),
        (json!({"response_types_supported": ["code"]}), "response_types_supported"),
        (json!({"version": 1}), "version"),
        (json!({"scope_supported": ["read"]}), "scope_supported"),
        (json!({"scopes_supported": &scopes[..3000]}), "scopes_supported"),
        (json!({"scopes_supported": ["a b"]}), "scopes_supported[0]"),
        (json!({"scopes_supported": ["a", "b\""]}), "scopes_supported[1]"),
        (json!({"scopes_supported": ["a", "a"]}), "scopes_supported[1]"),
        (json!({"protected_resources": ["https://api.example/#v1"]}), "protected_resources[0]"),
        (json!({"service_documentation": "javascript:alert(1)"}), "service_documentation"),
        (json!({"service_documentation": "http://127.0.0.1/docs"}), "service_documentation"),
        (json!({"authorization_endpoint": "https://a:b@sign-in.example/"}), "authorization_endpoint"),
    ] {
        // What is acceptable of it is not kept either.
        let mut document = document;
        if document.get("service_documentation").is_none() {
            document["service_documentation"] = "https://docs.example/".into();
        }
        server.admin("PUT", "/acme/metadata", &document).assert_problem(400, "invalid", Some(field));
    }
    let too_large = server.admin("PUT", "/acme/metadata", &json!({"scopes_supported": scopes}));
    too_large.assert_problem(413, "too-large", None);
    let unknown = server.admin("PUT", "/nobody/metadata", &all());
    unknown.assert_problem(404, "not-found", None);
    for (body, media_type) in
        [("[]", "application/json"), (r#"{"a":1,"a":1}"#, "application/json"), ("{}", "text/plain")]
    {
        let put = request("PUT", "/admin/organizations/acme/metadata");
        let put =
            put.header("Authorization", format!("Bearer {ADMIN_TOKEN}")).header("Content-Type", media_type);
        assert!(matches!(server.send(put.body(body)).status(), 400 | 415), "{body} {media_type}");
    }
    assert_eq!(*world.registry.entries.borrow(), before);
}

/// R67: while developing, a URL may lead to this machine. Without the setting it counts no more.
#[test]
fn r67_dev() {
    let (world, texts) = (World::default(), Texts::default());
    texts.set("dev", Ok("1"));
    let local = json!({"authorization_endpoint": "http://127.0.0.1:9000/authorize"});
    assert_eq!(Server::new(&world, &texts).admin("PUT", "/default/metadata", &local).status(), 201);
    let texts = Texts::default();
    let server = Server::new(&world, &texts);
    server.send(request("GET", DEFAULT[0])).assert_problem(503, "unavailable", None);
    assert_eq!(server.told("RecordUnreadable").len(), 1);
    assert_eq!(server.admin("PUT", "/default/metadata", &all()).status(), 200);
    assert_eq!(document(&server, DEFAULT[0])["scopes_supported"], json!(["read", "write"]));
}

/// R17: an administrator alone states anything, and from no page of another origin.
#[test]
fn r17_administrators_alone() {
    let (world, texts) = (World::default(), Texts::default());
    let server = with_acme(&world, &texts);
    let path = "/admin/organizations/acme/metadata";
    for method in ["GET", "PUT", "DELETE"] {
        let stranger = || request(method, path).header("Content-Type", "application/json").json(&all());
        server.send(stranger()).assert_problem(401, "unauthorized", None);
        server.send(stranger().header("Authorization", "Bearer wrong")).assert_problem(
            401,
            "unauthorized",
            None,
        );
        let from_a_page =
            request(method, path).by_admin().json(&all()).header("Origin", "https://evil.example");
        let told = server.send(from_a_page).headers();
        assert!(!told.iter().any(|header| header.starts_with("access-control-")), "{told:?}");
    }
    let preflight = request("OPTIONS", path)
        .header("Origin", "https://evil.example")
        .header("Access-Control-Request-Method", "PUT");
    let refused = server.send(preflight);
    assert!(refused.status() >= 400 && refused.header("access-control-allow-origin").is_none());
    // What is stated is public with the rest.
    assert_eq!(server.admin("PUT", "/acme/metadata", &all()).status(), 201);
    let open = server.send(request("GET", ACME[0]).header("Origin", "https://a-page.example"));
    assert_eq!(open.header("access-control-allow-origin"), Some("*"));
}
