//! Why an exchange gives no token.

use alloc::string::{String, ToString};

use asserta_core::keys::KeyOwner;
use asserta_core::oauth::{Reason, Refusal};

use crate::bindings::wit::exchange;
use crate::instance::NotConfigured;

impl From<Refusal> for exchange::ExchangeError {
    fn from(refusal: Refusal) -> Self {
        if let Some(needed) = refusal.keys_needed {
            return Self::KeysNeeded(exchange::KeysNeeded {
                owner: match needed.owner {
                    KeyOwner::Issuer(name) => exchange::KeyOwner::TrustedIssuer(name),
                    KeyOwner::Application(client_id) => exchange::KeyOwner::Application(client_id),
                },
                kind: needed.kind.to_string(),
                uri: needed.uri,
            });
        }
        Self::Refusal(exchange::Refusal {
            code: refusal.code.name().to_string(),
            reason: refusal.reason.name().to_string(),
            sentence: refusal.sentence().into_owned(),
            retry_after: refusal.retry_after,
            cause: refusal.cause,
            dpop_nonce: refusal.dpop_nonce.map(String::from),
        })
    }
}

impl From<Reason> for exchange::ExchangeError {
    fn from(reason: Reason) -> Self {
        Refusal::from(reason).into()
    }
}

impl From<NotConfigured> for exchange::ExchangeError {
    fn from(_: NotConfigured) -> Self {
        Self::NotConfigured
    }
}
