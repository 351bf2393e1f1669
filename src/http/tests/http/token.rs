//! `POST /oauth2/token` from the request's bytes to the response's.

use asserta_core::jose::{base64url, digest};
use serde_json::json;

use crate::server::{Sent, Server, Texts, request};
use crate::world::{ISSUER, START, World, assertion, jwks, key};

const FORM: &str = "application/x-www-form-urlencoded";

fn registered<'a>(world: &'a World, texts: &'a Texts) -> (Server<'a>, String) {
    let server = Server::new(world, texts);
    let issuer = json!({"name": "idp", "issuer": ISSUER, "jwks": jwks(&[&key(1)])});
    assert_eq!(server.admin("POST", "/default/trusted-issuers", &issuer).status(), 201);
    let application = json!({
        "grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
        "scope": "read",
        "token_endpoint_auth_method": "client_secret_post",
    });
    let made = server.admin("POST", "/default/applications", &application).json();
    let text = |member: &str| made[member].as_str().expect("a text").to_owned();
    (server, format!("client_id={}&client_secret={}", text("client_id"), text("client_secret")))
}

fn exchange(credentials: &str, assertion: &str) -> Sent {
    let grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
    request("POST", "/oauth2/token")
        .header("content-type", FORM)
        .body(format!("{grant}&assertion={assertion}&{credentials}"))
}

#[test]
fn r60_granted_and_r45_not_again() {
    let (world, texts) = (World::default(), Texts::default());
    let (server, credentials) = registered(&world, &texts);
    let assertion = assertion(&key(1), START, json!({}));
    let granted = server.send(exchange(&credentials, &assertion));
    assert_eq!(granted.status(), 200, "{}", granted.text());
    let token = granted.json();
    assert_eq!((&token["token_type"], &token["expires_in"]), (&json!("Bearer"), &json!(3600)));
    assert_eq!(
        granted.headers(),
        [
            "content-type: application/json",
            "cache-control: no-store",
            "pragma: no-cache",
            "x-content-type-options: nosniff",
            "access-control-allow-origin: *",
            "access-control-expose-headers: DPoP-Nonce, WWW-Authenticate",
            &format!("content-length: {}", granted.text().len()),
        ]
    );
    let again = server.send(exchange(&credentials, &assertion));
    assert_eq!((again.status(), &again.json()["error"]), (400, &json!("invalid_grant")));
    let told = server.told("Exchange");
    assert!(told[0].contains("Granted") && told[1].contains("Refused(Replayed)"), "{told:?}");
}

#[test]
fn r2_refusals_and_their_statuses() {
    let (world, texts) = (World::default(), Texts::default());
    let (server, credentials) = registered(&world, &texts);
    let good = assertion(&key(1), START, json!({}));
    let large = "x".repeat(65_537);
    let cases = [
        ("R10", request("GET", "/oauth2/token"), 405, "invalid_request"),
        (
            "R10",
            request("POST", "/t/nobody/oauth2/token").header("content-type", FORM),
            400,
            "invalid_request",
        ),
        ("R11", request("POST", "/oauth2/token").body("{}"), 400, "invalid_request"),
        (
            "R15",
            request("POST", "/oauth2/token").header("content-type", FORM).body(large),
            413,
            "invalid_request",
        ),
        ("R15", exchange(&credentials, &good).header("content-length", "65537"), 413, "invalid_request"),
        ("R16", exchange(&credentials, &good).cut(), 400, "invalid_request"),
        ("R11", exchange(&credentials, &good).header("Content-Type", FORM), 400, "invalid_request"),
        (
            "R20",
            exchange("", &good).header("authorization", "Basic a").header("authorization", "Basic b"),
            400,
            "invalid_request",
        ),
        ("R20", exchange("", &good).header("authorization", [0xff]), 400, "invalid_request"),
        ("R21", exchange("client_id=a&client_secret=b", &good), 401, "invalid_client"),
        ("R30", exchange(&credentials, "no-jwt"), 400, "invalid_grant"),
    ];
    let count = cases.len();
    for (rule, sent, status, error) in cases {
        let refused = server.send(sent);
        assert_eq!((refused.status(), &refused.json()["error"]), (status, &json!(error)), "{rule}");
        assert_eq!(refused.header("allow").is_some(), status == 405, "{rule}");
        assert_eq!(refused.header("www-authenticate").is_some(), status == 401, "{rule}");
        assert_eq!(refused.header("access-control-allow-origin"), Some("*"), "{rule}");
    }
    assert_eq!(server.told("Exchange").len(), count, "R75: one event for each decision");
}

/// R70: a store that fails refuses, names nothing, and says when to try again.
#[test]
fn r70_a_failing_store() {
    let (world, texts) = (World::default(), Texts::default());
    let (server, credentials) = registered(&world, &texts);
    world.registry.broken.set(true);
    let refused = server.send(exchange(&credentials, &assertion(&key(1), START, json!({}))));
    assert_eq!((refused.status(), refused.header("retry-after")), (503, Some("5")));
    assert_eq!(refused.json()["error"], "temporarily_unavailable");
}

/// R3, R75: the line that a log has of a decision says what was known by then.
#[test]
fn r75_what_was_known_by_then() {
    let (world, texts) = (World::default(), Texts::default());
    let (server, credentials) = registered(&world, &texts);
    let client_id = credentials.split(['=', '&']).nth(1).expect("client_id");
    let good = || assertion(&key(1), START, json!({}));
    let granted = server.send(exchange(&credentials, &good())).json();
    let claims = granted["access_token"].as_str().and_then(|token| token.split('.').nth(1)).expect("a JWT");
    let claims: serde_json::Value =
        serde_json::from_slice(&base64url::decode(claims).expect("base64url")).expect("JSON");
    let jti = base64url::encode(&digest::sha256(claims["jti"].as_str().expect("jti").as_bytes()));

    server.send(exchange(&credentials, &good()));
    server.send(exchange(&credentials, &assertion(&key(1), START, json!({"iss": "https://nobody.example"}))));
    server.send(exchange(&format!("client_id={client_id}&client_secret=wrong"), &good()));
    server.send(exchange("client_id=nobody&client_secret=wrong", &good()));
    server.send(request("POST", "/oauth2/token").body("{}"));

    let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    let known = |outcome: &str, status: u16| {
        json!({"event": "exchange", "organization": "default", "grant_type": grant, "client_id": client_id,
            "outcome": outcome, "status": status})
    };
    let with = |mut known: serde_json::Value, member: &str, value: &str| {
        known[member] = value.into();
        known
    };
    let mut nobody = known("client-unauthenticated", 401);
    nobody.as_object_mut().expect("an object").remove("client_id");
    let expected = [
        with(with(known("granted", 200), "trusted_issuer", "idp"), "jti_sha256", &jti),
        with(known("assertion-replayed", 400), "trusted_issuer", "idp"),
        known("issuer-unknown", 400),
        known("client-unauthenticated", 401),
        nobody,
        json!({"event": "exchange", "organization": "default", "outcome": "wrong-media-type", "status": 400}),
    ];
    let lines = world.events.1.borrow();
    let lines: Vec<_> = lines.iter().filter(|line| line["event"] == "exchange").cloned().collect();
    assert_eq!(lines.len(), expected.len());
    for (mut line, expected) in lines.into_iter().zip(expected) {
        let took = line.as_object_mut().and_then(|members| members.remove("microseconds"));
        assert!(took.is_some_and(|took| took.is_u64()));
        assert_eq!(line, expected);
    }
}

/// R22: credentials in the query string are refused, whatever else is right.
#[test]
fn r22_credentials_in_the_query() {
    let (world, texts) = (World::default(), Texts::default());
    let (server, credentials) = registered(&world, &texts);
    let target = format!("/oauth2/token?{credentials}");
    let refused = server.send(request("POST", target).header("content-type", FORM));
    assert_eq!((refused.status(), &refused.json()["error"]), (400, &json!("invalid_request")));
    assert!(server.told("Exchange")[0].contains("CredentialsInQuery"));
}

/// RFC 6749 section 2.3.1: the same credentials in the header.
#[test]
fn r20_basic() {
    let (world, texts) = (World::default(), Texts::default());
    let (server, credentials) = registered(&world, &texts);
    let pair = credentials.replace("client_id=", "").replace("&client_secret=", ":");
    let encoded = base64url::encode(pair.as_bytes()).replace('-', "+").replace('_', "/");
    let padding = ["", "", "==", "="][encoded.len() % 4];
    let sent = exchange("", &assertion(&key(1), START, json!({})));
    let granted = server.send(sent.header("AUTHORIZATION", format!("Basic {encoded}{padding}")));
    assert_eq!(granted.status(), 200, "{}", granted.text());
}

/// R29, R67: without a client only under a rule for that, which the metadata tells of; what is refused otherwise.
#[test]
fn r29_without_a_client() {
    let (world, texts) = (World::default(), Texts::default());
    let (server, credentials) = registered(&world, &texts);
    let methods = || {
        let metadata = server.send(request("GET", "/.well-known/oauth-authorization-server")).json();
        metadata["token_endpoint_auth_methods_supported"].clone()
    };
    let ask = |credentials: &str, jti: &str, sub: &str| {
        let answer =
            server.send(exchange(credentials, &assertion(&key(1), START, json!({"jti": jti, "sub": sub}))));
        let challenge = answer.header("www-authenticate").map(ToOwned::to_owned);
        (answer.status(), answer.json(), challenge)
    };
    let bad_client = |(status, body, challenge): (u16, serde_json::Value, Option<String>)| {
        assert_eq!((status, &body["error"]), (401, &json!("invalid_client")));
        assert_eq!(challenge.as_deref(), Some("Basic realm=\"https://as.example\""));
        body
    };
    assert_eq!(
        methods(),
        json!(["client_secret_basic", "client_secret_post", "private_key_jwt", "spiffe_jwt"])
    );
    let none_at_all = bad_client(ask("", "1", "alice"));
    let rule =
        json!({"name": "ci", "client": "none", "client_id": "ci", "subjects": ["alice"], "scopes": ["read"]});
    let apps = json!({"name": "apps", "scopes": ["read"]});
    let issuer = |rules| json!({"name": "idp", "issuer": ISSUER, "jwks": jwks(&[&key(1)]), "rules": rules});
    let put = |rules| server.admin("PUT", "/default/trusted-issuers/idp", &issuer(rules));
    assert_eq!(put(json!([rule, apps])).status(), 200);
    assert_eq!(
        methods(),
        json!(["client_secret_basic", "client_secret_post", "private_key_jwt", "spiffe_jwt", "none"])
    );
    let (status, token, _) = ask("", "2", "alice");
    assert_eq!((status, &token["scope"], &token["expires_in"]), (200, &json!("read"), &json!(3600)));
    assert_eq!(ask("client_id=ci", "3", "alice").0, 200);
    assert_eq!(bad_client(ask("client_id=other", "4", "alice")), none_at_all, "R21: the same body");
    assert_eq!(bad_client(ask("client_id=ci&client_secret=x", "5", "alice")), none_at_all);
    let (status, refused, challenge) = ask("", "6", "bob");
    assert_eq!((status, &refused["error"], challenge), (400, &json!("invalid_grant"), None));
    assert_eq!(ask(&credentials, "7", "bob").0, 200);
    let told = server.told("Exchange");
    assert!(told[1].contains("client_id: Some(\"ci\")"), "{told:?}");
    // R29: no application can take the label, nor a rule the identifier of an application.
    let application = json!({"grant_types": [], "client_secret": "s".repeat(43)});
    server.admin("PUT", "/default/applications/ci", &application).assert_problem(
        409,
        "taken",
        Some("client_id"),
    );
    let taken = credentials.split(['=', '&']).nth(1).expect("an identifier");
    let mut named = rule.clone();
    named["client_id"] = taken.into();
    put(json!([apps, named])).assert_problem(409, "taken", Some("rules[1].client_id"));
}
