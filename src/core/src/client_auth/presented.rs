//! Client credentials: HTTP Basic (RFC 6749 section 2.3.1, RFC 7617) or in the body.

use alloc::string::{String, ToString};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::oauth::{Form, Reason, decode};

/// Where the credentials stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresentedBy {
    /// In the `Authorization` header, or handed over by a host.
    Basic,
    /// In the request body.
    Post,
}

/// What a client says it is; not yet checked.
#[derive(Clone)]
pub struct ClientCredentials {
    /// The client identifier.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Zeroizing<String>,
    /// Where they stood.
    pub presented_by: PresentedBy,
}

impl ClientCredentials {
    /// Reads them from the header, else the body. `Ok(None)`: there are none (R21).
    pub(crate) fn read(authorization: Option<&str>, form: &Form<'_>) -> Result<Option<Self>, Reason> {
        let in_body = form.one("client_secret")?;
        let client_id = form.one("client_id")?;
        let Some(header) = authorization else {
            return Ok(match (client_id, in_body) {
                (Some(id), Some(secret)) => Some(Self::new(id, secret, PresentedBy::Post)),
                _ => None,
            });
        };
        if in_body.is_some() {
            return Err(Reason::CredentialsTwice);
        }
        let credentials = Self::from_basic(header)?;
        // RFC 6749 section 3.2.1 lets client_id stand in the body too, if it is the same one.
        if client_id.is_some_and(|id| id != credentials.client_id) {
            return Err(Reason::CredentialsTwice);
        }
        Ok(Some(credentials))
    }

    /// R20: the scheme in any case, base64, then each half form-decoded; a colon may stand in the secret.
    fn from_basic(header: &str) -> Result<Self, Reason> {
        let malformed = Reason::CredentialsMalformed;
        let (scheme, encoded) = header.split_once(' ').ok_or(malformed)?;
        if !scheme.eq_ignore_ascii_case("basic") || encoded.len() > 4096 {
            return Err(malformed);
        }
        let decoded = Zeroizing::new(STANDARD.decode(encoded.trim_matches(' ')).map_err(|_| malformed)?);
        let text = core::str::from_utf8(&decoded).map_err(|_| malformed)?;
        let (id, secret) = text.split_once(':').ok_or(malformed)?;
        let id = decode(id).map_err(|_| malformed)?;
        let secret = decode(secret).map_err(|_| malformed)?;
        Ok(Self::new(&id, &secret, PresentedBy::Basic))
    }

    /// Credentials as they were presented.
    pub fn new(client_id: &str, client_secret: &str, presented_by: PresentedBy) -> Self {
        Self {
            client_id: client_id.to_string(),
            client_secret: Zeroizing::new(client_secret.to_string()),
            presented_by,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(text: &str) -> Result<(String, String), Reason> {
        let form = Form::parse(b"")?;
        let credentials = ClientCredentials::read(Some(text), &form)?.ok_or(Reason::ClientUnauthenticated)?;
        Ok((credentials.client_id.clone(), credentials.client_secret.to_string()))
    }

    /// R20: any case of the scheme, form-decoding after base64, colons in the secret.
    #[test]
    fn basic_header() {
        let encoded = STANDARD.encode("my%20app:a:b%3Ac%2B+d");
        for scheme in ["Basic", "basic", "BASIC"] {
            let header = alloc::format!("{scheme} {encoded}");
            assert_eq!(basic(&header), Ok(("my app".to_string(), "a:b:c+ d".to_string())));
        }
    }

    /// R20, R22: what can't be read is an invalid request, not a failed authentication.
    #[test]
    fn malformed_header() {
        for bad in ["", "Basic", "Bearer abc", "Basic !!!", "Basic YQ==", "Basic /zo6"] {
            assert_eq!(basic(bad), Err(Reason::CredentialsMalformed), "{bad:?}");
        }
    }

    /// R22: two methods at once.
    #[test]
    fn twice() {
        let form = Form::parse(b"client_id=a&client_secret=b").expect("well-formed");
        let header = alloc::format!("Basic {}", STANDARD.encode("a:b"));
        let read = ClientCredentials::read(Some(&header), &form);
        assert_eq!(read.map(|_| ()), Err(Reason::CredentialsTwice));
    }
}
