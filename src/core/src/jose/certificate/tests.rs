use alloc::format;
use alloc::string::ToString as _;

use super::*;
use crate::jose::Algorithm;

macro_rules! pem {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/certificates/", $name, ".pem"))
    };
}

fn one(text: &str) -> VerificationKey {
    let mut keys = import(text).expect("a usable key");
    assert_eq!(keys.len(), 1);
    keys.remove(0)
}

/// The base64 of a PEM block without its armour.
fn body(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with("-----")).collect()
}

#[test]
fn every_key_type_from_certificates() {
    for (text, algorithms) in [
        (pem!("p256.crt"), &[Algorithm::Es256][..]),
        (pem!("p384.crt"), &[Algorithm::Es384]),
        (pem!("p521.crt"), &[Algorithm::Es512]),
        (pem!("ed25519.crt"), &[Algorithm::EdDsa]),
        (pem!("rsa2048.crt"), &Algorithm::ALL[..6]),
    ] {
        let key = one(text);
        assert_eq!(key.material.algorithms(), algorithms);
        assert_eq!(key.kid, Some(jwk::thumbprint(&key.material)));
        let validity = key.validity.expect("a certificate has a validity");
        assert!(validity.not_before > 1_700_000_000 && validity.not_after > validity.not_before);
    }
}

#[test]
fn a_public_key_is_the_key_of_its_certificate() {
    for (certificate, public_key) in [
        (pem!("p256.crt"), pem!("p256.pub")),
        (pem!("ed25519.crt"), pem!("ed25519.pub")),
        (pem!("rsa2048.crt"), pem!("rsa2048.pub")),
        (pem!("rsa2048.crt"), pem!("rsa2048.pkcs1")),
    ] {
        let key = one(public_key);
        assert_eq!(key.material, one(certificate).material);
        assert_eq!(key.validity, None);
    }
}

#[test]
fn base64_of_der_and_white_space() {
    for text in [pem!("p256.crt"), pem!("ed25519.pub"), pem!("rsa2048.pub")] {
        assert_eq!(one(&body(text)), one(text));
        assert_eq!(one(&format!(" {}\r\n", body(text))), one(text));
        assert_eq!(one(&text.replace('\n', "\r\n")), one(text));
        assert_eq!(one(&text.replace('\n', " \n   ")), one(text));
    }
}

#[test]
fn several_blocks_with_text_around_them() {
    let text =
        format!("issuer one\n{}\n{}{}", pem!("expired-with-text"), pem!("rsa2048.pub"), pem!("p384.crt"));
    let keys = import(&text).expect("three keys");
    assert_eq!(keys.len(), 3);
    assert_eq!(keys[0].material, one(pem!("p256.pub")).material);
}

#[test]
fn r47_validity() {
    // openssl printed: Jan  1 00:00:00 2020 GMT, Dec 31 23:59:59 2020 GMT.
    let expired = one(pem!("expired-with-text"));
    assert_eq!(expired.validity, Some(Validity { not_before: 1_577_836_800, not_after: 1_609_459_199 }));
    assert!(!expired.valid_at(1_577_836_799));
    assert!(expired.valid_at(1_577_836_800));
    assert!(expired.valid_at(1_609_459_199));
    assert!(!expired.valid_at(1_609_459_200));
    // RFC 5280 section 4.1.2.5: 99991231235959Z stands for no end.
    assert!(one(pem!("endless")).valid_at(32_503_680_000));
    assert!(one(pem!("p256.pub")).valid_at(0));
}

#[test]
fn precise_errors() {
    let block = |label: &str, body: &str| format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
    let p256 = body(pem!("p256.crt"));
    // PKCS#8 of Ed25519, RFC 8410 section 10.3.
    let private = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";
    for (text, error) in [
        (String::new(), CertificateError::Empty),
        (" \n\t".to_string(), CertificateError::Empty),
        ("hello, world".to_string(), CertificateError::NoPemBlock),
        ("https://issuer.example/cert.pem".to_string(), CertificateError::NoPemBlock),
        ("AAAA".to_string(), CertificateError::NotX509),
        (block("PRIVATE KEY", private), CertificateError::PrivateKey),
        (block("EC PARAMETERS", "") + &block("EC PRIVATE KEY", ""), CertificateError::PrivateKey),
        (pem!("p256.crt").to_string() + &block("RSA PRIVATE KEY", ""), CertificateError::PrivateKey),
        (block("ENCRYPTED PRIVATE KEY", private), CertificateError::PrivateKey),
        (private.to_string(), CertificateError::PrivateKey),
        (block("CERTIFICATE REQUEST", &p256), CertificateError::UnexpectedBlock),
        (block("CERTIFICATE", "not base64!"), CertificateError::BadPem),
        (block("CERTIFICATE", &p256[..p256.len() - 1]), CertificateError::BadPem),
        (block("CERTIFICATE", ""), CertificateError::NotX509),
        (block("CERTIFICATE", &p256[..400]), CertificateError::NotX509),
        (block("CERTIFICATE", &format!("{p256}AAAA")), CertificateError::BadPem),
        (block("CERTIFICATE", &body(pem!("p256.pub"))), CertificateError::NotX509),
        (block("PUBLIC KEY", &p256), CertificateError::NotX509),
        ("-----BEGIN CERTIFICATE-----\n".to_string() + &p256, CertificateError::BadPem),
        (block("CERTIFICATE", &p256).replace("END CERT", "END KERT"), CertificateError::BadPem),
        ("-----BEGIN ".to_string(), CertificateError::BadPem),
        (pem!("ed25519.pub").trim_end().to_string() + "--BEGIN PRIVATE KEY-----\n", CertificateError::BadPem),
        (pem!("p224.crt").to_string(), CertificateError::UnsupportedKey),
        (pem!("x25519.pub").to_string(), CertificateError::UnsupportedKey),
        (pem!("rsa1024.crt").to_string(), CertificateError::Key(KeyProblem::RsaTooSmall)),
        (pem!("p256.crt").to_string() + pem!("rsa1024.crt"), CertificateError::Key(KeyProblem::RsaTooSmall)),
        (pem!("ed25519.pub").repeat(201), CertificateError::TooManyKeys),
    ] {
        assert_eq!(import(&text).expect_err(&text), error, "{text}");
    }
}

#[test]
fn a_damaged_certificate_never_panics() {
    let der = from_base64(&body(pem!("rsa2048.crt"))).expect("base64");
    for index in 0..der.len() {
        let mut damaged = der.clone();
        damaged[index] ^= 0x55;
        let _ = import(&STANDARD.encode(&damaged));
        let _ = import(&STANDARD.encode(&der[..index]));
    }
}
