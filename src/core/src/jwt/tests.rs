use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;

use super::*;
use crate::jose::key::{Components, JwkSet, PublicKey};
use crate::jose::{Algorithm, BadSignature, Signatures, base64url};

/// Verifies nothing, and keeps the sizes of the moduli that it was asked about, in bits.
#[derive(Default)]
struct Asked(RefCell<Vec<usize>>);

impl Signatures for Asked {
    fn verify(&self, _: Algorithm, key: &PublicKey, _: &[u8], _: &[u8]) -> Result<(), BadSignature> {
        let Components::Rsa { n, .. } = key.components() else { return Err(BadSignature) };
        self.0.borrow_mut().push(n.len() * 8);
        Err(BadSignature)
    }
}

const EXPECTED: Expectations<'static> = Expectations {
    algorithms: None,
    typ: Typ::Any,
    audiences: [Some("https://as.example"), None, None, None],
    no_other_audience: false,
    clock_skew: 60,
    max_lifetime: 3600,
    require_jti: false,
    require_iat: false,
    bound: Bound::To(None),
};

fn text(claims: &str) -> String {
    [r#"{"alg":"RS256"}"#, claims, "x"].map(|part| base64url::encode(part.as_bytes())).join(".")
}

/// R48: sixteen keys are tried, and of the large ones two; which ones depends on their order alone.
#[test]
fn r48_candidates_have_a_budget() {
    let modulus = |bits: usize| base64url::encode(&vec![0xff; bits / 8]);
    for (sizes, tried) in [
        (vec![8192; 16], vec![8192; 2]),
        (vec![4096; 17], vec![4096; 16]),
        ([vec![8192; 3], vec![2048; 20], vec![6144]].concat(), [vec![8192; 2], vec![2048; 14]].concat()),
        (vec![2048, 6144, 4096, 8192, 8192, 3072], vec![2048, 6144, 4096, 8192, 3072]),
    ] {
        let jwk = |bits: &usize| format!(r#"{{"kty":"RSA","e":"AQAB","n":"{}"}}"#, modulus(*bits));
        let jwks = format!(r#"{{"keys":[{}]}}"#, sizes.iter().map(jwk).collect::<Vec<_>>().join(","));
        let keys = JwkSet::parse(jwks.as_bytes()).expect("a JWK set").keys;
        let keys = Keys { keys: &keys, have_kid: true };
        let text = text(r#"{"iss":"i"}"#);
        let jwt = UnverifiedJwt::parse(&text).expect("well-formed");
        let asked = Asked::default();
        let verified = Verification::new(&jwt, EXPECTED, 0, false).verify(keys, &asked);
        assert_eq!(verified.map(drop), Err(JwtProblem::SignatureInvalid));
        assert_eq!(*asked.0.borrow(), tried);
        if tried.len() < sizes.len() {
            let mut explained = Verification::new(&jwt, EXPECTED, 0, true);
            assert!(explained.verify(keys, &asked).is_err());
            let findings = explained.take_findings();
            let saw = &findings.iter().find(|finding| finding.name == "key").expect("a check").saw;
            assert!(saw.contains(&format!("{} of these {} are tried", tried.len(), sizes.len())), "{saw}");
        }
    }
}

/// What agrees to everything.
struct Careless;

impl Signatures for Careless {
    fn verify(&self, _: Algorithm, _: &PublicKey, _: &[u8], _: &[u8]) -> Result<(), BadSignature> {
        Ok(())
    }
}

/// R33, R43: with findings every check runs, whatever the others found, and still nothing is verified that fails one.
#[test]
fn r33_r43_every_check_runs_and_none_is_overlooked() {
    let jwks =
        format!(r#"{{"keys":[{{"kty":"RSA","e":"AQAB","n":"{}"}}]}}"#, base64url::encode(&[0xff; 256]));
    let keys = JwkSet::parse(jwks.as_bytes()).expect("a JWK set").keys;
    let keys = Keys { keys: &keys, have_kid: true };
    let good = r#""sub":"a","aud":"https://as.example","exp":100"#;
    for (claims, typ, problem) in [
        (format!("{{{good}}}"), None, None),
        (format!("{{{good}}}"), Some("x"), Some(JwtProblem::TypeNotAllowed)),
        (format!(r#"{{{good},"cnf":null}}"#), None, Some(JwtProblem::Bound)),
        (format!(r#"{{{good},"iat":"x","jti":7}}"#), None, Some(JwtProblem::IssuedAtInvalid)),
        (r#"{"aud":[],"iat":1}"#.into(), None, Some(JwtProblem::SubjectInvalid)),
    ] {
        let text = text(&claims);
        let jwt = UnverifiedJwt::parse(&text).expect("well-formed");
        let expected = Expectations { typ: typ.map_or(Typ::Any, Typ::Exactly), ..EXPECTED };
        for findings in [false, true] {
            let mut verification = Verification::new(&jwt, expected, 50, findings);
            let verified = verification.verify(keys, &Careless);
            assert_eq!(verified.map(|jwt| jwt.subject()).err(), problem, "{claims}");
            let names: Vec<_> = verification.take_findings().iter().map(|finding| finding.name).collect();
            assert_eq!(names.len(), if findings { 11 } else { 0 }, "{names:?}");
        }
    }
}
