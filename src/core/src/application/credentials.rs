//! What an application proves to be itself with: a secret, a key of its own, or the word of a trusted issuer.

use super::document::ApplicationMetadata;
use crate::field::{FieldError, check_text};
use crate::jose::key::KeyUse;
use crate::keys::KeySource;
use crate::oauth::ClientAuthMethod;

/// What an application that authenticates by JWT is known by (R27, R28).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientKeys {
    /// Keys of its own.
    Own(KeySource),
    /// The JWTs of the trusted issuer that `client_assertion_issuer` names, with the `sub` that `client_assertion_subject`
    /// says.
    Federated,
}

/// Reads the members that authentication by JWT needs, and refuses them where nothing goes by them. `dev`: keys may come
/// from this machine over `http://` (R50).
pub(super) fn client_keys(
    metadata: &ApplicationMetadata,
    dev: bool,
) -> Result<Option<ClientKeys>, FieldError> {
    if metadata.token_endpoint_auth_method != ClientAuthMethod::PrivateKeyJwt {
        return no_keys(metadata);
    }
    let ApplicationMetadata { jwks_uri, jwks, certificate, client_assertion_issuer: issuer, .. } = metadata;
    let keys = match (jwks_uri, jwks, certificate, issuer) {
        (Some(uri), None, None, None) => KeySource::from_uri(uri, dev)?,
        (None, Some(set), None, None) => KeySource::from_jwks(set, KeyUse::Signatures)?,
        (None, None, Some(text), None) => KeySource::from_certificate(text)?,
        (None, None, None, Some(issuer)) => return federated(metadata, issuer),
        (None, None, None, None) if metadata.client_assertion_subject.is_some() => {
            let problem = "is needed with client_assertion_subject";
            return Err(FieldError::new("client_assertion_issuer", problem));
        }
        (None, None, None, None) => return Err(one_of("is needed")),
        _ => return Err(one_of("may be given")),
    };
    if metadata.client_assertion_subject.is_some() {
        let problem = "is for applications with client_assertion_issuer";
        return Err(FieldError::new("client_assertion_subject", problem));
    }
    Ok(Some(ClientKeys::Own(keys)))
}

fn one_of(problem: &str) -> FieldError {
    let problem = alloc::format!(
        "exactly one of jwks_uri, jwks, certificate and client_assertion_issuer {problem} with private_key_jwt"
    );
    FieldError::new("jwks_uri", problem)
}

fn federated(metadata: &ApplicationMetadata, issuer: &str) -> Result<Option<ClientKeys>, FieldError> {
    check_text("client_assertion_issuer", issuer, 128)?;
    let subject = metadata.client_assertion_subject.as_deref().ok_or_else(|| {
        FieldError::new("client_assertion_subject", "is needed with client_assertion_issuer")
    })?;
    check_text("client_assertion_subject", subject, 1024)?;
    if metadata.token_endpoint_auth_signing_alg.is_some() {
        let problem = "is for keys of its own: the algorithms of its issuer hold";
        return Err(FieldError::new("token_endpoint_auth_signing_alg", problem));
    }
    Ok(Some(ClientKeys::Federated))
}

fn no_keys(metadata: &ApplicationMetadata) -> Result<Option<ClientKeys>, FieldError> {
    let given = [
        ("jwks_uri", metadata.jwks_uri.is_some()),
        ("jwks", metadata.jwks.is_some()),
        ("certificate", metadata.certificate.is_some()),
        ("token_endpoint_auth_signing_alg", metadata.token_endpoint_auth_signing_alg.is_some()),
        ("client_assertion_issuer", metadata.client_assertion_issuer.is_some()),
        ("client_assertion_subject", metadata.client_assertion_subject.is_some()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((member, _)) => Err(FieldError::new(
            member,
            "is for applications with token_endpoint_auth_method private_key_jwt",
        )),
        None => Ok(None),
    }
}
