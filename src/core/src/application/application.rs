//! A registered application, parsed: every member of its document is acceptable. Its identifier and its secret.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::credentials::{ClientKeys, client_keys};
use super::document::{ApplicationMetadata, MAX_LIFETIME, MIN_LIFETIME};
use crate::field::{FieldError, check_text};
use crate::jose::digest;
use crate::oauth::{GrantType, Scope};

/// A registered application: [`Application::parse`] alone makes one.
#[derive(Clone, Debug, PartialEq)]
pub struct Application {
    client_id: String,
    secret_sha256: Option<[u8; 32]>,
    created_at: u64,
    metadata: ApplicationMetadata,
    /// The scope in `metadata`, each token once.
    scope: Vec<String>,
    /// Where it authenticates by JWT.
    keys: Option<ClientKeys>,
}

impl Application {
    /// Reads what an application may do. `secret_sha256` is the digest of its secret, which itself is stored nowhere
    /// (R23); one that authenticates by JWT has none. `created_at` counts seconds since 1970. `dev`: keys may come from this
    /// machine over `http://` (R50).
    ///
    /// # Errors
    /// The first member that can't be accepted, and why.
    // Once in the component, not in each use case that registers.
    #[inline(never)]
    pub fn parse(
        client_id: String,
        secret_sha256: Option<[u8; 32]>,
        created_at: u64,
        metadata: ApplicationMetadata,
        dev: bool,
    ) -> Result<Self, FieldError> {
        check_client_id(&client_id)?;
        let (scope, keys) = read_metadata(&metadata, dev)?;
        // What is left of one would be a second way in.
        let secret_sha256 = secret_sha256.filter(|_| keys.is_none());
        Ok(Self { client_id, secret_sha256, created_at, metadata, scope, keys })
    }

    /// The same application, with this secret from now on.
    ///
    /// # Errors
    /// It authenticates by JWT.
    pub fn with_secret(self, secret_sha256: [u8; 32]) -> Result<Self, FieldError> {
        if self.keys.is_some() {
            let problem = "is private_key_jwt: such an application has no secret";
            return Err(FieldError::new("token_endpoint_auth_method", problem));
        }
        Ok(Self { secret_sha256: Some(secret_sha256), ..self })
    }

    /// The same application, with another document from now on. Its secret stays, unless it authenticates by JWT now.
    ///
    /// # Errors
    /// The first member that can't be accepted, and why.
    pub fn with_metadata(self, metadata: ApplicationMetadata, dev: bool) -> Result<Self, FieldError> {
        Self::parse(self.client_id, self.secret_sha256, self.created_at, metadata, dev)
    }

    /// As it is stored and shown: of a JWK set only what is used.
    #[must_use]
    pub fn as_stored(self) -> Self {
        Self { metadata: self.metadata.as_stored(), ..self }
    }

    /// Its public identifier.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// SHA-256 of its secret (R23). `None`: it has none, and authenticates by none.
    pub fn secret_sha256(&self) -> Option<&[u8; 32]> {
        self.secret_sha256.as_ref()
    }

    /// What it is known by, where it authenticates by JWT (R27, R28).
    pub fn keys(&self) -> Option<&ClientKeys> {
        self.keys.as_ref()
    }

    /// When it was registered: seconds since 1970.
    pub fn created_at(&self) -> u64 {
        self.created_at
    }

    /// What was registered.
    pub fn metadata(&self) -> &ApplicationMetadata {
        &self.metadata
    }

    /// The scope it may ask for.
    pub fn scope(&self) -> Scope<'_> {
        Scope::of_tokens(&self.scope)
    }

    /// Whether it may use this grant (R24).
    pub fn allows(&self, grant: GrantType) -> bool {
        self.metadata.grant_types.iter().any(|grant_type| grant_type == grant.name())
    }

    /// Whether it may present assertions of the trusted issuer with this name (R25).
    pub fn accepts_issuer(&self, name: &str) -> bool {
        self.metadata.trusted_issuers.as_ref().is_none_or(|names| names.iter().any(|known| known == name))
    }
}

/// Refuses a document that [`Application::parse`] would refuse, and keys of which its algorithm allows none: those are
/// never registered anew, but read where they are stored.
///
/// # Errors
/// The first member that can't be accepted, and why.
pub(crate) fn check_metadata(metadata: &ApplicationMetadata, dev: bool) -> Result<(), FieldError> {
    match read_metadata(metadata, dev)? {
        (_, Some(ClientKeys::Own(keys))) => {
            keys.check_algorithms("token_endpoint_auth_signing_alg", metadata.algorithms())
        }
        _ => Ok(()),
    }
}

/// Checks every member of a document, and reads its scope and its keys.
#[inline(never)]
fn read_metadata(
    metadata: &ApplicationMetadata,
    dev: bool,
) -> Result<(Vec<String>, Option<ClientKeys>), FieldError> {
    if let Some(name) = &metadata.client_name {
        check_text("client_name", name, 256)?;
    }
    if metadata.grant_types.len() > 16 {
        return Err(FieldError::new("grant_types", "must not have more than 16 elements"));
    }
    for (index, grant_type) in metadata.grant_types.iter().enumerate() {
        if GrantType::from_name(grant_type).is_none() {
            let field = format!("grant_types[{index}]");
            let known: Vec<&str> = GrantType::ALL.iter().map(|grant| grant.name()).collect();
            return Err(FieldError::new(field, format!("must be {}", known.join(" or "))));
        }
    }
    let scope = Scope::parse(&metadata.scope).ok().filter(|_| metadata.scope.len() <= 4096);
    let scope = scope.ok_or_else(|| {
        FieldError::new("scope", "must be scopes separated by single spaces (RFC 6749 section 3.3)")
    })?;
    if let Some(names) = &metadata.trusted_issuers {
        if names.len() > 1000 {
            return Err(FieldError::new("trusted_issuers", "must not have more than 1000 elements"));
        }
        for (index, name) in names.iter().enumerate() {
            check_text(&format!("trusted_issuers[{index}]"), name, 128)?;
        }
    }
    if !(MIN_LIFETIME..=MAX_LIFETIME).contains(&metadata.access_token_lifetime) {
        return Err(FieldError::new("access_token_lifetime", "must be 30 to 86400 seconds"));
    }
    if let Some(audience) = &metadata.audience {
        let values = audience.as_slice();
        if values.is_empty() || values.len() > 32 {
            return Err(FieldError::new("audience", "must have 1 to 32 elements"));
        }
        for value in values {
            check_text("audience", value, 1024)?;
        }
    }
    let scope = scope.to_text().split_terminator(' ').map(str::to_owned).collect();
    Ok((scope, client_keys(metadata, dev)?))
}

/// A client identifier: 1 to 128 unreserved characters of RFC 3986.
pub fn check_client_id(client_id: &str) -> Result<(), FieldError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if client_id.is_empty() || client_id.len() > 128 || !client_id.bytes().all(allowed) {
        return Err(FieldError::new("client_id", "must be 1 to 128 letters, digits, '-', '.', '_' or '~'"));
    }
    Ok(())
}

/// Reads `client_secret` or `client_secret_sha256` of a seed document into the digest that is stored.
pub fn secret_digest(secret: Option<&str>, sha256_hex: Option<&str>) -> Result<[u8; 32], FieldError> {
    match (secret, sha256_hex) {
        (Some(secret), None) if secret.len() >= 32 && secret.len() <= 256 => {
            Ok(digest::sha256(secret.as_bytes()))
        }
        (Some(_), None) => Err(FieldError::new(
            "client_secret",
            "must have 32 to 256 bytes; it should hold 256 random bits (openssl rand -hex 32)",
        )),
        (None, Some(hex)) => from_hex(hex).ok_or_else(|| {
            FieldError::new(
                "client_secret_sha256",
                "must be the SHA-256 of the secret as 64 hexadecimal digits",
            )
        }),
        _ => Err(FieldError::new(
            "client_secret",
            "exactly one of client_secret and client_secret_sha256 is needed",
        )),
    }
}

/// Reads 64 hexadecimal digits.
pub(crate) fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let decoded = base16ct::mixed::decode(text, &mut bytes).ok()?;
    (decoded.len() == 32).then_some(bytes)
}
