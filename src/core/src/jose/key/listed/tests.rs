//! Keys as they are listed.

use alloc::format;
use alloc::string::ToString;

use super::*;
use crate::jose::key::KeyProblem;
use crate::jose::key::curve::Curve;
use crate::json;

macro_rules! pem {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/certificates/", $name, ".pem"))
    };
}

const NOW: u64 = 1_800_000_000;
const ED25519: &str = r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;

fn listed(text: &str) -> KeyListing {
    KeyListing::of_set(text.as_bytes(), KeyUse::Signatures).expect("a set")
}

/// The base64 between the lines of a PEM file, as `x5c` has it.
fn x5c(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

/// The members of the key of a certificate, as a JWK.
fn members_of(pem: &str) -> String {
    let key = certificate::import(pem).expect("a certificate").keys.remove(0).1;
    let text = Value::Object(key.material.jwk_members()).to_text();
    text.trim_matches(['{', '}']).into()
}

#[test]
fn r53_a_set_with_what_was_skipped() {
    let found = listed(&format!(
        r#"{{"keys":[1,{{{ED25519},"kid":"a","use":"sig"}},{{"kty":"oct","k":"AA"}},{{{ED25519},"alg":"EdDSA"}}]}}"#
    ));
    let places: Vec<_> = found.keys.iter().map(|key| (key.key.as_str(), key.kid.as_deref())).collect();
    assert_eq!(places, [("keys[1]", Some("a")), ("keys[3]", None)]);
    let [first, second] = &found.keys[..] else { panic!("two") };
    assert_eq!((first.kty, first.crv, first.bits), ("OKP", Some("Ed25519"), None));
    assert_eq!((first.intended.as_deref(), second.intended.as_deref()), (Some("sig"), None));
    assert_eq!(first.algorithms, [Algorithm::EdDsa]);
    // RFC 8037 appendix A.3.
    assert_eq!(first.thumbprint, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let skipped: Vec<_> = found.skipped.iter().map(ToString::to_string).collect();
    assert_eq!(
        skipped,
        ["keys[0]: not a JSON object", "keys[2]: a symmetric key never verifies an assertion"]
    );
}

/// R47: a SPIFFE bundle: its keys for JWT-SVIDs are listed where they count, its authorities nowhere.
#[test]
fn r47_a_bundle() {
    let bundle = format!(
        r#"{{"spiffe_sequence":7,"keys":[{{{ED25519},"kid":"a","use":"jwt-svid"}},{{{ED25519},"use":"x509-svid"}}]}}"#
    );
    let found = |key_use| {
        let found = KeyListing::of_set(bundle.as_bytes(), key_use).expect("a set");
        let intended: Vec<_> = found.keys.into_iter().map(|key| key.intended.unwrap_or_default()).collect();
        (intended, found.skipped)
    };
    let skipped = |index, reason| SkippedKey { key: KeyPlace::Element(index), reason };
    let authority = skipped(1, KeyProblem::ForX509Svids);
    let (intended, left_out) = found(KeyUse::JwtSvids);
    assert_eq!((&*intended, &*left_out), (&["jwt-svid".to_string()][..], &[authority.clone()][..]));
    let (intended, left_out) = found(KeyUse::Signatures);
    assert!(intended.is_empty());
    assert_eq!(left_out, [skipped(0, KeyProblem::ForJwtSvids), authority]);
}

/// R53: a set that is not strict JSON as a whole has its places, too.
#[test]
fn r53_keys_one_by_one() {
    let found =
        listed(&format!(r#"{{"x":1,"x":1,"keys":[{{"kid":"a","kid":"b"}},{{{ED25519},"kid":"c"}}]}}"#));
    assert_eq!(found.keys[0].key, "keys[1]");
    assert_eq!(found.skipped[0].key, KeyPlace::Element(0));
    let many = alloc::vec![format!("{{{ED25519}}}"); 201].join(",");
    for text in [format!(r#"{{"keys":[{many}]}}"#), format!(r#"{{"x":1,"x":1,"keys":[{many}]}}"#)] {
        let found = listed(&text);
        assert_eq!((found.keys.len(), found.skipped.len()), (200, 1));
        assert_eq!(found.keys[199].key, "keys[199]");
    }
}

#[test]
fn no_set() {
    let empty = json::parse_object(b"{}").expect("JSON");
    assert_eq!(KeyListing::of_set(b"{}", KeyUse::Signatures), Err(JwkSetError::NoKeys));
    assert_eq!(KeyListing::of_object(&empty, KeyUse::Signatures), Err(JwkSetError::NoKeys));
    assert_eq!(KeyListing::of_certificates("junk", NOW), KeyListing::default());
}

#[test]
fn types_and_sizes() {
    for (pem, kty, crv, bits) in [
        (pem!("rsa2048.crt"), "RSA", None, Some(2048)),
        (pem!("p256.crt"), "EC", Some(Curve::P256.name()), None),
        (pem!("p521.crt"), "EC", Some(Curve::P521.name()), None),
        (pem!("ed25519.crt"), "OKP", Some("Ed25519"), None),
    ] {
        let found = KeyListing::of_certificates(pem, NOW).keys.remove(0);
        assert_eq!((found.kty, found.crv, found.bits), (kty, crv, bits));
    }
}

/// A registered certificate is listed with its subject and validity; a public key has none.
#[test]
fn r47_certificates() {
    let chain = format!("{}{}{}", pem!("p256.crt"), pem!("authority.crt"), pem!("ed25519.pub"));
    let found = KeyListing::of_certificates(&chain, NOW);
    let [certified, public] = &found.keys[..] else { panic!("two: {found:?}") };
    assert_eq!((certified.key.as_str(), certified.kid.as_deref()), ("block 1 (CERTIFICATE)", None));
    let certificate = certified.certificate.as_ref().expect("a certificate");
    assert_eq!(certificate.subject, "O=Asserta tests, CN=p256");
    assert_eq!((certificate.not_before, certificate.not_after), (1_795_536_717, 4_949_136_717));
    assert_eq!((public.key.as_str(), &public.certificate), ("block 3 (PUBLIC KEY)", &None));
    assert_eq!(found.skipped[0].key.to_string(), "block 2 (CERTIFICATE)");
    assert_eq!((&certified.problem, &public.problem), (&None, &None));
    let expired = KeyListing::of_certificates(pem!("expired-with-text"), NOW).keys.remove(0);
    assert_eq!(expired.problem.as_deref(), Some("the certificate expired at 2020-12-31T23:59:59Z"));
    let der = KeyListing::of_certificates(&x5c(pem!("p256.crt")), NOW);
    assert_eq!(der.keys[0].certificate.as_ref(), Some(certificate));
}

/// RFC 7517 section 4.7: the first certificate of `x5c` is shown, and whether it is the key's.
#[test]
fn certificates_of_a_set() {
    let (own, other) = (x5c(pem!("p256.crt")), x5c(pem!("p384.crt")));
    let key = members_of(pem!("p256.crt"));
    let one = |chain: &str| {
        let found = listed(&format!(r#"{{"keys":[{{{key},"x5c":{chain}}}]}}"#));
        found.keys.into_iter().next().expect("a key").certificate
    };
    let found = one(&format!(r#"["{own}","{other}"]"#)).expect("a certificate");
    assert_eq!((found.subject.as_str(), found.problem), ("O=Asserta tests, CN=p256", None));
    let found = one(&format!(r#"["{other}"]"#)).expect("a certificate");
    assert_eq!(
        (found.subject.as_str(), found.problem),
        ("O=Asserta tests, CN=p384", Some("it certifies another key"))
    );
    for chain in ["[]", "null", "1", "[1]", r#"["!"]"#, r#"["AAAA"]"#, r#""AAAA""#] {
        assert_eq!(one(chain), None, "{chain}");
    }
}

/// A subject comes from strangers: no control characters, no more than a line.
#[test]
fn subjects_of_strangers() {
    let der = |tag: u8, content: &[u8]| {
        let mut whole = alloc::vec![tag];
        match content.len() {
            short @ 0..128 => whole.push(short as u8),
            long => whole.extend([0x82, (long >> 8) as u8, long as u8]),
        }
        whole.extend(content);
        whole
    };
    let name = |oid: &[u8], value: &[u8]| {
        let attribute = [der(6, oid), der(12, value)].concat();
        der(0x31, &der(0x30, &attribute))
    };
    let shown = |name: &[u8]| certificate::subject_of(name);
    assert_eq!(shown(&name(&[0x55, 4, 3], b"a\x1b[2J\r\nb")), "CN=a[2Jb");
    assert_eq!(shown(&name(&[0x55, 4, 99], b"x")), "2.5.4.99=x");
    assert_eq!(shown(&name(&[0x55, 4, 3], &[0xff])), "CN=?");
    assert_eq!(shown(&[name(&[0x55, 4, 10], b"o"), alloc::vec![0x31, 9]].concat()), "O=o");
    let long = shown(&name(&[0x55, 4, 3], "ä".repeat(1000).as_bytes()));
    assert!(long.len() <= 260 && long.ends_with("ä…"), "{long}");
    assert_eq!(shown(&[]), "");
}
