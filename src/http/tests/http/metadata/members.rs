//! The members, the endpoints, the ways to authenticate and the grant types: each listed one works.

use serde_json::{Value, json};

use super::{JWT_BEARER, Listed, TOKEN_EXCHANGE, part};
use crate::server::{Texts, request};
use crate::world::World;

/// R67: every member is known here. What is left out is left out for a reason (docs/decisions/0015-metadata.md), or stated by an
/// administrator (`stated_metadata.rs`): a new one belongs into a test.
#[test]
fn r67_the_members() {
    let (world, texts) = (World::default(), Texts::default());
    let listed = Listed::new(&world, &texts, "default", &json!({}));
    let mut members: Vec<&str> =
        listed.document.as_object().expect("an object").keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(
        members,
        [
            "access_token_signing_alg_values_supported",
            "dpop_signing_alg_values_supported",
            "grant_types_supported",
            "introspection_endpoint",
            "introspection_endpoint_auth_methods_supported",
            "introspection_endpoint_auth_signing_alg_values_supported",
            "issuer",
            "jwks_uri",
            "response_types_supported",
            "revocation_endpoint",
            "revocation_endpoint_auth_methods_supported",
            "revocation_endpoint_auth_signing_alg_values_supported",
            "token_endpoint",
            "token_endpoint_auth_methods_supported",
            "token_endpoint_auth_signing_alg_values_supported",
        ]
    );
    assert!(listed.list("response_types_supported").is_empty(), "there is no authorization endpoint");
}

/// R67: each endpoint is where the metadata says and does what it is for, in the organization at the root and in another.
#[test]
fn r67_each_endpoint() {
    for organization in ["default", "acme"] {
        let (world, texts) = (World::default(), Texts::default());
        let listed = Listed::new(&world, &texts, organization, &json!({}));
        let token = listed.token("client_secret_basic");
        assert_eq!(part(&token, 1)["iss"], listed.document["issuer"]);
        let keys = listed.server.send(request("GET", listed.path("jwks_uri"))).json();
        let known = |jwk: &Value| jwk["kid"] == part(&token, 0)["kid"];
        assert!(keys["keys"].as_array().expect("a list").iter().any(known), "{keys}");
        let form = format!("token={token}");
        let active = || {
            let told = listed.ask("introspection_endpoint", "client_secret_basic", &form);
            assert_eq!(told.status(), 200, "{}", told.text());
            told.json()["active"].clone()
        };
        assert_eq!(active(), true);
        assert_eq!(listed.ask("revocation_endpoint", "client_secret_basic", &form).status(), 200);
        assert_eq!(active(), false);
        for endpoint in ["token_endpoint", "introspection_endpoint", "revocation_endpoint"] {
            let got = listed.server.send(request("GET", listed.path(endpoint)));
            assert_eq!((got.status(), got.header("allow")), (405, Some("POST")), "{endpoint}");
        }
    }
}

/// R67: at each endpoint clients authenticate in the ways that are listed for it, and in no other.
#[test]
fn r67_each_way_to_authenticate() {
    let rule =
        json!({"name": "ci", "client": "none", "client_id": "ci", "subjects": ["alice"], "scopes": ["read"]});
    for offers in [json!({}), json!({"rules": [rule, {"name": "apps"}]})] {
        let (world, texts) = (World::default(), Texts::default());
        let listed = Listed::new(&world, &texts, "acme", &offers);
        for method in [
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt",
            "spiffe_jwt",
            "none",
            "client_secret_jwt",
            "tls_client_auth",
            "self_signed_tls_client_auth",
        ] {
            let is_registered =
                ["client_secret_basic", "client_secret_post", "private_key_jwt", "spiffe_jwt"]
                    .contains(&method);
            let token = listed.token(if is_registered { method } else { "client_secret_basic" });
            for endpoint in ["token", "introspection", "revocation"] {
                let is_listed =
                    listed.list(&format!("{endpoint}_endpoint_auth_methods_supported")).contains(&method);
                // A way that nobody can be registered with is none.
                let client = json!({"grant_types": [JWT_BEARER], "token_endpoint_auth_method": method});
                if !is_listed && method != "none" {
                    let made = listed.server.admin("POST", "/acme/applications", &client);
                    made.assert_problem(400, "invalid", Some("token_endpoint_auth_method"));
                    continue;
                }
                let asked = match endpoint {
                    "token" => listed.grant(JWT_BEARER, method),
                    _ => listed.ask(&format!("{endpoint}_endpoint"), method, &format!("token={token}")),
                };
                assert_eq!(asked.status(), if is_listed { 200 } else { 401 }, "{endpoint}: {method}");
            }
        }
    }
}

/// R67, R12: a grant type that is listed gives a token, one that is not gives none.
#[test]
fn r67_each_grant_type() {
    for offers in [json!({}), json!({"token_exchange": {"replay": "once"}})] {
        let (world, texts) = (World::default(), Texts::default());
        let listed = Listed::new(&world, &texts, "default", &offers);
        for grant_type in [
            JWT_BEARER,
            TOKEN_EXCHANGE,
            "authorization_code",
            "client_credentials",
            "refresh_token",
            "password",
            "urn:ietf:params:oauth:grant-type:saml2-bearer",
            "urn:ietf:params:oauth:grant-type:device_code",
        ] {
            let is_listed = listed.list("grant_types_supported").contains(&grant_type);
            let asked = listed.grant(grant_type, "client_secret_basic");
            let status = if is_listed { 200 } else { 400 };
            assert_eq!(asked.status(), status, "{grant_type}, {offers}: {}", asked.text());
        }
    }
}
