//! Requests of the host as values, and responses on their way to it, over wasi:http 0.2.

use std::io::Write as _;

use asserta_http::{BodyProblem, MAX_BODY, Request, Response};
use wasip2::http::types::{
    ErrorCode, Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

use crate::body::{BodyError, read_body};

/// Takes a request over, its body read where it is awaited.
pub(crate) fn receive(request: &IncomingRequest) -> Request {
    let target = request.path_with_query().unwrap_or_default();
    let headers = request.headers().entries();
    let mut received = Request::to(target, method(request.method()), headers);
    received.body = match received.awaits_body() {
        Ok(Some(room)) => match request.consume() {
            Ok(body) => read_body(&body, room, MAX_BODY, None).map_err(problem),
            Err(()) => Err(BodyProblem::Broken),
        },
        Ok(None) => Ok(Vec::new()),
        Err(problem) => Err(problem),
    };
    received
}

fn problem(error: BodyError) -> BodyProblem {
    match error {
        BodyError::TooLarge => BodyProblem::TooLarge,
        BodyError::Broken | BodyError::TimedOut => BodyProblem::Broken,
    }
}

fn method(method: Method) -> String {
    let name = match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
        Method::Connect => "CONNECT",
        Method::Options => "OPTIONS",
        Method::Trace => "TRACE",
        Method::Patch => "PATCH",
        Method::Other(name) => return name,
    };
    name.to_owned()
}

/// Hands a response to the host.
pub(crate) fn send(response: Response, out: ResponseOutparam) {
    let fields = response.headers.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes()));
    let internal = |problem: &str| ErrorCode::InternalError(Some(problem.to_owned()));
    let headers = match Fields::from_list(&fields.collect::<Vec<_>>()) {
        Ok(headers) => headers,
        Err(_) => return ResponseOutparam::set(out, Err(internal("a header of ours is invalid"))),
    };
    let sent = OutgoingResponse::new(headers);
    let (Ok(()), Ok(body)) = (sent.set_status_code(response.status), sent.body()) else {
        return ResponseOutparam::set(out, Err(internal("a status of ours is invalid")));
    };
    ResponseOutparam::set(out, Ok(sent));
    // Whatever is left over a client has not waited for.
    if let Ok(mut stream) = body.write() {
        _ = stream.write_all(&response.body);
    }
    _ = OutgoingBody::finish(body, None);
}
