use alloc::format;
use alloc::string::{String, ToString as _};

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::*;
use crate::jose::key::{SigningAlgorithm, SigningKey, VerificationKey, thumbprint};
use crate::jose::{Portable, base64url, digest};
use crate::json;

const NOW: u64 = 1_800_000_000;
const URL: &str = "https://as.example/oauth2/token";
const EXPECTED: Expected<'static> = Expected {
    method: "POST",
    url: URL,
    now: NOW,
    nonces: None,
    access_token: None,
    read_key: VerificationKey::from_jwk,
};

fn key(algorithm: SigningAlgorithm) -> SigningKey {
    SigningKey::generate(algorithm, &[7; 32])
}

/// Lays members over others; null takes one away.
fn overlay(document: &mut Value, members: Value) {
    let Value::Object(members) = members else { panic!("an object") };
    for (name, value) in members {
        match value {
            Value::Null => drop(document.as_object_mut().expect("an object").remove(&name)),
            value => document[&name] = value,
        }
    }
}

/// A proof by this key, with members over good ones.
fn proof_by(key: &SigningKey, header: Value, claims: Value) -> String {
    let jwk: Value = serde_json::from_str(&json::to_text(&key.public_jwk())).expect("a JWK");
    let mut whole_header = json!({ "typ": "dpop+jwt", "alg": key.algorithm().name(), "jwk": jwk });
    overlay(&mut whole_header, header);
    let mut whole = json!({ "htm": "POST", "htu": URL, "iat": NOW, "jti": "1" });
    overlay(&mut whole, claims);
    signed(key, &whole_header.to_string(), &whole.to_string())
}

fn signed(key: &SigningKey, header: &str, claims: &str) -> String {
    let input = [header, claims].map(|part| base64url::encode(part.as_bytes())).join(".");
    format!("{input}.{}", base64url::encode(&key.sign(input.as_bytes(), &[0; 32])))
}

fn proof(header: Value, claims: Value) -> String {
    proof_by(&key(SigningAlgorithm::Es256), header, claims)
}

fn check(text: &str, expected: &Expected<'_>) -> Result<ProofKey, ProofProblem> {
    Proof::new(text)?.check(expected, &Portable)
}

fn refused(text: &str) -> ProofProblem {
    check(text, &EXPECTED).expect_err(text)
}

/// RFC 9449 figures 2 and 4, and the thumbprint of section 6.1: made by nobody here.
#[test]
fn r100_the_rfc_s_own_proof() {
    let text = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJo\
                RjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.\
                eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwia\
                WF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
    let expected = Expected { url: "https://server.example.com/token", now: 1_562_262_616, ..EXPECTED };
    let proved = check(text, &expected).expect("the RFC's");
    assert_eq!(proved.thumbprint(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    let later = Expected { now: 1_562_262_917, ..expected };
    assert_eq!(check(text, &later).expect_err("301 s later"), ProofProblem::NotFresh);
}

/// R100: each kind of key, and what need not be told apart.
#[test]
fn r100_good_proofs() {
    for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::EdDsa, SigningAlgorithm::Rs256] {
        let key = key(algorithm);
        let proved = check(&proof_by(&key, json!({}), json!({})), &EXPECTED).expect("good");
        let public = VerificationKey::from_jwk(key.public_jwk().as_object().expect("an object"))
            .expect("public")
            .material;
        assert_eq!(proved.thumbprint(), thumbprint(&public), "RFC 7638");
    }
    for (header, claims) in [
        (json!({ "typ": "application/dpop+jwt" }), json!({})),
        (json!({ "typ": "DPoP+JWT", "kid": "other", "jku": "https://evil.example" }), json!({})),
        (json!({}), json!({ "htu": "HTTPS://AS.example:443/oauth2/token?a=b#c" })),
        (json!({}), json!({ "iat": NOW - 300 })),
        (json!({}), json!({ "iat": NOW + 300 })),
        (json!({}), json!({ "iat": NOW as f64 + 0.5 })),
        (json!({}), json!({ "jti": "x".repeat(256), "nonce": 7, "exp": 1, "sub": "alice" })),
    ] {
        assert!(check(&proof(header.clone(), claims.clone()), &EXPECTED).is_ok(), "{header} {claims}");
    }
}

/// R100: what a proof must not be.
#[test]
fn r100_bad_proofs() {
    use ProofProblem::*;
    for (claims, problem) in [
        (json!({ "htm": null }), MethodMismatch),
        (json!({ "htm": "GET" }), MethodMismatch),
        (json!({ "htm": "post" }), MethodMismatch),
        (json!({ "htm": ["POST"] }), MethodMismatch),
        (json!({ "htu": null }), UrlMismatch),
        (json!({ "htu": "https://as.example/t/acme/oauth2/token" }), UrlMismatch),
        (json!({ "htu": "http://as.example/oauth2/token" }), UrlMismatch),
        (json!({ "htu": [URL] }), UrlMismatch),
        (json!({ "iat": null }), NotFresh),
        (json!({ "iat": NOW - 301 }), NotFresh),
        (json!({ "iat": NOW + 301 }), NotFresh),
        (json!({ "iat": NOW.to_string() }), NotFresh),
        (json!({ "iat": 1e300 }), NotFresh),
        (json!({ "iat": -1 }), NotFresh),
        (json!({ "iat": true }), NotFresh),
        (json!({ "jti": null }), JwtIdInvalid),
        (json!({ "jti": "" }), JwtIdInvalid),
        (json!({ "jti": 1 }), JwtIdInvalid),
        (json!({ "jti": "x".repeat(257) }), JwtIdInvalid),
        (json!({ "ath": digest::sha256_base64url(b"token") }), TokenMismatch),
    ] {
        assert_eq!(refused(&proof(json!({}), claims.clone())), problem, "{claims}");
    }
    for (header, problem) in [
        (json!({ "typ": null }), TypeNotAllowed),
        (json!({ "typ": "JWT" }), TypeNotAllowed),
        (json!({ "typ": "dpop" }), TypeNotAllowed),
        (json!({ "typ": "at+jwt" }), TypeNotAllowed),
        (json!({ "typ": 1 }), Malformed),
        (json!({ "alg": null }), AlgorithmUnusable),
        (json!({ "alg": "none" }), AlgorithmUnusable),
        (json!({ "alg": "HS256" }), AlgorithmUnusable),
        (json!({ "alg": "RS256" }), KeyUnusable),
        (json!({ "alg": "ES384" }), KeyUnusable),
        (json!({ "alg": "RSA-OAEP", "enc": "A128GCM" }), Malformed),
        (json!({ "crit": ["b64"], "b64": false }), CriticalHeader),
        (json!({ "crit": [] }), CriticalHeader),
        (json!({ "jwk": null }), KeyUnusable),
        (json!({ "jwk": "x" }), KeyUnusable),
        (json!({ "jwk": {} }), KeyUnusable),
        (json!({ "jwk": { "kty": "oct", "k": "AAAA" } }), KeyUnusable),
    ] {
        assert_eq!(refused(&proof(header.clone(), json!({}))), problem, "{header}");
    }
}

/// R100: a key with anything private in it, one that is not for this, and another one than that which signed.
#[test]
fn r100_bad_keys() {
    let own = key(SigningAlgorithm::Es256);
    let jwk = |members: Value| {
        let mut jwk: Value = serde_json::from_str(&json::to_text(&own.public_jwk())).expect("a JWK");
        overlay(&mut jwk, members);
        json!({ "jwk": jwk })
    };
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        for value in [json!("AAAA"), json!("")] {
            let header = jwk(json!({ name: value }));
            assert_eq!(refused(&proof(header, json!({}))), ProofProblem::KeyUnusable, "{name}");
        }
    }
    for members in [
        json!({ "use": "enc" }),
        json!({ "key_ops": ["sign"] }),
        json!({ "alg": "ES384" }),
        json!({ "y": "AAAA" }),
        json!({ "crv": "P-384" }),
        json!({ "kty": "RSA" }),
    ] {
        let header = jwk(members.clone());
        assert_eq!(refused(&proof(header, json!({}))), ProofProblem::KeyUnusable, "{members}");
    }
    // Signed by one key, and the other one in the header.
    let other = SigningKey::generate(SigningAlgorithm::Es256, &[8; 32]);
    let text = proof_by(&other, jwk(json!({})), json!({}));
    assert_eq!(refused(&text), ProofProblem::SignatureInvalid);
    // RSA: too short, and so long that it costs more than any other.
    for bits in [1024, 8192] {
        let n = base64url::encode(&alloc::vec![0xff; bits / 8]);
        let header = json!({ "alg": "RS256", "jwk": { "kty": "RSA", "e": "AQAB", "n": n } });
        assert_eq!(refused(&proof(header, json!({}))), ProofProblem::KeyUnusable, "{bits}");
    }
}

/// R100: what is no JWT at all, and how many headers there may be.
#[test]
fn r100_form() {
    let good = proof(json!({}), json!({}));
    assert!(check(&good, &EXPECTED).is_ok());
    let twice = signed(
        &key(SigningAlgorithm::Es256),
        r#"{"typ":"dpop+jwt","alg":"ES256","jwk":{}}"#,
        r#"{"htm":"POST","htm":"GET"}"#,
    );
    let (head, _) = good.rsplit_once('.').expect("dots");
    for text in [
        "",
        "a.b",
        "a.b.c",
        &twice,
        &format!("{good} "),
        &format!("{good}="),
        &format!("{head}."),
        &format!("DPoP {good}"),
    ] {
        assert_eq!(refused(text), ProofProblem::Malformed, "{text}");
    }
    assert_eq!(refused(&format!("{head}.AAAA")), ProofProblem::SignatureInvalid);
    assert_eq!(refused(&"x".repeat(MAX_PROOF + 1)), ProofProblem::TooLarge);
    let value = good.as_bytes();
    let read = |values: &[&[u8]]| {
        Proof::from_header(ProofHeader::of(values.iter().copied())).map(|proof| proof.is_some())
    };
    assert_eq!(read(&[]), Ok(false));
    assert_eq!(read(&[value]), Ok(true));
    assert_eq!(read(&[value, value]), Err(ProofProblem::Repeated));
    assert_eq!(read(&[b"\xff"]), Err(ProofProblem::Malformed));
}

/// R100: with an access token, `ath` is its digest, and nothing else is.
#[test]
fn r100_ath() {
    let expected = Expected { method: "GET", access_token: Some("token"), ..EXPECTED };
    let with = |ath: Value| check(&proof(json!({}), json!({ "htm": "GET", "ath": ath })), &expected);
    assert!(with(json!(digest::sha256_base64url(b"token"))).is_ok());
    for ath in [Value::Null, json!(""), json!(7), json!(digest::sha256_base64url(b"other"))] {
        assert_eq!(with(ath.clone()).expect_err("refused"), ProofProblem::TokenMismatch, "{ath}");
    }
}

/// R101: a nonce where one is wanted, and that alone is missing then.
#[test]
fn r101_nonce() {
    let nonce_key = NonceKey::new(Zeroizing::new([1; 32]));
    let nonces = Nonces { key: &nonce_key, organization: "default" };
    let expected = Expected { nonces: Some(nonces), ..EXPECTED };
    let with = |nonce: Value| check(&proof(json!({}), json!({ "nonce": nonce })), &expected).map(drop);
    assert_eq!(with(json!(nonces.fresh(NOW - 300))), Ok(()));
    for bad in
        [Value::Null, json!(""), json!(7), json!(nonces.fresh(NOW - 301)), json!(nonces.fresh(NOW + 61))]
    {
        assert_eq!(with(bad.clone()), Err(ProofProblem::NonceNeeded), "{bad}");
    }
    let bad = check(&proof(json!({}), json!({ "htm": "GET" })), &expected);
    assert_eq!(bad.expect_err("refused"), ProofProblem::MethodMismatch);
}

/// R100: one mark for a key and a `jti`, whatever else the proof says; another one for another key, `jti` or place.
#[test]
fn r100_marks() {
    let proved =
        |key: &SigningKey, claims| check(&proof_by(key, json!({}), claims), &EXPECTED).expect("good");
    let (one, other) = (key(SigningAlgorithm::Es256), key(SigningAlgorithm::EdDsa));
    let mark = |key, claims, namespace: &str| proved(key, claims).mark(namespace, 600).digest;
    let first: String = mark(&one, json!({}), "default");
    assert_eq!(
        mark(&one, json!({ "iat": NOW - 10, "htu": "https://as.example:443/oauth2/token" }), "default"),
        first
    );
    for different in [
        mark(&other, json!({}), "default"),
        mark(&one, json!({ "jti": "2" }), "default"),
        mark(&one, json!({}), "acme"),
    ] {
        assert_ne!(different, first);
    }
    // For as long as it is accepted anywhere, by the slowest clock.
    assert_eq!(proved(&one, json!({ "iat": NOW + 300 })).mark("default", 600).until, NOW + 600 + 601);
}
