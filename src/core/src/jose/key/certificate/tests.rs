use alloc::format;
use alloc::string::ToString as _;

use super::*;
use crate::jose::Algorithm;
use crate::jose::key::{KeyUsage, Validity};

macro_rules! pem {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/certificates/", $name, ".pem"))
    };
}

fn one(text: &str) -> VerificationKey {
    let mut found = import(text).expect("a usable key");
    assert_eq!((found.keys.len(), found.skipped.len()), (1, 0));
    found.keys.remove(0).1
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
        assert_eq!(key.kid, Some(thumbprint(&key.material)));
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

/// A key is random, and so may be text that looks like another form of document.
#[test]
fn a_key_whose_bytes_are_text() {
    // The point is `-----BEGIN 00 PUBLIC KEY-----   `, and it lies on the curve.
    let der = "MCowBQYDK2VwAyEALS0tLS1CRUdJTiAwMCBQVUJMSUMgS0VZLS0tLS0gICA=";
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n");
    assert_eq!(one(der), one(&pem));
}

#[test]
fn several_blocks_with_text_around_them() {
    let text =
        format!("issuer one\n{}\n{}{}", pem!("expired-with-text"), pem!("rsa2048.pub"), pem!("p384.crt"));
    let keys = import(&text).expect("three keys").keys;
    assert_eq!(keys.len(), 3);
    assert_eq!(keys[0].1.material, one(pem!("p256.pub")).material);
    assert_eq!(keys[1].0.to_string(), "block 2 (PUBLIC KEY)");
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
    // PowerShell's files, which the command line hands over as base64.
    let utf16 = |text: &str, mark: &str| {
        let units = mark.encode_utf16().chain(text.encode_utf16());
        STANDARD.encode(units.flat_map(u16::to_le_bytes).collect::<Vec<u8>>())
    };
    // PKCS#8 of Ed25519, RFC 8410 section 10.3.
    let private = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";
    for (text, error) in [
        (String::new(), CertificateProblem::Empty),
        (" \n\t".to_string(), CertificateProblem::Empty),
        ("hello, world".to_string(), CertificateProblem::NoPemBlock),
        ("https://issuer.example/cert.pem".to_string(), CertificateProblem::NoPemBlock),
        ("AAAA".to_string(), CertificateProblem::NotX509),
        (block("PRIVATE KEY", private), CertificateProblem::PrivateKey),
        (block("EC PARAMETERS", "") + &block("EC PRIVATE KEY", ""), CertificateProblem::PrivateKey),
        (pem!("p256.crt").to_string() + &block("RSA PRIVATE KEY", ""), CertificateProblem::PrivateKey),
        (block("ENCRYPTED PRIVATE KEY", private), CertificateProblem::PrivateKey),
        (private.to_string(), CertificateProblem::PrivateKey),
        (block("CERTIFICATE REQUEST", &p256), CertificateProblem::UnexpectedBlock),
        (block("CERTIFICATE", "not base64!"), CertificateProblem::NotBase64),
        (block("CERTIFICATE", &p256[..p256.len() - 1]), CertificateProblem::NotBase64),
        (block("CERTIFICATE", ""), CertificateProblem::NotX509),
        (block("CERTIFICATE", &p256[..400]), CertificateProblem::NotX509),
        (block("CERTIFICATE", &format!("{p256}AAAA")), CertificateProblem::NotBase64),
        (block("CERTIFICATE", &body(pem!("p256.pub"))), CertificateProblem::NotX509),
        (block("PUBLIC KEY", &p256), CertificateProblem::NotX509),
        ("-----BEGIN CERTIFICATE-----\n".to_string() + &p256, CertificateProblem::NoEnd),
        (block("CERTIFICATE", &p256).replace("END CERT", "END KERT"), CertificateProblem::NoEnd),
        ("-----BEGIN ".to_string(), CertificateProblem::NoEnd),
        (
            pem!("ed25519.pub").trim_end().to_string() + "--BEGIN PRIVATE KEY-----\n",
            CertificateProblem::NoEnd,
        ),
        (pem!("p224.crt").to_string(), CertificateProblem::Unsupported(KeyType::OtherCurve)),
        (pem!("x25519.pub").to_string(), CertificateProblem::Unsupported(KeyType::KeyAgreement)),
        (pem!("rsa1024.crt").to_string(), CertificateProblem::Key(KeyProblem::RsaTooSmall)),
        (
            pem!("p256.crt").to_string() + pem!("rsa1024.crt"),
            CertificateProblem::Key(KeyProblem::RsaTooSmall),
        ),
        (pem!("dsa.crt").to_string(), CertificateProblem::Unsupported(KeyType::Dsa)),
        (pem!("rsa-pss.crt").to_string(), CertificateProblem::Unsupported(KeyType::RsaPss)),
        (pem!("ed448.pub").to_string(), CertificateProblem::Unsupported(KeyType::Ed448)),
        (r#"{"keys":[]}"#.to_string(), CertificateProblem::OtherForm(Form::Json)),
        ("<html>Sign in</html>".to_string(), CertificateProblem::OtherForm(Form::Html)),
        (utf16(pem!("p256.crt"), ""), CertificateProblem::OtherForm(Form::Utf16)),
        (utf16(pem!("p256.crt"), "\u{feff}"), CertificateProblem::OtherForm(Form::Utf16)),
        // As a JSON string holds it that was made byte by byte.
        (pem!("p256.crt").replace("", "\0"), CertificateProblem::OtherForm(Form::Utf16)),
        (STANDARD.encode(pem!("p256.crt")), CertificateProblem::OtherForm(Form::Pem)),
        (pem!("ed25519.pub").repeat(201), CertificateProblem::TooManyKeys),
    ] {
        assert_eq!(import(&text).expect_err("refused").problem, error, "{text}");
    }
}

/// R47: what a key may be used for, and which of a chain are not used.
#[test]
fn r47_key_usage() {
    for good in [pem!("usage-signature.crt"), pem!("usage-non-repudiation.crt"), pem!("usage-all.crt")] {
        assert!(one(good).valid_at(2_000_000_000));
    }
    for (bad, usage, names) in [
        (pem!("authority.crt"), 0b110_0000, "keyCertSign, cRLSign"),
        (pem!("usage-encipherment.crt"), 0b1100, "keyEncipherment, dataEncipherment"),
    ] {
        let error = import(bad).expect_err("refused alone");
        assert_eq!(error.problem, CertificateProblem::Key(KeyProblem::KeyUsage(KeyUsage(usage))));
        let text = format!("block 1 (CERTIFICATE): keyUsage is {names}, without digitalSignature");
        assert!(error.to_string().starts_with(&text), "{error}");

        let found = import(&format!("{}{bad}{}", pem!("p256.crt"), pem!("p384.crt"))).expect("a chain");
        assert_eq!(found.keys.len(), 2);
        let place = KeyPlace::Block { number: 2, label: "CERTIFICATE".into() };
        assert_eq!(found.skipped.len(), 1);
        assert_eq!(found.skipped[0].key, place);
        let alone = import(&body(bad)).expect_err("refused as DER too");
        assert_eq!(alone.place, Some(KeyPlace::Der));
    }
    assert_eq!(KeyUsage(0).to_string(), "empty");
}

/// R47: an extension that stands there twice, or is no list of bits, makes it no certificate.
#[test]
fn r47_key_usage_that_is_none() {
    let der = from_base64(&body(pem!("usage-signature.crt"))).expect("base64");
    // 2.5.29.17 becomes 2.5.29.15 and is no BIT STRING; and the BIT STRING becomes an OCTET STRING.
    for (old, new) in
        [(&[0x55, 0x1d, 0x11][..], &[0x55, 0x1d, 0x0f][..]), (&[3, 2, 7, 0x80], &[4, 2, 7, 0x80])]
    {
        let at = der.windows(old.len()).position(|window| window == old).expect("it is there");
        let mut other = der.clone();
        other[at..at + new.len()].copy_from_slice(new);
        assert_eq!(
            import(&STANDARD.encode(other)).expect_err("refused").problem,
            CertificateProblem::NotX509
        );
    }
}

#[test]
fn the_block_at_fault_is_named() {
    let error = |text: &str| import(text).expect_err("refused").to_string();
    assert_eq!(
        error(&format!("{}{}", pem!("p256.crt"), pem!("dsa.crt"))),
        "block 2 (CERTIFICATE): a DSA key; DSA is not supported"
    );
    let cut = pem!("p256.crt").replace("-----END CERTIFICATE-----", "");
    assert!(
        error(&format!("{}{cut}", pem!("p256.pub"))).starts_with("block 2 (CERTIFICATE): the PEM block is")
    );
    let odd = "-----BEGIN \u{1b}[31m-----\n-----END \u{1b}[31m-----\n";
    assert!(error(odd).starts_with("block 1 (unreadable): a PEM block that is neither"));
    assert_eq!(one(&format!("\u{feff}{}", pem!("p256.crt"))), one(pem!("p256.crt")));
    assert_eq!(one(&format!("\u{feff}{}", body(pem!("p256.crt")))), one(pem!("p256.crt")));
}

#[test]
fn r47_moments_are_told() {
    let expired = one(pem!("expired-with-text"));
    let text = |now| expired.problem_at(now).map(|problem| problem.to_string());
    assert_eq!(text(1_700_000_000).as_deref(), Some("the certificate expired at 2020-12-31T23:59:59Z"));
    assert_eq!(
        text(1_500_000_000).as_deref(),
        Some("the certificate is not valid before 2020-01-01T00:00:00Z")
    );
    assert_eq!(text(1_577_836_800), None);
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
