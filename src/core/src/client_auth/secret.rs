//! A client's secret: HTTP Basic (RFC 6749 section 2.3.1, RFC 7617) or in the body.

use alloc::rc::Rc;
use alloc::string::{String, ToString};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::authenticated::AuthenticatedClient;
use crate::application::Application;
use crate::jose::digest;
use crate::oauth::{ClientAuthMethod, Form, Reason, decode};

/// Where the credentials stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresentedBy {
    /// In the `Authorization` header, or handed over by a host.
    Basic,
    /// In the request body.
    Post,
}

/// A secret that a client presents; not yet checked.
#[derive(Clone)]
pub struct ClientSecret {
    /// The client identifier.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Zeroizing<String>,
    /// Where they stood.
    pub presented_by: PresentedBy,
}

impl ClientSecret {
    /// Reads them from the header, else the body. `Ok(None)`: there are none (R21, R29). A secret without an identifier is
    /// no client's.
    pub(super) fn read(authorization: Option<&str>, form: &Form<'_>) -> Result<Option<Self>, Reason> {
        let in_body = form.one("client_secret")?;
        let client_id = form.one("client_id")?;
        let Some(header) = authorization else {
            return Ok(match (client_id, in_body) {
                (id, Some(secret)) => Some(Self::new(id.unwrap_or_default(), secret, PresentedBy::Post)),
                (_, None) => None,
            });
        };
        if in_body.is_some() {
            return Err(Reason::CredentialsTwice);
        }
        let credentials = Self::from_basic(header)?;
        // RFC 6749 section 3.2.1 lets client_id stand in the body too, if it is the same one.
        if client_id.is_some_and(|id| id != credentials.client_id) {
            return Err(Reason::ClientIdDiffers);
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

    /// R22, R23: whether it is the secret of the application, and stood where that may send it. Whatever is missing, the
    /// work is the same.
    fn proves(&self, application: Option<&Application>) -> bool {
        let digest = digest::sha256(self.client_secret.as_bytes());
        let known = application.and_then(Application::secret_sha256).copied();
        let has_one = known.is_some();
        let known = known.unwrap_or([0; 32]);
        let is_right = core::hint::black_box(digest::equal_in_constant_time(&digest, &known)) && has_one;
        let may_stand_there = |application: &Application| match self.presented_by {
            PresentedBy::Basic => true,
            PresentedBy::Post => {
                application.metadata().token_endpoint_auth_method == ClientAuthMethod::ClientSecretPost
            }
        };
        is_right && application.is_some_and(may_stand_there)
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

/// R20 to R23: the client, where its secret proves that it is this application. Every failure looks the same and takes the
/// same work, also where there is no application of that name.
///
/// # Errors
/// [`Reason::ClientUnauthenticated`]
pub fn by_secret(
    secret: &ClientSecret,
    application: Option<Rc<Application>>,
) -> Result<AuthenticatedClient, Reason> {
    let proves = secret.proves(application.as_deref());
    match application {
        Some(application) if proves && application.metadata().enabled => {
            Ok(AuthenticatedClient { application, mark: None })
        }
        _ => Err(Reason::ClientUnauthenticated),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(text: &str) -> Result<(String, String), Reason> {
        let form = Form::parse(b"")?;
        let credentials = ClientSecret::read(Some(text), &form)?.ok_or(Reason::ClientUnauthenticated)?;
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

    /// R20, R21: what can't be read authenticates nobody, and the log says that it was that.
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
        let read = ClientSecret::read(Some(&header), &form);
        assert_eq!(read.map(|_| ()), Err(Reason::CredentialsTwice));
        let form = Form::parse(b"client_id=b").expect("well-formed");
        let read = ClientSecret::read(Some(&header), &form);
        assert_eq!(read.map(|_| ()), Err(Reason::ClientIdDiffers));
    }
}
