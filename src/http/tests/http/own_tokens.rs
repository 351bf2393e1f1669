//! Introspection (R110) and revocation (R111, R112) over HTTP: what is read of a request, and what is answered.

use serde_json::{Value, json};

use crate::server::{Answer, Sent, Server, Texts, request};
use crate::world::{ISSUER, START, World, assertion, jwks, key};

const FORM: &str = "application/x-www-form-urlencoded";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const API: &str = "https://api.example";

/// A server with an issuer, two clients and a resource, each with its Basic credentials.
struct Tokens<'a> {
    server: Server<'a>,
    client: String,
    other: String,
    resource: String,
}

impl<'a> Tokens<'a> {
    fn new(world: &'a World, texts: &'a Texts) -> Self {
        let server = Server::new(world, texts);
        let issuer = json!({"name": "idp", "issuer": ISSUER, "jwks": jwks(&[&key(1)])});
        assert_eq!(server.admin("POST", "/default/trusted-issuers", &issuer).status(), 201);
        let registered = |document: &Value| {
            let made = server.admin("POST", "/default/applications", document).json();
            let part = |name: &str| made[name].as_str().expect("a text").to_owned();
            format!("{}:{}", part("client_id"), part("client_secret"))
        };
        let client = json!({"grant_types": [GRANT], "audience": API, "token_endpoint_auth_method": "client_secret_post"});
        let (client, other) = (registered(&client), registered(&client));
        let resource = registered(&json!({"audience": [API]}));
        Self { client, other, resource, server }
    }

    fn token(&self, jti: &str) -> String {
        let assertion = assertion(&key(1), START, json!({"jti": jti}));
        let body = format!("grant_type={}&assertion={assertion}", GRANT.replace(':', "%3A"));
        let issued = self.server.send(asked("/oauth2/token", Some(&self.client), &body));
        issued.json()["access_token"].as_str().expect("a token").to_owned()
    }

    fn send(&self, path: &str, by: &str, body: &str) -> Answer {
        self.server.send(asked(path, Some(by), body))
    }

    fn introspect(&self, by: &str, token: &str) -> Answer {
        self.send("/oauth2/introspect", by, &format!("token={token}"))
    }
}

/// A form, by whoever has these credentials.
fn asked(path: &str, by: Option<&str>, body: &str) -> Sent {
    let request = request("POST", path).header("content-type", FORM).body(body);
    match by {
        Some(by) => request.header("authorization", format!("Basic {}", base64(by))),
        None => request,
    }
}

fn base64(text: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for three in text.as_bytes().chunks(3) {
        let bits = three.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte))
            << (8 * (3 - three.len()));
        for index in 0..4 {
            let digit = ALPHABET[bits >> (18 - 6 * index) & 63] as char;
            encoded.push(if index <= three.len() { digit } else { '=' });
        }
    }
    encoded
}

/// An error with this status and code, and the headers of every response (R1).
#[track_caller]
fn assert_refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!(
        (answer.status(), answer.json()["error"].as_str()),
        (status, Some(error)),
        "{}",
        answer.text()
    );
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

/// R110, R111, R1: from issue to revocation, as the client and the resource see it.
#[test]
fn r110_r111_the_life_of_a_token() {
    let (world, texts) = (World::default(), Texts::default());
    let tokens = Tokens::new(&world, &texts);
    let token = tokens.token("1");
    let told = tokens.introspect(&tokens.resource, &token);
    assert_eq!(told.status(), 200);
    let body = told.json();
    assert_eq!((&body["active"], &body["sub"], &body["aud"]), (&json!(true), &json!("alice"), &json!(API)));
    assert_eq!(
        told.headers()[..4],
        [
            "content-type: application/json",
            "cache-control: no-store",
            "pragma: no-cache",
            "x-content-type-options: nosniff"
        ]
    );
    let others = tokens.send("/oauth2/revoke", &tokens.other, &format!("token={token}"));
    assert_refused(&others, 400, "unauthorized_client");
    // A hint is one, whether it is right, wrong or unknown.
    for hint in ["access_token", "refresh_token", "x"] {
        let body = format!("token={token}&token_type_hint={hint}");
        assert_eq!(tokens.send("/oauth2/introspect", &tokens.client, &body).json()["active"], true, "{hint}");
    }
    let revoked = tokens.send(
        "/oauth2/revoke",
        &tokens.client,
        &format!("token={token}&token_type_hint=refresh_token"),
    );
    assert_eq!((revoked.status(), revoked.text()), (200, "{}"));
    assert_eq!(revoked.header("access-control-allow-origin"), Some("*"));
    for by in [&tokens.client, &tokens.resource, &tokens.other] {
        assert_eq!(tokens.introspect(by, &token).text(), r#"{"active":false}"#);
    }
    assert_eq!(tokens.send("/oauth2/revoke", &tokens.client, "token=unknown").status(), 200);
    // R3: nothing that was sent or that is personal is in the log.
    for line in world.events.1.borrow().iter().map(Value::to_string) {
        assert!(!line.contains("alice") && !line.contains(&token), "{line}");
    }
}

/// R110, R111: the secret in the body, where the application says so.
#[test]
fn r110_r22_the_secret_in_the_body() {
    let (world, texts) = (World::default(), Texts::default());
    let tokens = Tokens::new(&world, &texts);
    let token = tokens.token("1");
    let (id, secret) = tokens.client.split_once(':').expect("both");
    let body = format!("token={token}&client_id={id}&client_secret={secret}");
    assert_eq!(tokens.server.send(asked("/oauth2/introspect", None, &body)).json()["active"], true);
    assert_eq!(tokens.server.send(asked("/oauth2/revoke", None, &body)).status(), 200);
    assert_eq!(tokens.introspect(&tokens.client, &token).text(), r#"{"active":false}"#);
    let (id, secret) = tokens.resource.split_once(':').expect("both");
    let body = format!("token={token}&client_id={id}&client_secret={secret}");
    assert_refused(&tokens.server.send(asked("/oauth2/introspect", None, &body)), 401, "invalid_client");
}

/// R10 to R22, R110, R111: what is no such request, at both doors.
#[test]
fn r110_r111_malformed_requests() {
    let (world, texts) = (World::default(), Texts::default());
    let tokens = Tokens::new(&world, &texts);
    let token = tokens.token("1");
    let (client, good) = (tokens.client.as_str(), format!("token={token}"));
    for path in ["/oauth2/introspect", "/oauth2/revoke"] {
        let with = |body: &str| asked(path, Some(client), body);
        for (sent, status, error) in [
            (request("GET", format!("{path}?token={token}")), 405, "invalid_request"),
            (asked(path, None, &good), 401, "invalid_client"),
            (asked(path, None, ""), 401, "invalid_client"),
            (asked(path, None, &format!("{good}&client_id=someone")), 401, "invalid_client"),
            (asked(path, Some("nobody:x"), &good), 401, "invalid_client"),
            (asked(path, Some(&format!("{}x", tokens.client)), &good), 401, "invalid_client"),
            (with(""), 400, "invalid_request"),
            (with("token="), 400, "invalid_request"),
            (with("token_type_hint=access_token"), 400, "invalid_request"),
            (with(&format!("{good}&{good}")), 400, "invalid_request"),
            (with(&format!("{good}&token=")), 400, "invalid_request"),
            (with(&format!("{good}&token_type_hint=a&token_type_hint=b")), 400, "invalid_request"),
            (with(&format!("{good}&client_id=a&client_secret=b")), 400, "invalid_request"),
            (with("token=%zz"), 400, "invalid_request"),
            (asked(&format!("{path}?token={token}"), Some(client), ""), 400, "invalid_request"),
            (asked(&format!("{path}?token=x"), Some(client), &good), 400, "invalid_request"),
            (with(&"a".repeat(64 * 1024 + 1)), 413, "invalid_request"),
            (with(&good).cut(), 400, "invalid_request"),
            (with(&good).header("content-type", FORM), 400, "invalid_request"),
            (with(&good).header("authorization", "Basic eA=="), 400, "invalid_request"),
            (asked(path, None, &good).header("authorization", "Bearer x"), 401, "invalid_client"),
            (
                asked(path, None, &good).header("authorization", format!("Bearer {token}")),
                401,
                "invalid_client",
            ),
            (asked(path, None, &good).header("authorization", "Basic x"), 401, "invalid_client"),
            (asked(path, None, &good).header("authorization", "Digest a=b"), 401, "invalid_client"),
            (
                request("POST", path)
                    .header("content-type", "application/json")
                    .header("authorization", format!("Basic {}", base64(client)))
                    .json(&json!({"token": token})),
                400,
                "invalid_request",
            ),
        ] {
            assert_refused(&tokens.server.send(sent), status, error);
        }
        // The longest that is read is no token, which is no error.
        let long = tokens.server.send(with(&format!("token={}", "a".repeat(60_000))));
        assert_eq!(long.status(), 200);
    }
    let challenge = tokens.server.send(asked("/oauth2/introspect", None, &good));
    assert_eq!(challenge.header("www-authenticate"), Some("Basic realm=\"https://as.example\""));
    assert_eq!(challenge.header("access-control-allow-origin"), None);
    assert_eq!(tokens.introspect(client, &token).json()["active"], true, "none of it had an effect");
}

/// R110: there is no telling another client's token from one that does not exist.
#[test]
fn r110_no_oracle() {
    let (world, texts) = (World::default(), Texts::default());
    let tokens = Tokens::new(&world, &texts);
    let token = tokens.token("1");
    let stranger =
        tokens.server.admin("POST", "/default/applications", &json!({"grant_types": [GRANT]})).json();
    let part = |name: &str| stranger[name].as_str().expect("a text").to_owned();
    let stranger = format!("{}:{}", part("client_id"), part("client_secret"));
    let answers: Vec<Vec<String>> = [token.as_str(), "unknown", &token[1..]]
        .iter()
        .map(|token| {
            let answer = tokens.introspect(&stranger, token);
            assert_eq!(answer.text(), r#"{"active":false}"#);
            answer.headers()
        })
        .collect();
    assert!(answers.iter().all(|headers| *headers == answers[0]), "{answers:?}");
}

/// R112: revoked by an administrator, listed in pages, gone for the resource at once.
#[test]
fn r112_by_an_administrator() {
    let (world, texts) = (World::default(), Texts::default());
    let tokens = Tokens::new(&world, &texts);
    let token = tokens.token("1");
    let path = "/default/revocations";
    assert_eq!(tokens.server.admin("GET", path, &Value::Null).json(), json!({"items": [], "next": null}));
    let made =
        tokens.server.admin("POST", path, &json!({"trusted_issuer": "idp", "issued_before": START + 1}));
    let issuer =
        json!({"trusted_issuer": "idp", "issued_before": START + 1, "expires_at": START + 1 + 86_400});
    assert_eq!((made.status(), made.json()), (201, issuer.clone()));
    assert_eq!(tokens.introspect(&tokens.resource, &token).text(), r#"{"active":false}"#);
    let (id, _) = tokens.client.split_once(':').expect("both");
    assert_eq!(tokens.server.admin("POST", path, &json!({"client_id": id})).status(), 201);
    let first = tokens.server.admin("GET", &format!("{path}?limit=1"), &Value::Null).json();
    assert_eq!(
        (&first["items"][0]["client_id"], first["items"].as_array().map(Vec::len)),
        (&json!(id), Some(1))
    );
    let next = first["next"].as_str().expect("there is more");
    let second = tokens.server.admin("GET", &format!("{path}?limit=1&after={next}"), &Value::Null).json();
    assert_eq!(second, json!({"items": [issuer], "next": null}));
    for (document, field) in [
        (json!({"client_id": "a", "issued_before": START + 3600}), Some("issued_before")),
        (json!({"client_id": "a", "issued_before": "now"}), Some("issued_before")),
        (json!({"client_id": "a", "issued_before": -1}), Some("issued_before")),
        (json!({"client_id": "a", "issued_before": 1.5}), Some("issued_before")),
        (json!({"trusted_issuer": "nobody"}), Some("trusted_issuer")),
        (json!({"client_id": "a", "trusted_issuer": "idp"}), Some("trusted_issuer")),
        (json!({"client_id": "a", "subject": "alice"}), Some("subject")),
        (json!({}), Some("trusted_issuer")),
    ] {
        tokens.server.admin("POST", path, &document).assert_problem(400, "invalid", field);
    }
    // R75: nothing of those that were refused.
    let log = tokens.server.admin("GET", "/default/activity?outcome=revoked", &Value::Null).json();
    let items = log["items"].as_array().expect("items");
    let seen: Vec<_> =
        items.iter().map(|item| (&item["event"], &item["client_id"], &item["trusted_issuer"])).collect();
    let all = json!("all-revoked");
    assert_eq!(seen, [(&all, &json!(id), &Value::Null), (&all, &Value::Null, &json!("idp"))]);
    tokens.server.admin("GET", "/nobody/revocations", &Value::Null).assert_problem(404, "not-found", None);
    let unauthorized = tokens.server.send(request("GET", "/admin/organizations/default/revocations"));
    unauthorized.assert_problem(401, "unauthorized", None);
}

/// R67, R110, R111: the metadata says where both endpoints are, and how clients authenticate there: never without.
#[test]
fn r67_metadata_of_both_endpoints() {
    let (world, texts) = (World::default(), Texts::default());
    let tokens = Tokens::new(&world, &texts);
    assert_eq!(tokens.server.admin("PUT", "/acme", &json!({})).status(), 201);
    for (path, issuer) in [
        ("/.well-known/oauth-authorization-server", "https://as.example"),
        ("/.well-known/oauth-authorization-server/t/acme", "https://as.example/t/acme"),
    ] {
        let metadata = tokens.server.send(request("GET", path)).json();
        for (endpoint, name) in [("introspection", "introspect"), ("revocation", "revoke")] {
            let member = |member: &str| metadata[format!("{endpoint}_endpoint{member}")].clone();
            assert_eq!(member(""), format!("{issuer}/oauth2/{name}"));
            let methods =
                json!(["client_secret_basic", "client_secret_post", "private_key_jwt", "spiffe_jwt"]);
            assert_eq!(member("_auth_methods_supported"), methods);
            let algorithms = "_auth_signing_alg_values_supported";
            assert_eq!(member(algorithms), metadata[format!("token_endpoint{algorithms}")]);
        }
    }
}
