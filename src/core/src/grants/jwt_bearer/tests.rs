use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;

use super::*;
use crate::application::ApplicationMetadata;
use crate::jose::Algorithm;
use crate::jose::base64url;
use crate::jose::key::{Components, JwkSet, PublicKey};
use crate::jose::signatures::BadSignature;
use crate::json;

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
        let issuer = r#"{"name":"i","issuer":"i","jwks_uri":"https://i.example"}"#;
        let issuer: TrustedIssuer = json::from_slice(issuer.as_bytes()).expect("an issuer");
        let metadata: ApplicationMetadata = json::from_slice(b"{}").expect("an application");
        let application =
            Application { client_id: "a".into(), secret_sha256: [0; 32], created_at: 0, metadata };
        let urls = OrganizationUrls {
            issuer: "https://as.example".into(),
            token_endpoint: String::new(),
            jwks_uri: String::new(),
        };
        let text =
            [r#"{"alg":"RS256"}"#, r#"{"iss":"i"}"#, "x"].map(|part| base64url::encode(part.as_bytes()));
        let text = text.join(".");
        let assertion = Assertion::parse(&text).expect("well-formed");
        let asked = Asked::default();
        let facts = Facts {
            organization: &crate::organization::OrganizationId::default_organization(),
            urls: &urls,
            application: &application,
            issuer: &issuer,
            source: &KeySource::Inline(keys.clone().into()),
            keys: &keys,
            assertion: &assertion,
            scope: None,
            resources: &[],
            signatures: &asked,
            now: 0,
        };
        assert_eq!(evaluate(&facts).map(drop), Err(Reason::SignatureInvalid));
        assert_eq!(*asked.0.borrow(), tried);
        if tried.len() < sizes.len() {
            assert!(saw::keys(&facts).contains(&format!(
                "{} of these {} are tried",
                tried.len(),
                sizes.len()
            )));
        }
    }
}
