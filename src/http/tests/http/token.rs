//! `POST /oauth2/token` from the request's bytes to the response's.

use asserta_core::jose::base64url;
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

/// R3, R75: the line that a log has of a decision.
#[test]
fn r3_the_line_of_a_log() {
    use asserta_core::oauth::Reason;
    use asserta_core::organization::OrganizationId;
    use asserta_core::ports::{Event, Outcome};

    let organization = &OrganizationId::parse("acme").expect("a name");
    let line = |outcome| {
        serde_json::to_string(&Event::Exchange { organization, outcome, microseconds: 7 }).expect("plain")
    };
    assert_eq!(
        line(Outcome::Granted),
        r#"{"event":"exchange","organization":"acme","outcome":"granted","status":200,"microseconds":7}"#
    );
    assert_eq!(
        line(Outcome::Refused(Reason::RequestTooLarge)),
        r#"{"event":"exchange","organization":"acme","outcome":"request-too-large","status":413,"microseconds":7}"#
    );
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
