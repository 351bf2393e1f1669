use alloc::format;
use alloc::string::ToString as _;

use super::*;
use crate::jose::key::public_key::thumbprint;

const P256: &str = r#""kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#;
const ED25519: &str = r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;
// RFC 7638 section 3.1.
const RSA_N: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

fn rsa(n: &str, e: &str) -> String {
    format!(r#""kty":"RSA","n":"{n}","e":"{e}""#)
}

fn key(members: &str) -> Result<VerificationKey, KeyProblem> {
    let jwk = json::parse_object(format!("{{{members}}}").as_bytes()).expect("JSON");
    VerificationKey::from_jwk(&jwk)
}

fn problem(members: &str) -> KeyProblem {
    key(members).expect_err(members)
}

#[test]
fn thumbprints_of_the_rfcs() {
    let rsa = key(&rsa(RSA_N, "AQAB")).expect("RFC 7638 section 3.1");
    assert_eq!(thumbprint(&rsa.material), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    let ed25519 = key(ED25519).expect("RFC 8037 appendix A.2");
    assert_eq!(thumbprint(&ed25519.material), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn members_that_matter() {
    let full = key(&format!(
        r#"{P256},"kid":"1","alg":"ES256","use":"sig","key_ops":["verify"],"x5c":["ignored"],"x5u":7,"more":{{}}"#
    ))
    .expect("RFC 7515 appendix A.3");
    assert_eq!((full.kid.as_deref(), full.algorithm), (Some("1"), Some(Algorithm::Es256)));
    assert_eq!(full.validity, None);
    assert!(full.fits(Algorithm::Es256) && !full.fits(Algorithm::Es384));
    let plain = key(&rsa(RSA_N, "AQAB")).expect("usable");
    assert!(plain.fits(Algorithm::Rs512) && plain.fits(Algorithm::Ps256) && !plain.fits(Algorithm::Es256));
    let pinned = key(&format!(r#"{},"alg":"PS256""#, rsa(RSA_N, "AQAB"))).expect("usable");
    assert!(pinned.fits(Algorithm::Ps256) && !pinned.fits(Algorithm::Rs256));
    let renamed = key(&format!(r#"{ED25519},"alg":"Ed25519""#)).expect("RFC 9864");
    assert!(renamed.fits(Algorithm::EdDsa));
}

#[test]
fn r31_rsa_strength() {
    let n = base64url::decode(RSA_N).expect("base64url");
    let with = |n: &[u8], e: &[u8]| problem(&rsa(&base64url::encode(n), &base64url::encode(e)));
    // 2047 bits: the modulus starts with a zero bit.
    let mut small = n.clone();
    small[0] = 0x7f;
    assert_eq!(with(&small, &[1, 0, 1]), KeyProblem::RsaTooSmall);
    assert_eq!(with(&n[..128], &[1, 0, 1]), KeyProblem::RsaTooSmall);
    assert_eq!(with(&[], &[1, 0, 1]), KeyProblem::RsaTooSmall);
    let mut large = n.repeat(4);
    assert_eq!(with(&[&[1][..], &large].concat(), &[1, 0, 1]), KeyProblem::RsaTooLarge);
    *large.last_mut().expect("not empty") |= 1;
    assert!(key(&rsa(&base64url::encode(&large), "AQAB")).is_ok(), "8192 bits are allowed");
    for e in [
        &[][..],
        &[0],
        &[1],
        &[3],
        &[17],
        &[0, 1],
        &[1, 0, 0],
        &[0xff, 0xff],
        &[1; 9],
        &[255; 8],
        &[2, 0, 0, 0, 1],
    ] {
        assert_eq!(with(&n, e), KeyProblem::RsaExponent, "{e:?}");
    }
    let mut even = n.clone();
    *even.last_mut().expect("not empty") &= 0xfe;
    assert_eq!(with(&even, &[1, 0, 1]), KeyProblem::RsaEvenModulus);
    // RFC 7518 section 6.3.1.1 notes that some write an extra zero byte.
    let padded = [&[0][..], &n].concat();
    assert_eq!(key(&rsa(&base64url::encode(&padded), "AAEAAQ")), key(&rsa(RSA_N, "AQAB")));
}

#[test]
fn r53_unusable_keys() {
    let zero = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let one = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    // P-256's x in 31 bytes, as libraries write a coordinate that begins with a zero byte.
    let short = "g83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVA";
    let short_x = KeyProblem::Length { name: "x", found: 31, wanted: 32 };
    for (members, expected) in [
        (String::new(), KeyProblem::Missing("kty")),
        (r#""kty":1"#.to_string(), KeyProblem::NotText("kty")),
        (r#""kty":"oct","k":"c2VjcmV0""#.to_string(), KeyProblem::Symmetric),
        (r#""kty":"AKP","alg":"ML-DSA-44","pub":"AA""#.to_string(), KeyProblem::UnknownType),
        (format!(r#"{P256},"d":"AA""#), KeyProblem::Private),
        (format!(r#"{},"p":"AA""#, rsa(RSA_N, "AQAB")), KeyProblem::Private),
        (format!(r#"{P256},"use":"enc""#), KeyProblem::NotForSignatures),
        (format!(r#"{P256},"use":"jwt-svid""#), KeyProblem::ForJwtSvids),
        (format!(r#"{P256},"use":"x509-svid""#), KeyProblem::ForX509Svids),
        (format!(r#"{P256},"use":null"#), KeyProblem::NotText("use")),
        (format!(r#"{P256},"key_ops":["sign"]"#), KeyProblem::NotForVerification),
        (format!(r#"{P256},"key_ops":"verify""#), KeyProblem::NotAnArray("key_ops")),
        (format!(r#"{P256},"alg":"ES384""#), KeyProblem::AlgorithmMismatch),
        (format!(r#"{P256},"alg":"ES521""#), KeyProblem::AlgorithmMismatch),
        (format!(r#"{P256},"alg":"HS256""#), KeyProblem::AlgorithmMismatch),
        (format!(r#"{P256},"alg":256"#), KeyProblem::NotText("alg")),
        (format!(r#"{P256},"kid":1"#), KeyProblem::NotText("kid")),
        (P256.replace("P-256", "P-384"), KeyProblem::Length { name: "x", found: 32, wanted: 48 }),
        (P256.replace("P-256", "secp256k1"), KeyProblem::UnknownCurve),
        (P256.replace("x_FEz", "x_FEy"), KeyProblem::NotOnCurve),
        (P256.replace("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", short), short_x),
        (P256.replace("f83OJ3D2x", "f83OJ3D2"), KeyProblem::NotBase64Url("x")),
        (P256.replace(r#""kty":"EC""#, r#""kty":"RSA""#), KeyProblem::Missing("n")),
        (format!(r#""kty":"EC","crv":"P-256","x":"{zero}","y":"{zero}""#), KeyProblem::NotOnCurve),
        (r#""kty":"EC","x":"AA","y":"AA""#.to_string(), KeyProblem::Missing("crv")),
        (ED25519.replace("Ed25519", "X25519"), KeyProblem::UnknownCurve),
        (ED25519.replace("11qYAYK", "11qYAY"), KeyProblem::NotBase64Url("x")),
        (format!(r#""kty":"OKP","crv":"Ed25519","x":"{zero}""#), KeyProblem::NotOnCurve),
        (format!(r#""kty":"OKP","crv":"Ed25519","x":"{one}""#), KeyProblem::NotOnCurve),
        (rsa(&format!("{RSA_N}=="), "AQAB"), KeyProblem::Padded("n")),
        (rsa(&RSA_N.replace('_', "/"), "AQAB"), KeyProblem::NotBase64Url("n")),
        (format!(r#""kty":"RSA","n":"{RSA_N}""#), KeyProblem::Missing("e")),
    ] {
        assert_eq!(problem(&members), expected, "{members}");
    }
}

#[test]
fn r53_unusable_keys_are_skipped() {
    let document = format!(
        r#"{{"keys":[{{"kty":"oct","k":"AA"}},{{{P256},"kid":"a"}},7,{{{ED25519},"kid":"a"}}],"x":1}}"#
    );
    let set = JwkSet::parse(document.as_bytes()).expect("a set");
    assert_eq!(set.keys.len(), 2);
    let skipped = |index, reason| SkippedKey { key: KeyPlace::Element(index), reason };
    assert_eq!(set.skipped, [skipped(0, KeyProblem::Symmetric), skipped(2, KeyProblem::NotAnObject)]);
    assert_eq!(set.skipped[0].to_string(), "keys[0]: a symmetric key never verifies an assertion");
    assert_eq!(JwkSet::parse(br#"{"keys":[]}"#), Ok(JwkSet::default()));
}

/// R47: what .NET writes for lists that are not set, and for the members of a private key.
#[test]
fn r47_members_without_a_value() {
    for (members, private) in [
        (r#""oth":[],"x5c":[],"key_ops":[]"#, false),
        (r#""d":null,"p":null,"q":"","dp":"","dq":"","qi":"","k":"","oth":[]"#, false),
        (r#""k":"AA""#, false),
        (r#""d":"""#, true),
        (r#""d":"AA""#, true),
        (r#""d":7"#, true),
        (r#""q":"AA""#, true),
        (r#""oth":[{"r":"AA"}]"#, true),
    ] {
        for public in [rsa(RSA_N, "AQAB"), P256.to_string(), ED25519.to_string()] {
            let read = key(&format!("{public},{members}"));
            assert_eq!(read.err(), private.then_some(KeyProblem::Private), "{members}");
        }
    }
}

/// R47: keys for JWT-SVIDs count where somebody asks for them, those for certificates never, and all else is as ever.
#[test]
fn r47_keys_of_a_bundle() {
    let read = |members: &str| {
        let jwk = json::parse_object(format!("{{{members}}}").as_bytes()).expect("JSON");
        VerificationKey::from_jwk_for(&jwk, KeyUse::JwtSvids).err()
    };
    for (members, problem) in [
        (P256.to_string(), None),
        (format!(r#"{P256},"use":"sig""#), None),
        (format!(r#"{P256},"use":"jwt-svid","kid":"a""#), None),
        (format!(r#"{P256},"use":"x509-svid""#), Some(KeyProblem::ForX509Svids)),
        // The values are case sensitive (SPIFFE Trust Domain and Bundle section 4.2.2).
        (format!(r#"{P256},"use":"JWT-SVID""#), Some(KeyProblem::NotForSignatures)),
        (format!(r#"{P256},"use":"jwt-svid ""#), Some(KeyProblem::NotForSignatures)),
        (format!(r#"{P256},"use":"wit-svid""#), Some(KeyProblem::NotForSignatures)),
        (format!(r#"{P256},"use":"enc""#), Some(KeyProblem::NotForSignatures)),
        (format!(r#"{P256},"use":["jwt-svid"]"#), Some(KeyProblem::NotText("use"))),
        (format!(r#"{P256},"use":"jwt-svid","key_ops":["sign"]"#), Some(KeyProblem::NotForVerification)),
        (format!(r#"{P256},"use":"jwt-svid","d":"AA""#), Some(KeyProblem::Private)),
        (r#""kty":"oct","k":"AA","use":"jwt-svid""#.to_string(), Some(KeyProblem::Symmetric)),
    ] {
        assert_eq!(read(&members), problem, "{members}");
    }
    // As SPIRE serves it, in the clear; a set that is not strict JSON as a whole is read key by key.
    let authority = format!(r#"{{{P256},"use":"x509-svid","x5c":["AA"]}}"#);
    let keys = format!(r#""keys":[{authority},{{{ED25519},"use":"jwt-svid","kid":"a"}}]"#);
    for document in [
        format!(r#"{{{keys},"spiffe_sequence":7,"spiffe_refresh_hint":300}}"#),
        format!(r#"{{{keys},"a":1,"a":1}}"#),
    ] {
        let bundle = JwkSet::parse_for(document.as_bytes(), KeyUse::JwtSvids).expect("a set");
        assert_eq!(bundle.keys.len(), 1, "{document}");
        let skipped = |index, reason| SkippedKey { key: KeyPlace::Element(index), reason };
        assert_eq!(bundle.skipped, [skipped(0, KeyProblem::ForX509Svids)]);
        let plain = JwkSet::parse(document.as_bytes()).expect("a set");
        assert_eq!((plain.keys.len(), plain.skipped.len()), (0, 2), "{document}");
        assert_eq!(plain.skipped[1], skipped(1, KeyProblem::ForJwtSvids));
    }
}

/// R53: one key never spoils its set, whatever is wrong with it.
#[test]
fn r53_keys_that_are_not_strict_json() {
    let deep = format!(r#"{{{P256},"x5c":{}{}}}"#, "[".repeat(30), "]".repeat(30));
    for (bad, problem) in [
        (format!("{{{P256},{P256}}}"), KeyProblem::MemberTwice),
        (format!(r#"{{{P256},"more":[{{"a":1,"a":1}}]}}"#), KeyProblem::MemberTwice),
        (deep, KeyProblem::NotStrictJson),
        (format!(r#"{{{P256},"more":1e400}}"#), KeyProblem::NotStrictJson),
    ] {
        let set = JwkSet::parse(format!(r#"{{"keys":[{bad},{{{ED25519}}},7]}}"#).as_bytes()).expect(&bad);
        let skipped = |index, reason| SkippedKey { key: KeyPlace::Element(index), reason };
        assert_eq!(set.skipped, [skipped(0, problem), skipped(2, KeyProblem::NotAnObject)], "{bad}");
        assert_eq!(set.keys.len(), 1, "{bad}");
    }
}

#[test]
fn a_byte_order_mark_is_ignored() {
    let text = format!("\u{feff}{{\"keys\":[{{{P256}}}]}}");
    assert_eq!(JwkSet::parse(text.as_bytes()).expect("a set").keys.len(), 1);
    assert!(JwkSet::parse(format!("\u{feff}{text}").as_bytes()).is_err(), "one is enough");
}

#[test]
fn documents_that_are_no_set() {
    assert_eq!(JwkSet::parse(b"{}"), Err(JwkSetError::NoKeys));
    for array in ["[[]]", " [[{}]]", "[]", "\u{feff}[[]]"] {
        assert!(JwkSet::parse(array.as_bytes()).is_err(), "{array}");
    }
    assert_eq!(JwkSet::parse(br#"{"keys":{}}"#), Err(JwkSetError::NoKeys));
    assert_eq!(JwkSet::parse(format!("{{{P256}}}").as_bytes()), Err(JwkSetError::SingleKey));
    assert_eq!(
        JwkSet::parse(br#"{"issuer":"https://a.example","jwks_uri":"https://a.example/keys"}"#),
        Err(JwkSetError::Metadata)
    );
    for (text, form) in [
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", Form::Pem),
        ("<html><body>Sign in</body></html>", Form::Html),
        ("{\0\"\0k\0", Form::Utf16),
    ] {
        assert_eq!(JwkSet::parse(text.as_bytes()), Err(JwkSetError::OtherForm(form)));
    }
    assert_eq!(JwkSet::parse(b"[]"), Err(JwkSetError::NotJson(JsonError::NotAnObject)));
    assert_eq!(
        JwkSet::parse(br#"{"keys":[],"keys":[]}"#),
        Err(JwkSetError::NotJson(JsonError::DuplicateMember))
    );
    assert!(matches!(JwkSet::parse(b"{\"keys\":[}"), Err(JwkSetError::NotJson(JsonError::Syntax { .. }))));
}

/// R53: 200 keys are read, and further ones named.
#[test]
fn r53_more_keys_than_are_read() {
    let many = |count: usize| {
        let document = format!(r#"{{"keys":[{}{{{P256}}}]}}"#, "{},".repeat(count - 1));
        JwkSet::parse(document.as_bytes()).expect("a set")
    };
    assert_eq!((many(200).keys.len(), many(200).skipped.len()), (1, 199));
    let (keys, mut skipped) = (many(250).keys, many(250).skipped);
    assert_eq!((keys.len(), skipped.len()), (0, 201));
    let last = SkippedKey { key: KeyPlace::ElementsFrom(200), reason: KeyProblem::TooMany };
    assert_eq!(skipped.pop(), Some(last.clone()));
    assert_eq!(last.to_string(), "keys[200] and all after it: more than 200 keys");
}

#[test]
fn keys_that_cost_much() {
    let n = base64url::decode(RSA_N).expect("base64url");
    let costly = |factor: usize, e: &[u8]| {
        let mut n = n.repeat(factor);
        *n.last_mut().expect("not empty") |= 1;
        let key = key(&rsa(&base64url::encode(&n), &base64url::encode(e)));
        key.expect("usable").material.is_costly()
    };
    assert_eq!([1, 2, 3, 4].map(|factor| costly(factor, &[1, 0, 1])), [false, false, true, true]);
    // 66 products instead of 18.
    let longest = [1, 0xff, 0xff, 0xff, 0xff];
    assert_eq!([1, 2, 3, 4].map(|factor| costly(factor, &longest)), [false, true, true, true]);
    assert!(!key(P256).expect("usable").material.is_costly());
}
