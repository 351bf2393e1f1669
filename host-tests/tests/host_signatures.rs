//! Signatures by the host agree with the portable ones, case by case: R31, R33.

#[allow(unexpected_cfgs, reason = "the feature of core that brings the second verifier")]
#[path = "../../src/core/tests/vectors/mod.rs"]
mod vectors;

use asserta::signatures::{Algorithm as HostAlgorithm, Signatures as AwsLc, SigningError};
use asserta_core::jose::signatures::{ByHost, HostSignatures};
use asserta_core::jose::{Algorithm, Portable, Signatures, SigningAlgorithm, SigningKey};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use host_tests::torture::report;
use vectors::judge;
use vectors::suite::{Case, FILES, compare};

/// What a component reaches through `asserta:exchange/signatures`.
struct Native(AwsLc);

impl HostSignatures for Native {
    fn verify(&self, algorithm: Algorithm, key: &[u8], signing_input: &[u8], signature: &[u8]) -> bool {
        self.0.verify(named(algorithm), key, signing_input, signature)
    }

    fn sign(&self, algorithm: SigningAlgorithm, key: &[u8], signing_input: &[u8]) -> Option<Vec<u8>> {
        self.0.sign(named(algorithm.algorithm()), key, signing_input).ok()
    }
}

fn named(algorithm: Algorithm) -> HostAlgorithm {
    match algorithm {
        Algorithm::Rs256 => HostAlgorithm::Rs256,
        Algorithm::Rs384 => HostAlgorithm::Rs384,
        Algorithm::Rs512 => HostAlgorithm::Rs512,
        Algorithm::Ps256 => HostAlgorithm::Ps256,
        Algorithm::Ps384 => HostAlgorithm::Ps384,
        Algorithm::Ps512 => HostAlgorithm::Ps512,
        Algorithm::Es256 => HostAlgorithm::Es256,
        Algorithm::Es384 => HostAlgorithm::Es384,
        Algorithm::Es512 => HostAlgorithm::Es512,
        Algorithm::EdDsa => HostAlgorithm::EdDsa,
    }
}

fn host() -> ByHost<Native> {
    ByHost(Native(AwsLc::default()))
}

/// R31, R33: the same list of files and deviations holds for the host.
#[test]
fn r33_the_vectors() {
    let host = host();
    let mut all = 0;
    for file in FILES.iter().filter(|file| file.algorithm.is_some()) {
        let verdict = |case: &Case| {
            let Case::Signature { algorithm, keys, message, signature } = case else {
                unreachable!("a file of signatures")
            };
            let algorithm = Algorithm::from_name(algorithm).expect("an algorithm of ours");
            judge::key(&keys[0]).is_some_and(|key| host.verify(algorithm, &key, message, signature).is_ok())
        };
        let summary = compare(file, verdict);
        println!("{:<56} {:>6} cases, {} deviations", summary.path, summary.cases, summary.deviations);
        all += summary.cases;
    }
    report("public vectors by the host's signatures", all, 0);
    assert!(all > 4600, "only {all} cases were judged");
}

/// What the host signs verifies portably, and the other way round; another input does not.
#[test]
fn both_ways() {
    let host = host();
    for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::EdDsa, SigningAlgorithm::Rs256] {
        let key = SigningKey::generate(algorithm, &[7; 32]);
        let (algorithm, public) = (algorithm.algorithm(), key.public_key());
        let by_host = host.sign(&key, b"e30.e30", &[0; 32]).expect("it signs");
        assert_eq!(Portable.verify(algorithm, public, b"e30.e30", &by_host), Ok(()), "{algorithm}");
        assert_eq!(
            host.verify(algorithm, public, b"e30.e30", &key.sign(b"e30.e30", &[0; 32])),
            Ok(()),
            "{algorithm}"
        );
        assert!(host.verify(algorithm, public, b"e30.e31", &by_host).is_err(), "{algorithm}");
    }
}

/// R33: whatever a component hands over, aws-lc says no.
#[test]
fn r33_whatever_comes_the_answer_is_false() {
    let host = AwsLc::default();
    let ours = [SigningAlgorithm::Es256, SigningAlgorithm::EdDsa, SigningAlgorithm::Rs256]
        .map(|algorithm| SigningKey::generate(algorithm, &[7; 32]));
    let mut keys: Vec<Vec<u8>> = ours.iter().map(|key| key.public_key().spki().to_vec()).collect();
    keys.extend(ours.iter().map(|key| key.pkcs8().to_vec()));
    keys.extend([vec![], vec![0], vec![0x30, 0x80], vec![0xff; 100_000], keys[0][1..].to_vec()]);
    let sizes = [0, 1, 64, 96, 132, 256, 100_000];
    for (algorithm, key) in
        Algorithm::ALL.iter().flat_map(|algorithm| keys.iter().map(move |key| (algorithm, key)))
    {
        for signature in sizes.iter().flat_map(|size| [vec![0; *size], vec![0xff; *size]]) {
            let verdict = host.verify(named(*algorithm), key, b"e30.e30", &signature);
            assert!(!verdict, "{algorithm}: {} bytes with a key of {}", signature.len(), key.len());
        }
    }
}

/// R33: ECDSA in DER is refused, whatever its length.
#[test]
fn r33_ecdsa_is_never_der() {
    let key = SigningKey::generate(SigningAlgorithm::Es256, &[7; 32]);
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.pkcs8()).expect("our own key");
    for _ in 0..50 {
        let der = pair.sign(&SystemRandom::new(), b"e30.e30").expect("it signs");
        for signature in [der.as_ref(), &der.as_ref()[..64]] {
            let spki = key.public_key().spki();
            assert!(!AwsLc::default().verify(HostAlgorithm::Es256, spki, b"e30.e30", signature));
        }
    }
}

/// Case 4 of "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko): valid only with the cofactor.
#[test]
fn r33_ed25519_has_no_cofactor() {
    let bytes = |hex: &str| -> Vec<u8> {
        let pairs = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16));
        pairs.collect::<Result<_, _>>().expect("hexadecimal digits")
    };
    let key =
        bytes("302a300506032b6570032100cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d");
    let message = bytes("e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c");
    let signature = bytes(concat!(
        "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed512",
        "5ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09",
    ));
    assert!(!AwsLc::default().verify(HostAlgorithm::EdDsa, &key, &message, &signature));
}

/// A key of another kind signs nothing, and neither does an algorithm that our keys never have.
#[test]
fn unusable_keys() {
    let host = AwsLc::default();
    let ours = [SigningAlgorithm::Es256, SigningAlgorithm::EdDsa, SigningAlgorithm::Rs256];
    for algorithm in Algorithm::ALL {
        for other in ours.into_iter().filter(|ours| ours.algorithm() != algorithm) {
            let key = SigningKey::generate(other, &[7; 32]);
            let signed = host.sign(named(algorithm), key.pkcs8(), b"e30.e30");
            assert_eq!(signed, Err(SigningError::UnusableKey), "{algorithm} with {other}");
        }
        for garbage in [&[][..], &[0; 32], &[0x30, 0x80]] {
            assert_eq!(host.sign(named(algorithm), garbage, b"e30.e30"), Err(SigningError::UnusableKey));
        }
    }
}
