//! Answers as values, and their way to the host.

use asserta_core::oauth::{HttpAnswer, JsonAnswer};
use serde::Serialize;
use spin_sdk::wasip3::http::types::{ErrorCode, Fields, Response};
use spin_sdk::wasip3::http_compat::BodyWriter;
use spin_sdk::wasip3::spawn;

/// Any value as a JSON answer with the headers of R1.
pub(crate) fn json(status: u16, value: &impl Serialize) -> HttpAnswer {
    #[derive(Serialize)]
    #[serde(transparent)]
    struct Body<'a, T>(&'a T);
    impl<T: Serialize> JsonAnswer for Body<'_, T> {}
    Body(value).answer(status)
}

/// An answer without a body.
pub(crate) fn empty(status: u16) -> HttpAnswer {
    HttpAnswer { status, headers: vec![("cache-control", "no-store".to_owned())], body: Vec::new() }
}

/// A public document in JSON, which caches may keep for so many seconds.
pub(crate) fn document(body: Vec<u8>, max_age: u64) -> HttpAnswer {
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("cache-control", format!("public, max-age={max_age}")),
        ("x-content-type-options", "nosniff".to_owned()),
    ];
    HttpAnswer { status: 200, headers, body }
}

/// Hands an answer to the host, and runs `afterwards` once it is out.
///
/// `head`: the request was a HEAD, so the body stays here (RFC 9110 section 9.3.2).
pub(crate) fn send(
    mut answer: HttpAnswer,
    head: bool,
    afterwards: impl Future<Output = ()> + 'static,
) -> Result<Response, ErrorCode> {
    if head || answer.status == 204 {
        answer.body.clear();
    } else {
        // A length spares the client the chunks, and the connection a second packet.
        answer.headers.push(("content-length", answer.body.len().to_string()));
    }
    let fields = answer.headers.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes()));
    let internal = |problem: &str| ErrorCode::InternalError(Some(problem.to_owned()));
    let headers = Fields::from_list(&fields.collect::<Vec<_>>())
        .map_err(|_| internal("a header of ours is invalid"))?;
    let (writer, body, end) = BodyWriter::new();
    let (response, _transmitted) = Response::new(headers, Some(body), end);
    response.set_status_code(answer.status).map_err(|()| internal("a status of ours is invalid"))?;
    spawn(async move {
        let BodyWriter { mut stream_writer, result_writer, .. } = writer;
        // Whatever is left over a client has not waited for.
        _ = stream_writer.write_all(answer.body).await;
        drop(stream_writer);
        _ = result_writer.write(Ok(None)).await;
        afterwards.await;
    });
    Ok(response)
}
