//! Error codes and reasons. Both lists are the same on both sides, which the compiler checks one way and
//! a test of the Rust host the other.

use asserta_core::oauth::{ErrorCode, Reason};

use crate::bindings::wit::types;

impl From<ErrorCode> for types::ErrorCode {
    fn from(code: ErrorCode) -> Self {
        match code {
            ErrorCode::InvalidRequest => Self::InvalidRequest,
            ErrorCode::InvalidClient => Self::InvalidClient,
            ErrorCode::InvalidGrant => Self::InvalidGrant,
            ErrorCode::UnauthorizedClient => Self::UnauthorizedClient,
            ErrorCode::UnsupportedGrantType => Self::UnsupportedGrantType,
            ErrorCode::InvalidScope => Self::InvalidScope,
            ErrorCode::InvalidTarget => Self::InvalidTarget,
            ErrorCode::TemporarilyUnavailable => Self::TemporarilyUnavailable,
            ErrorCode::ServerError => Self::ServerError,
        }
    }
}

impl From<Reason> for types::Reason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::MethodNotAllowed => Self::MethodNotAllowed,
            Reason::OrganizationUnknown => Self::OrganizationUnknown,
            Reason::WrongMediaType => Self::WrongMediaType,
            Reason::RequestMalformed => Self::RequestMalformed,
            Reason::ParameterRepeated => Self::ParameterRepeated,
            Reason::GrantTypeMissing => Self::GrantTypeMissing,
            Reason::GrantTypeUnsupported => Self::GrantTypeUnsupported,
            Reason::AssertionMissing => Self::AssertionMissing,
            Reason::RequestTooLarge => Self::RequestTooLarge,
            Reason::ParameterTooLarge => Self::ParameterTooLarge,
            Reason::AssertionTooLarge => Self::AssertionTooLarge,
            Reason::CredentialsMalformed => Self::CredentialsMalformed,
            Reason::CredentialsInQuery => Self::CredentialsInQuery,
            Reason::CredentialsTwice => Self::CredentialsTwice,
            Reason::ClientUnauthenticated => Self::ClientUnauthenticated,
            Reason::GrantNotAllowed => Self::GrantNotAllowed,
            Reason::AssertionMalformed => Self::AssertionMalformed,
            Reason::AlgorithmNotAllowed => Self::AlgorithmNotAllowed,
            Reason::CriticalHeader => Self::CriticalHeader,
            Reason::IssuerUnknown => Self::IssuerUnknown,
            Reason::IssuerNotAllowed => Self::IssuerNotAllowed,
            Reason::TypeNotAllowed => Self::TypeNotAllowed,
            Reason::AssertionBound => Self::AssertionBound,
            Reason::KeyUnknown => Self::KeyUnknown,
            Reason::SignatureInvalid => Self::SignatureInvalid,
            Reason::SubjectInvalid => Self::SubjectInvalid,
            Reason::SubjectNotAllowed => Self::SubjectNotAllowed,
            Reason::AudienceInvalid => Self::AudienceInvalid,
            Reason::AudienceMismatch => Self::AudienceMismatch,
            Reason::ExpiryInvalid => Self::ExpiryInvalid,
            Reason::Expired => Self::AssertionExpired,
            Reason::LifetimeTooLong => Self::LifetimeTooLong,
            Reason::NotBeforeInvalid => Self::NotBeforeInvalid,
            Reason::NotYetValid => Self::NotYetValid,
            Reason::IssuedAtInvalid => Self::IssuedAtInvalid,
            Reason::TooOld => Self::AssertionTooOld,
            Reason::JwtIdInvalid => Self::JwtIdInvalid,
            Reason::ClaimConditionFailed => Self::ClaimConditionFailed,
            Reason::Replayed => Self::AssertionReplayed,
            Reason::ScopeMalformed => Self::ScopeMalformed,
            Reason::ScopeNotAllowed => Self::ScopeNotAllowed,
            Reason::ResourceUnknown => Self::ResourceUnknown,
            Reason::KeysNeeded => Self::KeysNeeded,
            Reason::KeysUnavailable => Self::KeysUnavailable,
            Reason::StoreUnavailable => Self::StoreUnavailable,
            Reason::ServerFault => Self::ServerFault,
        }
    }
}
