//! Two implementations of each signature, one verdict: on signatures that were good before they were varied (R33).
//!
//! The input: the algorithm's number, the key as two length bytes and as many bytes, the signature likewise, and the
//! rest is what was signed. The seeds are vectors; libFuzzer varies them.
#![no_main]

use asserta_core::jose::key::Curve;
use asserta_core::jose::signatures::JwtSimple;
use asserta_core::jose::{Algorithm, Portable, PublicKey, Signatures as _};

asserta_fuzz::target!(|input| {
    let Some((number, rest)) = input.split_first() else { return };
    let Some((key, rest)) = counted(rest) else { return };
    let Some((signature, signed)) = counted(rest) else { return };
    let algorithm = Algorithm::ALL[usize::from(*number) % Algorithm::ALL.len()];
    let key = match algorithm {
        Algorithm::Es256 => PublicKey::from_sec1(Curve::P256, key),
        Algorithm::Es384 => PublicKey::from_sec1(Curve::P384, key),
        Algorithm::Es512 => PublicKey::from_sec1(Curve::P521, key),
        Algorithm::EdDsa => PublicKey::from_ed25519(key),
        _ => PublicKey::from_rsa(key, &[1, 0, 1]),
    };
    let Ok(key) = key else { return };

    let verdict = Portable.verify(algorithm, &key, signed, signature);
    assert_eq!(
        verdict,
        JwtSimple.verify(algorithm, &key, signed, signature),
        "R33: two verdicts on {algorithm}"
    );
    for other in Algorithm::ALL.into_iter().filter(|other| !key.algorithms().contains(other)) {
        assert!(
            Portable.verify(other, &key, signed, signature).is_err(),
            "R31: {other} with another type of key"
        );
    }
    if verdict.is_ok() {
        let altered = [signed, b"."].concat();
        assert!(Portable.verify(algorithm, &key, &altered, signature).is_err(), "R33: good for anything");
        let longer = [signature, &[0]].concat();
        assert!(Portable.verify(algorithm, &key, signed, &longer).is_err(), "R33: a byte too many");
        assert!(Portable.verify(algorithm, &key, signed, &signature[1..]).is_err(), "R33: a byte too few");
        let zeros = vec![0; signature.len()];
        assert!(Portable.verify(algorithm, &key, signed, &zeros).is_err(), "R33: psychic");
    }
});

/// Two length bytes and as many bytes; then the rest.
fn counted(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = input.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}
