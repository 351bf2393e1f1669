//! The names in our tokens: their type, and the claims that are ours.

/// The claim of ours that names the issuer of the assertion.
pub(super) const ASSERTION_ISSUER: &str = "assertion_issuer";

/// The claim of ours that names the rule of that issuer by which the token was granted (R80).
pub(super) const ASSERTION_RULE: &str = "assertion_rule";

/// The media type of our tokens in the header `typ`. No assertion may carry it (R34).
pub(crate) const TYP: &str = "at+jwt";

/// The claims of an access token that no mapping may write (R62).
const RESERVED: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "client_id",
    "scope",
    "cnf",
    "act",
    "may_act",
    ASSERTION_ISSUER,
    ASSERTION_RULE,
];

/// Whether the claim of this name is ours, so that no mapping may write it (R62).
#[must_use]
pub fn is_reserved_claim(name: &str) -> bool {
    RESERVED.contains(&name)
}
