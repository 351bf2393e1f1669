//! Trusted issuers. What a host leaves out gets core's default, the same as in the admin API.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use asserta_core::json;
use asserta_core::trust::{AudienceMode, Replay, TrustedIssuer};

use super::claim_condition;
use super::error::invalid;
use crate::bindings::wit::trusted_issuers::{self as wit, ClaimMapping, KeySource};
use crate::bindings::wit::types::RegistryError;

impl TryFrom<wit::TrustedIssuer> for TrustedIssuer {
    type Error = RegistryError;

    fn try_from(issuer: wit::TrustedIssuer) -> Result<Self, RegistryError> {
        let mut read = all_defaults();
        read.name = issuer.name;
        read.issuer = issuer.issuer;
        read.alias = issuer.alias;
        match issuer.keys {
            KeySource::JwksUri(uri) => read.jwks_uri = Some(uri),
            KeySource::Certificate(text) => read.certificate = Some(text),
            KeySource::Jwks(text) => {
                let document = json::from_slice(text.as_bytes());
                read.jwks = Some(document.map_err(|error| invalid("jwks", &error.to_string()))?);
            }
        }
        read.enabled = issuer.enabled.unwrap_or(read.enabled);
        read.algorithms = issuer.algorithms.map(|list| list.into_iter().map(Into::into).collect());
        read.clock_skew = issuer.clock_skew.unwrap_or(read.clock_skew);
        read.max_lifetime = issuer.max_lifetime.unwrap_or(read.max_lifetime);
        read.audience_mode = issuer.audience_mode.map_or(read.audience_mode, Into::into);
        read.replay = issuer.replay.map_or(read.replay, Into::into);
        read.require_jti = issuer.require_jti.unwrap_or(read.require_jti);
        read.typ = issuer.typ;
        read.subjects = issuer.subjects;
        let conditions = issuer.claims.into_iter().enumerate();
        read.claims = conditions
            .map(|(index, condition)| claim_condition::read(index, condition))
            .collect::<Result<Vec<_>, _>>()?;
        read.scopes = issuer.scopes;
        read.claim_mappings = claim_mappings(issuer.claim_mappings)?;
        Ok(read)
    }
}

/// The defaults have one home, core's document form.
fn all_defaults() -> TrustedIssuer {
    json::from_slice(br#"{"name":"","issuer":""}"#).expect("every other member has a default")
}

/// A claim can be carried over under one name only.
fn claim_mappings(list: Vec<ClaimMapping>) -> Result<BTreeMap<String, String>, RegistryError> {
    let mut mappings = BTreeMap::new();
    for (index, mapping) in list.into_iter().enumerate() {
        if mappings.insert(mapping.assertion_claim, mapping.token_claim).is_some() {
            let member = format!("claim-mappings[{index}].assertion-claim");
            return Err(invalid(member, "must not occur twice"));
        }
    }
    Ok(mappings)
}

impl TryFrom<TrustedIssuer> for wit::TrustedIssuer {
    type Error = RegistryError;

    fn try_from(issuer: TrustedIssuer) -> Result<Self, RegistryError> {
        let keys = match (issuer.jwks_uri, issuer.jwks, issuer.certificate) {
            (Some(uri), ..) => KeySource::JwksUri(uri),
            (None, Some(document), _) => KeySource::Jwks(document.to_string()),
            (None, None, Some(text)) => KeySource::Certificate(text),
            (None, None, None) => return Err(RegistryError::StoreUnavailable),
        };
        let mapping = |(assertion_claim, token_claim)| ClaimMapping { assertion_claim, token_claim };
        Ok(Self {
            name: issuer.name,
            issuer: issuer.issuer,
            alias: issuer.alias,
            keys,
            enabled: Some(issuer.enabled),
            algorithms: issuer.algorithms.map(|list| list.into_iter().map(Into::into).collect()),
            clock_skew: Some(issuer.clock_skew),
            max_lifetime: Some(issuer.max_lifetime),
            audience_mode: Some(issuer.audience_mode.into()),
            replay: Some(issuer.replay.into()),
            require_jti: Some(issuer.require_jti),
            typ: issuer.typ,
            subjects: issuer.subjects,
            claims: issuer.claims.iter().filter_map(claim_condition::write).collect(),
            scopes: issuer.scopes,
            claim_mappings: issuer.claim_mappings.into_iter().map(mapping).collect(),
        })
    }
}

impl From<wit::AudienceMode> for AudienceMode {
    fn from(mode: wit::AudienceMode) -> Self {
        match mode {
            wit::AudienceMode::Any => Self::Any,
            wit::AudienceMode::ExactlyOne => Self::ExactlyOne,
        }
    }
}

impl From<AudienceMode> for wit::AudienceMode {
    fn from(mode: AudienceMode) -> Self {
        match mode {
            AudienceMode::Any => Self::Any,
            AudienceMode::ExactlyOne => Self::ExactlyOne,
        }
    }
}

impl From<wit::Replay> for Replay {
    fn from(replay: wit::Replay) -> Self {
        match replay {
            wit::Replay::Once => Self::Once,
            wit::Replay::Allow => Self::Allow,
        }
    }
}

impl From<Replay> for wit::Replay {
    fn from(replay: Replay) -> Self {
        match replay {
            Replay::Once => Self::Once,
            Replay::Allow => Self::Allow,
        }
    }
}
