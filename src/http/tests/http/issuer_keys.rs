//! The keys of a trusted issuer: looked at, and fetched now.

use asserta_core::ports::FetchProblem;
use serde_json::{Value, json};

use crate::server::{Server, Texts, request};
use crate::world::{START, World, jwks, key};

const PATH: &str = "/admin/organizations/acme/trusted-issuers/idp";
const URI: &str = "https://idp.example/jwks";

fn with_issuer<'a>(world: &'a World, texts: &'a Texts, keys: Value) -> Server<'a> {
    let server = Server::new(world, texts);
    server.admin("PUT", "/acme", &json!({}));
    let mut issuer = json!({"name": "idp", "issuer": "https://idp.example"});
    issuer.as_object_mut().expect("an object").append(&mut keys.as_object().expect("an object").clone());
    let made = server.admin("POST", "/acme/trusted-issuers", &issuer);
    assert_eq!(made.status(), 201, "{}", made.text());
    server
}

#[test]
fn a_check_fetches_and_lists() {
    let (world, texts) = (World::default(), Texts::default());
    let server = with_issuer(&world, &texts, json!({"jwks_uri": URI}));
    let looked = server.admin("GET", "/acme/trusted-issuers/idp/keys", &Value::Null).json();
    assert_eq!((&looked["usable"], &looked["documents"][0]["fetched_at"]), (&json!(0), &Value::Null));
    assert_eq!(world.endpoint.fetches.get(), 0);
    world.endpoint.serve(&jwks(&[&key(1)]), None);
    // Nothing is needed of a body.
    let checked = server.send(request("POST", format!("{PATH}/check")).by_admin());
    assert_eq!(checked.status(), 200, "{}", checked.text());
    assert_eq!(checked.header("cache-control"), Some("no-store"));
    let report = checked.json();
    let thumbprint = key(1).kid().to_owned();
    assert_eq!(
        report,
        json!({
            "name": "idp",
            "issuer": "https://idp.example",
            "source": "jwks_uri",
            "usable": 1,
            "keys": [{
                "key": "keys[0]", "kid": thumbprint, "kty": "OKP", "crv": "Ed25519", "use": "sig",
                "algorithms": ["EdDSA"], "thumbprint": thumbprint,
            }],
            "skipped_keys": [],
            "documents": [{
                "document": "jwks", "uri": URI, "fetched_at": START, "fresh_until": START + 600, "problem": null,
            }],
        })
    );
    assert_eq!(server.admin("GET", "/acme/trusted-issuers/idp/keys", &Value::Null).json(), report);
    assert_eq!(server.admin("POST", "/acme/trusted-issuers/idp/check", &json!({})).json(), report);
    assert_eq!(world.endpoint.fetches.get(), 2);
}

/// That keys don't come is what was asked for: 200, with the cause.
#[test]
fn r56_a_failure_is_told() {
    let (world, texts) = (World::default(), Texts::default());
    let server = with_issuer(&world, &texts, json!({"discovery": true}));
    world.endpoint.problem.set(Some(FetchProblem::NameUnknown));
    let checked = server.admin("POST", "/acme/trusted-issuers/idp/check", &Value::Null);
    assert_eq!(checked.status(), 200);
    let report = checked.json();
    assert_eq!((&report["usable"], report["documents"].as_array().map(Vec::len)), (&json!(0), Some(1)));
    assert_eq!(report["documents"][0]["problem"], "its metadata: DNS knows no address of its host");
    assert_eq!(server.told("KeysFailed").len(), 1);
}

#[test]
fn who_may_ask_and_how() {
    let (world, texts) = (World::default(), Texts::default());
    let server = with_issuer(&world, &texts, json!({"jwks_uri": URI}));
    world.endpoint.serve(&jwks(&[&key(1)]), None);
    server.send(request("POST", format!("{PATH}/check"))).assert_problem(401, "unauthorized", None);
    server.send(request("GET", format!("{PATH}/keys"))).assert_problem(401, "unauthorized", None);
    for (method, path, allow) in [
        ("GET", "check", "POST"),
        ("HEAD", "check", "POST"),
        ("PUT", "check", "POST"),
        ("POST", "keys", "GET, HEAD"),
        ("DELETE", "keys", "GET, HEAD"),
    ] {
        let refused = server.send(request(method, format!("{PATH}/{path}")).by_admin());
        assert_eq!((refused.status(), refused.header("allow")), (405, Some(allow)), "{method} {path}");
    }
    server.admin("PUT", "/other", &json!({}));
    for path in [
        "/acme/trusted-issuers/nobody/check",
        "/other/trusted-issuers/idp/check",
        "/default/trusted-issuers/idp/check",
        "/nobody/trusted-issuers/idp/check",
        "/other/trusted-issuers/..%2Facme%2Fidp/check",
        "/acme/trusted-issuers/idp/check/more",
    ] {
        server.admin("POST", path, &Value::Null).assert_problem(404, "not-found", None);
    }
    server.admin("GET", "/other/trusted-issuers/idp/keys", &Value::Null).assert_problem(
        404,
        "not-found",
        None,
    );
    // An organization's own root has no admin API.
    server.send(request("POST", format!("/t/acme{PATH}/check")).by_admin()).assert_problem(
        404,
        "not-found",
        None,
    );
    assert_eq!(world.endpoint.fetches.get(), 0);
    world.registry.broken.set(true);
    server.admin("POST", "/acme/trusted-issuers/idp/check", &Value::Null).assert_problem(
        503,
        "unavailable",
        None,
    );
}

/// Names have their own segment, whatever is in them.
#[test]
fn names_of_any_kind() {
    let (world, texts) = (World::default(), Texts::default());
    let server = with_issuer(&world, &texts, json!({"jwks_uri": URI}));
    world.endpoint.serve(&jwks(&[&key(1)]), None);
    for (name, encoded) in [("check", "check"), ("a/check", "a%2Fcheck"), ("ä keys", "%C3%A4%20keys")] {
        let issuer = json!({"name": name, "issuer": format!("https://{encoded}.example"), "jwks_uri": URI});
        assert_eq!(server.admin("POST", "/acme/trusted-issuers", &issuer).status(), 201, "{name}");
        let path = format!("/acme/trusted-issuers/{encoded}/check");
        assert_eq!(server.admin("POST", &path, &Value::Null).json()["name"], name);
    }
}
