//! The reader of the documents of issuers' keys, over outbound wasi:http, under the limits of R50. Which addresses are
//! acceptable core has decided by then; redirects are not followed, since wasi:http follows none.

use asserta_core::ports::{FetchProblem, FetchRequest, FetchedDocument, KeyFetcher};
use asserta_endpoint_ports::document::{self, Address, SIZE_LIMIT, TIME_LIMIT, USUAL_SIZE};
use asserta_endpoint_ports::fetch_problem;
use wasip2::clocks::monotonic_clock;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{ErrorCode, Fields, OutgoingRequest, RequestOptions, Scheme};
use wasip2::io::poll::poll;

use crate::body::{BodyError, read_body};

/// Outbound HTTP of the host.
pub(crate) struct OutboundHttp;

impl KeyFetcher for OutboundHttp {
    const CALLER_SUPPLIES: bool = false;

    async fn fetch(&self, request: FetchRequest<'_>) -> Result<FetchedDocument, FetchProblem> {
        let uri = document::acceptable(&request)?;
        get(uri)
    }
}

fn get(uri: &str) -> Result<FetchedDocument, FetchProblem> {
    let deadline = monotonic_clock::subscribe_duration(TIME_LIMIT);
    let request = request(uri).ok_or(FetchProblem::BadAddress)?;
    let problem = |error: ErrorCode| fetch_problem!(ErrorCode, error);
    let sent = outgoing_handler::handle(request, Some(options())).map_err(problem)?;
    if poll(&[&deadline, &sent.subscribe()]).contains(&0) {
        return Err(FetchProblem::TimedOut);
    }
    let Some(Ok(response)) = sent.get() else { return Err(FetchProblem::Unknown) };
    let response = response.map_err(problem)?;
    match response.status() {
        200 => {}
        status @ 300..400 => return Err(FetchProblem::Redirect(status)),
        status => return Err(FetchProblem::Status(status)),
    }
    let headers = response.headers();
    if document::is_encoded(&headers.get("content-encoding")) {
        return Err(FetchProblem::Encoded);
    }
    let max_age = document::max_age(&headers.get("cache-control"), &headers.get("age"));
    let body = response.consume().map_err(|()| FetchProblem::Incomplete)?;
    let body = read_body(&body, USUAL_SIZE, SIZE_LIMIT, Some(&deadline)).map_err(|error| match error {
        BodyError::TooLarge => FetchProblem::TooLarge,
        BodyError::Broken => FetchProblem::Incomplete,
        BodyError::TimedOut => FetchProblem::TimedOut,
    })?;
    Ok(FetchedDocument { body, max_age })
}

/// A GET without a body; its method is the one that a new request has.
fn request(uri: &str) -> Option<OutgoingRequest> {
    let Address { is_https, authority, path_with_query } = document::address(uri)?;
    let scheme = if is_https { Scheme::Https } else { Scheme::Http };
    let request = OutgoingRequest::new(Fields::from_list(&document::request_headers()).ok()?);
    request.set_scheme(Some(&scheme)).ok()?;
    request.set_authority(Some(authority)).ok()?;
    request.set_path_with_query(Some(&path_with_query)).ok()?;
    Some(request)
}

/// The time limit again for the host, so that it gives up a connection that we have given up.
fn options() -> RequestOptions {
    let options = RequestOptions::new();
    // A host may not know one of them; the deadline in `get` holds anyway.
    _ = options.set_connect_timeout(Some(TIME_LIMIT));
    _ = options.set_first_byte_timeout(Some(TIME_LIMIT));
    _ = options.set_between_bytes_timeout(Some(TIME_LIMIT));
    options
}
