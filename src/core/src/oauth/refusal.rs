//! Why a request is refused: an OAuth error code for the caller, a stable reason for logs,
//! metrics and programs, and a sentence that never echoes what the caller sent (R2, R3).

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use crate::keys::KeyOwner;

/// The error codes of RFC 6749 section 5.2, RFC 7521 section 4.1.1, RFC 8707 section 2 and RFC 9449.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// The request is malformed.
    InvalidRequest,
    /// Client authentication failed.
    InvalidClient,
    /// The assertion is not acceptable.
    InvalidGrant,
    /// The client may not use this grant, or may not do this to a token.
    UnauthorizedClient,
    /// There is no such grant type.
    UnsupportedGrantType,
    /// The scope asked for is malformed or exceeds what may be granted.
    InvalidScope,
    /// The resource asked for is unknown (RFC 8707).
    InvalidTarget,
    /// The DPoP proof is missing or not acceptable (RFC 9449 section 5).
    InvalidDpopProof,
    /// The DPoP proof needs a nonce (RFC 9449 section 8).
    UseDpopNonce,
    /// A neighbour (store, JWKS endpoint) fails; trying again later may work.
    TemporarilyUnavailable,
    /// A fault of ours.
    ServerError,
}

impl ErrorCode {
    /// The value of the `error` member.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::ServerError => "server_error",
        }
    }

    /// The HTTP status that goes with the code.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidClient => 401,
            Self::TemporarilyUnavailable => 503,
            Self::ServerError => 500,
            _ => 400,
        }
    }
}

macro_rules! reasons {
    ($($reason:ident $name:literal $code:ident $rules:literal $sentence:literal)*) => {
        /// The stable reason of a refusal. Names never change their meaning; new ones may be added.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $(#[doc = concat!($sentence, " (", $rules, ")")] $reason,)*
        }

        impl Reason {
            /// Every reason, in the order of the rule book.
            pub const ALL: &'static [Self] = &[$(Self::$reason,)*];

            /// The name in logs and in the WIT enum, such as `assertion-expired`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$reason => $name,)* }
            }

            /// The OAuth error code.
            pub const fn code(self) -> ErrorCode {
                match self { $(Self::$reason => ErrorCode::$code,)* }
            }

            /// The rules of the rule book behind it.
            pub const fn rules(self) -> &'static str {
                match self { $(Self::$reason => $rules,)* }
            }

            /// The `error_description`.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$reason => $sentence,)* }
            }
        }
    };
}

reasons! {
    MethodNotAllowed "method-not-allowed" InvalidRequest "R10" "Only POST is taken here."
    OrganizationUnknown "organization-unknown" InvalidRequest "R10" "There is no such organization."
    WrongMediaType "wrong-media-type" InvalidRequest "R11" "The body must be application/x-www-form-urlencoded."
    RequestMalformed "request-malformed" InvalidRequest "R16" "The body, or the query string, is not well-formed form data in UTF-8."
    ParameterRepeated "parameter-repeated" InvalidRequest "R13" "A parameter occurs more often than it may."
    GrantTypeMissing "grant-type-missing" InvalidRequest "R12" "The parameter grant_type is missing."
    GrantTypeUnsupported "grant-type-unsupported" UnsupportedGrantType "R12" "The grant type is not supported."
    AssertionMissing "assertion-missing" InvalidRequest "R14" "The parameter assertion is missing."
    RequestTooLarge "request-too-large" InvalidRequest "R15" "The request body exceeds 64 KiB."
    ParameterTooLarge "parameter-too-large" InvalidRequest "R15" "The parameters scope, resource and audience must not exceed 4096 bytes each."
    AssertionTooLarge "assertion-too-large" InvalidRequest "R15" "No assertion and no token may exceed 16 KiB."
    CredentialsMalformed "credentials-malformed" InvalidClient "R20, R21" "The Authorization header can not be read: Basic and base64 on one line are expected."
    CredentialsInQuery "credentials-in-query" InvalidRequest "R22" "Credentials, assertions and tokens must not stand in the query string."
    CredentialsTwice "credentials-twice" InvalidRequest "R22" "More than one client authentication method was used."
    ClientIdDiffers "client-id-differs" InvalidRequest "R22" "The client_id in the body is not the one in the Authorization header."
    ClientAssertionIncomplete "client-assertion-incomplete" InvalidRequest "R27" "The parameters client_assertion and client_assertion_type belong together."
    ClientUnauthenticated "client-unauthenticated" InvalidClient "R21" "Client authentication failed."
    ClientAssertionRefused "client-assertion-refused" InvalidClient "R27, R28" "Client authentication failed."
    TokenMissing "token-missing" InvalidRequest "R110, R111" "The parameter token is missing."
    TokenOfOtherClient "token-of-other-client" UnauthorizedClient "R111" "The token was issued to another client."
    GrantNotAllowed "grant-not-allowed" UnauthorizedClient "R24" "The application is not allowed to use this grant."
    AssertionMalformed "assertion-malformed" InvalidGrant "R30" "The assertion is not a well-formed signed JWT."
    AlgorithmNotAllowed "algorithm-not-allowed" InvalidGrant "R31" "The assertion's algorithm is not allowed."
    CriticalHeader "critical-header" InvalidGrant "R32" "The assertion has a critical header that is not supported."
    IssuerUnknown "issuer-unknown" InvalidGrant "R40" "The assertion's issuer is not trusted."
    IssuerNotAllowed "issuer-not-allowed" InvalidGrant "R25" "The application does not accept this issuer."
    TypeNotAllowed "type-not-allowed" InvalidGrant "R34" "The assertion's typ is not the expected one."
    AssertionBound "assertion-bound" InvalidGrant "R36" "The assertion is bound to a key (cnf), and no DPoP proof is by that key."
    KeyUnknown "key-unknown" InvalidGrant "R47, R48" "The assertion fits no key of its issuer."
    SignatureInvalid "signature-invalid" InvalidGrant "R33" "The assertion's signature does not verify."
    SubjectInvalid "subject-invalid" InvalidGrant "R39, R41" "The assertion's sub, or the claim in its place, is missing or malformed."
    SubjectNotAllowed "subject-not-allowed" InvalidGrant "R41" "The assertion's sub is not allowed for this issuer."
    AudienceInvalid "audience-invalid" InvalidGrant "R42" "The assertion's aud is missing or malformed."
    AudienceMismatch "audience-mismatch" InvalidGrant "R42" "The assertion is not meant for this authorization server."
    ExpiryInvalid "expiry-invalid" InvalidGrant "R43" "The assertion's exp is missing or malformed."
    Expired "assertion-expired" InvalidGrant "R43, R66" "The assertion has expired, or expires too soon for a token."
    LifetimeTooLong "lifetime-too-long" InvalidGrant "R43" "The assertion is valid for longer than this issuer may ask."
    NotBeforeInvalid "not-before-invalid" InvalidGrant "R44" "The assertion's nbf is malformed."
    NotYetValid "not-yet-valid" InvalidGrant "R44" "The assertion is not valid yet."
    IssuedAtInvalid "issued-at-invalid" InvalidGrant "R37, R44" "The assertion's iat is missing, malformed or in the future."
    TooOld "assertion-too-old" InvalidGrant "R44" "The assertion was issued too long ago."
    JwtIdInvalid "jwt-id-invalid" InvalidGrant "R46" "The assertion's jti is missing or malformed."
    OtherClient "assertion-of-another-client" InvalidGrant "R37" "The assertion was issued to another client."
    AuthorizationInvalid "assertion-authorization-invalid" InvalidGrant "R38" "The assertion's scope or resource is malformed, or it has authorization_details, which are not supported."
    ResourceOfAssertionUnknown "assertion-resource-unknown" InvalidGrant "R38" "The assertion's resource is unknown for this application."
    ClaimConditionFailed "claim-condition-failed" InvalidGrant "R49" "The assertion's claims do not meet this issuer's conditions."
    NoRuleFits "no-rule-fits" InvalidGrant "R81" "The assertion fits no rule of its issuer."
    PolicyDenied "policy-denied" InvalidGrant "R87" "The policy of this server refuses the exchange."
    Replayed "assertion-replayed" InvalidGrant "R45" "The assertion has been used before."
    ScopeMalformed "scope-malformed" InvalidScope "R61" "The scope is not well-formed."
    ScopeNotAllowed "scope-not-allowed" InvalidScope "R61" "The scope exceeds what the application, the issuer and its rule may grant."
    ResourceUnknown "resource-unknown" InvalidTarget "R63" "The resource is unknown for this application."
    SubjectTokenMissing "subject-token-missing" InvalidRequest "R90" "The parameters subject_token and subject_token_type are needed."
    ActorTokenIncomplete "actor-token-incomplete" InvalidRequest "R90" "The parameters actor_token and actor_token_type belong together."
    TokenTypeUnsupported "token-type-unsupported" InvalidRequest "R90" "The type of a token, or of the one asked for, is not supported."
    ExchangeNotAllowed "exchange-not-allowed" InvalidRequest "R90" "The tokens of this issuer can not be exchanged."
    ConsentMissing "consent-missing" InvalidRequest "R91" "Nothing says that the subject token is meant for this application or actor."
    ActorInvalid "actor-invalid" InvalidGrant "R38, R92" "The assertion's act is malformed, or would name more than 4 actors."
    ActorTokenRefused "actor-token-refused" InvalidRequest "R90, R93" "The actor token is not acceptable."
    ProofMissing "dpop-proof-missing" InvalidDpopProof "R102" "The tokens of this application are bound to a key: a DPoP proof is needed."
    ProofMalformed "dpop-proof-malformed" InvalidDpopProof "R100" "The DPoP proof is not one well-formed JWT of typ dpop+jwt with a jti and a suitable public jwk."
    ProofSignatureInvalid "dpop-proof-signature-invalid" InvalidDpopProof "R100" "The signature of the DPoP proof does not verify."
    ProofMismatch "dpop-proof-mismatch" InvalidDpopProof "R100" "The DPoP proof is for another method, URL or use (htm, htu, ath)."
    ProofNotFresh "dpop-proof-not-fresh" InvalidDpopProof "R100" "The iat of the DPoP proof is missing, or more than 300 seconds off."
    ProofReplayed "dpop-proof-replayed" InvalidDpopProof "R100" "The DPoP proof has been used before."
    NonceNeeded "dpop-nonce-needed" UseDpopNonce "R101" "The DPoP proof needs the nonce in the header DPoP-Nonce."
    KeysNeeded "keys-needed" TemporarilyUnavailable "R51" "The keys that are needed must be supplied first."
    KeysUnavailable "keys-unavailable" TemporarilyUnavailable "R51" "The keys that are needed can not be obtained at the moment."
    StoreUnavailable "store-unavailable" TemporarilyUnavailable "R70" "The store does not answer at the moment."
    ServerFault "server-fault" ServerError "R71" "The request could not be served."
}

impl Reason {
    /// The HTTP status of the response (R2, R10, R15).
    pub const fn status(self) -> u16 {
        match self {
            Self::MethodNotAllowed => 405,
            Self::RequestTooLarge => 413,
            Self::OrganizationUnknown => 404,
            other => other.code().status(),
        }
    }

    /// The `error_description` in a token exchange, which has a subject token where the reason speaks of an assertion. No proof
    /// helps one that is bound (R36).
    pub fn sentence_of_subject_token(self) -> Cow<'static, str> {
        if self == Self::AssertionBound {
            return Cow::Borrowed(
                "The subject token is bound to a key (cnf), and no such token is exchanged.",
            );
        }
        let sentence = self.sentence();
        match sentence.strip_prefix(JWT_OF_GRANT) {
            Some(rest) => Cow::Owned(["The subject token", rest].concat()),
            None => Cow::Borrowed(sentence),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The document that the caller must supply before an exchange can go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeysNeeded {
    /// Whose keys.
    pub owner: KeyOwner,
    /// Its kind: `jwks`, or `metadata` that says where the JWK set is (R54).
    pub kind: &'static str,
    /// Where it is.
    pub uri: String,
}

/// A refusal of an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// The OAuth error code: that of the reason, unless the role of what was refused has another one.
    pub code: ErrorCode,
    /// After how many seconds trying again makes sense, where that is known.
    pub retry_after: Option<u64>,
    /// With [`Reason::KeysNeeded`]: whose keys.
    pub keys_needed: Option<Box<KeysNeeded>>,
    /// With [`Reason::NonceNeeded`]: the nonce for the next proof (R101).
    pub dpop_nonce: Option<Box<str>>,
    /// What lies behind it, for the log and for `explain`: nothing secret or personal, and never in the response.
    pub cause: Option<String>,
}

/// What the sentences of [`Reason`] call the JWT of a grant: at their beginning, so that another grant can call it something
/// else.
const JWT_OF_GRANT: &str = "The assertion";

impl Refusal {
    /// The `error_description`.
    pub fn sentence(&self) -> Cow<'static, str> {
        match (self.code, self.reason.code()) {
            (ErrorCode::InvalidRequest, ErrorCode::InvalidGrant) => self.reason.sentence_of_subject_token(),
            _ => Cow::Borrowed(self.reason.sentence()),
        }
    }

    /// The HTTP status of the response (R2, R10, R15).
    pub fn status(&self) -> u16 {
        if self.code == self.reason.code() { self.reason.status() } else { self.code.status() }
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        let code = reason.code();
        let retry_after = (code == ErrorCode::TemporarilyUnavailable).then_some(5);
        Self { reason, code, retry_after, keys_needed: None, dpop_nonce: None, cause: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R2: the descriptions use only %x20-21 / %x23-5B / %x5D-7E.
    #[test]
    fn sentences_use_the_characters_of_rfc_6749() {
        for reason in Reason::ALL {
            let allowed = |byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
            assert!(reason.sentence().bytes().all(allowed), "{reason}");
        }
    }

    /// R93: what is wrong with a subject token is `invalid_request`, and is said of no assertion.
    #[test]
    fn r93_a_subject_token_is_called_one() {
        for reason in Reason::ALL.iter().filter(|reason| reason.code() == ErrorCode::InvalidGrant) {
            let refusal = crate::oauth::Role::SubjectToken.refusal(*reason);
            assert_eq!((refusal.code, refusal.status()), (ErrorCode::InvalidRequest, 400), "{reason}");
            assert!(!refusal.sentence().contains("ssertion"), "{}", refusal.sentence());
        }
        let refusal = crate::oauth::Role::SubjectToken.refusal(Reason::AssertionBound);
        assert!(!refusal.sentence().contains("proof"), "R36: none helps it");
        let refusal = crate::oauth::Role::SubjectToken.refusal(Reason::Replayed);
        assert_eq!(refusal.sentence(), "The subject token has been used before.");
        assert_eq!(Refusal::from(Reason::Replayed).sentence(), "The assertion has been used before.");
    }
}
