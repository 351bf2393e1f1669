//! `POST /admin/apply`.

use serde_json::{Value, json};

use crate::server::{Answer, Server, Texts, request};
use crate::world::World;

fn document(jwks_uri: &str) -> Value {
    json!({"organizations": [{
        "name": "acme",
        "display_name": "Acme",
        "trusted_issuers": [{"name": "idp", "issuer": "https://idp.example", "jwks_uri": jwks_uri}],
        "applications": [{"client_id": "app", "client_secret": "s".repeat(43), "scope": "read"}],
    }]})
}

const GOOD: &str = "https://idp.example/jwks";

fn apply(server: &Server<'_>, query: &str, document: &Value) -> Answer {
    server.send(request("POST", format!("/admin/apply{query}")).by_admin().json(document))
}

#[test]
fn what_changed_or_would_change() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    let outcomes = |answer: Answer| {
        assert_eq!(answer.status(), 200, "{}", answer.text());
        let report = answer.json();
        let items = report["items"].as_array().expect("items").iter();
        (report["dry_run"] == true, items.map(|item| item["outcome"].clone()).collect::<Vec<_>>())
    };
    let all = |outcome: &str| vec![json!(outcome); 3];
    assert_eq!(outcomes(apply(&server, "?dry_run=true", &document(GOOD))), (true, all("created")));
    server.admin("GET", "/acme", &Value::Null).assert_problem(404, "not-found", None);
    assert_eq!(outcomes(apply(&server, "", &document(GOOD))), (false, all("created")));
    assert_eq!(outcomes(apply(&server, "?dry_run=false", &document(GOOD))), (false, all("unchanged")));
    let moved = document("https://idp.example/keys");
    for query in ["?dry_run=true", "?"] {
        let applied = apply(&server, query, &moved).json();
        assert_eq!(
            applied["items"],
            json!([
                {"kind": "organization", "organization": "acme", "outcome": "unchanged"},
                {"kind": "trusted_issuer", "organization": "acme", "name": "idp", "outcome": "replaced",
                 "changed": ["jwks_uri"]},
                {"kind": "application", "organization": "acme", "name": "app", "outcome": "unchanged"},
            ])
        );
    }
}

#[test]
fn abuse() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    server.send(request("GET", "/health"));
    let before = world.registry.entries.borrow().clone();
    let post = || request("POST", "/admin/apply");
    let good = document(GOOD);
    server.send(post().json(&good)).assert_problem(401, "unauthorized", None);
    let bearer = format!("Bearer {}", crate::server::ADMIN_TOKEN);
    let untyped = post().header("authorization", &bearer).json(&good);
    server.send(untyped).assert_problem(415, "unsupported-media-type", None);
    let toml = post().header("authorization", &bearer).header("content-type", "application/toml");
    server.send(toml.body("organizations = []")).assert_problem(415, "unsupported-media-type", None);
    server.send(post().by_admin().body("x".repeat(65_537))).assert_problem(413, "too-large", None);
    let announced = post().by_admin().header("content-length", "65537");
    server.send(announced.json(&good)).assert_problem(413, "too-large", None);
    server.send(post().by_admin().json(&good).cut()).assert_problem(400, "invalid", None);
    for method in ["GET", "PUT", "DELETE"] {
        let refused = server.send(request(method, "/admin/apply").by_admin());
        refused.assert_problem(405, "method-not-allowed", None);
        assert_eq!(refused.header("allow"), Some("POST"));
    }
    // Who misspells a dry run must not apply.
    for (query, field) in [
        ("?dryrun=true", "dryrun"),
        ("?dry_run", "dry_run"),
        ("?dry_run=1", "dry_run"),
        ("?dry_run=true&dry_run=false", "query"),
        ("?dry_run=true&x=1", "x"),
    ] {
        apply(&server, query, &good).assert_problem(400, "invalid", Some(field));
    }
    let with = |pointer: &str, value: Value| {
        let mut document = document(GOOD);
        let (parent, member) = pointer.rsplit_once('/').expect("a pointer");
        document.pointer_mut(parent).expect("there")[member] = value;
        document
    };
    let twice =
        |document: &str| document.replacen("\"name\":\"acme\"", "\"name\":\"acme\",\"name\":\"b\"", 1);
    let repeated = server.send(post().by_admin().body(twice(&good.to_string())));
    assert_eq!(repeated.status(), 400, "{}", repeated.text());
    let acme = |more: Value| json!({"organizations": [good["organizations"][0], more]});
    let other = |member: &str, list: Value| json!({"name": "b", member: list});
    let issuer = |name: &str, issuer: &str| json!({"name": name, "issuer": issuer, "jwks_uri": GOOD});
    let app = json!({"client_id": "x", "client_secret": "s".repeat(43)});
    let cases = [
        (json!({"organisations": []}), "organisations"),
        (json!({"organizations": {}}), "organizations"),
        (json!({"organizations": [1]}), "organizations[0]"),
        (json!({"organizations": [{}]}), "organizations[0].name"),
        (with("/organizations/0/colour", json!("red")), "organizations[0].colour"),
        (with("/organizations/0/name", json!("A B")), "organizations[0].name"),
        (with("/organizations/0/display_name", json!("")), "organizations[0].display_name"),
        (
            with("/organizations/0/trusted_issuers/0/enabeld", json!(true)),
            "organizations[0].trusted_issuers[0].enabeld",
        ),
        (document("ftp://idp.example"), "organizations[0].trusted_issuers[0].jwks_uri"),
        (
            with("/organizations/0/trusted_issuers/0/issuer", json!("https://as.example")),
            "organizations[0].trusted_issuers[0].issuer",
        ),
        (
            with("/organizations/0/applications/0/client_secret", json!("short")),
            "organizations[0].applications[0].client_secret",
        ),
        (
            with("/organizations/0/applications/0/client_secret", Value::Null),
            "organizations[0].applications[0].client_secret",
        ),
        (
            with("/organizations/0/applications/0/clientid", json!("x")),
            "organizations[0].applications[0].clientid",
        ),
        (
            json!({"organizations": [{"name": "b", "applications": [{"client_id": "x"}]}]}),
            "organizations[0].applications[0].client_secret",
        ),
        (
            json!({"organizations": [{"name": "b", "applications": [{"client_secret": "x"}]}]}),
            "organizations[0].applications[0].client_id",
        ),
        (acme(json!({"name": "acme"})), "organizations[1].name"),
        (
            acme(other("trusted_issuers", json!([issuer("x", "1"), issuer("x", "2")]))),
            "organizations[1].trusted_issuers[1].name",
        ),
        (
            acme(other("trusted_issuers", json!([issuer("x", "1"), issuer("y", "1")]))),
            "organizations[1].trusted_issuers[1].issuer",
        ),
        (acme(other("applications", json!([app, app]))), "organizations[1].applications[1].client_id"),
    ];
    for (document, field) in cases {
        for query in ["?dry_run=true", ""] {
            let refused = apply(&server, query, &document);
            assert_eq!(refused.json().get("items"), None, "{field}");
            refused.assert_problem(400, "invalid", Some(field));
        }
    }
    assert_eq!(*world.registry.entries.borrow(), before, "something was stored");
}

/// What another trusted issuer has is refused, unless the document takes it from there first.
#[test]
fn an_issuer_value_that_is_taken() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    apply(&server, "", &document(GOOD));
    let issuers = |issuers: Value| json!({"organizations": [{"name": "acme", "trusted_issuers": issuers}]});
    let issuer = |name: &str, host: &str| json!({"name": name, "issuer": format!("https://{host}.example"), "jwks_uri": GOOD});
    let taken = issuers(json!([issuer("new", "new"), issuer("other", "idp")]));
    for query in ["?dry_run=true", ""] {
        apply(&server, query, &taken).assert_problem(
            400,
            "invalid",
            Some("organizations[0].trusted_issuers[1].issuer"),
        );
    }
    let moved = issuers(json!([issuer("idp", "moved"), issuer("new", "idp")]));
    for query in ["?dry_run=true", ""] {
        let applied = apply(&server, query, &moved).json();
        assert_eq!(
            (&applied["items"][1]["outcome"], &applied["items"][2]["outcome"]),
            (&json!("replaced"), &json!("created"))
        );
    }
}

/// An application that has authenticated by key has no secret that could stay, though it is there.
#[test]
fn an_application_without_a_secret() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    let with = |members: Value| {
        let mut application = json!({"client_id": "app", "grant_types": []});
        application
            .as_object_mut()
            .expect("an object")
            .extend(members.as_object().cloned().unwrap_or_default());
        json!({"organizations": [{"name": "acme", "applications": [application]}]})
    };
    let by_key =
        json!({"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://app.example/jwks"});
    assert_eq!(apply(&server, "", &with(by_key)).status(), 200);
    let refused = apply(&server, "", &with(json!({})));
    refused.assert_problem(400, "invalid", Some("organizations[0].applications[0].client_secret"));
    let detail = refused.json()["detail"].to_string();
    assert!(detail.contains("no application whose secret could stay"), "{detail}");
    assert_eq!(apply(&server, "", &with(json!({"client_secret": "s".repeat(43)}))).status(), 200);
}

/// R86: names that lead nowhere yet are warned of, at each door. In a document they may stand before what they name.
#[test]
fn r86_names_that_lead_nowhere() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    let warning = |field: &str, detail: &str| json!([{"field": field, "detail": detail}]);
    let no_issuer = |field: &str| warning(field, "No trusted issuer has this name yet: \"partnr\".");
    let issuer = |rules: Value| json!({"name": "partner", "issuer": "https://partner.example", "jwks_uri": GOOD, "rules": rules});
    let rules = json!([{"name": "a", "applications": ["app", "nope"]}, {"name": "b", "scopes": ["read"]}]);
    let no_application =
        warning("rules[0].applications[1]", "No application has this client_id yet: \"nope\".");
    let app = json!({"client_id": "app", "client_secret": "s".repeat(43), "trusted_issuers": ["partner", "partnr"]});
    let federated = json!({"client_id": "job", "token_endpoint_auth_method": "private_key_jwt",
        "client_assertion_issuer": "partnr", "client_assertion_subject": "job"});

    let document = json!({"organizations": [{"name": "acme", "trusted_issuers": [issuer(rules.clone())],
        "applications": [app, federated]}]});
    for query in ["?dry_run=true", "", ""] {
        let report = apply(&server, query, &document).json();
        let warnings: Vec<&Value> =
            report["items"].as_array().expect("items").iter().map(|item| &item["warnings"]).collect();
        let [by_name, by_keys] = ["trusted_issuers[1]", "client_assertion_issuer"].map(no_issuer);
        assert_eq!(warnings, [&Value::Null, &no_application, &by_name, &by_keys], "{query}");
    }

    let made = server.admin("PUT", "/acme/trusted-issuers/partner", &issuer(rules)).json();
    assert_eq!(made["warnings"], no_application);
    let put = server.admin("PUT", "/acme/applications/app", &app).json();
    assert_eq!(put["warnings"], no_issuer("trusted_issuers[1]"));
    // What came back can be sent back, and is only told where something changes.
    let again = server.admin("PUT", "/acme/applications/app", &put);
    assert_eq!((again.status(), again.json()), (200, put));
    let shown = server.admin("GET", "/acme/applications/app", &Value::Null).json();
    assert_eq!(shown.get("warnings"), None);
    let posted = json!({"grant_types": [], "trusted_issuers": ["partnr", "partner"]});
    let made = server.admin("POST", "/acme/applications", &posted).json();
    assert_eq!(made["warnings"], no_issuer("trusted_issuers[0]"));

    // A registration may name thousands.
    let many: Vec<String> = (0..1000).map(|number| format!("issuer-{number}")).collect();
    let made = server.admin("POST", "/acme/applications", &json!({"trusted_issuers": many}));
    assert_eq!((made.status(), made.json()["warnings"].as_array().map(Vec::len)), (201, Some(64)));
}

/// R70: it says how far it came, and a repeat heals.
#[test]
fn r70_a_store_that_fails_halfway() {
    let mut halfway = 0;
    for step in 0.. {
        let (world, texts) = (World::default(), Texts::default());
        let server = Server::new(&world, &texts);
        server.send(request("GET", "/health"));
        world.registry.fails_after.set(Some(step));
        let failed = apply(&server, "", &document(GOOD));
        if failed.status() == 200 {
            if world.registry.fails_after.get().is_some() {
                break;
            }
            // A lock that can't be given back is given back again.
            continue;
        }
        world.registry.fails_after.set(None);
        let problem = failed.json();
        let field = problem["field"].as_str().expect("a place").to_owned();
        failed.assert_problem(503, "unavailable", Some(&field));
        assert!(field.starts_with("organizations[0]"), "{field}");
        assert_eq!(failed.header("retry-after"), Some("5"));
        if let Some(items) = problem.get("items") {
            halfway += 1;
            let unknown = items.as_array().expect("items").iter().filter(|item| item["outcome"] == "unknown");
            assert_eq!(unknown.count(), 1, "{items}");
        }
        world.advance(20);
        assert_eq!(apply(&server, "", &document(GOOD)).status(), 200);
        let again = apply(&server, "?dry_run=true", &document(GOOD)).json();
        assert!(
            again["items"].as_array().expect("items").iter().all(|item| item["outcome"] == "unchanged"),
            "{again}"
        );
    }
    assert!(halfway > 10, "{halfway} steps");
}
