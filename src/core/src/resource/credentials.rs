//! The access token of a request, from its `Authorization` header and nowhere else: a token in the query or the body is
//! none (RFC 6750 sections 2.2 and 2.3 leave both to the resource; R120).

use super::challenge::Reason;
use super::scheme::{Scheme, scheme_and_rest};

/// The longest access token that is read, in bytes.
const MAX_TOKEN: usize = 16 * 1024;

/// The token that the values of `Authorization` present.
pub(super) fn token<'a>(authorization: &[&'a str]) -> Result<&'a str, Reason> {
    let [value] = authorization else {
        return Err(if authorization.is_empty() { Reason::NoCredentials } else { Reason::CredentialsTwice });
    };
    let (scheme, token) = scheme_and_rest(value);
    if ![Scheme::Bearer, Scheme::Dpop].iter().any(|ours| scheme.eq_ignore_ascii_case(ours.name())) {
        return Err(Reason::NoCredentials);
    }
    // One or more spaces; what follows is the grammar `b64token`. A comma joins two headers into one: refused with the rest.
    let token = token.trim_start_matches(' ');
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if token.is_empty() || !token.bytes().all(is_token) {
        return Err(Reason::CredentialsMalformed);
    }
    if token.len() > MAX_TOKEN {
        return Err(Reason::TokenTooLong);
    }
    Ok(token)
}
