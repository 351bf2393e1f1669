//! RS* and PS* verification beside two other implementations, the crate `rsa` and aws-lc: R31, R33. The full count, 100 000
//! signatures of 2048 to 8192 bits, runs with `make torture`.

#[path = "../../src/core/tests/vectors/rsa_cases.rs"]
mod rsa_cases;

use std::time::Instant;

use asserta::signatures::{Algorithm as HostAlgorithm, Signatures as AwsLc};
use asserta_core::jose::{Algorithm, Portable, Signatures as _};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use chacha20::ChaCha20Rng;
use host_tests::torture::{figure, report, times};
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::rand_core::SeedableRng as _;
use rsa_cases::{ALGORITHMS, Key, each};

fn named(algorithm: Algorithm) -> HostAlgorithm {
    let names = [
        HostAlgorithm::Rs256,
        HostAlgorithm::Rs384,
        HostAlgorithm::Rs512,
        HostAlgorithm::Ps256,
        HostAlgorithm::Ps384,
        HostAlgorithm::Ps512,
    ];
    names[ALGORITHMS.iter().position(|known| *known == algorithm).expect("an algorithm of RSA")]
}

/// aws-lc makes large keys many times as fast.
fn large(size: KeySize) -> Key {
    let pair = KeyPair::generate(size).expect("a key");
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().expect("an encoding");
    Key::new(rsa::PrivateKey::from_pkcs8_der(pkcs8.as_ref()).expect("a key of aws-lc"))
}

#[test]
fn r33_three_implementations_agree() {
    let random = &mut ChaCha20Rng::from_seed([2; 32]);
    // 8 n + 1 bits: the block of PSS is a byte shorter than the modulus. 2^33 - 1 is the largest exponent.
    let kinds = [(2048, 65_537), (2049, 65_537), (2056, (1 << 33) - 1), (2055, 65_539), (2560, 65_537)];
    let mut keys: Vec<Key> =
        kinds.into_iter().map(|(bits, exponent)| Key::generate(bits, exponent, random)).collect();
    keys.extend([KeySize::Rsa3072, KeySize::Rsa4096, KeySize::Rsa8192].map(large));

    let aws_lc = AwsLc::default();
    let (mut good, mut all) = (0, 0);
    let mut spent = [0.0; 3];
    each(&mut keys, times(4000, 105_000), 8, |key, algorithm, message, signature| {
        let mut timed = |index: usize, verdict: &dyn Fn() -> bool| {
            let start = Instant::now();
            let verdict = verdict();
            spent[index] += start.elapsed().as_secs_f64();
            verdict
        };
        let ours = timed(0, &|| Portable.verify(algorithm, &key.ours, message, signature).is_ok());
        let by_rsa = timed(1, &|| key.verifies_by_rsa(algorithm, message, signature));
        let by_aws_lc = timed(2, &|| aws_lc.verify(named(algorithm), key.ours.spki(), message, signature));
        assert_eq!(
            (ours, ours),
            (by_rsa, by_aws_lc),
            "{algorithm}, {} bits, {message:x?}, {signature:x?}",
            key.bits()
        );
        all += 1;
        good += usize::from(ours);
    });
    report("RSA signatures, good, changed and forged, by three implementations", all, 0);
    figure(&format!("{good} of them good; seconds by ours, rsa, aws-lc: {spent:.2?}"));
    assert!(all >= times(3500, 100_000) && good > all / 20, "{all}, {good}");
}
