//! What a DPoP proof proves of whoever asks (R100, R101), and that it does so once.

use alloc::boxed::Box;

use super::Service;
use super::registry::CurrentOrganization;
use crate::grants::PresentedProof;
use crate::oauth::{Reason, Refusal, of_proof};
use crate::ports::Ports;
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
        };
        match presented.proof.check(&expected, self.shell.ports.signatures()) {
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
}
