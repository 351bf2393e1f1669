//! The settings, read from texts that a host supplies.

use alloc::string::String;

use asserta_core::field::FieldError;
use asserta_core::jose::SigningAlgorithm;
use asserta_core::jose::digest;
use asserta_core::service::{Settings, TrustDocument};

/// The shortest admin token, in bytes: whoever guesses it registers issuers.
const MIN_ADMIN_TOKEN: usize = 32;

/// The names of the settings.
pub const SETTINGS: [&str; 7] =
    ["public_url", "dev", "access_token_algorithm", "dpop_nonce", "admin_token", "trust", "activity"];

/// Where a host keeps the texts of the [`SETTINGS`].
#[allow(async_fn_in_trait, reason = "an endpoint lives on one thread: no Send bound is wanted")]
pub trait SettingTexts {
    /// The text of a setting; empty where there is none. An error says why it can't be read, as the second half of a
    /// sentence and without the value.
    async fn text(&self, name: &str) -> Result<String, &'static str>;
}

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
    pub(crate) async fn load(texts: &impl SettingTexts) -> Result<Self, FieldError> {
        let text = async |name| texts.text(name).await.map_err(|problem| FieldError::new(name, problem));
        let public_url = text("public_url").await?;
        let dev = is_on("dev", &text("dev").await?)?;
        let algorithm = match text("access_token_algorithm").await?.as_str() {
            "" => SigningAlgorithm::Es256,
            name => SigningAlgorithm::from_name(name)
                .ok_or_else(|| FieldError::new("access_token_algorithm", "must be ES256, EdDSA or RS256"))?,
        };
        let activity = match text("activity").await?.as_str() {
            "on" | "true" | "1" | "" => true,
            "off" | "false" | "0" => false,
            _ => return Err(FieldError::new("activity", "must be on or off")),
        };
        let dpop_nonce = is_on("dpop_nonce", &text("dpop_nonce").await?)?;
        let core = Settings::new(or_default(&public_url), algorithm, dev)?;
        let core = core.with_activity(activity).with_dpop_nonce(dpop_nonce);
        let admin_token_sha256 = admin_token(&text("admin_token").await?)?;
        let trust = text("trust").await?;
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

/// A setting that is on or off.
fn is_on(name: &str, text: &str) -> Result<bool, FieldError> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" | "" => Ok(false),
        _ => Err(FieldError::new(name, "must be true or false")),
    }
}

/// SHA-256 of the admin token; `None` where none is set.
fn admin_token(text: &str) -> Result<Option<[u8; 32]>, FieldError> {
    match text.trim() {
        "" => Ok(None),
        token if token.len() < MIN_ADMIN_TOKEN => {
            let problem = "must have at least 32 bytes; take 256 random bits (openssl rand -hex 32)";
            Err(FieldError::new("admin_token", problem))
        }
        token => Ok(Some(digest::sha256(token.as_bytes()))),
    }
}

fn or_default(public_url: &str) -> &str {
    if public_url.is_empty() { "http://127.0.0.1:3000" } else { public_url }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    /// A short token is refused, as short client secrets are: the setting is named, its value is not.
    #[test]
    fn short_admin_tokens() {
        assert_eq!(admin_token(" \n"), Ok(None));
        for token in ["x", &"x".repeat(31), &format!(" {} \n", "y".repeat(31))] {
            let refused = admin_token(token).expect_err("short");
            assert_eq!(refused.field, "admin_token");
            assert!(refused.problem.contains("32 bytes"), "{refused}");
        }
        let token = "z".repeat(32);
        assert_eq!(admin_token(&format!("{token}\n")), Ok(Some(digest::sha256(token.as_bytes()))));
    }
}
