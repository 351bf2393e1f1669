//! A request, as far as the guard is concerned.

/// What a guard looks at of a request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Its method, in upper case.
    pub method: &'a str,
    /// Its path and query, as they were sent.
    pub target: &'a str,
    /// The value of each `Authorization` header.
    pub authorization: &'a [&'a str],
    /// The value of each `DPoP` header: the proof of the key of a bound token.
    pub dpop: &'a [&'a str],
}
