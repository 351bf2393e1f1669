//! Asking every verifier there is.

use asserta_core::jose::{Algorithm, Portable, PublicKey, Signatures};

/// The verdict, which must be the same from every verifier.
pub(crate) fn verifies(algorithm: Algorithm, key: &PublicKey, input: &[u8], signature: &[u8]) -> bool {
    let verdict = Portable.verify(algorithm, key, input, signature).is_ok();
    #[cfg(feature = "jwt-simple")]
    {
        use asserta_core::jose::signatures::JwtSimple;
        let second = JwtSimple.verify(algorithm, key, input, signature).is_ok();
        assert_eq!(verdict, second, "the verifiers differ on {algorithm}, {key:?}");
    }
    verdict
}
