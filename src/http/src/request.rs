//! A request as a host hands it in: plain values, the body read.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;

use crate::cors;
use crate::problem::Problem;
use crate::response::Response;

pub use asserta_core::oauth::MAX_BODY;

/// The methods of a document, and of one that pages of any origin may read.
const READ: &str = "GET, HEAD";
const READ_BY_PAGES: &str = "GET, HEAD, OPTIONS";

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method, such as `POST`.
    pub method: String,
    /// The path, percent-encoded as it came.
    pub path: String,
    /// The query string, without the `?`.
    pub query: Option<String>,
    /// The headers, names in any case; one that came twice stands here twice.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, or why it can't be had. [`awaits_body`](Self::awaits_body) says whether it is to be read.
    pub body: Result<Vec<u8>, BodyProblem>,
}

/// Why a body can't be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyProblem {
    /// It exceeds [`MAX_BODY`].
    TooLarge,
    /// The other side went away, or broke the protocol.
    Broken,
}

/// Room for a usual token request, in bytes.
const USUAL_BODY: usize = 4096;

impl Request {
    /// A request to this target in origin form (RFC 9112 section 3.2.1), its path and query in one; without a body yet.
    pub fn to(target: String, method: String, headers: Vec<(String, Vec<u8>)>) -> Self {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
            None => (target, None),
        };
        Self { method, path, query, headers, body: Ok(Vec::new()) }
    }

    /// Whether the host is to read the body, up to [`MAX_BODY`] bytes, and for how many to make room at first. An error
    /// is the body's problem already: its length is announced to be more, and nothing of it is read (R15). What a method
    /// brings that has no use for a body is left alone.
    pub fn awaits_body(&self) -> Result<Option<usize>, BodyProblem> {
        if matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "DELETE") {
            return Ok(None);
        }
        let announced =
            self.header("content-length").ok().flatten().and_then(|text| text.parse::<u64>().ok());
        match announced.map(usize::try_from) {
            None => Ok(Some(USUAL_BODY)),
            Some(Ok(length @ ..=MAX_BODY)) => Ok(Some(length)),
            Some(_) => Err(BodyProblem::TooLarge),
        }
    }

    /// Responds with a document that can be read (GET, HEAD).
    pub(crate) async fn document(
        &self,
        document: impl Future<Output = Result<Response, Problem>>,
    ) -> Response {
        self.read(document, READ).await
    }

    async fn read(
        &self,
        document: impl Future<Output = Result<Response, Problem>>,
        methods: &'static str,
    ) -> Response {
        match self.method.as_str() {
            "GET" | "HEAD" => document.await.unwrap_or_else(|problem| problem.response()),
            _ => Problem::response_allowing(methods),
        }
    }

    /// The same with one that pages of any origin may read (R17).
    pub(crate) async fn public_document(
        &self,
        document: impl Future<Output = Result<Response, Problem>>,
    ) -> Response {
        if self.method == "OPTIONS" {
            return self.preflight(READ_BY_PAGES);
        }
        cors::open(self.read(document, READ_BY_PAGES).await)
    }

    /// What a browser is told that asks whether a page may send the request; `methods` are those of the path (R17).
    pub(crate) fn preflight(&self, methods: &'static str) -> Response {
        cors::preflight(methods, self.values("access-control-request-headers").filter_map(text))
    }

    /// A header that may occur once: `Err` where it occurs twice or is not text.
    pub(crate) fn header(&self, name: &str) -> Result<Option<&str>, ()> {
        let mut values = self.values(name);
        let first = values.next();
        if values.next().is_some() {
            return Err(());
        }
        first.map(|value| text(value).ok_or(())).transpose()
    }

    /// Each value of a header.
    pub(crate) fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.headers
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_slice())
    }
}

/// A header's value, if it is visible ASCII.
fn text(value: &[u8]) -> Option<&str> {
    let is_visible = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t');
    if value.iter().all(is_visible) { str::from_utf8(value).ok() } else { None }
}
