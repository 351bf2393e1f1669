//! Clients that authenticate by key (R27): their registration, their requests, and how a refusal looks.

use asserta_core::jose::key::{SigningAlgorithm, SigningKey};
use serde_json::{Value, json};

use crate::server::{Sent, Server, Texts, request};
use crate::world::{ISSUER, START, World, assertion, jwks, key};

const FORM: &str = "application/x-www-form-urlencoded";
const TYPE: &str = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";

fn application() -> Value {
    json!({
        "grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
        "scope": "read",
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "EdDSA",
        "jwks": jwks(&[&key(2)]),
    })
}

fn registered<'a>(world: &'a World, texts: &'a Texts) -> (Server<'a>, String) {
    let server = Server::new(world, texts);
    let issuer = json!({"name": "idp", "issuer": ISSUER, "jwks": jwks(&[&key(1)])});
    assert_eq!(server.admin("POST", "/default/trusted-issuers", &issuer).status(), 201);
    let made = server.admin("POST", "/default/applications", &application());
    assert_eq!(made.status(), 201, "{}", made.text());
    let client_id = made.json()["client_id"].as_str().expect("a text").to_owned();
    (server, client_id)
}

fn client_assertion(client_id: &str, jti: &str, claims: Value) -> String {
    let mut whole = json!({"iss": client_id, "sub": client_id, "jti": jti});
    whole.as_object_mut().expect("an object").append(&mut claims.as_object().expect("claims").clone());
    assertion(&key(2), START, whole)
}

fn exchange(client_assertion: &str, jti: &str) -> Sent {
    let grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
    let granted = assertion(&key(1), START, json!({"jti": jti}));
    request("POST", "/oauth2/token").header("content-type", FORM).body(format!(
        "{grant}&assertion={granted}&client_assertion_type={TYPE}&client_assertion={client_assertion}"
    ))
}

/// R27, R21: granted once; a refusal is 401 in the words of every failed authentication, and the log has the cause.
#[test]
fn r27_r21_a_key_authenticates_and_a_refusal_tells_nothing() {
    let (world, texts) = (World::default(), Texts::default());
    let (server, client_id) = registered(&world, &texts);
    let good = client_assertion(&client_id, "1", json!({}));
    let granted = server.send(exchange(&good, "1"));
    assert_eq!(granted.status(), 200, "{}", granted.text());
    let wrong_secret = request("POST", "/oauth2/token").header("content-type", FORM).body(format!(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=a.b.c&client_id={client_id}&client_secret=x"
    ));
    let body = server.send(wrong_secret).text().to_owned();
    let endpoint = client_assertion(&client_id, "2", json!({"aud": "https://as.example/oauth2/token"}));
    for bad in [good, endpoint, client_assertion("nobody", "3", json!({})), "a.b.c".to_owned()] {
        let refused = server.send(exchange(&bad, "2"));
        assert_eq!((refused.status(), refused.text()), (401, body.as_str()), "{bad}");
        assert_eq!(refused.header("www-authenticate"), Some("Basic realm=\"https://as.example\""));
    }
    let lines = world.events.1.borrow();
    let causes: Vec<&str> = lines.iter().filter_map(|line| line["cause"].as_str()).collect();
    assert_eq!(causes.len(), 4, "{causes:?}");
    assert!(causes[0].contains("used before") && causes[1].contains("not meant"), "{causes:?}");
}

/// R27: no secret, at no time; what is registered is what is shown.
#[test]
fn r27_registered_and_shown() {
    let (world, texts) = (World::default(), Texts::default());
    let (server, client_id) = registered(&world, &texts);
    let path = format!("/default/applications/{client_id}");
    let shown = server.admin("GET", &path, &Value::Null).json();
    let mut expected = application();
    for (member, value) in [
        ("client_id", json!(client_id)),
        ("client_id_issued_at", json!(START)),
        ("access_token_lifetime", json!(3600)),
        ("enabled", json!(true)),
    ] {
        expected[member] = value;
    }
    assert_eq!(shown, expected);
    // What was shown can be handed back, and an application of its own identifier registered like that.
    assert_eq!(server.admin("PUT", &path, &shown).status(), 200);
    let own = server.admin("PUT", "/default/applications/orders", &application());
    assert_eq!((own.status(), own.json().get("client_secret")), (201, None));
    let mut with_secret = application();
    with_secret["client_secret"] = "s".repeat(43).into();
    server.admin("PUT", "/default/applications/orders", &with_secret).assert_problem(
        400,
        "invalid",
        Some("client_secret"),
    );
    let renewed = server.admin("POST", &format!("{path}/secret"), &Value::Null);
    renewed.assert_problem(400, "invalid", Some("token_endpoint_auth_method"));
    let listed = server.admin("GET", "/default/applications", &Value::Null);
    assert!(!listed.text().contains("secret"), "{}", listed.text());
}

/// R27: `explain` says of a client assertion what an exchange would, or of an assertion, and not of both at once.
#[test]
fn r27_explain() {
    let (world, texts) = (World::default(), Texts::default());
    let (server, client_id) = registered(&world, &texts);
    let explain = |question: &Value| server.admin("POST", "/default/explain", question);
    let good = client_assertion(&client_id, "1", json!({}));
    for question in [
        json!({"client_assertion": good}),
        json!({"client_assertion": good, "client_id": client_id}),
        json!({"client_assertion": good}),
    ] {
        assert_eq!(explain(&question).json()["accepted"], true);
    }
    assert_eq!(explain(&json!({"client_assertion": good, "client_id": "nobody"})).json()["accepted"], false);
    assert_eq!(explain(&json!({"client_assertion": "x"})).json()["accepted"], false);
    explain(&json!({"client_assertion": good, "assertion": good})).assert_problem(
        400,
        "invalid",
        Some("assertion"),
    );
    assert_eq!(server.send(exchange(&good, "1")).status(), 200, "nothing was used up");
}

/// R28: over HTTP the type is written out, and decides; `explain` is told it beside the JWT-SVID.
#[test]
fn r28_a_jwt_svid() {
    let (world, texts) = (World::default(), Texts::default());
    let (server, _) = registered(&world, &texts);
    let authority = SigningKey::generate(SigningAlgorithm::Es256, &[5; 32]);
    let workload = "spiffe://prod.example.org/orders";
    let spire = json!({
        "name": "spire", "issuer": "https://oidc.example.org", "trust_domain": "prod.example.org",
        "jwks": jwks(&[&authority]),
    });
    assert_eq!(server.admin("POST", "/default/trusted-issuers", &spire).status(), 201);
    let client = json!({
        "grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
        "token_endpoint_auth_method": "private_key_jwt",
        "client_assertion_issuer": "spire", "client_assertion_subject": workload,
    });
    assert_eq!(server.admin("PUT", "/default/applications/orders", &client).status(), 201);
    let svid = assertion(&authority, START, json!({"iss": null, "jti": null, "sub": workload}));
    let ask = |jti: &str, assertion_type: &str, client_id: &str| {
        let granted = assertion(&key(1), START, json!({"jti": jti}));
        let body = format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={granted}\
             &client_assertion_type={assertion_type}&client_assertion={svid}{client_id}"
        );
        server.send(request("POST", "/oauth2/token").header("content-type", FORM).body(body)).status()
    };
    let spiffe = TYPE.replace("jwt-bearer", "jwt-spiffe");
    for jti in ["1", "2"] {
        assert_eq!(ask(jti, &spiffe, "&client_id=orders"), 200, "until it expires");
    }
    assert_eq!(ask("3", &spiffe, ""), 401);
    assert_eq!(ask("3", TYPE, "&client_id=orders"), 401);
    assert_eq!(ask("3", "jwt-spiffe", "&client_id=orders"), 401);

    let explain = |question: &Value| server.admin("POST", "/default/explain", question);
    let typed = |assertion_type: &str| json!({"client_assertion": svid, "client_assertion_type": assertion_type, "client_id": "orders"});
    let name = |end: &str| format!("urn:ietf:params:oauth:client-assertion-type:{end}");
    assert_eq!(explain(&typed(&name("jwt-spiffe"))).json()["accepted"], true);
    assert_eq!(explain(&typed(&name("jwt-bearer"))).json()["accepted"], false);
    let field = Some("client_assertion_type");
    explain(&typed("jwt-spiffe")).assert_problem(400, "invalid", field);
    let alone = json!({"assertion": svid, "client_assertion_type": name("jwt-spiffe")});
    explain(&alone).assert_problem(400, "invalid", field);
}

/// R21, R27: of an application that is disabled, `explain` says that.
#[test]
fn r21_r27_a_disabled_application_explained() {
    let (world, texts) = (World::default(), Texts::default());
    let (server, client_id) = registered(&world, &texts);
    let mut disabled = application();
    disabled["enabled"] = false.into();
    assert_eq!(server.admin("PUT", &format!("/default/applications/{client_id}"), &disabled).status(), 200);
    let question = json!({"client_assertion": client_assertion(&client_id, "1", json!({}))});
    let explained = server.admin("POST", "/default/explain", &question).json();
    let failed =
        explained["checks"].as_array().expect("checks").iter().find(|check| check["passed"] == false);
    assert_eq!(failed.expect("one fails")["check"], "application enabled");
}
