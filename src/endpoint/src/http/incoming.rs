//! A request, its head parsed, its body not read yet.

use asserta_core::oauth::HttpAnswer;
use spin_sdk::http::{HeaderMap, Method, Request};
use spin_sdk::wasip3::http_compat::IncomingRequestBody;

use super::body::{BodyError, read_body};
use super::cors;
use super::problem::Problem;

/// The methods of a document.
const READ: &str = "GET, HEAD, OPTIONS";

/// A request to the endpoint.
pub(crate) struct Incoming {
    /// The method.
    pub(crate) method: Method,
    /// The query string, without the `?`.
    pub(crate) query: Option<String>,
    headers: HeaderMap,
    body: IncomingRequestBody,
}

impl Incoming {
    /// Takes a request of the host apart, into its path and the rest.
    pub(crate) fn from_spin(request: Request) -> (String, Self) {
        let (head, body) = request.into_parts();
        let query = head.uri.query().map(ToOwned::to_owned);
        let incoming = Self { method: head.method, query, headers: head.headers, body };
        (head.uri.path().to_owned(), incoming)
    }

    /// Answers with a document that can be read (GET, HEAD).
    pub(crate) async fn document(
        &self,
        document: impl Future<Output = Result<HttpAnswer, Problem>>,
    ) -> HttpAnswer {
        match self.method {
            Method::GET | Method::HEAD => document.await.unwrap_or_else(|problem| problem.answer()),
            _ => Problem::answer_allowing(READ),
        }
    }

    /// The same with one that pages of any origin may read (R17).
    pub(crate) async fn public_document(
        &self,
        document: impl Future<Output = Result<HttpAnswer, Problem>>,
    ) -> HttpAnswer {
        if self.method == Method::OPTIONS {
            return self.preflight(READ);
        }
        cors::open(self.document(document).await)
    }

    /// What a browser is told that asks whether a page may send the request; `methods` are those of the path (R17).
    pub(crate) fn preflight(&self, methods: &'static str) -> HttpAnswer {
        let asked = self.headers.get_all("access-control-request-headers").iter();
        cors::preflight(methods, asked.filter_map(|value| value.to_str().ok()))
    }

    /// A header that may occur once: `Err` where it occurs twice or is not text.
    pub(crate) fn header(&self, name: &str) -> Result<Option<&str>, ()> {
        let mut values = self.headers.get_all(name).iter();
        let first = values.next();
        if values.next().is_some() {
            return Err(());
        }
        first.map(|value| value.to_str().map_err(|_| ())).transpose()
    }

    /// Reads the body, but no more than `limit` bytes, and nothing where its length is announced to be
    /// more (R15).
    pub(crate) async fn body(&mut self, limit: usize) -> Result<Vec<u8>, BodyError> {
        let announced =
            self.header("content-length").ok().flatten().and_then(|text| text.parse::<u64>().ok());
        if announced.is_some_and(|length| length > limit as u64) {
            return Err(BodyError::TooLarge);
        }
        match self.body.take_unstarted() {
            Some(message) => read_body(message, limit).await,
            None => Ok(Vec::new()),
        }
    }
}
