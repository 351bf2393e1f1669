//! `asserta:exchange/signatures` on [`Signatures`](crate::signatures::Signatures).

use zeroize::Zeroize as _;

use self::bindings::asserta::exchange::signatures::{Algorithm, Host, SigningError};
use super::Guest;
use crate::signatures;

mod bindings {
    wasmtime::component::bindgen!({
        inline: "
            package asserta:host-signatures;
            world signatures {
                import asserta:exchange/signatures@0.1.0;
            }
        ",
        path: "../../wit",
        imports: { default: trappable },
    });
}

pub(super) use bindings::Signatures as Imports;

impl Host for Guest {
    fn verify(
        &mut self,
        algorithm: Algorithm,
        key: Vec<u8>,
        signing_input: Vec<u8>,
        signature: Vec<u8>,
    ) -> wasmtime::Result<bool> {
        Ok(self.world.signatures.verify(named(algorithm), &key, &signing_input, &signature))
    }

    fn sign(
        &mut self,
        algorithm: Algorithm,
        mut key: Vec<u8>,
        signing_input: Vec<u8>,
    ) -> wasmtime::Result<Result<Vec<u8>, SigningError>> {
        let signature = self.world.signatures.sign(named(algorithm), &key, &signing_input);
        key.zeroize();
        Ok(signature.map_err(|error| match error {
            signatures::SigningError::UnusableKey => SigningError::UnusableKey,
            signatures::SigningError::Failed => SigningError::Failed,
        }))
    }
}

fn named(algorithm: Algorithm) -> signatures::Algorithm {
    match algorithm {
        Algorithm::Rs256 => signatures::Algorithm::Rs256,
        Algorithm::Rs384 => signatures::Algorithm::Rs384,
        Algorithm::Rs512 => signatures::Algorithm::Rs512,
        Algorithm::Ps256 => signatures::Algorithm::Ps256,
        Algorithm::Ps384 => signatures::Algorithm::Ps384,
        Algorithm::Ps512 => signatures::Algorithm::Ps512,
        Algorithm::Es256 => signatures::Algorithm::Es256,
        Algorithm::Es384 => signatures::Algorithm::Es384,
        Algorithm::Es512 => signatures::Algorithm::Es512,
        Algorithm::EdDsa => signatures::Algorithm::EdDsa,
    }
}
