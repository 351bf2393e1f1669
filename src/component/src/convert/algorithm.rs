//! Algorithms.

use asserta_core::jose::{Algorithm, SigningAlgorithm};

use crate::bindings::wit::types;

impl From<types::Algorithm> for Algorithm {
    fn from(algorithm: types::Algorithm) -> Self {
        match algorithm {
            types::Algorithm::Rs256 => Self::Rs256,
            types::Algorithm::Rs384 => Self::Rs384,
            types::Algorithm::Rs512 => Self::Rs512,
            types::Algorithm::Ps256 => Self::Ps256,
            types::Algorithm::Ps384 => Self::Ps384,
            types::Algorithm::Ps512 => Self::Ps512,
            types::Algorithm::Es256 => Self::Es256,
            types::Algorithm::Es384 => Self::Es384,
            types::Algorithm::Es512 => Self::Es512,
            types::Algorithm::Eddsa => Self::EdDsa,
        }
    }
}

impl From<Algorithm> for types::Algorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Rs256 => Self::Rs256,
            Algorithm::Rs384 => Self::Rs384,
            Algorithm::Rs512 => Self::Rs512,
            Algorithm::Ps256 => Self::Ps256,
            Algorithm::Ps384 => Self::Ps384,
            Algorithm::Ps512 => Self::Ps512,
            Algorithm::Es256 => Self::Es256,
            Algorithm::Es384 => Self::Es384,
            Algorithm::Es512 => Self::Es512,
            Algorithm::EdDsa => Self::Eddsa,
        }
    }
}

impl From<types::SigningAlgorithm> for SigningAlgorithm {
    fn from(algorithm: types::SigningAlgorithm) -> Self {
        match algorithm {
            types::SigningAlgorithm::Es256 => Self::Es256,
            types::SigningAlgorithm::Eddsa => Self::EdDsa,
            types::SigningAlgorithm::Rs256 => Self::Rs256,
        }
    }
}

impl From<SigningAlgorithm> for types::SigningAlgorithm {
    fn from(algorithm: SigningAlgorithm) -> Self {
        match algorithm {
            SigningAlgorithm::Es256 => Self::Es256,
            SigningAlgorithm::EdDsa => Self::Eddsa,
            SigningAlgorithm::Rs256 => Self::Rs256,
        }
    }
}
