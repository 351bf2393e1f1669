//! Pages of any origin may use what is public: there is no cookie, so that being asked grants nothing (R17).
//! What is not opened here, the admin API above all, is for no origin.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;

use crate::response::{Response, empty};

/// The request headers that a page may send.
const ALLOWED_HEADERS: [&str; 5] =
    ["authorization", "content-type", "dpop", "mcp-protocol-version", "accept"];
/// For how long a browser may remember a preflight, in seconds.
const MAX_AGE: &str = "600";

/// Lets a page of any origin read the response, and the headers in it that say what to do next.
pub(crate) fn open(mut response: Response) -> Response {
    response.headers.push(("access-control-allow-origin", "*".to_owned()));
    response.headers.push(("access-control-expose-headers", "DPoP-Nonce, WWW-Authenticate".to_owned()));
    response
}

/// The response to OPTIONS, which a browser asks before it lets a page send the request: `methods` are those of the
/// path, `asked` are the values of `Access-Control-Request-Headers`.
pub(crate) fn preflight<'a>(methods: &'static str, asked: impl Iterator<Item = &'a str>) -> Response {
    let mut response = empty(204);
    response.headers.extend([
        ("allow", methods.to_owned()),
        ("access-control-allow-origin", "*".to_owned()),
        ("access-control-allow-methods", methods.to_owned()),
        ("access-control-max-age", MAX_AGE.to_owned()),
    ]);
    let allowed = allowed_headers(asked);
    if !allowed.is_empty() {
        response.headers.push(("access-control-allow-headers", allowed));
    }
    response
}

/// Those of the headers asked for that are allowed. A browser refuses the request if one is missing.
fn allowed_headers<'a>(asked: impl Iterator<Item = &'a str>) -> String {
    let asked: Vec<&str> = asked.flat_map(|list| list.split(',')).map(str::trim).collect();
    let is_asked = |name: &&str| asked.iter().any(|asked| asked.eq_ignore_ascii_case(name));
    ALLOWED_HEADERS.into_iter().filter(is_asked).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    /// R17: what was asked for and is on the list, whatever its case and however it is split.
    #[test]
    fn r17_headers_that_a_page_may_send() {
        for (asked, allowed) in [
            (vec![], ""),
            (vec![""], ""),
            (
                vec!["authorization,content-type,mcp-protocol-version"],
                "authorization, content-type, mcp-protocol-version",
            ),
            (vec!["Accept , DPoP", "x-admin,cookie,authorizations"], "dpop, accept"),
            (vec!["*"], ""),
        ] {
            assert_eq!(allowed_headers(asked.into_iter()), allowed);
        }
    }
}
