//! Settings and the seed document: read at the first request, and again until all of them can be used.

use serde_json::json;

use crate::server::{Server, Texts, request};
use crate::world::World;

#[test]
fn a_bad_setting_refuses_everything_until_it_is_mended() {
    let cases: [(&'static str, Result<&str, &'static str>, &str, &str); 11] = [
        ("public_url", Ok("ftp://as.example"), "public_url", "https:// or http://"),
        ("public_url", Err("can not be read from its provider"), "public_url", "provider"),
        ("dev", Ok("yes"), "dev", "true or false"),
        ("dpop_nonce", Ok("on"), "dpop_nonce", "true or false"),
        ("access_token_algorithm", Ok("HS256"), "access_token_algorithm", "ES256, EdDSA or RS256"),
        ("activity", Ok("sometimes"), "activity", "on or off"),
        ("admin_token", Ok("short"), "admin_token", "32 bytes"),
        ("trust", Ok("{"), "trust", ""),
        ("trust", Ok("{\"organisations\": []}"), "trust", ""),
        (
            "trust",
            Ok(r#"{"organizations": [{"name": "Not A Name"}]}"#),
            "organizations[0].name",
            "lower-case",
        ),
        (
            "trust",
            Ok(r#"{"organizations": [{"name": "a"}, {"name": "a"}]}"#),
            "organizations[1].name",
            "twice",
        ),
    ];
    for (setting, text, field, problem) in cases {
        let (world, texts) = (World::default(), Texts::default());
        texts.set(setting, text);
        let server = Server::new(&world, &texts);
        let health = server.send(request("GET", "/health"));
        assert_eq!((health.status(), health.json()), (503, json!({"status": "misconfigured"})), "{setting}");
        server.send(request("GET", "/oauth2/jwks")).assert_problem(503, "misconfigured", None);
        server.send(request("GET", "/admin/organizations").by_admin()).assert_problem(
            503,
            "misconfigured",
            None,
        );
        let token = server.send(request("POST", "/oauth2/token"));
        assert_eq!((token.status(), &token.json()["error"]), (500, &json!("server_error")), "{setting}");
        assert!(server.told("Exchange")[0].contains("ServerFault"));
        let told = &server.told("BadSetting")[0];
        assert!(told.contains(&format!("setting: \"{field}\"")) && told.contains(problem), "{told}");
        assert!(!told.contains("short"), "the value: {told}");
        texts.set(setting, Ok(""));
        assert_eq!(server.send(request("GET", "/health")).status(), 200, "{setting}");
    }
}

#[test]
fn the_seed_document_is_applied_once() {
    let (world, texts) = (World::default(), Texts::default());
    texts.set("trust", Ok(r#"{"organizations": [{"name": "acme", "display_name": "Acme"}]}"#));
    // A store that fails in between: nothing starts, and the next request goes on.
    world.registry.broken.set(true);
    let server = Server::new(&world, &texts);
    assert_eq!(server.send(request("GET", "/health")).json(), json!({"status": "store unavailable"}));
    let refused = server.send(request("GET", "/oauth2/jwks"));
    refused.assert_problem(503, "unavailable", None);
    assert_eq!(refused.header("retry-after"), Some("5"));
    world.registry.broken.set(false);
    assert_eq!(server.admin("GET", "/acme", &json!(null)).json()["display_name"], "Acme");
    assert_eq!(server.told("SeedApplied"), ["SeedApplied { created: 1, replaced: 0, unchanged: 0 }"]);
    // What an administrator changes stays, whoever starts.
    server.admin("PUT", "/acme", &json!({"display_name": "Mine"}));
    let another = Server::new(&world, &texts);
    assert_eq!(another.admin("GET", "/acme", &json!(null)).json()["display_name"], "Mine");
    assert_eq!(another.told("SeedApplied").len(), 1);
    texts.set("trust", Ok(r#"{"organizations": [{"name": "globex"}]}"#));
    Server::new(&world, &texts).send(request("GET", "/health"));
    assert_eq!(another.told("SeedApplied").len(), 2);
    texts.set("trust", Ok(r#"{"organizations": [{"name": "acme", "display_name": "Acme"}]}"#));
    Server::new(&world, &texts).send(request("GET", "/health"));
    assert_eq!((another.told("SeedApplied").len(), another.told("SeedNotApplied").len()), (2, 1));
}
