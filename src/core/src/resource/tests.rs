//! R120, R121: what passes a guard, and what every kind of attack gets.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::*;
use crate::jose::base64url;
use crate::jose::key::{SigningAlgorithm, SigningKey, VerificationKey};
use crate::json::{self, Object, Value};

mod bound;
mod keys;
mod metadata;
mod passed;

const NOW: u64 = 1_800_000_000;
const ISSUER: &str = "https://tokens.example/t/acme";
const AUDIENCE: &str = "https://api.example/mcp";
const JWKS: &str = "https://tokens.example/t/acme/oauth2/jwks";

fn key(algorithm: SigningAlgorithm, seed: u8) -> &'static SigningKey {
    Box::leak(Box::new(SigningKey::generate(algorithm, &[seed; 32])))
}

/// What signs our tokens in these tests.
fn ours() -> &'static SigningKey {
    std::thread_local!(static KEY: &'static SigningKey = key(SigningAlgorithm::Es256, 1));
    KEY.with(|key| *key)
}

fn set(keys: &[&SigningKey]) -> String {
    let keys: Vec<Value> = keys.iter().map(|key| key.public_jwk()).collect();
    let members: Object = [("keys", keys)].into_iter().collect();
    Value::Object(members).to_text()
}

fn settings(scopes: &str) -> Settings {
    Settings::parse(ISSUER, AUDIENCE, scopes, None, false).expect("good settings")
}

/// A guard that has our keys.
fn guard() -> Guard {
    let mut guard = Guard::new(settings("notes.read"));
    guard.supply_keys(Some(set(&[ours()]).as_bytes()), None, NOW);
    guard
}

/// Claims that pass, with these members in place of theirs; `null` takes one out.
fn claims(changes: &str) -> String {
    let good = format!(
        r#"{{"iss":"{ISSUER}","sub":"alice","aud":"{AUDIENCE}","client_id":"agent","iat":{NOW},"exp":{},"jti":"t","scope":"notes.read notes.write"}}"#,
        NOW + 600
    );
    changed(&good, changes)
}

/// An object with these members in place of its own; `null` takes one out.
fn changed(good: &str, changes: &str) -> String {
    let mut claims = json::parse_object(good.as_bytes()).expect("JSON");
    for (name, value) in json::parse_object(changes.as_bytes()).expect("JSON").iter() {
        match value {
            Value::Null => claims.remove(name),
            value => claims.insert(name, value.clone()),
        };
    }
    Value::Object(claims).to_text()
}

fn sign(header: &str, claims: &str, key: &SigningKey) -> String {
    let input = [base64url::encode(header.as_bytes()), base64url::encode(claims.as_bytes())].join(".");
    let signature = base64url::encode(&key.sign(input.as_bytes(), &[7; 32]));
    [input, signature].join(".")
}

fn header(key: &SigningKey) -> String {
    format!(r#"{{"typ":"at+jwt","alg":"{}","kid":"{}"}}"#, key.algorithm().name(), key.kid())
}

fn token(changes: &str) -> String {
    sign(&header(ours()), &claims(changes), ours())
}

fn ask(guard: &mut Guard, authorization: &[&str], now: u64) -> Outcome {
    let request = Request { method: "GET", target: "/mcp", authorization, dpop: &[] };
    guard.check(&request, Introspection::NotAsked, now)
}

fn bearer(guard: &mut Guard, token: &str, now: u64) -> Outcome {
    ask(guard, &[&format!("Bearer {token}")], now)
}

fn refused(outcome: Outcome) -> Challenge {
    match outcome {
        Outcome::Challenge(challenge) => challenge,
        other => panic!("not refused: {other:?}"),
    }
}

fn refused_as(token: &str) -> (u16, &'static str) {
    let challenge = refused(bearer(&mut guard(), token, NOW));
    (challenge.answer.status, challenge.reason.name())
}

fn www_authenticate(challenge: &Challenge) -> &str {
    let found = challenge.answer.headers.iter().find(|(name, _)| *name == "www-authenticate");
    found.map_or("", |(_, value)| value)
}

fn passes(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Passed(_))
}

#[test]
fn r120_our_token_passes_with_each_algorithm() {
    let keys = [ours(), key(SigningAlgorithm::EdDsa, 2), key(SigningAlgorithm::Rs256, 3)];
    let mut guard = Guard::new(settings("notes.read"));
    guard.supply_keys(Some(set(&keys).as_bytes()), None, NOW);
    for key in keys {
        let token = sign(&header(key), &claims("{}"), key);
        let Outcome::Passed(passed) = bearer(&mut guard, &token, NOW) else { panic!("it is good") };
        let headers = passed.headers();
        let [subject, client, scope, all] = &headers[..] else { panic!("four headers") };
        assert_eq!(subject, &("x-asserta-subject", "alice".to_string()));
        assert_eq!(client, &("x-asserta-client-id", "agent".to_string()));
        assert_eq!(scope, &("x-asserta-scope", "notes.read notes.write".to_string()));
        assert_eq!(all.0, "x-asserta-claims");
        assert_eq!(base64url::decode(&all.1).expect("base64url"), claims("{}").as_bytes());
        assert_eq!(passed.expires_at(), NOW + 600);
    }
}

/// RFC 9068 section 4, RFC 7519 section 4.1.3: `aud` may be an array, of which one is us, as a whole.
#[test]
fn r120_audience() {
    let with = |aud: &str| bearer(&mut guard(), &token(&format!(r#"{{"aud":{aud}}}"#)), NOW);
    assert!(passes(&with(&format!(r#"["https://other.example","{AUDIENCE}"]"#))));
    for other in [
        "\"https://api.example\"",
        "\"https://api.example/mcp/\"",
        "\"https://API.example/mcp\"",
        "[\"https://api.example/mcp/admin\"]",
        "[]",
        "7",
        "null",
        r#"["https://api.example/mcp",7]"#,
        "\"https://tokens.example/t/acme\"",
    ] {
        let challenge = refused(with(other));
        assert_eq!((challenge.answer.status, challenge.reason.name()), (401, "audience-mismatch"), "{other}");
    }
}

/// RFC 6750 section 3.1: no error code for who presents nothing; RFC 9728 section 5.1: where our metadata is.
#[test]
fn r120_bare_challenge_without_credentials() {
    for credentials in [&[][..], &["Basic YTpi"], &["Negotiate"], &[""]] {
        let challenge = refused(ask(&mut guard(), credentials, NOW));
        assert_eq!(challenge.reason, Reason::NoCredentials);
        assert_eq!(challenge.answer.status, 401);
        assert_eq!(challenge.answer.body, "");
        assert_eq!(
            www_authenticate(&challenge),
            "Bearer scope=\"notes.read\", resource_metadata=\"https://api.example/.well-known/oauth-protected-resource/mcp\""
        );
    }
}

#[test]
fn r120_challenge_with_a_bad_token() {
    let challenge = refused(bearer(&mut guard(), &token(&format!(r#"{{"exp":{}}}"#, NOW - 31)), NOW));
    assert_eq!(challenge.answer.status, 401);
    assert_eq!(
        www_authenticate(&challenge),
        "Bearer error=\"invalid_token\", error_description=\"the access token has expired\", scope=\"notes.read\", \
         resource_metadata=\"https://api.example/.well-known/oauth-protected-resource/mcp\""
    );
    assert_eq!(
        challenge.answer.body,
        r#"{"error":"invalid_token","error_description":"the access token has expired"}"#
    );
    assert!(challenge.answer.headers.contains(&("cache-control", "no-store".to_string())));
}

/// RFC 6750 section 3.1: 403 with the scope that is needed. A scope is a whole word.
#[test]
fn r120_scopes() {
    let with = |scope: &str, needed: &str| {
        let mut guard = Guard::new(settings(needed));
        guard.supply_keys(Some(set(&[ours()]).as_bytes()), None, NOW);
        bearer(&mut guard, &token(&format!(r#"{{"scope":{scope}}}"#)), NOW)
    };
    for (scope, needed) in [("\"a b\"", "b a"), ("\"a\"", ""), ("null", ""), ("\"a\"", "a a")] {
        assert!(passes(&with(scope, needed)), "{scope} {needed}");
    }
    for (scope, needed) in [
        ("\"notes.readall\"", "notes.read"),
        ("\"xnotes.read\"", "notes.read"),
        ("\"notes\"", "notes.read"),
        ("\"Notes.read\"", "notes.read"),
        ("\"notes.read,a\"", "notes.read"),
        ("\"a\"", "a b"),
        ("\"\"", "a"),
        ("null", "a"),
    ] {
        let challenge = refused(with(scope, needed));
        assert_eq!((challenge.answer.status, challenge.reason), (403, Reason::ScopeInsufficient), "{scope}");
        let text = www_authenticate(&challenge);
        assert!(text.starts_with("Bearer error=\"insufficient_scope\""), "{text}");
        assert!(text.contains(&format!("scope=\"{needed}\"")), "{text}");
    }
    assert_eq!(refused(with(r#"["a"]"#, "a")).reason, Reason::ScopeInvalid);
}

#[test]
fn r120_other_algorithms() {
    let named = |alg: &str, signature: &str| {
        let header = format!(r#"{{"typ":"at+jwt","alg":"{alg}","kid":"{}"}}"#, ours().kid());
        [
            base64url::encode(header.as_bytes()),
            base64url::encode(claims("{}").as_bytes()),
            signature.to_string(),
        ]
        .join(".")
    };
    assert_eq!(refused_as(&named("none", "")), (401, "algorithm-not-allowed"));
    assert_eq!(refused_as(&named("None", "AAAA")), (401, "algorithm-not-allowed"));
    // What an HMAC with our public key as the secret would be never comes to a comparison.
    assert_eq!(refused_as(&named("HS256", "AAAA")), (401, "algorithm-not-allowed"));
    // What our tokens are never signed with, whatever the key could do.
    for alg in ["PS256", "RS512", "ES384"] {
        assert_eq!(refused_as(&named(alg, "AAAA")), (401, "algorithm-not-allowed"), "{alg}");
    }
    // Two of ours that do not fit each other.
    let crossed = format!(r#"{{"typ":"at+jwt","alg":"EdDSA","kid":"{}"}}"#, ours().kid());
    assert_eq!(refused_as(&sign(&crossed, &claims("{}"), ours())), (401, "key-unknown"));
}

#[test]
fn r120_token_confusion() {
    for typ in ["JWT", "jwt", "id_token+jwt", "dpop+jwt", "logout+jwt", ""] {
        let header = format!(r#"{{"typ":"{typ}","alg":"ES256","kid":"{}"}}"#, ours().kid());
        assert_eq!(refused_as(&sign(&header, &claims("{}"), ours())), (401, "type-not-allowed"), "{typ}");
    }
    let without = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, ours().kid());
    assert_eq!(refused_as(&sign(&without, &claims("{}"), ours())), (401, "type-not-allowed"));
    let critical = format!(r#"{{"typ":"at+jwt","alg":"ES256","kid":"{}","crit":["b64"]}}"#, ours().kid());
    assert_eq!(refused_as(&sign(&critical, &claims("{}"), ours())), (401, "critical-header"));
    // RFC 7515 section 4.1.9: the long form of our type is our type.
    let long = format!(r#"{{"typ":"application/at+jwt","alg":"ES256","kid":"{}"}}"#, ours().kid());
    assert!(passes(&bearer(&mut guard(), &sign(&long, &claims("{}"), ours()), NOW)));
}

#[test]
fn r120_other_issuers_and_keys() {
    for iss in ["https://tokens.example", "https://tokens.example/t/acme/", "https://tokens.example/t/other"]
    {
        assert_eq!(refused_as(&token(&format!(r#"{{"iss":"{iss}"}}"#))), (401, "issuer-not-ours"));
    }
    assert_eq!(refused_as(&token(r#"{"iss":null}"#)), (401, "issuer-not-ours"));
    // Another organization's key, under its own name and under the name of ours; and one that the token brings itself.
    let theirs = SigningKey::generate(SigningAlgorithm::Es256, &[9; 32]);
    assert_eq!(refused_as(&sign(&header(&theirs), &claims("{}"), &theirs)), (401, "key-unknown"));
    assert_eq!(refused_as(&sign(&header(ours()), &claims("{}"), &theirs)), (401, "signature-invalid"));
    let brought = format!(
        r#"{{"typ":"at+jwt","alg":"ES256","jwk":{},"jku":"https://evil.example"}}"#,
        theirs.public_jwk().to_text()
    );
    assert_eq!(refused_as(&sign(&brought, &claims("{}"), &theirs)), (401, "signature-invalid"));
    let mut varied = token("{}");
    varied.insert(varied.len() - 3, 'A');
    assert!(!passes(&bearer(&mut guard(), &varied, NOW)));
}

#[test]
fn r120_times() {
    let with = |changes: &str| refused_as(&token(changes));
    assert_eq!(with(&format!(r#"{{"exp":{}}}"#, NOW - 30)), (401, "expired"));
    assert_eq!(with(r#"{"exp":null}"#), (401, "expiry-invalid"));
    assert_eq!(with(r#"{"exp":"1900000000"}"#), (401, "expiry-invalid"));
    assert_eq!(with(&format!(r#"{{"nbf":{}}}"#, NOW + 31)), (401, "not-yet-valid"));
    assert_eq!(with(&format!(r#"{{"iat":{}}}"#, NOW + 31)), (401, "issued-at-invalid"));
    assert!(passes(&bearer(&mut guard(), &token(&format!(r#"{{"iat":{0},"exp":{0}}}"#, NOW - 29)), NOW)));
    assert!(passes(&bearer(&mut guard(), &token(&format!(r#"{{"nbf":{}}}"#, NOW + 30)), NOW)));
}

/// RFC 9068 section 2.2: what a token of ours always has.
#[test]
fn r120_required_claims() {
    assert_eq!(refused_as(&token(r#"{"sub":null}"#)), (401, "subject-invalid"));
    assert_eq!(refused_as(&token(r#"{"client_id":null}"#)), (401, "client-id-invalid"));
    assert_eq!(refused_as(&token(r#"{"client_id":["agent"]}"#)), (401, "client-id-invalid"));
    assert_eq!(refused_as(&token(r#"{"jti":null}"#)), (401, "jwt-id-invalid"));
}

#[test]
fn r120_one_header_in_one_form() {
    let good = token("{}");
    let value = format!("Bearer {good}");
    for accepted in [format!("bearer {good}"), format!("BEARER   {good}")] {
        assert!(passes(&ask(&mut guard(), &[&accepted], NOW)));
    }
    let refused_with = |values: &[&str]| {
        let challenge = refused(ask(&mut guard(), values, NOW));
        (challenge.answer.status, challenge.reason)
    };
    assert_eq!(refused_with(&[&value, &value]), (400, Reason::CredentialsTwice));
    assert_eq!(refused_with(&["Basic YTpi", &value]), (400, Reason::CredentialsTwice));
    for malformed in [
        format!("{value}, {value}"),
        format!("{value} x"),
        format!("{value} "),
        format!("Bearer\t{good}"),
        format!("Bearer \"{good}\""),
        "Bearer".to_string(),
        "Bearer ".to_string(),
    ] {
        let (status, reason) = refused_with(&[&malformed]);
        let expected = match reason {
            Reason::NoCredentials => 401,
            Reason::CredentialsMalformed => 400,
            other => panic!("{malformed}: {other:?}"),
        };
        assert_eq!(status, expected, "{malformed}");
    }
    // RFC 6750 section 2.3: a token in the query is no credential.
    let target = format!("/mcp?access_token={good}");
    let request = Request { method: "GET", target: &target, authorization: &[], dpop: &[] };
    let challenge = refused(guard().check(&request, Introspection::NotAsked, NOW));
    assert_eq!(challenge.reason, Reason::NoCredentials);
}

#[test]
fn r120_size_and_form() {
    assert_eq!(refused_as(&"a".repeat(16 * 1024 + 1)), (401, "token-too-long"));
    assert_eq!(refused_as("a.b.c"), (401, "token-malformed"));
    assert_eq!(refused_as(&format!("{}=", token("{}"))), (401, "token-malformed"));
    let twice = claims("{}").replacen('{', r#"{"sub":"root","#, 1);
    assert_eq!(refused_as(&sign(&header(ours()), &twice, ours())), (401, "token-malformed"));
}

/// A token that is remembered passes on no more than one that is not.
#[test]
fn r120_what_is_remembered_expires() {
    let mut guard = guard();
    let short = token(&format!(r#"{{"exp":{}}}"#, NOW + 10));
    assert!(passes(&bearer(&mut guard, &short, NOW)));
    assert!(passes(&bearer(&mut guard, &short, NOW + 9)));
    assert_eq!(refused(bearer(&mut guard, &short, NOW + 40)).reason.name(), "expired");
}

#[test]
fn r120_introspection_decides() {
    let settings = Settings::parse(ISSUER, AUDIENCE, "notes.read", None, true).expect("good settings");
    let mut guard = Guard::new(settings);
    guard.supply_keys(Some(set(&[ours()]).as_bytes()), None, NOW);
    let value = format!("Bearer {}", token("{}"));
    let request = Request { method: "GET", target: "/mcp", authorization: &[&value], dpop: &[] };
    for _ in 0..2 {
        // Each time: a revoked token must not pass because it did before.
        match guard.check(&request, Introspection::NotAsked, NOW) {
            Outcome::IntrospectionNeeded(at) => {
                assert_eq!(at, "https://tokens.example/t/acme/oauth2/introspect");
            }
            other => panic!("{other:?}"),
        }
    }
    let active = br#"{"active":true,"sub":"alice"}"#;
    assert!(passes(&guard.check(&request, Introspection::Response(active), NOW)));
    let inactive = refused(guard.check(&request, Introspection::Response(br#"{"active":false}"#), NOW));
    assert_eq!((inactive.answer.status, inactive.reason), (401, Reason::NotActive));
    let unreadable: [&[u8]; 6] = [
        b"",
        b"true",
        b"{}",
        br#"{"active":"true"}"#,
        br#"{"active":1}"#,
        br#"{"active":true,"active":false}"#,
    ];
    for response in unreadable.map(Introspection::Response).into_iter().chain([Introspection::Failed]) {
        let challenge = refused(guard.check(&request, response, NOW));
        assert_eq!((challenge.answer.status, challenge.reason), (503, Reason::IntrospectionUnavailable));
    }
    // Nobody is asked about what does not pass anyway, and a yes makes nothing good that is not.
    let value = format!("Bearer {}", token(r#"{"scope":"other"}"#));
    let request = Request { method: "GET", target: "/mcp", authorization: &[&value], dpop: &[] };
    for asked in [Introspection::NotAsked, Introspection::Response(active)] {
        assert_eq!(refused(guard.check(&request, asked, NOW)).reason, Reason::ScopeInsufficient);
    }
}
