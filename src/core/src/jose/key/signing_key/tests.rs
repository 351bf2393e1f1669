use alloc::format;

use super::*;
use crate::jose::{Portable, Signatures as _, VerificationKey, base64url};

const ALL: [SigningAlgorithm; 3] =
    [SigningAlgorithm::Es256, SigningAlgorithm::EdDsa, SigningAlgorithm::Rs256];

#[test]
fn what_is_signed_verifies_with_the_published_key() {
    for algorithm in ALL {
        let key = SigningKey::generate(algorithm, &[7; 32]);
        let signature = key.sign(b"header.claims", &[0; 32]);
        assert_eq!(signature, key.sign(b"header.claims", &[1; 32]), "whatever blinds it");
        let jwk = key.public_jwk();
        let jwk = jwk.as_object().expect("an object");
        let published = VerificationKey::from_jwk(jwk).expect("usable by anybody (R64)");
        assert_eq!(published.kid.as_deref(), Some(key.kid()));
        assert_eq!(jwk.get("use").and_then(Value::as_str), Some("sig"));
        assert!(published.fits(algorithm.algorithm()));
        let verify =
            |input: &[u8]| Portable.verify(algorithm.algorithm(), &published.material, input, &signature);
        assert!(verify(b"header.claims").is_ok());
        assert!(verify(b"header.claimz").is_err());
    }
}

#[test]
fn stored_keys_come_back() {
    for algorithm in ALL {
        let key = SigningKey::generate(algorithm, &[9; 32]);
        let stored = key.to_stored();
        let back = SigningKey::from_stored(algorithm, &stored).expect("what was stored");
        assert_eq!(back.kid(), key.kid());
        assert_eq!(back.sign(b"x", &[0; 32]), key.sign(b"x", &[0; 32]));
        assert_eq!(*back.to_stored(), *stored);
        assert!(SigningKey::from_stored(algorithm, &stored[1..]).is_err());
        assert!(SigningKey::from_stored(algorithm, &[]).is_err());
    }
    // Zero, and the order of P-256, are no private keys.
    assert!(SigningKey::from_stored(SigningAlgorithm::Es256, &[0; 32]).is_err());
    assert!(SigningKey::from_stored(SigningAlgorithm::Es256, &[0xff; 32]).is_err());
}

#[test]
fn a_seed_decides_the_key_and_debug_shows_no_secret() {
    for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::EdDsa] {
        let kid = |seed: u8| String::from(SigningKey::generate(algorithm, &[seed; 32]).kid());
        assert_eq!(kid(1), kid(1));
        assert_ne!(kid(1), kid(2));
    }
    let key = SigningKey::generate(SigningAlgorithm::EdDsa, &[1; 32]);
    assert_eq!(format!("{key:?}"), format!("SigningKey {{ kid: {:?}, .. }}", key.kid()));
}

#[test]
fn es256_is_rfc_6979() {
    // RFC 6979 appendix A.2.5, with SHA-256, message "sample".
    let scalar = "ya-p2EW6dRZrXCFXZ7HWk05Qw9s26JsSe4piKxIPZyE";
    let scalar = base64url::decode(scalar).expect("base64url");
    let key = SigningKey::from_stored(SigningAlgorithm::Es256, &scalar).expect("a scalar");
    let hex: String = key.sign(b"sample", &[0; 32]).iter().map(|byte| format!("{byte:02X}")).collect();
    assert_eq!(hex[..64], *"EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716");
    assert_eq!(hex[64..], *"F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8");
}

#[test]
fn ed_dsa_is_rfc_8037() {
    // RFC 8037 appendices A.1 and A.4.
    let seed = base64url::decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").expect("base64url");
    let key = SigningKey::from_stored(SigningAlgorithm::EdDsa, &seed).expect("a seed");
    assert_eq!(
        base64url::encode(&key.sign(b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc", &[0; 32])),
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    );
}

#[test]
fn names() {
    for algorithm in ALL {
        assert_eq!(SigningAlgorithm::from_name(algorithm.name()), Some(algorithm));
    }
    assert_eq!(SigningAlgorithm::from_name("HS256"), None);
}
