//! Certificates and public keys: PEM and DER give the same keys, text around them and line ends do not matter,
//! and a private key is never taken (R47).
#![no_main]

use asserta_core::jose::VerificationKey;
use asserta_core::jose::key::MAX_KEYS;
use asserta_core::jose::key::certificate::{CertificateProblem, Certificates, import};
use asserta_core::jose::key::thumbprint;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

asserta_fuzz::target!(|input| {
    if let Ok(text) = std::str::from_utf8(input) {
        as_text(text);
    }
    as_der(input);
});

fn as_text(text: &str) {
    let Ok(found) = import(text) else { return };
    check(&found);
    for kind in ["", "RSA ", "EC ", "ENCRYPTED "] {
        assert!(!text.contains(&format!("-----BEGIN {kind}PRIVATE KEY-----")), "a private key is taken");
    }
    assert_eq!(import(&text.replace('\n', "\r\n")).as_ref(), Ok(&found), "line ends matter");
    if text.contains("-----BEGIN ") {
        assert_eq!(
            import(&format!("The key of a partner:\n{text}\n-- \n")).as_ref(),
            Ok(&found),
            "text matters"
        );
        let count = |found: &Certificates| found.keys.len() + found.skipped.len();
        if count(&found) * 2 <= MAX_KEYS {
            assert_eq!(import(&format!("{text}\n{text}")).as_ref().map(count), Ok(count(&found) * 2));
        }
    }
}

fn as_der(der: &[u8]) {
    let base64 = STANDARD.encode(der);
    let pem = |label: &str| import(&format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n"));
    let (certificate, key) = (pem("CERTIFICATE"), pem("PUBLIC KEY"));
    assert!(certificate.is_err() || key.is_err(), "both a certificate and a key");
    match import(&base64) {
        Ok(found) => {
            check(&found);
            let of_pem = certificate.ok().or(key.ok()).expect("PEM and DER differ");
            assert_eq!(of_pem.keys[0].1, found.keys[0].1, "PEM and DER give different keys");
        }
        Err(_) => assert!(certificate.is_err() && key.is_err(), "PEM and DER differ"),
    }
    let private = pem("PRIVATE KEY").expect_err("a private key");
    assert_eq!(private.problem, CertificateProblem::PrivateKey);
    if let Ok(found) = pem("RSA PUBLIC KEY") {
        check(&found);
    }
}

fn check(found: &Certificates) {
    assert!(!found.keys.is_empty());
    assert!(found.keys.len() + found.skipped.len() <= MAX_KEYS);
    for (_, key) in &found.keys {
        assert_eq!(key.kid.as_deref(), Some(thumbprint(&key.material).as_str()));
        assert_eq!(
            VerificationKey::from_jwk(&key.material.jwk_members()).map(|key| key.material).as_ref(),
            Ok(&key.material)
        );
    }
}
