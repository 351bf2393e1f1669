//! The exchange itself, in the order that the design fixes: it decides what an attacker learns and
//! what gets consumed. Nothing is written before the replay reservation, the last step but one.

use alloc::rc::Rc;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::registry::cache::{self, Trusted};
use super::registry::record::{Key, StoredApplication};
use super::{Service, signing_keys};
use crate::tokens::{AccessToken, AccessTokenClaims};

use crate::application::{Application, AuthMethod, check_client_id};
use crate::client_auth::{ClientCredentials, PresentedBy};
use crate::grants::TokenRequest;
use crate::grants::jwt_bearer::{self as grant, Facts};
use crate::jose::base64url;
use crate::jose::digest;
use crate::jwt::Assertion;
use crate::oauth::{Reason, Refusal};
use crate::organization::{OrganizationId, OrganizationUrls};
use crate::ports::{Clock as _, Entropy as _, Ports, Store as _};

/// An exchange that succeeded.
pub type Exchanged = AccessToken;

/// The organization of a request, and the state of its registrations that the request sees.
#[derive(Clone)]
pub(super) struct Tenant {
    pub(super) id: OrganizationId,
    pub(super) generation: Vec<u8>,
    /// When the generation was read, or before: seconds since 1970.
    pub(super) now: u64,
    pub(super) urls: Rc<OrganizationUrls>,
}

/// A client whose secret was right: only [`Service::authenticate`] makes one.
struct AuthenticatedClient(Rc<Application>);

impl<P: Ports> Service<P> {
    /// Exchanges an assertion for an access token.
    pub async fn exchange(
        &self,
        organization: &OrganizationId,
        request: &TokenRequest,
    ) -> Result<Exchanged, Refusal> {
        let now = self.ports.clock().now();
        let tenant = self.tenant(organization).await?;
        let client = self.authenticate(&tenant, request.credentials.as_ref()).await?.0;
        if !client.metadata.allows_jwt_bearer() {
            return Err(Reason::GrantNotAllowed.into());
        }
        let assertion = Assertion::parse(&request.assertion)?;
        let trusted = self.find_issuer(&tenant, assertion.claims().issuer()?).await?;
        let mut facts = Facts {
            organization: &tenant.id,
            urls: &tenant.urls,
            application: &client,
            issuer: &trusted.issuer,
            source: &trusted.source,
            keys: &[],
            assertion: &assertion,
            scope: request.scope.as_deref(),
            resources: &request.resources,
            signatures: self.ports.signatures(),
            now,
        };
        grant::admit(&facts)?;
        let keys = self.issuer_keys(&tenant, &trusted, assertion.header(), now).await?;
        facts.keys = &keys;
        let newer;
        let grant = match grant::evaluate(&facts) {
            Err(reason) if reason.may_be_of_an_old_key() => {
                let Some(keys) = self.newer_keys(&tenant, &trusted, &keys, now).await? else {
                    return Err(reason.into());
                };
                newer = keys;
                facts.keys = &newer;
                grant::evaluate(&facts)
            }
            evaluated => evaluated,
        }?;
        let signing_key = self.signing_key(&tenant, now).await?;
        if let Some(mark) = grant.replay() {
            self.reserve(mark, &trusted.issuer, now).await?;
        }

        let mut id = [0; 16];
        self.ports.entropy().fill(&mut id);
        let expires_in = u64::from(client.metadata.access_token_lifetime);
        let token = AccessTokenClaims {
            issuer: &tenant.urls.issuer,
            subject: grant.subject(),
            audience: grant.audience(),
            client_id: &client.client_id,
            issued_at: now,
            expires_at: now + expires_in,
            id: &base64url::encode(&id),
            scope: grant.scope(),
            assertion_issuer: &trusted.issuer.issuer,
            mapped: grant.mapped(),
        };
        let mut random = Zeroizing::new([0; 32]);
        self.ports.entropy().fill(&mut *random);
        let token = token.sign(&signing_key, self.ports.signatures(), &random);
        let token = token.map_err(|_| Reason::ServerFault)?;
        let scope = grant.tells_scope().then(|| grant.scope().into());
        Ok(AccessToken { token, expires_in, scope })
    }

    /// The organization of a request. Its counter says which registrations are the newest.
    pub(super) async fn tenant(&self, organization: &OrganizationId) -> Result<Tenant, Refusal> {
        let now = self.ports.clock().now();
        let counter = self.ports.registry().get(&Key::generation(organization)).await?;
        if counter.is_none() && !organization.is_default() {
            return Err(Reason::OrganizationUnknown.into());
        }
        let generation = counter.unwrap_or_default();
        let mut cache = self.cache.borrow_mut();
        let entry = cache.organization(organization, &generation, now, || self.settings.urls(organization));
        let urls = Rc::clone(&entry.urls);
        Ok(Tenant { id: organization.clone(), generation, now, urls })
    }

    /// R20 to R23: who asks. Every failure looks the same and takes the same work.
    async fn authenticate(
        &self,
        tenant: &Tenant,
        credentials: Option<&ClientCredentials>,
    ) -> Result<AuthenticatedClient, Refusal> {
        let failed = Reason::ClientUnauthenticated;
        let credentials = credentials.ok_or(failed)?;
        let kept = self.kept_application(tenant, &credentials.client_id);
        let found = match &kept {
            Some(application) => Some(Rc::clone(application)),
            None => self.load_and_keep_application(tenant, &credentials.client_id).await?,
        };
        let Some(application) = found else {
            let digest = digest::sha256(credentials.client_secret.as_bytes());
            core::hint::black_box(digest::equal_in_constant_time(&digest, &[0; 32]));
            return Err(failed.into());
        };
        let right_secret = application.has_secret(&credentials.client_secret);
        let right_place = match credentials.presented_by {
            PresentedBy::Basic => true,
            PresentedBy::Post => {
                application.metadata.token_endpoint_auth_method == AuthMethod::ClientSecretPost
            }
        };
        if right_secret && right_place && application.metadata.enabled {
            Ok(AuthenticatedClient(application))
        } else {
            if kept.is_some() {
                // An unknown client cost this read.
                self.ports.registry().get(&Key::application(&tenant.id, &application.client_id)).await?;
            }
            Err(failed.into())
        }
    }

    /// The application with this identifier, if it was parsed already.
    fn kept_application(&self, tenant: &Tenant, client_id: &str) -> Option<Rc<Application>> {
        self.cached(tenant, |entry| entry.applications.get(client_id).cloned())
    }

    /// The application with this identifier from the store, kept from now on.
    async fn load_and_keep_application(
        &self,
        tenant: &Tenant,
        client_id: &str,
    ) -> Result<Option<Rc<Application>>, Refusal> {
        if check_client_id(client_id).is_err() {
            return Ok(None);
        }
        let key = Key::application(&tenant.id, client_id);
        let Some(stored) = self.load::<StoredApplication>(&key).await? else {
            return Ok(None);
        };
        let application = Rc::new(self.told(stored.into_application(&key))?);
        self.cached(tenant, |entry| cache::keep(&mut entry.applications, client_id, Rc::clone(&application)));
        Ok(Some(application))
    }

    /// R40: the trusted issuer with exactly this issuer value.
    pub(super) async fn find_issuer(&self, tenant: &Tenant, issuer: &str) -> Result<Rc<Trusted>, Refusal> {
        if let Some(known) = self.cached(tenant, |entry| entry.issuers.get(issuer).cloned()) {
            return Ok(known);
        }
        let unknown = Reason::IssuerUnknown;
        let name = self.registered_name(&tenant.id, issuer).await?.ok_or(unknown)?;
        let record = self.load_issuer(&tenant.id, &name).await?.filter(|record| record.issuer == issuer);
        let record = record.ok_or(unknown)?;
        let source = self.check_issuer(&record).map_err(|_| unknown)?;
        let trusted = Rc::new(Trusted { issuer: record, source });
        self.cached(tenant, |entry| cache::keep(&mut entry.issuers, issuer, Rc::clone(&trusted)));
        Ok(trusted)
    }

    /// The key that signs now.
    async fn signing_key(
        &self,
        tenant: &Tenant,
        now: u64,
    ) -> Result<Rc<crate::jose::key::SigningKey>, Refusal> {
        let known = self.cached(tenant, |entry| entry.signing_key.clone());
        if let Some(known) = known.filter(|known| now < known.until) {
            return Ok(known.key);
        }
        let found = self.load_signing_key(&tenant.id, now).await.map_err(signing_keys::refusal)?;
        let key = Rc::clone(&found.key);
        self.cached(tenant, |entry| entry.signing_key = Some(found));
        Ok(key)
    }

    /// Looks into, or adds to, what is kept of this organization.
    pub(super) fn cached<T>(
        &self,
        tenant: &Tenant,
        look: impl FnOnce(&mut cache::OrganizationCache) -> T,
    ) -> T {
        let mut cache = self.cache.borrow_mut();
        look(cache.organization(&tenant.id, &tenant.generation, tenant.now, || (*tenant.urls).clone()))
    }
}
