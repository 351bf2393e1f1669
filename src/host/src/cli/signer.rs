//! Signs test assertions with jwt-simple: an implementation of JWS that is not the endpoint's own.

use clap::ValueEnum;
use jwt_simple::common::HeaderOptions;
use jwt_simple::prelude::*;
use serde_json::{Map, Value};

use super::failure::Failure;

/// The claims of an assertion: the registered ones, and others beside them.
pub(crate) type AssertionClaims = JWTClaims<Map<String, Value>>;

/// What an assertion can be signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Algorithm {
    #[value(name = "ES256")]
    Es256,
    #[value(name = "ES384")]
    Es384,
    #[value(name = "EdDSA")]
    EdDsa,
    #[value(name = "RS256")]
    Rs256,
    #[value(name = "RS384")]
    Rs384,
    #[value(name = "RS512")]
    Rs512,
    #[value(name = "PS256")]
    Ps256,
    #[value(name = "PS384")]
    Ps384,
    #[value(name = "PS512")]
    Ps512,
}

/// Size of a generated RSA key in bits.
const RSA_BITS: usize = 2048;

/// A key pair with its algorithm.
pub(crate) enum Signer {
    Es256(ES256KeyPair),
    Es384(ES384KeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(RS256KeyPair),
    Rs384(RS384KeyPair),
    Rs512(RS512KeyPair),
    Ps256(PS256KeyPair),
    Ps384(PS384KeyPair),
    Ps512(PS512KeyPair),
}

/// Runs the same expression on whichever key pair it is.
macro_rules! with_key {
    ($signer:expr, $key:ident => $do:expr) => {
        match $signer {
            Signer::Es256($key) => $do,
            Signer::Es384($key) => $do,
            Signer::EdDsa($key) => $do,
            Signer::Rs256($key) => $do,
            Signer::Rs384($key) => $do,
            Signer::Rs512($key) => $do,
            Signer::Ps256($key) => $do,
            Signer::Ps384($key) => $do,
            Signer::Ps512($key) => $do,
        }
    };
}

impl Signer {
    /// A new key pair.
    pub(crate) fn generate(algorithm: Algorithm) -> Result<Self, Failure> {
        let made = match algorithm {
            Algorithm::Es256 => Ok(Self::Es256(ES256KeyPair::generate())),
            Algorithm::Es384 => Ok(Self::Es384(ES384KeyPair::generate())),
            Algorithm::EdDsa => Ok(Self::EdDsa(Ed25519KeyPair::generate())),
            Algorithm::Rs256 => RS256KeyPair::generate(RSA_BITS).map(Self::Rs256),
            Algorithm::Rs384 => RS384KeyPair::generate(RSA_BITS).map(Self::Rs384),
            Algorithm::Rs512 => RS512KeyPair::generate(RSA_BITS).map(Self::Rs512),
            Algorithm::Ps256 => PS256KeyPair::generate(RSA_BITS).map(Self::Ps256),
            Algorithm::Ps384 => PS384KeyPair::generate(RSA_BITS).map(Self::Ps384),
            Algorithm::Ps512 => PS512KeyPair::generate(RSA_BITS).map(Self::Ps512),
        };
        made.map_err(|error| Failure::invalid("--generate", error))
    }

    /// The key pair in a PEM text. `place` is where that stands.
    pub(crate) fn from_pem(place: &str, algorithm: Algorithm, pem: &str) -> Result<Self, Failure> {
        let read = match algorithm {
            Algorithm::Es256 => ES256KeyPair::from_pem(pem).map(Self::Es256),
            Algorithm::Es384 => ES384KeyPair::from_pem(pem).map(Self::Es384),
            Algorithm::EdDsa => Ed25519KeyPair::from_pem(pem).map(Self::EdDsa),
            Algorithm::Rs256 => RS256KeyPair::from_pem(pem).map(Self::Rs256),
            Algorithm::Rs384 => RS384KeyPair::from_pem(pem).map(Self::Rs384),
            Algorithm::Rs512 => RS512KeyPair::from_pem(pem).map(Self::Rs512),
            Algorithm::Ps256 => PS256KeyPair::from_pem(pem).map(Self::Ps256),
            Algorithm::Ps384 => PS384KeyPair::from_pem(pem).map(Self::Ps384),
            Algorithm::Ps512 => PS512KeyPair::from_pem(pem).map(Self::Ps512),
        };
        let name = algorithm.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        read.map_err(|error| {
            Failure::invalid(place, format_args!("not a private key for {name} in PEM: {error}"))
        })
    }

    /// The private key in PEM.
    pub(crate) fn private_pem(&self) -> Result<String, Failure> {
        let pem = match self {
            Self::EdDsa(key) => Ok(key.to_pem()),
            Self::Es256(key) => key.to_pem(),
            Self::Es384(key) => key.to_pem(),
            Self::Rs256(key) => key.to_pem(),
            Self::Rs384(key) => key.to_pem(),
            Self::Rs512(key) => key.to_pem(),
            Self::Ps256(key) => key.to_pem(),
            Self::Ps384(key) => key.to_pem(),
            Self::Ps512(key) => key.to_pem(),
        };
        pem.map_err(|error| Failure::invalid("--key", error))
    }

    /// The public key in PEM: what a trusted issuer is registered with.
    pub(crate) fn public_pem(&self) -> Result<String, Failure> {
        let pem = match self {
            Self::EdDsa(key) => Ok(key.public_key().to_pem()),
            Self::Es256(key) => key.public_key().to_pem(),
            Self::Es384(key) => key.public_key().to_pem(),
            Self::Rs256(key) => key.public_key().to_pem(),
            Self::Rs384(key) => key.public_key().to_pem(),
            Self::Rs512(key) => key.public_key().to_pem(),
            Self::Ps256(key) => key.public_key().to_pem(),
            Self::Ps384(key) => key.public_key().to_pem(),
            Self::Ps512(key) => key.public_key().to_pem(),
        };
        pem.map_err(|error| Failure::invalid("--key", error))
    }

    /// The same key, named in the header of what it signs.
    pub(crate) fn with_kid(self, kid: &str) -> Self {
        match self {
            Self::Es256(key) => Self::Es256(key.with_key_id(kid)),
            Self::Es384(key) => Self::Es384(key.with_key_id(kid)),
            Self::EdDsa(key) => Self::EdDsa(key.with_key_id(kid)),
            Self::Rs256(key) => Self::Rs256(key.with_key_id(kid)),
            Self::Rs384(key) => Self::Rs384(key.with_key_id(kid)),
            Self::Rs512(key) => Self::Rs512(key.with_key_id(kid)),
            Self::Ps256(key) => Self::Ps256(key.with_key_id(kid)),
            Self::Ps384(key) => Self::Ps384(key.with_key_id(kid)),
            Self::Ps512(key) => Self::Ps512(key.with_key_id(kid)),
        }
    }

    /// A compact JWS over the claims.
    pub(crate) fn sign(&self, claims: AssertionClaims, typ: Option<&str>) -> Result<String, Failure> {
        let options = HeaderOptions { signature_type: typ.map(str::to_owned), ..HeaderOptions::default() };
        let signed = with_key!(self, key => key.sign_with_options(claims, &options));
        signed.map_err(|error| Failure::invalid("the assertion", error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_signs_with_the_key_that_it_wrote() {
        for &algorithm in Algorithm::value_variants() {
            let signer = Signer::generate(algorithm).unwrap();
            let read =
                Signer::from_pem("--key", algorithm, &signer.private_pem().unwrap()).unwrap().with_kid("k1");
            assert_eq!(read.public_pem().unwrap(), signer.public_pem().unwrap());
            let claims = Claims::with_custom_claims(Map::new(), Duration::from_mins(5)).with_issuer("me");
            let assertion = read.sign(claims, Some("jwt")).unwrap();
            assert_eq!(assertion.split('.').count(), 3);
            let metadata = Token::decode_metadata(&assertion).unwrap();
            assert_eq!(
                Some(metadata.algorithm()),
                algorithm.to_possible_value().as_ref().map(|value| value.get_name())
            );
            assert_eq!((metadata.key_id(), metadata.signature_type()), (Some("k1"), Some("jwt")));
        }
    }
}
