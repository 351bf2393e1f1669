//! R120, R36, R100: tokens that are bound to a key, and the proofs that they come with.

use super::*;
use crate::jose::digest;

const ALGORITHMS: &str = "ES256 EdDSA Ed25519 RS256";

/// Whose tokens are bound: a key of the client.
fn client_key() -> &'static SigningKey {
    std::thread_local!(static KEY: &'static SigningKey = key(SigningAlgorithm::Es256, 5));
    KEY.with(|key| *key)
}

fn thumbprint(key: &SigningKey) -> String {
    let jwk = key.public_jwk();
    let read = VerificationKey::from_jwk(jwk.as_object().expect("an object")).expect("a key");
    crate::jose::key::thumbprint(&read.material)
}

/// A good token that is bound to this key.
fn bound_to(key: &SigningKey) -> String {
    token(&format!(r#"{{"cnf":{{"jkt":"{}"}}}}"#, thumbprint(key)))
}

/// A proof by this key for `GET /mcp` with this token, with these claims in place of its own.
fn proof(key: &SigningKey, token: &str, changes: &str) -> String {
    let jwk = key.public_jwk().to_text();
    let header = format!(r#"{{"typ":"dpop+jwt","alg":"{}","jwk":{jwk}}}"#, key.algorithm().name());
    let ath = digest::sha256_base64url(token.as_bytes());
    let good = format!(r#"{{"htm":"GET","htu":"{AUDIENCE}","iat":{NOW},"jti":"1","ath":"{ath}"}}"#);
    sign(&header, &changed(&good, changes), key)
}

fn with(guard: &mut Guard, authorization: &str, dpop: &[&str], now: u64) -> Outcome {
    let request = Request { method: "GET", target: "/mcp", authorization: &[authorization], dpop };
    guard.check(&request, Introspection::NotAsked, now)
}

fn dpop(guard: &mut Guard, token: &str, proof: &str) -> Outcome {
    with(guard, &format!("DPoP {token}"), &[proof], NOW)
}

fn verdict(outcome: Outcome) -> (u16, &'static str) {
    let challenge = refused(outcome);
    (challenge.answer.status, challenge.reason.name())
}

#[test]
fn r120_a_bound_token_passes_with_its_proof() {
    for key in [client_key(), key(SigningAlgorithm::EdDsa, 6), key(SigningAlgorithm::Rs256, 3)] {
        let (mut guard, token) = (guard(), bound_to(key));
        // The second time it is remembered, and the proof is another one.
        for jti in 1..3 {
            let proof = proof(key, &token, &format!(r#"{{"jti":"{jti}"}}"#));
            let Outcome::Passed(passed) = dpop(&mut guard, &token, &proof) else { panic!("it is good") };
            assert!(passed.claims().contains(&thumbprint(key)));
        }
    }
    let token = bound_to(client_key());
    for (scheme, changes) in [
        ("dpop", "{}"),
        ("DPOP  ", r#"{"htu":"HTTPS://API.example:443/mcp?a=b"}"#),
        ("DPoP", r#"{"iat":1799999700}"#),
        ("DPoP", r#"{"iat":1800000300}"#),
    ] {
        let proof = proof(client_key(), &token, changes);
        assert!(passes(&with(&mut guard(), &format!("{scheme} {token}"), &[&proof], NOW)), "{changes}");
    }
    // What is below the resource has a URL of its own; its query doesn't count.
    let proof = proof(client_key(), &token, r#"{"htm":"POST","htu":"https://api.example/mcp/notes"}"#);
    let authorization = format!("DPoP {token}");
    let authorization: &[&str] = &[&authorization];
    let at = |method: &str, target: &str| {
        let request = Request { method, target, authorization, dpop: &[&proof] };
        guard().check(&request, Introspection::NotAsked, NOW)
    };
    assert!(passes(&at("POST", "/mcp/notes?a=b")));
    for (method, target) in [
        ("GET", "/mcp/notes"),
        ("POST", "/mcp"),
        ("POST", "/mcp/notes/"),
        ("POST", "https://api.example/mcp/notes"),
        ("POST", "*"),
        ("POST", ""),
    ] {
        assert_eq!(verdict(at(method, target)), (401, "proof-invalid"), "{method} {target}");
    }
}

/// R100, RFC 9449 section 4.3: what a proof must not be, whether the token is remembered or not.
#[test]
fn r120_bad_proofs() {
    let token = bound_to(client_key());
    let other = token_with_other_jti();
    let mut remembering = guard();
    assert!(passes(&dpop(&mut remembering, &token, &proof(client_key(), &token, r#"{"jti":"0"}"#))));
    let ath = |token: &str| format!(r#"{{"ath":"{}"}}"#, digest::sha256_base64url(token.as_bytes()));
    for changes in [
        r#"{"htm":"POST"}"#,
        r#"{"htm":"get"}"#,
        r#"{"htu":"https://evil.example/mcp"}"#,
        r#"{"htu":"https://api.example/mcp/"}"#,
        r#"{"htu":"/mcp"}"#,
        r#"{"htu":null}"#,
        r#"{"iat":1799999699}"#,
        r#"{"iat":1800000301}"#,
        r#"{"iat":null}"#,
        r#"{"jti":null}"#,
        r#"{"jti":""}"#,
        r#"{"ath":null}"#,
        &ath(&other),
    ] {
        let proof = proof(client_key(), &token, changes);
        for guard in [&mut guard(), &mut remembering] {
            assert_eq!(verdict(dpop(guard, &token, &proof)), (401, "proof-invalid"), "{changes}");
        }
    }
    let good = proof(client_key(), &token, "{}");
    let authorization = format!("DPoP {token}");
    for (proofs, reason) in [
        (&[][..], "proof-missing"),
        (&[good.as_str(), good.as_str()], "proof-invalid"),
        (&[&format!("{good}, {good}")], "proof-invalid"),
        (&[&format!("{}AAAA", &good[..good.len() - 4])], "proof-invalid"),
        (&[&token], "proof-invalid"),
        (&[""], "proof-invalid"),
        (&[&"a".repeat(4097)], "proof-invalid"),
    ] {
        for guard in [&mut guard(), &mut remembering] {
            assert_eq!(verdict(with(guard, &authorization, proofs, NOW)), (401, reason), "{proofs:?}");
        }
    }
    // Good, but of somebody else.
    let theirs = key(SigningAlgorithm::Es256, 6);
    for guard in [&mut guard(), &mut remembering] {
        let challenge = refused(dpop(guard, &token, &proof(theirs, &token, "{}")));
        assert_eq!(challenge.reason, Reason::ProofOfAnotherKey);
        assert!(www_authenticate(&challenge).starts_with("DPoP error=\"invalid_token\""));
    }
    assert!(passes(&dpop(&mut remembering, &token, &good)), "none of that used it up");
}

fn token_with_other_jti() -> String {
    token(&format!(r#"{{"jti":"u","cnf":{{"jkt":"{}"}}}}"#, thumbprint(client_key())))
}

/// RFC 9449 section 7.1: never from its bearer, with or without a proof beside it, remembered or not.
#[test]
fn r36_r120_a_bound_token_is_no_bearers() {
    let token = bound_to(client_key());
    let mut guard = guard();
    let proof_of = |jti: &str| proof(client_key(), &token, &format!(r#"{{"jti":"{jti}"}}"#));
    for jti in ["1", "2"] {
        let unused = proof_of("0");
        for proofs in [&[][..], &[unused.as_str()]] {
            let challenge = refused(with(&mut guard, &format!("Bearer {token}"), proofs, NOW));
            assert_eq!((challenge.answer.status, challenge.reason.name()), (401, "proof-missing"));
            assert_eq!(
                www_authenticate(&challenge),
                format!(
                    "DPoP error=\"invalid_token\", error_description=\"the access token is bound to a key and needs \
                     its proof\", algs=\"{ALGORITHMS}\", scope=\"notes.read\", \
                     resource_metadata=\"https://api.example/.well-known/oauth-protected-resource/mcp\""
                )
            );
        }
        assert!(passes(&dpop(&mut guard, &token, &proof_of(jti))));
    }
}

/// `cnf` has `jkt` and nothing else.
#[test]
fn r36_r120_other_confirmations() {
    let jkt = thumbprint(client_key());
    for cnf in [
        "{}".to_string(),
        "[]".to_string(),
        "7".to_string(),
        format!(r#""{jkt}""#),
        format!(r#"{{"jkt":["{jkt}"]}}"#),
        format!(r#"{{"jkt":"{jkt}","x5t#S256":"a"}}"#),
        r#"{"x5t#S256":"a"}"#.to_string(),
        format!(r#"{{"jkt":"{}"}}"#, &jkt[1..]),
    ] {
        let token = token(&format!(r#"{{"cnf":{cnf}}}"#));
        let proof = proof(client_key(), &token, "{}");
        assert_eq!(verdict(dpop(&mut guard(), &token, &proof)), (401, "proof-of-another-key"), "{cnf}");
        assert_eq!(refused_as(&token), (401, "proof-missing"), "{cnf}");
    }
}

/// A token that is not bound is a bearer's: with `DPoP` it would look as if it were worth more.
#[test]
fn r120_a_token_that_is_not_bound() {
    let token = token("{}");
    let mut guard = guard();
    for _ in 0..2 {
        let challenge = refused(dpop(&mut guard, &token, &proof(client_key(), &token, "{}")));
        assert_eq!((challenge.answer.status, challenge.reason), (401, Reason::TokenNotBound));
        assert!(www_authenticate(&challenge).starts_with("DPoP error=\"invalid_token\""));
        assert!(passes(&bearer(&mut guard, &token, NOW)));
    }
}

/// RFC 9449 section 7.1: the challenge is for the scheme that was used, and says which algorithms a proof may have.
#[test]
fn r120_challenges_of_dpop() {
    let token = bound_to(client_key());
    let missing = refused(with(&mut guard(), &format!("DPoP {token}"), &[], NOW));
    let text = www_authenticate(&missing);
    assert!(text.starts_with("DPoP error=\"invalid_dpop_proof\""), "{text}");
    assert!(text.contains(&format!("algs=\"{ALGORITHMS}\"")), "{text}");
    assert!(missing.answer.body.starts_with(r#"{"error":"invalid_dpop_proof""#));
    let late = with(&mut guard(), &format!("DPoP {token}"), &[], NOW + 4000);
    assert!(www_authenticate(&refused(late)).starts_with("DPoP "));
    let mut strict = Guard::new(settings("admin"));
    strict.supply_keys(Some(set(&[ours()]).as_bytes()), None, NOW);
    let challenge = refused(dpop(&mut strict, &token, &proof(client_key(), &token, "{}")));
    assert!(www_authenticate(&challenge).starts_with("DPoP error=\"insufficient_scope\""));
    // An algorithm that none of ours has is none here: RFC 9449 leaves the choice to the resource.
    let foreign = proof(client_key(), &token, "{}");
    let (_, rest) = foreign.split_once('.').expect("dots");
    for alg in ["ES384", "PS256", "HS256", "none"] {
        let jwk = client_key().public_jwk().to_text();
        let header = format!(r#"{{"typ":"dpop+jwt","alg":"{alg}","jwk":{jwk}}}"#);
        let proof = [base64url::encode(header.as_bytes()), rest.to_string()].join(".");
        assert_eq!(verdict(dpop(&mut guard(), &token, &proof)), (401, "proof-invalid"), "{alg}");
    }
}

/// RFC 9449 section 11.1: once, for as long as it is accepted; a refusal uses none up.
#[test]
fn r100_r120_a_proof_is_used_once() {
    let token = bound_to(client_key());
    let mut guard = guard();
    let at = |guard: &mut Guard, proof: &str, now| with(guard, &format!("DPoP {token}"), &[proof], now);
    let ahead = proof(client_key(), &token, &format!(r#"{{"iat":{}}}"#, NOW + 300));
    assert!(passes(&at(&mut guard, &ahead, NOW)));
    assert_eq!(verdict(at(&mut guard, &ahead, NOW)), (401, "proof-replayed"));
    // The same `jti` under another `iat` is the same proof; another key's is not.
    assert_eq!(verdict(at(&mut guard, &proof(client_key(), &token, "{}"), NOW)), (401, "proof-replayed"));
    assert_eq!(verdict(at(&mut guard, &ahead, NOW + 600)), (401, "proof-replayed"));
    assert_eq!(verdict(at(&mut guard, &ahead, NOW + 601)), (401, "proof-invalid"));
    // Whatever else passes meanwhile.
    for second in 0..600 {
        let changes = format!(r#"{{"jti":"n{second}","iat":{}}}"#, NOW + second);
        let other = proof(client_key(), &token, &changes);
        if second % 40 == 0 {
            assert!(passes(&at(&mut guard, &other, NOW + second)), "{second}");
        }
    }
    assert_eq!(verdict(at(&mut guard, &ahead, NOW + 600)), (401, "proof-replayed"));
}

/// A request that is looked at again, with keys or with the issuer's word, has not used its proof.
#[test]
fn r120_a_proof_is_used_when_the_request_passes() {
    let settings = Settings::parse(ISSUER, AUDIENCE, "notes.read", None, true).expect("good settings");
    let mut guard = Guard::new(settings);
    let token = bound_to(client_key());
    let (authorization, good) = (format!("DPoP {token}"), proof(client_key(), &token, "{}"));
    // What comes with a bad proof causes no fetch.
    assert_eq!(verdict(with(&mut guard, &authorization, &[], NOW)), (401, "proof-missing"));
    assert!(matches!(with(&mut guard, &authorization, &[&good], NOW), Outcome::KeysNeeded(_)));
    guard.supply_keys(Some(set(&[ours()]).as_bytes()), None, NOW);
    let mut asked = |introspection| {
        let authorization: &[&str] = &[&authorization];
        let request = Request { method: "GET", target: "/mcp", authorization, dpop: &[&good] };
        guard.check(&request, introspection, NOW)
    };
    for _ in 0..2 {
        assert!(matches!(asked(Introspection::NotAsked), Outcome::IntrospectionNeeded(_)));
    }
    assert_eq!(verdict(asked(Introspection::Failed)), (503, "introspection-unavailable"));
    let active = Introspection::Response(br#"{"active":true}"#);
    assert!(passes(&asked(active)));
    // The same request twice at once: the second answer of the issuer comes too late.
    assert_eq!(verdict(asked(active)), (401, "proof-replayed"));
    assert_eq!(verdict(asked(Introspection::NotAsked)), (401, "proof-replayed"));
}

/// The origin of a proof's URL is that of the audience, which must have one: what a request says of its host counts for nothing.
#[test]
fn r120_an_audience_that_is_no_url() {
    let mut guard = Guard::new(Settings::parse(ISSUER, "orders", "", None, false).expect("good settings"));
    guard.supply_keys(Some(set(&[ours()]).as_bytes()), None, NOW);
    let token = token(&format!(r#"{{"aud":"orders","cnf":{{"jkt":"{}"}}}}"#, thumbprint(client_key())));
    let challenge = refused(dpop(&mut guard, &token, &proof(client_key(), &token, "{}")));
    assert_eq!(challenge.reason, Reason::ProofNotSupported);
    assert!(www_authenticate(&challenge).starts_with("Bearer error=\"invalid_token\""));
    assert!(!passes(&bearer(&mut guard, &token, NOW)));
}
