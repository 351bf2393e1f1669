//! What a DPoP proof proves of whoever asks (R100, R101), and that it does so once.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::ToString as _;

use super::Service;
use super::explain::GivenProof;
use super::registry::CurrentOrganization;
use super::trail::Trail;
use crate::grants::PresentedProof;
use crate::jose::key::VerificationKey;
use crate::oauth::{Reason, Refusal, of_proof};
use crate::ports::{Ports, StoreError};
use crate::proof::{Expected, Nonces, ProofKey};
use crate::trust::MAX_CLOCK_SKEW;

/// What the client has proved to have.
#[derive(Default)]
pub(super) struct Possession {
    /// The key; `None`: it has sent no proof.
    pub(super) key: Option<ProofKey>,
    /// The nonce for its next proof, where one is needed.
    pub(super) nonce: Option<Box<str>>,
}

impl<P: Ports> Service<P> {
    /// The key that the proof is by. Nothing is used up yet.
    pub(super) async fn prove(
        &self,
        organization: &CurrentOrganization,
        presented: &PresentedProof,
        now: u64,
    ) -> Result<Possession, Refusal> {
        let nonce_key = match self.shell.settings.dpop_nonce() {
            true => Some(self.nonce_keys.current(now).await?),
            false => None,
        };
        let nonces = nonce_key.as_deref().map(|key| Nonces { key, organization: organization.id.as_str() });
        let fresh = || nonces.map(|nonces| nonces.fresh(now).into_boxed_str());
        let expected = Expected {
            method: "POST",
            url: presented.url.as_deref().unwrap_or(&organization.urls.token_endpoint),
            now,
            nonces,
            access_token: None,
            read_key: VerificationKey::from_jwk,
        };
        let proved = presented.proof.as_ref().map_err(|problem| *problem);
        match proved.and_then(|proof| proof.check(&expected, self.shell.ports.signatures())) {
            Ok(key) => Ok(Possession { key: Some(key), nonce: fresh() }),
            Err(problem) => {
                let refusal = of_proof(problem);
                let nonce = if refusal.reason == Reason::NonceNeeded { fresh() } else { None };
                Err(Refusal { dpop_nonce: nonce, ..refusal })
            }
        }
    }

    /// R100: once in each organization, whoever sends it. It comes after the mark of the client and before that of the grant: what
    /// is refused as replayed costs the proof and never the assertion.
    pub(super) async fn reserve_proof(
        &self,
        organization: &CurrentOrganization,
        key: &ProofKey,
        now: u64,
    ) -> Result<(), Refusal> {
        let mark = key.mark(organization.id.as_str(), MAX_CLOCK_SKEW);
        self.spent.reserve(&mark, now).await.map_err(|refusal| match refusal.reason {
            Reason::Replayed => Reason::ProofReplayed.into(),
            _ => refusal,
        })
    }

    /// R100 to R102 for an explanation: the key that this proof is by, if it is good; nothing is used up. `needed`: the
    /// application's tokens are always bound.
    pub(super) async fn explain_proof(
        &self,
        organization: &CurrentOrganization,
        proof: Option<GivenProof<'_>>,
        needed: bool,
        now: u64,
        trail: &mut Trail,
    ) -> Result<Option<ProofKey>, StoreError> {
        let Some(GivenProof { text, url }) = proof else {
            if needed {
                let saw = || "none, and the application has dpop_bound_access_tokens".to_string();
                trail.step("R102", "DPoP proof", Err(Reason::ProofMissing), saw);
            }
            return Ok(None);
        };
        let key = match self.prove(organization, &PresentedProof::new(text, url), now).await {
            Ok(Possession { key, .. }) => key,
            // The store fails, and the explanation ends.
            Err(refusal) if refusal.reason == Reason::StoreUnavailable => {
                return Err(StoreError::Unavailable);
            }
            Err(refusal) => {
                let saw = || refusal.cause.unwrap_or_default();
                trail.step("R100, R101", "DPoP proof", Err(refusal.reason), saw);
                return Ok(None);
            }
        };
        if let Some(key) = &key {
            let mark = key.mark(organization.id.as_str(), MAX_CLOCK_SKEW);
            let is_used = self.spent.is_reserved(&mark, now).await?;
            let (verdict, was) =
                if is_used { (Err(Reason::ProofReplayed), "was") } else { (Ok(()), "was not") };
            trail.step("R100, R101", "DPoP proof", verdict, || {
                format!("by the key {}; a proof of it with this jti {was} used before", key.thumbprint())
            });
        }
        Ok(key)
    }
}
