//! Both verifiers judge the signature and nothing else, and judge it alike: whatever the header
//! and the claims say, and for signatures that only a key's owner can make (R33, R45).
#![cfg(feature = "jwt-simple")]

#[path = "vectors/verdict.rs"]
mod verdict;

use asserta_core::jose::{Algorithm, PublicKey, SigningAlgorithm, SigningKey, base64url};
use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::scalar::Scalar;
use sha2::{Digest as _, Sha512};
use verdict::verifies;

const ALL: [SigningAlgorithm; 3] =
    [SigningAlgorithm::Es256, SigningAlgorithm::EdDsa, SigningAlgorithm::Rs256];

/// What stands in a header beside `alg`; jwt-simple refuses several of these.
const HEADERS: [&str; 10] = [
    "",
    r#","typ":"JWT""#,
    r#","typ":"at+jwt""#,
    r#","typ":"application/something-else""#,
    r#","jwk":{"kty":"EC"}"#,
    r#","x5c":"not an array""#,
    r#","cty":7"#,
    r#","salt":"%""#,
    r#","crit":["exp"]"#,
    r#","kid":"a","kid":"b""#,
];

/// Claims that jwt-simple would refuse, and payloads that are no claims.
const PAYLOADS: [&str; 8] = [
    "{}",
    r#"{"exp":1}"#,
    r#"{"nbf":99999999999}"#,
    r#"{"iat":99999999999}"#,
    r#"{"exp":"x"}"#,
    r#"{"iss":7}"#,
    "[]",
    "\0",
];

#[test]
fn header_and_claims_do_not_matter() {
    for algorithm in ALL {
        let key = SigningKey::generate(algorithm, &[3; 32]);
        let judge = |input: &[u8], signature: &[u8]| {
            verifies(algorithm.algorithm(), key.public_key(), input, signature)
        };
        let headers = HEADERS.iter().map(|rest| format!(r#"{{"alg":"{algorithm}"{rest}}}"#));
        let headers = headers.chain([r#"{"alg":"none"}"#.into(), "{}".into(), "no JSON".into()]);
        for header in headers {
            for payload in PAYLOADS {
                let input = format!(
                    "{}.{}",
                    base64url::encode(header.as_bytes()),
                    base64url::encode(payload.as_bytes())
                );
                let mut signature = key.sign(input.as_bytes(), &[0; 32]);
                assert!(judge(input.as_bytes(), &signature), "{header} {payload}");
                assert!(!judge(input.replacen('.', "A.", 1).as_bytes(), &signature));
                signature[7] ^= 1;
                assert!(!judge(input.as_bytes(), &signature), "{header} {payload}");
            }
        }
    }
}

#[test]
fn r33_signatures_of_every_wrong_shape() {
    for algorithm in ALL {
        let key = SigningKey::generate(algorithm, &[4; 32]);
        for input in [&b"eyJhbGciOiJFUzI1NiJ9.e30"[..], b"", b"\xff\xfe", b"a.b.c"] {
            let good = key.sign(input, &[0; 32]);
            let judge =
                |signature: &[u8]| verifies(algorithm.algorithm(), key.public_key(), input, signature);
            assert!(judge(&good));
            let zeros = vec![0; good.len()];
            let halves = good.len() / 2;
            for bad in [
                &[][..],
                &good[1..],
                &good[..good.len() - 1],
                &[&[0], &good[..]].concat(),
                &[&good[..], &[0]].concat(),
                &zeros,
                &vec![0xff; good.len()],
                &[&good[..halves], &zeros[halves..]].concat(),
                &[&zeros[..halves], &good[halves..]].concat(),
                &[&[0], &good[..halves], &[0], &good[halves..]].concat(),
            ] {
                assert!(!judge(bad), "{algorithm} {bad:?}");
            }
            for bit in (0..good.len() * 8).step_by(11) {
                let mut bad = good.clone();
                bad[bit / 8] ^= 1 << (bit % 8);
                assert!(!judge(&bad), "{algorithm} bit {bit}");
            }
        }
    }
}

#[test]
fn a_key_of_another_type_verifies_nothing() {
    let keys = ALL.map(|algorithm| SigningKey::generate(algorithm, &[5; 32]));
    for key in &keys {
        let signature = key.sign(b"e30.e30", &[0; 32]);
        for algorithm in Algorithm::ALL {
            let expected = algorithm == key.algorithm().algorithm();
            assert_eq!(verifies(algorithm, key.public_key(), b"e30.e30", &signature), expected);
        }
    }
}

/// RFC 8032 section 5.1.7 lets a verifier multiply by the cofactor or not. A signer can make
/// signatures that only the first kind accepts; every host must refuse them alike.
#[test]
fn r33_ed_dsa_is_checked_without_the_cofactor() {
    let secret = Scalar::from(123_456_789_u64);
    let public = (ED25519_BASEPOINT_POINT * secret).compress();
    let key = PublicKey::from_ed25519(public.as_bytes()).expect("a key");
    let nonce = Scalar::from(987_654_321_u64);
    for (index, torsion) in EIGHT_TORSION.iter().enumerate() {
        let message = b"eyJhbGciOiJFZERTQSJ9.e30";
        let r = (ED25519_BASEPOINT_POINT * nonce + torsion).compress();
        let hash =
            Sha512::new().chain_update(r.as_bytes()).chain_update(public.as_bytes()).chain_update(message);
        let challenge = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
        let signature = [r.to_bytes(), (nonce + challenge * secret).to_bytes()].concat();
        assert_eq!(
            verifies(Algorithm::EdDsa, &key, message, &signature),
            index == 0,
            "torsion point {index}"
        );
    }
}

#[test]
fn rsa_keys_that_jwt_simple_refuses() {
    // 4160 bits are over its limit, and 65539 is another exponent than its only one.
    for (bits, exponent) in [(4160, 65_537_u64), (2048, 65_539)] {
        use rsa::rand_core::SeedableRng as _;
        use rsa::traits::PublicKeyParts as _;
        let mut rng = chacha20::ChaCha20Rng::from_seed([6; 32]);
        let private = rsa::PrivateKey::new_with_exp(&mut rng, bits, exponent.into()).expect("a key");
        let key =
            PublicKey::from_rsa(&private.n().to_be_bytes(), &private.e().to_be_bytes()).expect("strong");
        let signature = private.pkcs1v15_sign::<sha2::Sha256>(b"e30.e30").expect("signed");
        assert!(verifies(Algorithm::Rs256, &key, b"e30.e30", &signature));
        assert!(!verifies(Algorithm::Rs256, &key, b"e30.e31", &signature));
    }
}
