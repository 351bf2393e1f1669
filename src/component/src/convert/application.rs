//! Applications. What a host leaves out gets core's default, the same as in the admin API.

use alloc::string::ToString;

use asserta_core::application::{Application, ApplicationMetadata, OneOrMany};
use asserta_core::json;
use asserta_core::oauth::ClientAuthMethod;
use asserta_core::service::NewApplication;

use crate::bindings::wit::applications as wit;

impl From<wit::ApplicationMetadata> for ApplicationMetadata {
    fn from(metadata: wit::ApplicationMetadata) -> Self {
        let mut read = all_defaults();
        read.client_name = metadata.client_name;
        read.grant_types = metadata.grant_types;
        read.scope = metadata.scope.unwrap_or(read.scope);
        read.token_endpoint_auth_method =
            metadata.token_endpoint_auth_method.map_or(read.token_endpoint_auth_method, Into::into);
        read.trusted_issuers = metadata.trusted_issuers;
        read.access_token_lifetime = metadata.access_token_lifetime.unwrap_or(read.access_token_lifetime);
        read.audience = metadata.audience.map(OneOrMany::Many);
        read.enabled = metadata.enabled.unwrap_or(read.enabled);
        read
    }
}

/// The defaults have one home, core's document form.
fn all_defaults() -> ApplicationMetadata {
    json::from_slice(b"{}").expect("every member has a default")
}

impl From<ApplicationMetadata> for wit::ApplicationMetadata {
    fn from(metadata: ApplicationMetadata) -> Self {
        Self {
            client_name: metadata.client_name,
            grant_types: metadata.grant_types,
            scope: Some(metadata.scope),
            token_endpoint_auth_method: Some(metadata.token_endpoint_auth_method.into()),
            trusted_issuers: metadata.trusted_issuers,
            access_token_lifetime: Some(metadata.access_token_lifetime),
            audience: metadata.audience.map(|audience| audience.as_slice().to_vec()),
            enabled: Some(metadata.enabled),
        }
    }
}

impl From<Application> for wit::Application {
    fn from(application: Application) -> Self {
        Self {
            client_id: application.client_id().to_string(),
            created_at: application.created_at(),
            metadata: application.metadata().clone().into(),
        }
    }
}

impl From<NewApplication> for wit::NewApplication {
    fn from(new: NewApplication) -> Self {
        Self { application: new.application.into(), client_secret: new.client_secret.to_string() }
    }
}

impl From<wit::AuthMethod> for ClientAuthMethod {
    fn from(method: wit::AuthMethod) -> Self {
        match method {
            wit::AuthMethod::ClientSecretBasic => Self::ClientSecretBasic,
            wit::AuthMethod::ClientSecretPost => Self::ClientSecretPost,
        }
    }
}

impl From<ClientAuthMethod> for wit::AuthMethod {
    fn from(method: ClientAuthMethod) -> Self {
        match method {
            ClientAuthMethod::ClientSecretBasic => Self::ClientSecretBasic,
            ClientAuthMethod::ClientSecretPost => Self::ClientSecretPost,
        }
    }
}
