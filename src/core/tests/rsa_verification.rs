//! RS* and PS* verification beside the crate `rsa`, which computes it another way: R31, R33. host-tests compares more of
//! them, and with aws-lc too.

#[path = "vectors/rsa_cases.rs"]
mod rsa_cases;

use asserta_core::jose::{Portable, Signatures as _};
use chacha20::ChaCha20Rng;
use rsa::rand_core::SeedableRng as _;
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
