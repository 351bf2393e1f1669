//! `/admin/presets`: what is told of platforms, and what parameters make.

use serde_json::{Value, json};

use crate::server::{Answer, Server, Texts, request};
use crate::world::World;

fn post(server: &Server<'_>, preset: &str, body: &Value) -> Answer {
    server.send(request("POST", format!("/admin/presets/{preset}")).by_admin().json(body))
}

#[test]
fn presets_are_listed_for_administrators() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    for path in ["/admin/presets", "/admin/presets/github-actions", "/admin/presets/nothing"] {
        server.send(request("GET", path)).assert_problem(401, "unauthorized", None);
        server.send(request("POST", path).body("{")).assert_problem(401, "unauthorized", None);
    }
    let items = server.send(request("GET", "/admin/presets").by_admin()).json()["items"].take();
    let names: Vec<_> = items
        .as_array()
        .expect("an array")
        .iter()
        .map(|preset| preset["name"].as_str().expect("text"))
        .collect();
    let expected = [
        "github-actions",
        "gitlab",
        "kubernetes",
        "google",
        "entra",
        "okta",
        "auth0",
        "spiffe",
        "aws",
        "buildkite",
        "terraform-cloud",
        "asgardeo",
        "keycloak",
    ];
    assert_eq!(names, expected);
    let one = server.send(request("GET", "/admin/presets/kubernetes").by_admin()).json();
    assert_eq!(one, items[2]);
    assert_eq!((&one["replay"], &one["max_lifetime"]), (&json!("allow"), &json!(3600)));
    let namespace = &one["parameters"][1];
    assert_eq!(namespace["claim"], "/kubernetes.io/namespace");
    assert_eq!((&namespace["name"], &namespace["need"]), (&json!("namespace"), &json!("required")));
    server.send(request("GET", "/admin/presets/nothing").by_admin()).assert_problem(404, "not-found", None);
    server.send(request("GET", "/admin/presets/kubernetes/x").by_admin()).assert_problem(
        404,
        "not-found",
        None,
    );
}

/// What a preset makes is registered as it is.
#[test]
fn what_parameters_make_can_be_registered() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    assert_eq!(server.admin("PUT", "/acme", &json!({})).status(), 201);
    let presets = server.send(request("GET", "/admin/presets").by_admin()).json();
    for preset in presets["items"].as_array().expect("an array") {
        let parameters = preset["parameters"].as_array().expect("an array").iter();
        let parameters: Value =
            parameters.map(|one| (one["name"].as_str().expect("text"), one["example"].clone())).collect();
        let name = preset["name"].as_str().expect("text");
        let made = post(&server, name, &json!({"name": name, "parameters": parameters, "scopes": ["read"]}));
        assert_eq!(made.status(), 200, "{}", made.text());
        assert_eq!(made.json()["rules"][0]["scopes"], json!(["read"]));
        let registered = server.admin("POST", "/acme/trusted-issuers", &made.json());
        assert_eq!(registered.status(), 201, "{name}: {}", registered.text());
        assert!(
            registered.json().get("warnings").is_none_or(|list| list == &json!([])),
            "{}",
            registered.text()
        );
    }
}

#[test]
fn what_is_wrong_is_named() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    let long = "a".repeat(2048);
    for (body, field) in [
        (json!({"name": "x"}), "parameters.repository"),
        (json!({"name": "x", "parameters": {"repository": "*"}}), "parameters.repository"),
        (json!({"name": "x", "parameters": {"repository": "octo-org/"}}), "parameters.repository"),
        (json!({"name": "x", "parameters": {"repository": "octo-org/app\n"}}), "parameters.repository"),
        (json!({"name": "x", "parameters": {"repository": long}}), "parameters.repository"),
        (json!({"name": "x", "parameters": {"repository": 7}}), "parameters.repository"),
        (json!({"name": "x", "parameters": {"repository": null}}), "parameters.repository"),
        (json!({"name": "x", "parameters": {"repository": "o/a", "colour": "red"}}), "parameters.colour"),
        (json!({"name": "x", "parameters": []}), "parameters"),
        (json!({"name": "x", "parameters": {}, "scopes": "read"}), "scopes"),
        (json!({"name": "x", "rules": []}), "rules"),
        (json!({"parameters": {"repository": "o/a"}}), "name"),
    ] {
        post(&server, "github-actions", &body).assert_problem(400, "invalid", Some(field));
    }
    post(&server, "nothing", &json!({"name": "x"})).assert_problem(404, "not-found", None);
    let huge = json!({"name": "x", "parameters": {"project": "a".repeat(70_000)}});
    post(&server, "gitlab", &huge).assert_problem(413, "too-large", None);
}
