//! An exchange, in the order that the design fixes: it decides what an attacker learns and what gets consumed. Nothing
//! about the assertion is written before the reservation, the last step but two.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;

use zeroize::Zeroizing;

use super::Service;
use super::activity::{Kind, Lane};
use super::possession::Possession;
use super::registry::CurrentOrganization;
use super::trail::Trail;
use crate::application::Application;
use crate::client_auth::{AuthenticatedClient, Client};
use crate::grants::{GrantRequest, Granted, TokenRequest};
use crate::jose::{SigningKey, base64url, digest};
use crate::oauth::{GrantType, Reason, Refusal, Role};
use crate::organization::OrganizationId;
use crate::ports::{Clock as _, Decision, Entropy as _, Event, Outcome, Ports};
use crate::proof::ProofKey;
use crate::tokens::{AccessToken, AccessTokenClaims, TokenType};
use crate::trust::policy::Asker;

/// A token, and by what it is known to whoever has it.
struct Issued {
    token: AccessToken,
    jti_sha256: String,
}

/// Why a client, its proof or an actor token is refused, which the client is not told itself (R27, R93), or not in detail. Other
/// causes are told where they come up.
pub(super) fn told_cause(refusal: &Refusal) -> Option<&str> {
    let is_hidden = matches!(
        refusal.reason,
        Reason::ClientAssertionRefused | Reason::ProofMalformed | Reason::ActorTokenRefused
    );
    refusal.cause.as_deref().filter(|_| is_hidden)
}

impl<P: Ports> Service<P> {
    /// Exchanges what a client presents for an access token, and tells the decision (R75).
    pub async fn exchange(
        &self,
        organization: &OrganizationId,
        request: &TokenRequest,
    ) -> Result<AccessToken, Refusal> {
        let ports = &self.shell.ports;
        let began = ports.clock().microseconds();
        let mut trail = Trail::none();
        let decided = self.decide(organization, request, &mut trail).await;
        if matches!(&decided, Err(Refusal { keys_needed: Some(_), .. })) {
            // The caller brings the keys and asks again: nothing is decided yet.
            return decided.map(|issued| issued.token);
        }
        let lane = match decided.is_ok() || trail.is_client_authentic() {
            true => Lane::Clients,
            false => Lane::Strangers,
        };
        let decision = Decision {
            organization,
            grant_type: Some(request.grant.grant_type()),
            client_id: trail.client_id(),
            trusted_issuer: trail.trusted_issuer(),
            rule: trail.rule(),
            audit: trail.audited(),
            policy_reason: trail.policy_reason(),
            outcome: match &decided {
                Ok(_) => Outcome::Granted,
                Err(refusal) => Outcome::Refused(refusal.reason),
            },
            cause: decided.as_ref().err().and_then(told_cause),
            jti_sha256: decided.as_ref().ok().map(|issued| issued.jti_sha256.as_str()),
            microseconds: ports.clock().microseconds().saturating_sub(began),
        };
        self.tell(&decision, lane);
        decided.map(|issued| issued.token)
    }

    /// Refuses what is no request for a token, and tells that: how long it took, in microseconds, the caller knows.
    pub fn tell_refused(&self, organization: &OrganizationId, reason: Reason, microseconds: u64) {
        self.tell(&Decision::refused(organization, reason, microseconds), Lane::Strangers);
    }

    /// R75: the shell's log and the activity log have the same event.
    fn tell(&self, decision: &Decision<'_>, lane: Lane) {
        self.shell.ports.events().emit(&Event::Exchange(decision));
        self.activity.note(Kind::Exchange, decision, lane);
    }

    async fn decide(
        &self,
        organization: &OrganizationId,
        request: &TokenRequest,
        trail: &mut Trail,
    ) -> Result<Issued, Refusal> {
        let now = self.shell.ports.clock().now();
        let organization = self.registry.current(organization).await?;
        let client = self.client(&organization, request, now, trail).await?;
        if request.has_one_jwt_in_two_roles() {
            return Err(Role::ClientAssertion.refusal(Reason::TypeNotAllowed));
        }
        let application = client.as_ref().map(AuthenticatedClient::application);
        if application.is_some_and(|application| !application.allows(request.grant.grant_type())) {
            return Err(Reason::GrantNotAllowed.into());
        }
        let asker = match (application, &request.client) {
            (Some(application), _) => Asker::Application(application),
            (None, Client::Nothing(client_id)) => Asker::NoClient(client_id.as_deref()),
            (None, Client::Presents(_)) => return Err(Reason::ServerFault.into()),
        };
        let possession = match &request.proof {
            // Boxed, so that the future of an exchange without one is not as large as this one.
            Some(presented) => Box::pin(self.prove(&organization, presented, now)).await?,
            None if application.is_some_and(|known| known.metadata().dpop_bound_access_tokens) => {
                return Err(Reason::ProofMissing.into());
            }
            None => Possession::default(),
        };
        let proved = possession.key.as_ref();
        let role = request.grant.role();
        let granted = match (&request.grant, application) {
            (GrantRequest::JwtBearer(request), _) => {
                self.jwt_bearer(&organization, asker, request, proved, now, trail).await
            }
            // Boxed, so that the future of an assertion's exchange is not as large as this one.
            (GrantRequest::TokenExchange(request), Some(application)) => {
                Box::pin(self.token_exchange(&organization, application, request, now, trail)).await
            }
            (GrantRequest::TokenExchange(_), None) => Err(Reason::ClientUnauthenticated.into()),
        };
        let granted = granted.map_err(|refusal| role.refused(refusal))?;
        let key = self.signing_keys.current(&organization, now).await?;
        if let Some(mark) = client.as_ref().and_then(AuthenticatedClient::mark) {
            self.reserve_client(mark, now).await?;
        }
        if let Some(key) = &possession.key {
            self.reserve_proof(&organization, key, now).await?;
        }
        if let Some(mark) = granted.mark() {
            self.spent.reserve(mark, now).await.map_err(|refusal| role.refused(refusal))?;
        }
        let mut issued = self.issue(&organization, application, &granted, possession, &key, now)?;
        issued.token.issued_token_type = request.grant.issued_token_type();
        Ok(issued)
    }

    /// Who asks. `Ok(None)`: nobody, where the organization grants something without a client (R29).
    async fn client(
        &self,
        organization: &Rc<CurrentOrganization>,
        request: &TokenRequest,
        now: u64,
        trail: &mut Trail,
    ) -> Result<Option<AuthenticatedClient>, Refusal> {
        match &request.client {
            Client::Presents(presented) => {
                let client = self.authenticate(organization, presented, now, trail).await?;
                trail.client_is_authentic();
                Ok(Some(client))
            }
            // R29: for assertions alone.
            Client::Nothing(_) if request.grant.grant_type() != GrantType::JwtBearer => {
                Err(Reason::ClientUnauthenticated.into())
            }
            Client::Nothing(_) if self.registry.grants_without_client(organization).await? => Ok(None),
            Client::Nothing(_) => Err(Reason::ClientUnauthenticated.into()),
        }
    }

    /// The token of what was granted to this application, or without a client (R29).
    fn issue(
        &self,
        organization: &CurrentOrganization,
        application: Option<&Application>,
        granted: &Granted,
        possession: Possession,
        key: &SigningKey,
        now: u64,
    ) -> Result<Issued, Refusal> {
        let mut id = [0; 16];
        self.shell.ports.entropy().fill(&mut id);
        let id = base64url::encode(&id);
        let client_id = match (application, granted.label()) {
            (Some(application), None) => application.client_id(),
            (None, Some(label)) => label,
            _ => return Err(Reason::ServerFault.into()),
        };
        let expires_in = u64::from(granted.expires_in(application));
        let claims = AccessTokenClaims {
            issuer: &organization.urls.issuer,
            subject: granted.subject(),
            audience: granted.audience(),
            client_id,
            issued_at: now,
            expires_at: now + expires_in,
            id: &id,
            scope: granted.scope(),
            assertion_issuer: granted.issuer(),
            assertion_rule: granted.rule(),
            actor: granted.actor(),
            confirmation: possession.key.as_ref().map(ProofKey::thumbprint),
            mapped: granted.claims(),
        };
        let mut random = Zeroizing::new([0; 32]);
        self.shell.ports.entropy().fill(&mut *random);
        let token =
            claims.sign(key, self.shell.ports.signatures(), &random).map_err(|_| Reason::ServerFault)?;
        let scope = granted.tells_scope().then(|| granted.scope().into());
        Ok(Issued {
            token: AccessToken {
                token,
                token_type: if possession.key.is_some() { TokenType::DPoP } else { TokenType::Bearer },
                expires_in,
                scope,
                issued_token_type: None,
                dpop_nonce: possession.nonce,
            },
            jti_sha256: base64url::encode(&digest::sha256(id.as_bytes())),
        })
    }
}
