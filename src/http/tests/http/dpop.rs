//! `DPoP` and `DPoP-Nonce` at the token endpoint (RFC 9449), from the request's bytes to the response's.

use asserta_core::jose::base64url;
use asserta_core::jose::key::{SigningAlgorithm, SigningKey};
use serde_json::{Value, json};

use crate::server::{Sent, Server, Texts, request};
use crate::world::{ISSUER, START, World, assertion, jwks, key};

fn registered<'a>(world: &'a World, texts: &'a Texts) -> (Server<'a>, String) {
    let server = Server::new(world, texts);
    let issuer = json!({"name": "idp", "issuer": ISSUER, "jwks": jwks(&[&key(1)])});
    assert_eq!(server.admin("POST", "/default/trusted-issuers", &issuer).status(), 201);
    let application = json!({
        "grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
        "token_endpoint_auth_method": "client_secret_post",
        "dpop_bound_access_tokens": true,
    });
    let made = server.admin("POST", "/default/applications", &application).json();
    assert_eq!(made["dpop_bound_access_tokens"], json!(true), "{made}");
    let text = |member: &str| made[member].as_str().expect("a text").to_owned();
    (server, format!("client_id={}&client_secret={}", text("client_id"), text("client_secret")))
}

fn exchange(credentials: &str, jti: &str) -> Sent {
    let grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
    let assertion = assertion(&key(1), START, json!({ "jti": jti }));
    request("POST", "/oauth2/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("{grant}&assertion={assertion}&{credentials}"))
}

fn proof(jti: &str, nonce: Option<&str>) -> String {
    let key = SigningKey::generate(SigningAlgorithm::Es256, &[9; 32]);
    let jwk = serde_json::to_value(key.public_jwk()).expect("a JWK");
    let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk });
    let mut claims =
        json!({ "htm": "POST", "htu": "https://as.example/oauth2/token", "iat": START, "jti": jti });
    if let Some(nonce) = nonce {
        claims["nonce"] = nonce.into();
    }
    let input = [header, claims].map(|part| base64url::encode(part.to_string().as_bytes())).join(".");
    format!("{input}.{}", base64url::encode(&key.sign(input.as_bytes(), &[0; 32])))
}

/// R100, R102: one header or none, in any case; what is wrong with it is 400 `invalid_dpop_proof`, one event each.
#[test]
fn r100_the_header() {
    let (world, texts) = (World::default(), Texts::default());
    let (server, credentials) = registered(&world, &texts);
    let one = proof("1", None);
    let bad = [
        exchange(&credentials, "1"),
        exchange(&credentials, "1").header("DPoP", &one).header("dpop", &one),
        exchange(&credentials, "1").header("DPoP", ""),
        exchange(&credentials, "1").header("DPoP", [0xff]),
        exchange(&credentials, "1").header("DPoP", format!("{one} ")),
        exchange(&credentials, "1").header("DPoP", "x".repeat(4097)),
    ];
    let count = bad.len();
    for (index, sent) in bad.into_iter().enumerate() {
        let refused = server.send(sent);
        let error = &refused.json()["error"];
        assert_eq!((refused.status(), error), (400, &json!("invalid_dpop_proof")), "{index}");
        assert_eq!(refused.header("dpop-nonce"), None);
        assert_eq!(refused.header("www-authenticate"), None);
    }
    assert_eq!(server.told("Exchange").len(), count, "R75");
    let granted = server.send(exchange(&credentials, "1").header("DPOP", &one));
    assert_eq!((granted.status(), &granted.json()["token_type"]), (200, &json!("DPoP")));
    assert_eq!(granted.header("dpop-nonce"), None);
}

/// R101, R17: the challenge, its nonce, and the next one; pages may read them.
#[test]
fn r101_the_nonce() {
    let (world, texts) = (World::default(), Texts::default());
    texts.set("dpop_nonce", Ok("true"));
    let (server, credentials) = registered(&world, &texts);
    let challenged = server.send(exchange(&credentials, "1").header("DPoP", proof("1", None)));
    assert_eq!((challenged.status(), &challenged.json()["error"]), (400, &json!("use_dpop_nonce")));
    let exposed = challenged.header("access-control-expose-headers");
    assert_eq!(exposed, Some("DPoP-Nonce, WWW-Authenticate"));
    let nonce = challenged.header("dpop-nonce").expect("a nonce").to_owned();
    let with_nonce = proof("1", Some(&nonce));
    let granted = server.send(exchange(&credentials, "1").header("DPoP", with_nonce));
    assert_eq!((granted.status(), granted.header("dpop-nonce").is_some()), (200, true), "{}", granted.text());
}

/// `explain` takes a proof beside an assertion, and beside nothing else.
#[test]
fn r102_explained() {
    let (world, texts) = (World::default(), Texts::default());
    let (server, _) = registered(&world, &texts);
    let assertion = assertion(&key(1), START, json!({}));
    let explain = |question: Value| server.admin("POST", "/default/explain", &question);
    let explained = explain(json!({ "assertion": assertion, "dpop_proof": proof("1", None) })).json();
    assert_eq!(explained["accepted"], json!(true), "{explained}");
    let refused = explain(json!({ "client_assertion": assertion, "dpop_proof": "x" }));
    refused.assert_problem(400, "invalid", Some("dpop_proof"));
}
