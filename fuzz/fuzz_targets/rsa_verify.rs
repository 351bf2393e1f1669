//! RS* and PS* verification has the verdict of the crate `rsa`, which computes it another way (R31, R33).
//!
//! The input: the algorithm's number, three bytes by which the exponent is varied, the modulus as two length bytes and as
//! many bytes, the signature likewise, and the rest is what was signed. The seeds are vectors; libFuzzer varies them.
#![no_main]

use asserta_core::jose::{Algorithm, KeyProblem, Portable, PublicKey, Signatures as _};
use rsa::BoxedUint;
use sha2::{Sha256, Sha384, Sha512};

asserta_fuzz::target!(|input| {
    let Some(([number, exponent @ ..], rest)) = input.split_first_chunk::<4>() else { return };
    let Some((modulus, rest)) = counted(rest) else { return };
    let Some((signature, signed)) = counted(rest) else { return };
    let algorithm = Algorithm::ALL[usize::from(*number) % 6];
    // Zeros stand for 65537.
    let exponent = [exponent[0], exponent[1], exponent[2], 1, 0, 1];
    let key = PublicKey::from_rsa(modulus, &exponent);
    let number = |bytes: &[u8]| BoxedUint::from_be_slice_vartime(bytes);
    let theirs = rsa::PublicKey::new_with_size_limits(number(modulus), number(&exponent), 2048..=8192);
    let (key, theirs) = match (key, theirs) {
        (Ok(key), Ok(theirs)) => (key, theirs),
        (Err(_), Err(_)) | (Err(KeyProblem::RsaGuessable), Ok(_)) => return,
        (ours, theirs) => panic!("R31: {ours:?} and {theirs:?}"),
    };
    let by_rsa = match algorithm {
        Algorithm::Rs256 => theirs.pkcs1v15_verify::<Sha256>(signed, signature),
        Algorithm::Rs384 => theirs.pkcs1v15_verify::<Sha384>(signed, signature),
        Algorithm::Rs512 => theirs.pkcs1v15_verify::<Sha512>(signed, signature),
        Algorithm::Ps256 => theirs.pss_verify::<Sha256>(signed, signature),
        Algorithm::Ps384 => theirs.pss_verify::<Sha384>(signed, signature),
        _ => theirs.pss_verify::<Sha512>(signed, signature),
    };
    let ours = Portable.verify(algorithm, &key, signed, signature);
    assert_eq!(ours.is_ok(), by_rsa.is_ok(), "R33: two verdicts on {algorithm}");
});

/// Two length bytes and as many bytes; then the rest.
fn counted(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = input.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}
