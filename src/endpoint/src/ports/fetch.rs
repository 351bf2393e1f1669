//! The reader of the documents of issuers' keys, over outbound wasi:http, under the limits of R50. Which addresses are
//! acceptable core has decided by then; redirects are not followed, since wasi:http follows none.

use std::pin::pin;

use asserta_core::ports::{FetchProblem, FetchRequest, FetchedDocument, KeyFetcher};
use asserta_endpoint_ports::document::{self, Address, SIZE_LIMIT, TIME_LIMIT, USUAL_SIZE};
use asserta_endpoint_ports::fetch_problem;
use futures_util::future::{Either, select};
use spin_sdk::wasip3::clocks::monotonic_clock;
use spin_sdk::wasip3::http::client::send;
use spin_sdk::wasip3::http::types::{ErrorCode, Fields, Request, RequestOptions, Scheme};
use spin_sdk::wasip3::wit_future;

use crate::body::{BodyError, read_body};

/// Outbound HTTP of the host.
pub(crate) struct OutboundHttp;

impl KeyFetcher for OutboundHttp {
    const CALLER_SUPPLIES: bool = false;

    async fn fetch(&self, request: FetchRequest<'_>) -> Result<FetchedDocument, FetchProblem> {
        let uri = document::acceptable(&request)?;
        let exchange = pin!(get(uri));
        let alarm = pin!(monotonic_clock::wait_for(TIME_LIMIT));
        match select(exchange, alarm).await {
            Either::Left((document, _)) => document,
            Either::Right(_) => Err(FetchProblem::TimedOut),
        }
    }
}

async fn get(uri: &str) -> Result<FetchedDocument, FetchProblem> {
    // What tells how the request was sent is kept until the response is read: a host may end both together.
    let (request, _transmitted) = request(uri).ok_or(FetchProblem::BadAddress)?;
    let response = send(request).await.map_err(|error| fetch_problem!(ErrorCode, error))?;
    match response.get_status_code() {
        200 => {}
        status @ 300..400 => return Err(FetchProblem::Redirect(status)),
        status => return Err(FetchProblem::Status(status)),
    }
    let headers = response.get_headers();
    if document::is_encoded(&headers.get("content-encoding")) {
        return Err(FetchProblem::Encoded);
    }
    let max_age = document::max_age(&headers.get("cache-control"), &headers.get("age"));
    let body = read_body(response, USUAL_SIZE, SIZE_LIMIT).await.map_err(|error| match error {
        BodyError::TooLarge => FetchProblem::TooLarge,
        BodyError::Broken => FetchProblem::Incomplete,
    })?;
    Ok(FetchedDocument { body, max_age })
}

/// A GET without a body, whose method is the one that a new request has, and what tells how it was sent.
fn request(uri: &str) -> Option<(Request, impl Sized + use<>)> {
    let Address { is_https, authority, path_with_query } = document::address(uri)?;
    let scheme = if is_https { Scheme::Https } else { Scheme::Http };
    let headers = Fields::from_list(&document::request_headers()).ok()?;
    let (_none_to_come, trailers) = wit_future::new(|| Ok(None));
    let (request, transmitted) = Request::new(headers, None, trailers, Some(options()));
    request.set_scheme(Some(&scheme)).ok()?;
    request.set_authority(Some(authority)).ok()?;
    request.set_path_with_query(Some(&path_with_query)).ok()?;
    Some((request, transmitted))
}

/// The time limit again for the host, so that it gives up a connection that we have given up.
fn options() -> RequestOptions {
    let options = RequestOptions::new();
    // A host may not know one of them; the race in `fetch` holds anyway.
    _ = options.set_connect_timeout(Some(TIME_LIMIT));
    _ = options.set_first_byte_timeout(Some(TIME_LIMIT));
    _ = options.set_between_bytes_timeout(Some(TIME_LIMIT));
    options
}
