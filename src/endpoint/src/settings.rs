//! The settings, from Spin's variables.

use asserta_core::field::FieldError;
use asserta_core::jose::SigningAlgorithm;
use asserta_core::jose::digest;
use asserta_core::service::{Settings, TrustDocument};
use spin_sdk::variables::{self, Error};

/// All settings, checked.
pub(crate) struct EndpointSettings {
    /// Those of core.
    pub(crate) core: Settings,
    /// SHA-256 of the bearer token of the admin API. `None`: there is no admin API.
    pub(crate) admin_token_sha256: Option<[u8; 32]>,
    /// What to register at start.
    pub(crate) seed: Option<Seed>,
}

/// The document of the setting `trust`.
pub(crate) struct Seed {
    /// The document, checked.
    pub(crate) document: TrustDocument,
    /// SHA-256 of its text: tells one document from the next.
    pub(crate) digest: String,
}

impl EndpointSettings {
    /// Reads and checks them all; the first one that can't be used is the error.
    pub(crate) async fn load() -> Result<Self, FieldError> {
        let public_url = variable("public_url").await?;
        let dev = match variable("dev").await?.as_str() {
            "true" | "1" => true,
            "false" | "0" | "" => false,
            _ => return Err(FieldError::new("dev", "must be true or false")),
        };
        let algorithm = match variable("access_token_algorithm").await?.as_str() {
            "" => SigningAlgorithm::Es256,
            name => SigningAlgorithm::from_name(name)
                .ok_or_else(|| FieldError::new("access_token_algorithm", "must be ES256, EdDSA or RS256"))?,
        };
        let core = Settings::new(or_default(&public_url), algorithm, dev)?;
        let admin_token = variable("admin_token").await?;
        let admin_token_sha256 = match admin_token.trim() {
            "" => None,
            token => Some(digest::sha256(token.as_bytes())),
        };
        let trust = variable("trust").await?;
        let seed = match trust.trim() {
            "" => None,
            text => Some(Seed {
                document: TrustDocument::parse(text.as_bytes(), dev)?,
                digest: digest::sha256_base64url(text.as_bytes()),
            }),
        };
        Ok(Self { core, admin_token_sha256, seed })
    }
}

fn or_default(public_url: &str) -> &str {
    if public_url.is_empty() { "http://127.0.0.1:3000" } else { public_url }
}

/// A variable's value; empty where the manifest does not define it.
async fn variable(name: &str) -> Result<String, FieldError> {
    match variables::get(name).await {
        Ok(value) => Ok(value),
        Err(Error::Undefined(_)) => Ok(String::new()),
        // What the provider says may quote a value: name the variable alone.
        Err(Error::InvalidName(_)) => Err(FieldError::new(name, "is not a variable name the host accepts")),
        Err(Error::Provider(_)) => Err(FieldError::new(name, "can not be read from its provider")),
        Err(Error::Other(_)) => Err(FieldError::new(name, "can not be read")),
    }
}
