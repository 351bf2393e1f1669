//! RS* and PS* verification beside the crate `rsa`, which computes it another way: R31, R33, and R120 for what a guard
//! reads of keys. host-tests compares more of them, and with aws-lc too.

#[path = "vectors/rsa_cases.rs"]
mod rsa_cases;

use asserta_core::jose::{
    Algorithm, KeyProblem, OfOurTokens, Portable, PublicKey, Signatures as _, VerificationKey, base64url,
};
use asserta_core::json::{Object, Value};
use chacha20::ChaCha20Rng;
use rsa::rand_core::SeedableRng as _;
use rsa::traits::PublicKeyParts as _;
use rsa_cases::{Key, each};

#[test]
fn r33_the_verdicts_of_rsa() {
    let random = &mut ChaCha20Rng::from_seed([1; 32]);
    // 8 n + 1 bits: the block of PSS is a byte shorter than the modulus. The last exponent is the largest.
    let kinds = [(2048, 65_537), (2049, 65_537), (2055, 65_539), (2056, (1 << 33) - 1)];
    let mut keys = kinds.map(|(bits, exponent)| Key::generate(bits, exponent, random));
    let (mut good, mut all) = (0, 0);
    each(&mut keys, 3000, 7, |key, algorithm, message, signature| {
        let ours = Portable.verify(algorithm, &key.ours, message, signature).is_ok();
        let theirs = key.verifies_by_rsa(algorithm, message, signature);
        assert_eq!(ours, theirs, "{algorithm}, {} bits, {message:x?}, {signature:x?}", key.bits());
        all += 1;
        good += usize::from(ours);
    });
    println!("{all} RSA signatures as the crate rsa judges them, {good} of them good");
    assert!(all > 2500 && good > 300, "{all}, {good}");
}

/// R120: a guard reads RSA keys by less code, in two widths, and comes to the same verdicts.
#[test]
fn r120_the_verdicts_of_a_guard() {
    let random = &mut ChaCha20Rng::from_seed([2; 32]);
    let mut keys = [(2048, 65_537), (2049, 65_537)].map(|(bits, exp)| Key::generate(bits, exp, random));
    let (mut good, mut all) = (0, 0);
    each(&mut keys, 2000, 9, |key, algorithm, message, signature| {
        let guards = guards(&key.theirs.n().to_be_bytes(), &key.theirs.e().to_be_bytes()).expect("strong");
        assert_eq!(guards, key.ours);
        let wanted = Portable.verify(Algorithm::Rs256, &key.ours, message, signature).is_ok();
        let found = OfOurTokens.verify(Algorithm::Rs256, &guards, message, signature).is_ok();
        assert_eq!(found, wanted, "{} bits, {message:x?}, {signature:x?}", key.bits());
        assert!(
            algorithm == Algorithm::Rs256
                || OfOurTokens.verify(algorithm, &guards, message, signature).is_err()
        );
        all += 1;
        good += usize::from(found);
    });
    println!("{all} RSA signatures as a guard judges them, {good} of them good");
    assert!(all > 1500 && good > 30, "{all}, {good}");
}

/// R120, R31: 2048 to 4096 bits, odd, and with an exponent as everywhere.
#[test]
fn r120_rsa_keys_of_a_guard() {
    // The first byte and the last have their highest and their lowest bit set.
    let modulus = |bytes: usize| -> Vec<u8> { (0..bytes).map(|at| (at * at) as u8 ^ 0x81 | 1).collect() };
    let with_top = |bytes, top: u8| [&[top][..], &modulus(bytes)[1..]].concat();
    for n in
        [with_top(256, 0x80), with_top(257, 1), with_top(384, 0xff), with_top(512, 0x80), with_top(512, 0xff)]
    {
        let (guards, ours) = (guards(&n, &[1, 0, 1]), PublicKey::from_rsa(&n, &[1, 0, 1]));
        assert!(guards.is_ok() && guards == ours, "{} bytes", n.len());
    }
    assert_eq!(guards(&with_top(256, 0x7f), &[1, 0, 1]), Err(KeyProblem::RsaTooSmall));
    assert_eq!(guards(&with_top(513, 1), &[1, 0, 1]), Err(KeyProblem::RsaTooLarge));
    assert_eq!(guards(&with_top(256, 0x80), &[3]), Err(KeyProblem::RsaExponent));
    let mut even = with_top(256, 0x80);
    even[255] &= 0xfe;
    assert_eq!(guards(&even, &[1, 0, 1]), Err(KeyProblem::RsaEvenModulus));
}

/// The key as a guard reads it.
fn guards(n: &[u8], e: &[u8]) -> Result<PublicKey, KeyProblem> {
    let start = |bytes: &[u8]| bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let number = |bytes: &[u8]| Value::from(base64url::encode(&bytes[start(bytes)..]));
    let jwk: Object = [("kty", Value::from("RSA")), ("n", number(n)), ("e", number(e))].into_iter().collect();
    VerificationKey::of_our_types(&jwk).map(|key| key.material)
}
