//! Why an exchange gives no token.

use alloc::string::ToString;

use asserta_core::oauth::{Reason, Refusal};

use crate::bindings::wit::exchange;
use crate::instance::NotConfigured;

impl From<Refusal> for exchange::ExchangeError {
    fn from(refusal: Refusal) -> Self {
        if let Some(needed) = refusal.keys_needed {
            return Self::KeysNeeded(exchange::KeysNeeded {
                trusted_issuer: needed.trusted_issuer,
                uri: needed.uri,
            });
        }
        Self::Refusal(exchange::Refusal {
            code: refusal.code.into(),
            reason: refusal.reason.into(),
            sentence: refusal.reason.sentence().to_string(),
            retry_after: refusal.retry_after,
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
