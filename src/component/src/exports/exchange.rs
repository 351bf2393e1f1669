//! `asserta:exchange/exchange`.

use alloc::string::{String, ToString};

use asserta_core::client_auth::{Presented, PresentedBy};
use asserta_core::grants::TokenRequest;
use asserta_core::oauth::Reason;
use asserta_core::organization::OrganizationId;
use asserta_core::service::{Explanation as Explained, Step};

use super::organization;
use crate::bindings::Component;
use crate::bindings::wit::exchange::{
    AccessToken, Check, ClientCredentials, ExchangeError, ExchangeOptions, Explanation, Guest,
};
use crate::bindings::wit::types::RegistryError;
use crate::instance::{run, service};

impl Guest for Component {
    fn exchange(
        organization: String,
        assertion: String,
        credentials: ClientCredentials,
        options: ExchangeOptions,
    ) -> Result<AccessToken, ExchangeError> {
        let service = service()?;
        let organization = OrganizationId::parse(&organization).map_err(|_| Reason::OrganizationUnknown)?;
        let credentials =
            Presented::secret(&credentials.client_id, &credentials.client_secret, PresentedBy::Basic);
        let (scope, resource) = (options.scope.as_deref(), options.resource.as_deref());
        let request = TokenRequest::jwt_bearer(credentials, &assertion, scope, resource)?;
        // Nobody else bounds a store that lies in this instance. It can't fail.
        #[cfg(feature = "standalone")]
        let _ = run(service.after_response());
        let granted = run(service.exchange(&organization, &request))?;
        Ok(AccessToken { token: granted.token, expires_in: granted.expires_in, scope: granted.scope })
    }

    fn explain(
        name: String,
        assertion: String,
        client_id: Option<String>,
    ) -> Result<Explanation, RegistryError> {
        let service = service()?;
        Ok(run(service.explain(&organization(&name)?, &assertion, client_id.as_deref()))?.into())
    }

    fn sweep() -> Result<u64, RegistryError> {
        let swept = run(service()?.spent().sweep()).map_err(|_| RegistryError::StoreUnavailable)?;
        Ok(swept as u64)
    }
}

impl From<Explained> for Explanation {
    fn from(explained: Explained) -> Self {
        Self { accepted: explained.accepted, checks: explained.checks.into_iter().map(Into::into).collect() }
    }
}

impl From<Step> for Check {
    fn from(step: Step) -> Self {
        let by_name = |name| Reason::ALL.iter().find(|reason| reason.name() == name);
        // A failed check must never look passed, so a name that nobody knows still counts as a failure.
        let failed = step.reason.map(|name| by_name(name).copied().unwrap_or(Reason::ServerFault).into());
        Self { name: step.check.to_string(), failed, saw: step.saw }
    }
}
