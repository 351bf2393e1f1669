//! Signatures by the host agree with the portable ones, case by case: R31, R33.

#[allow(unexpected_cfgs, reason = "the feature of core that brings the second verifier")]
#[path = "../../src/core/tests/vectors/mod.rs"]
mod vectors;

use asserta::signatures::{Algorithm as HostAlgorithm, Signatures as AwsLc};
use asserta_core::jose::signatures::{ByHost, HostSignatures};
use asserta_core::jose::{Algorithm, Portable, Signatures, SigningAlgorithm, SigningKey};
use host_tests::torture::report;
use vectors::judge;
use vectors::suite::{Case, FILES, compare};

/// What the endpoint reaches through `asserta:exchange/signatures`.
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
        let Some(summary) = compare(file, verdict) else { return };
        println!("{:<56} {:>6} cases, {} deviations", summary.path, summary.cases, summary.deviations);
        all += summary.cases;
    }
    report("public vectors by the host's signatures", all, 0);
    assert!(all > 3000, "only {all} cases were judged");
}

/// What the host signs verifies portably, and the other way round; another input does not.
#[test]
fn both_ways() {
    let host = host();
    for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::EdDsa, SigningAlgorithm::Rs256] {
        let key = SigningKey::generate(algorithm, &[7; 32]);
        let (algorithm, public) = (algorithm.algorithm(), key.public_key());
        let by_host = host.sign(&key, b"e30.e30").expect("it signs");
        assert_eq!(Portable.verify(algorithm, public, b"e30.e30", &by_host), Ok(()), "{algorithm}");
        assert_eq!(host.verify(algorithm, public, b"e30.e30", &key.sign(b"e30.e30")), Ok(()), "{algorithm}");
        assert!(host.verify(algorithm, public, b"e30.e31", &by_host).is_err(), "{algorithm}");
    }
}
