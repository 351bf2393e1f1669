//! Token exchange over HTTP (R90 to R93): the request, the response, and how a refusal looks.

use serde_json::{Value, json};

use crate::server::{Sent, Server, Texts, request};
use crate::world::{ISSUER, START, World, assertion, jwks, key};

const FORM: &str = "application/x-www-form-urlencoded";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// A server that trusts an issuer whose tokens may be exchanged, and what its application says of itself.
fn registered<'a>(world: &'a World, texts: &'a Texts) -> (Server<'a>, String, String) {
    let server = Server::new(world, texts);
    let issuer = json!({"name": "idp", "issuer": ISSUER, "jwks": jwks(&[&key(1)]), "token_exchange": {"replay": "once"}});
    assert_eq!(server.admin("POST", "/default/trusted-issuers", &issuer).status(), 201);
    let application = json!({"grant_types": [GRANT], "token_endpoint_auth_method": "client_secret_post", "scope": "read", "audience": ["orders", "https://api.example"]});
    let made = server.admin("POST", "/default/applications", &application).json();
    let [id, secret] =
        ["client_id", "client_secret"].map(|member| made[member].as_str().expect("a text").to_owned());
    (server, format!("&client_id={id}&client_secret={secret}"), id)
}

fn exchange(subject: &str, more: &str) -> Sent {
    request("POST", "/oauth2/token")
        .header("content-type", FORM)
        .body(format!("grant_type={GRANT}&subject_token={subject}&subject_token_type={JWT}{more}"))
}

/// R90, R60: the response, and that it is refused as `invalid_request`, not as an assertion.
#[test]
fn r90_r93_granted_and_refused() {
    let (world, texts) = (World::default(), Texts::default());
    let (server, client, id) = registered(&world, &texts);
    let subject = assertion(&key(1), START, json!({"aud": id}));
    let more = format!(
        "{client}&audience=orders&resource=https%3A%2F%2Fapi.example&requested_token_type={ACCESS_TOKEN}"
    );
    let granted = server.send(exchange(&subject, &more));
    assert_eq!(granted.status(), 200, "{}", granted.text());
    assert_eq!(granted.header("cache-control"), Some("no-store"), "R1");
    let body = granted.json();
    assert_eq!(
        [&body["issued_token_type"], &body["token_type"], &body["scope"]],
        [ACCESS_TOKEN, "Bearer", "read"]
    );
    assert!(body.get("refresh_token").is_none(), "R60");
    let again = server.send(exchange(&subject, &client));
    let body =
        json!({"error": "invalid_request", "error_description": "The subject token has been used before."});
    assert_eq!((again.status(), again.json()), (400, body));
    let unknown = server.send(exchange(
        &assertion(&key(1), START, json!({"aud": id, "jti": "2"})),
        &format!("{client}&audience=billing"),
    ));
    assert_eq!((unknown.status(), &unknown.json()["error"]), (400, &json!("invalid_target")), "R63");
    let nobody = server.send(exchange(&subject, ""));
    assert_eq!(nobody.status(), 401, "R29");
    assert!(nobody.header("www-authenticate").is_some());
}

/// R67: the metadata lists the grant as long as the issuer is there.
#[test]
fn r67_metadata() {
    let (world, texts) = (World::default(), Texts::default());
    let (server, ..) = registered(&world, &texts);
    let listed = || {
        let metadata = server.send(request("GET", "/.well-known/oauth-authorization-server")).json();
        metadata["grant_types_supported"].as_array().expect("a list").contains(&json!(GRANT))
    };
    assert!(listed());
    assert_eq!(server.admin("DELETE", "/default/trusted-issuers/idp", &Value::Null).status(), 204);
    assert!(!listed());
}

/// R90, R91: `explain` says what an exchange would, and uses nothing up.
#[test]
fn r90_explain() {
    let (world, texts) = (World::default(), Texts::default());
    let (server, client, id) = registered(&world, &texts);
    let explain = |question: &Value| server.admin("POST", "/default/explain", question);
    let good = assertion(&key(1), START, json!({"aud": id}));
    let others = assertion(&key(1), START, json!({"jti": "2"}));
    for (question, accepted) in [
        (json!({"subject_token": good, "client_id": id}), true),
        (json!({"subject_token": good, "subject_token_type": JWT, "client_id": id}), true),
        (json!({"subject_token": good, "subject_token_type": ACCESS_TOKEN, "client_id": id}), false),
        (json!({"subject_token": others, "client_id": id}), false),
        (json!({"subject_token": good, "actor_token": others, "client_id": id}), true),
        (json!({"subject_token": good, "actor_token": "x", "client_id": id}), false),
        (json!({"subject_token": "", "client_id": id}), false),
        (json!({"subject_token": good, "client_id": id, "scope": "elsewhere"}), false),
        (json!({"subject_token": good, "client_id": id, "resource": ["https://elsewhere.example"]}), false),
        (json!({"subject_token": good, "client_id": id, "audience": ["elsewhere"]}), false),
        (json!({"subject_token": good, "client_id": id, "requested_token_type": ACCESS_TOKEN}), true),
        (json!({"subject_token": good, "client_id": id, "requested_token_type": JWT}), false),
        // R13: as often as the endpoint takes them.
        (json!({"subject_token": good, "client_id": id, "resource": vec![""; 8]}), true),
        (json!({"subject_token": good, "client_id": id, "resource": vec![""; 9]}), false),
        (json!({"subject_token": good, "client_id": id, "audience": vec![""; 9]}), false),
        (json!({"assertion": others, "client_id": id, "resource": vec!["orders"; 9]}), false),
    ] {
        let told = explain(&question);
        assert_eq!(told.json()["accepted"], accepted, "{}", told.text());
    }
    for (question, field) in [
        (json!({"subject_token": good}), "client_id"),
        (json!({"subject_token": good, "assertion": good, "client_id": id}), "assertion"),
        (json!({"assertion": good, "actor_token": good}), "actor_token"),
        (json!({"assertion": good, "subject_token_type": JWT}), "subject_token_type"),
        (json!({"subject_token": good, "client_id": "nobody"}), "client_id"),
        (json!({"assertion": good, "requested_token_type": ACCESS_TOKEN}), "requested_token_type"),
        (json!({"assertion": good, "audience": ["orders"]}), "audience"),
        (json!({"client_assertion": good, "scope": "read"}), "scope"),
        (json!({"client_assertion": good, "resource": ["orders"]}), "resource"),
        (json!({"assertion": good, "resource": "orders"}), "resource"),
    ] {
        explain(&question).assert_problem(400, "invalid", Some(field));
    }
    assert_eq!(server.send(exchange(&good, &client)).status(), 200, "nothing was used up");
}
