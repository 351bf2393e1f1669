//! What a guard is told: whose tokens it takes, for which resource, with which scopes.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use crate::oauth::is_token;

/// The settings of a guard, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub(super) issuer: String,
    pub(super) audience: String,
    pub(super) scopes: Vec<String>,
    pub(super) jwks_uri: String,
    pub(super) introspect: bool,
    /// Where the metadata of the resource is; none where its name is no URL.
    pub(super) metadata: Option<MetadataUrl>,
}

/// The URL of a resource's metadata (RFC 9728 section 3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MetadataUrl {
    /// All of it.
    pub(super) url: String,
    /// What a request for it asks for: the path and a query.
    pub(super) target: String,
}

/// Why settings can't be used. A guard without settings passes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsProblem {
    /// The issuer.
    Issuer,
    /// The audience.
    Audience,
    /// A scope.
    Scopes,
    /// The address of the keys.
    JwksUri,
}

impl Settings {
    /// Parses settings. `issuer`: the issuer identifier of an organization; `audience`: what `aud` of its tokens must name,
    /// the resource's URL where it is to have metadata; `scopes`: those that every request needs, separated by spaces;
    /// `jwks_uri`: where the keys are if not at `/oauth2/jwks` of the issuer; `introspect`: whether the issuer is asked
    /// about each token.
    ///
    /// # Errors
    /// Which of them can't be used.
    pub fn parse(
        issuer: &str,
        audience: &str,
        scopes: &str,
        jwks_uri: Option<&str>,
        introspect: bool,
    ) -> Result<Self, SettingsProblem> {
        let issuer_path = origin_and_path(issuer).ok_or(SettingsProblem::Issuer)?.1;
        if issuer.contains('?') || issuer_path.ends_with('/') {
            return Err(SettingsProblem::Issuer);
        }
        if audience.is_empty() || !is_quotable(audience) {
            return Err(SettingsProblem::Audience);
        }
        let mut required: Vec<String> = Vec::new();
        for scope in scopes.split(' ').filter(|scope| !scope.is_empty()) {
            if !is_token(scope) {
                return Err(SettingsProblem::Scopes);
            }
            if !required.iter().any(|known| known == scope) {
                required.push(scope.to_string());
            }
        }
        let jwks_uri = match jwks_uri.filter(|uri| !uri.is_empty()) {
            Some(uri) => {
                origin_and_path(uri).ok_or(SettingsProblem::JwksUri)?;
                uri.to_string()
            }
            None => [issuer, "/oauth2/jwks"].concat(),
        };
        Ok(Self {
            issuer: issuer.to_string(),
            audience: audience.to_string(),
            scopes: required,
            jwks_uri,
            introspect,
            metadata: MetadataUrl::of(audience),
        })
    }

    /// Where the keys are.
    #[must_use]
    pub fn jwks_uri(&self) -> &str {
        &self.jwks_uri
    }

    /// Where tokens are asked about (RFC 7662).
    #[must_use]
    pub fn introspection_endpoint(&self) -> String {
        [&self.issuer, "/oauth2/introspect"].concat()
    }
}

impl MetadataUrl {
    /// RFC 9728 section 3.1: the well-known part stands between the host and the path; a slash that ends the host is left
    /// out before.
    fn of(resource: &str) -> Option<Self> {
        let (origin, target) = origin_and_path(resource)?;
        let target =
            ["/.well-known/oauth-protected-resource", if target == "/" { "" } else { target }].concat();
        Some(Self { url: [origin, &target].concat(), target })
    }

    /// The scheme and host of the resource.
    pub(super) fn origin(&self) -> &str {
        self.url.strip_suffix(self.target.as_str()).unwrap_or_default()
    }
}

/// The scheme and host of a URL that may be asked, and the rest of it: `https`, or `http` to this machine; no
/// credentials, no fragment, nothing that would end a quoted string (R50).
fn origin_and_path(url: &str) -> Option<(&str, &str)> {
    let (rest, is_secure) = match url.strip_prefix("https://") {
        Some(rest) => (rest, true),
        None => (url.strip_prefix("http://")?, false),
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let authority = &rest[..end];
    if authority.is_empty() || url.contains(['#', '\\']) || authority.contains('@') || !is_quotable(url) {
        return None;
    }
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            port.parse::<u16>().ok()?;
            host
        }
        _ => authority,
    };
    let is_this_machine = matches!(host, "127.0.0.1" | "[::1]" | "localhost");
    (!host.is_empty() && (is_secure || is_this_machine)).then(|| url.split_at(url.len() - rest.len() + end))
}

/// Whether a text can stand in a quoted string of a header as it is (RFC 9110 section 5.6.4).
fn is_quotable(text: &str) -> bool {
    text.len() <= 2048 && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
}

impl fmt::Display for SettingsProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Issuer => {
                "the issuer must be an https:// URL (http:// only to this machine) without a query or a slash at the end"
            }
            Self::Audience => "the audience must be 1 to 2048 visible ASCII characters without quotes and backslashes",
            Self::Scopes => "the scopes must be scope tokens of RFC 6749 section 3.3, separated by spaces",
            Self::JwksUri => "the address of the keys must be an https:// URL (http:// only to this machine)",
        })
    }
}

impl core::error::Error for SettingsProblem {}
