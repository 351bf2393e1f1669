//! What a problem with a JWT is called, which depends on what the JWT is for, and what one with a proof is called.

use alloc::string::ToString as _;

use super::refusal::{ErrorCode, Reason, Refusal};
use crate::jwt::JwtProblem;
use crate::proof::ProofProblem;

/// What a JWT is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An assertion to be exchanged (RFC 7523 section 2.1): what is wrong with it is `invalid_grant`.
    Assertion,
    /// What a client authenticates with (RFC 7523 section 2.2): whatever is wrong with it is `invalid_client`, in the same
    /// words (R21). The cause says what, for the operator.
    ClientAssertion,
    /// What a token exchange is about (RFC 8693 section 2.1): what is wrong with it is `invalid_request` (2.2.2).
    SubjectToken,
    /// Who acts for the subject of the other one (RFC 8693 section 2.1): whatever is wrong with it is `invalid_request`, in
    /// the same words, so that it is not taken for the other one. The cause says what.
    ActorToken,
}

impl Role {
    /// The refusal of a JWT that has this role, where this would be the reason with an assertion.
    pub fn refusal(self, reason: Reason) -> Refusal {
        match self {
            Self::Assertion => reason.into(),
            Self::ClientAssertion => because(reason, Reason::ClientAssertionRefused),
            Self::SubjectToken => self.refused(reason.into()),
            Self::ActorToken => because(reason, Reason::ActorTokenRefused),
        }
    }

    /// A refusal of the grant whose JWT has this role: the code that goes with it.
    pub fn refused(self, refusal: Refusal) -> Refusal {
        match (self, refusal.code) {
            // RFC 8693 section 2.2.2: also where it is unacceptable based on policy.
            (Self::SubjectToken, ErrorCode::InvalidGrant) => {
                Refusal { code: ErrorCode::InvalidRequest, ..refusal }
            }
            _ => refusal,
        }
    }
}

/// The refusal for a reason that is told as `shown`.
fn because(reason: Reason, shown: Reason) -> Refusal {
    let cause = match reason {
        // R36: of these no proof is looked for.
        Reason::AssertionBound => "The JWT is bound to a key (cnf), and an assertion alone may be.",
        reason => reason.sentence(),
    };
    Refusal { cause: Some(cause.to_string()), ..shown.into() }
}

/// The refusal of a JWT that has this role.
pub fn in_role(problem: JwtProblem, role: Role) -> Refusal {
    role.refusal(of_assertion(problem))
}

const fn of_assertion(problem: JwtProblem) -> Reason {
    match problem {
        JwtProblem::Malformed => Reason::AssertionMalformed,
        JwtProblem::AlgorithmUnusable | JwtProblem::AlgorithmNotAllowed | JwtProblem::KeyOfOtherType => {
            Reason::AlgorithmNotAllowed
        }
        JwtProblem::CriticalHeader => Reason::CriticalHeader,
        JwtProblem::IssuerInvalid => Reason::IssuerUnknown,
        JwtProblem::TypeNotAllowed => Reason::TypeNotAllowed,
        JwtProblem::KeyUnknown => Reason::KeyUnknown,
        JwtProblem::SignatureInvalid => Reason::SignatureInvalid,
        JwtProblem::Bound => Reason::AssertionBound,
        JwtProblem::SubjectInvalid => Reason::SubjectInvalid,
        JwtProblem::AudienceInvalid => Reason::AudienceInvalid,
        JwtProblem::AudienceMismatch => Reason::AudienceMismatch,
        JwtProblem::ExpiryInvalid => Reason::ExpiryInvalid,
        JwtProblem::Expired => Reason::Expired,
        JwtProblem::LifetimeTooLong => Reason::LifetimeTooLong,
        JwtProblem::NotBeforeInvalid => Reason::NotBeforeInvalid,
        JwtProblem::NotYetValid => Reason::NotYetValid,
        JwtProblem::IssuedAtInvalid => Reason::IssuedAtInvalid,
        JwtProblem::TooOld => Reason::TooOld,
        JwtProblem::JwtIdInvalid => Reason::JwtIdInvalid,
    }
}

/// The refusal of a DPoP proof. The cause says what is wrong in detail, for the log.
pub fn of_proof(problem: ProofProblem) -> Refusal {
    let reason = match problem {
        ProofProblem::Repeated
        | ProofProblem::TooLarge
        | ProofProblem::Malformed
        | ProofProblem::AlgorithmUnusable
        | ProofProblem::CriticalHeader
        | ProofProblem::TypeNotAllowed
        | ProofProblem::KeyUnusable
        | ProofProblem::JwtIdInvalid => Reason::ProofMalformed,
        ProofProblem::MethodMismatch | ProofProblem::UrlMismatch | ProofProblem::TokenMismatch => {
            Reason::ProofMismatch
        }
        ProofProblem::NotFresh => Reason::ProofNotFresh,
        ProofProblem::SignatureInvalid => Reason::ProofSignatureInvalid,
        ProofProblem::NonceNeeded => Reason::NonceNeeded,
    };
    Refusal { cause: Some(problem.sentence().to_string()), ..reason.into() }
}
