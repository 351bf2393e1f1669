//! A public key that is accepted survives its JWK and its numbers, and is used with its own algorithms alone
//! (R31, R47, R53). The first byte of the input says how the rest is a key.
#![no_main]

use asserta_core::jose::key::thumbprint;
use asserta_core::jose::key::{Components, Curve};
use asserta_core::jose::{Algorithm, KeyProblem, PublicKey, VerificationKey};

asserta_fuzz::target!(|input| {
    let Some((kind, rest)) = input.split_first() else { return };
    let halves = rest.split_at(rest.len() / 2);
    let key = match kind {
        b'1' => PublicKey::from_sec1(Curve::P256, rest),
        b'2' => PublicKey::from_sec1(Curve::P384, rest),
        b'3' => PublicKey::from_sec1(Curve::P521, rest),
        b'4' => PublicKey::from_ec(Curve::P256, halves.0, halves.1),
        b'5' => PublicKey::from_ec(Curve::P384, halves.0, halves.1),
        b'6' => PublicKey::from_ec(Curve::P521, halves.0, halves.1),
        b'7' => PublicKey::from_ed25519(rest),
        b'8' => PublicKey::from_rsa(rest, &[1, 0, 1]),
        b'9' if rest.len() > 4 => PublicKey::from_rsa(&rest[4..], &rest[..4]),
        _ => return,
    };
    let Ok(key) = key else { return };

    let again = match key.components() {
        Components::Rsa { n, e } => {
            assert!((2041..=8192).contains(&(n.len() * 8)) && n[0] != 0, "R31: {} bytes", n.len());
            assert!(n[n.len() - 1] & 1 == 1 && e[e.len() - 1] & 1 == 1 && e.len() > 2, "R31: even or tiny");
            PublicKey::from_rsa(&n, &e)
        }
        Components::Ec { curve, x, y } => PublicKey::from_ec(curve, &x, &y),
        Components::Ed25519 { x } => PublicKey::from_ed25519(&x),
    };
    assert_eq!(again.as_ref(), Ok(&key), "another key from its numbers");

    let mut jwk = key.jwk_members();
    assert_eq!(
        VerificationKey::from_jwk(&jwk).map(|key| key.material),
        Ok(key.clone()),
        "another key from its JWK"
    );
    jwk.insert("kid", "k");
    jwk.insert("use", "sig");
    for algorithm in Algorithm::ALL {
        jwk.insert("alg", algorithm.name());
        let read = VerificationKey::from_jwk(&jwk);
        if key.algorithms().contains(&algorithm) {
            let read = read.expect("the algorithm fits");
            assert_eq!(thumbprint(&read.material), thumbprint(&key));
            assert!(Algorithm::ALL.iter().all(|other| read.fits(*other) == (*other == algorithm)), "R31");
        } else {
            assert_eq!(read, Err(KeyProblem::AlgorithmMismatch), "R31");
        }
    }
    jwk.remove("alg");
    jwk.insert("d", "AAAA");
    assert_eq!(VerificationKey::from_jwk(&jwk), Err(KeyProblem::Private), "R53");
});
