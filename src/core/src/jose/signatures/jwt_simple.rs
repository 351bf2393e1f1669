//! Signature checks by jwt-simple, for hosts that have std.
//!
//! jwt-simple verifies whole tokens: it also reads the header and the claims, by rules of its own
//! (a token without `exp` passes, 15 minutes of tolerance, a `typ` that must end in `+jwt`, a
//! `jwk` that must be a string). None of that is its business here. Only its verdict on the
//! signature counts; a refusal for any other reason is put to the primitive that jwt-simple
//! would have called.

extern crate std;

use alloc::format;
use alloc::string::String;

use jwt_simple::prelude::*;
use jwt_simple::{Error, JWTError};

use super::{BadSignature, Portable, Signatures};
use crate::jose::algorithm::Algorithm;
use crate::jose::base64url;
use crate::jose::key::{Components, Curve, PublicKey};

mod primitive;

/// The verifier on jwt-simple. Its verdicts are those of [`Portable`].
///
/// [`Portable`] gives the verdict where jwt-simple has none: for ES512, which it lacks, and for
/// RSA keys above 4096 bits or with another exponent than 65537, which it refuses.
///
/// For EdDSA both must agree: jwt-simple checks the equation with the cofactor, [`Portable`]
/// without it, and they differ on signatures that only the owner of the key can make (RFC 8032
/// section 5.1.7 allows both).
#[derive(Debug, Clone, Copy, Default)]
pub struct JwtSimple;

impl Signatures for JwtSimple {
    fn verify(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        signing_input: &[u8],
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        let signed = Signed { token: token_text(signing_input, signature), signing_input, signature };
        match signed.verdict(algorithm, &key.components()) {
            Some(false) => Err(BadSignature),
            Some(true) if algorithm != Algorithm::EdDsa => Ok(()),
            _ => Portable.verify(algorithm, key, signing_input, signature),
        }
    }
}

/// The signed bytes, as a token too where they are text.
struct Signed<'a> {
    token: Option<String>,
    signing_input: &'a [u8],
    signature: &'a [u8],
}

fn token_text(signing_input: &[u8], signature: &[u8]) -> Option<String> {
    let signing_input = core::str::from_utf8(signing_input).ok()?;
    Some(format!("{signing_input}.{}", base64url::encode(signature)))
}

impl Signed<'_> {
    /// Whether the signature verifies; none where jwt-simple lacks the algorithm or refuses the key.
    fn verdict(&self, algorithm: Algorithm, key: &Components) -> Option<bool> {
        match (key, algorithm) {
            (Components::Rsa { n, e }, Algorithm::Rs256) => self.rsa(RS256PublicKey::from_components(n, e)),
            (Components::Rsa { n, e }, Algorithm::Rs384) => self.rsa(RS384PublicKey::from_components(n, e)),
            (Components::Rsa { n, e }, Algorithm::Rs512) => self.rsa(RS512PublicKey::from_components(n, e)),
            (Components::Rsa { n, e }, Algorithm::Ps256) => self.rsa(PS256PublicKey::from_components(n, e)),
            (Components::Rsa { n, e }, Algorithm::Ps384) => self.rsa(PS384PublicKey::from_components(n, e)),
            (Components::Rsa { n, e }, Algorithm::Ps512) => self.rsa(PS512PublicKey::from_components(n, e)),
            (Components::Ec { curve: Curve::P256, x, y }, Algorithm::Es256) => {
                let key = ES256PublicKey::from_bytes(&[&[4], &x[..], y].concat()).ok()?;
                let primitive = || primitive::es256(key.public_key(), self.signing_input, self.signature);
                Some(self.ask(|token, options| key.verify_token(token, Some(options)), primitive))
            }
            (Components::Ec { curve: Curve::P384, x, y }, Algorithm::Es384) => {
                let key = ES384PublicKey::from_bytes(&[&[4], &x[..], y].concat()).ok()?;
                let primitive = || primitive::es384(key.public_key(), self.signing_input, self.signature);
                Some(self.ask(|token, options| key.verify_token(token, Some(options)), primitive))
            }
            (Components::Ed25519 { x }, Algorithm::EdDsa) => {
                let key = Ed25519PublicKey::from_bytes(x).ok()?;
                let primitive = || primitive::ed_dsa(key.public_key(), self.signing_input, self.signature);
                Some(self.ask(|token, options| key.verify_token(token, Some(options)), primitive))
            }
            _ => None,
        }
    }

    fn rsa<K: RSAPublicKeyLike>(&self, key: Result<K, Error>) -> Option<bool> {
        let key = key.ok()?;
        let primitive = || primitive::rsa(&key, self.signing_input, self.signature);
        Some(self.ask(|token, options| key.verify_token(token, Some(options)), primitive))
    }

    fn ask(
        &self,
        verify_token: impl FnOnce(&str, VerificationOptions) -> Result<JWTClaims<NoCustomClaims>, Error>,
        primitive: impl FnOnce() -> bool,
    ) -> bool {
        let Some(token) = &self.token else { return primitive() };
        let Ok(metadata) = Token::decode_metadata(token) else { return primitive() };
        let options = VerificationOptions {
            // The header's own `typ`, so that any is accepted.
            required_signature_type: metadata.signature_type().map(String::from),
            // No claim about time fails at the first second of 1970.
            artificial_time: Some(UnixTimeStamp::from_secs(0)),
            accept_future: true,
            time_tolerance: None,
            max_token_length: None,
            ..VerificationOptions::default()
        };
        match verify_token(token, options) {
            Ok(_) => true,
            Err(error) => match error.downcast_ref::<JWTError>() {
                Some(JWTError::InvalidSignature) => false,
                _ => primitive(),
            },
        }
    }
}
