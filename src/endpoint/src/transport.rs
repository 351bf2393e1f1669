//! Requests of the host as values, and responses on their way to it, over wasi:http.

use asserta_http::{BodyProblem, MAX_BODY, Request, Response};
use spin_sdk::wasip3::http::types::{self, ErrorCode, Fields, Method};
use spin_sdk::wasip3::http_compat::BodyWriter;
use spin_sdk::wasip3::spawn;

use crate::body::{BodyError, read_body};

/// Takes a request over, its body read where it is awaited.
pub(crate) async fn receive(request: types::Request) -> Request {
    let target = request.get_path_with_query().unwrap_or_default();
    let headers = request.get_headers().copy_all();
    let mut received = Request::to(target, method(request.get_method()), headers);
    received.body = match received.awaits_body() {
        Ok(Some(room)) => read_body(request, room, MAX_BODY).await.map_err(problem),
        Ok(None) => Ok(Vec::new()),
        Err(problem) => Err(problem),
    };
    received
}

fn problem(error: BodyError) -> BodyProblem {
    match error {
        BodyError::TooLarge => BodyProblem::TooLarge,
        BodyError::Broken => BodyProblem::Broken,
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

/// Hands a response to the host, and runs `afterwards` once it is out.
pub(crate) fn send(
    response: Response,
    afterwards: impl Future<Output = ()> + 'static,
) -> Result<types::Response, ErrorCode> {
    let fields = response.headers.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes()));
    let internal = |problem: &str| ErrorCode::InternalError(Some(problem.to_owned()));
    let headers = Fields::from_list(&fields.collect::<Vec<_>>())
        .map_err(|_| internal("a header of ours is invalid"))?;
    let (writer, body, end) = BodyWriter::new();
    let (sent, _transmitted) = types::Response::new(headers, Some(body), end);
    sent.set_status_code(response.status).map_err(|()| internal("a status of ours is invalid"))?;
    spawn(async move {
        let BodyWriter { mut stream_writer, result_writer, .. } = writer;
        // Whatever is left over a client has not waited for.
        _ = stream_writer.write_all(response.body).await;
        drop(stream_writer);
        _ = result_writer.write(Ok(None)).await;
        afterwards.await;
    });
    Ok(sent)
}
