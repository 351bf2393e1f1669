//! Why a proof is not accepted: precise, and without a word of OAuth.

/// Why a DPoP proof is not accepted (RFC 9449 section 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofProblem {
    /// The header is there more than once.
    Repeated,
    /// It is longer than [`MAX_PROOF`](super::MAX_PROOF).
    TooLarge,
    /// It is not a signed JWT in compact form, with strict JSON in it.
    Malformed,
    /// Its `alg` is none that ever verifies anything here.
    AlgorithmUnusable,
    /// Its header asks for an extension.
    CriticalHeader,
    /// Its `typ` is not `dpop+jwt`.
    TypeNotAllowed,
    /// Its `jwk` is absent, not public, weak, too large, or not for its `alg`.
    KeyUnusable,
    /// `htm` is not the method of the request.
    MethodMismatch,
    /// `htu` is not the URL of the request.
    UrlMismatch,
    /// `iat` is absent, malformed, or too far from now.
    NotFresh,
    /// `jti` is absent, malformed or too long.
    JwtIdInvalid,
    /// `ath` is not that of the access token; or there is no token, and it is there.
    TokenMismatch,
    /// Its signature does not verify with its `jwk`.
    SignatureInvalid,
    /// It has no nonce of ours that is still good, and one is wanted.
    NonceNeeded,
}

impl ProofProblem {
    /// In words, for whoever made the proof and for the operator.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Repeated => "there is more than one DPoP header",
            Self::TooLarge => "the proof exceeds 4096 bytes",
            Self::Malformed => "the proof is not a signed JWT in compact form, or its JSON is not strict",
            Self::AlgorithmUnusable => "alg is not an asymmetric algorithm that is supported",
            Self::CriticalHeader => "the header has crit or b64",
            Self::TypeNotAllowed => "typ is not dpop+jwt",
            Self::KeyUnusable => "jwk is absent, not public, too weak, too large, or not for alg",
            Self::MethodMismatch => "htm is not the method of the request",
            Self::UrlMismatch => "htu is not the URL of the request",
            Self::NotFresh => "iat is absent, malformed, or more than 300 seconds off",
            Self::JwtIdInvalid => "jti is absent, not a string, or not 1 to 256 bytes long",
            Self::TokenMismatch => "ath is not that of an access token in the request",
            Self::SignatureInvalid => "the signature does not verify with jwk",
            Self::NonceNeeded => "nonce is absent, or not one that was given out here in the last 5 minutes",
        }
    }
}
