//! `asserta:exchange/signatures` on [`Signatures`](crate::signatures::Signatures).

use zeroize::Zeroize as _;

use super::Guest;
use crate::signatures::bindings::asserta::exchange::signatures::Host;
use crate::signatures::{Algorithm, SigningError};

impl Host for Guest {
    fn verify(
        &mut self,
        algorithm: Algorithm,
        key: Vec<u8>,
        signing_input: Vec<u8>,
        signature: Vec<u8>,
    ) -> wasmtime::Result<bool> {
        Ok(self.world.signatures.verify(algorithm, &key, &signing_input, &signature))
    }

    fn sign(
        &mut self,
        algorithm: Algorithm,
        mut key: Vec<u8>,
        signing_input: Vec<u8>,
    ) -> wasmtime::Result<Result<Vec<u8>, SigningError>> {
        let signature = self.world.signatures.sign(algorithm, &key, &signing_input);
        key.zeroize();
        Ok(signature)
    }
}
