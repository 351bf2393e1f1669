//! Reading the body of a request or of a response of a JWKS endpoint, up to a limit.

use spin_sdk::wasip3::http_compat::IncomingMessage;
use spin_sdk::wasip3::wit_bindgen::StreamResult;
use spin_sdk::wasip3::wit_future;

/// Why a body can't be had.
#[derive(Debug)]
pub(crate) enum BodyError {
    /// It exceeds the limit.
    TooLarge,
    /// The other side went away, or broke the protocol.
    Broken,
}

/// Reads a whole body, for which there is `room` at first, but no more than `limit` bytes.
pub(crate) async fn read_body(
    message: impl IncomingMessage,
    room: usize,
    limit: usize,
) -> Result<Vec<u8>, BodyError> {
    let (_consumed, result) = wit_future::new(|| Ok(()));
    let (mut stream, trailers) = message.consume_body(result);
    // The host writes straight into it; the last byte is for being told that there are no more.
    let mut body = Vec::with_capacity(room + 1);
    loop {
        if body.len() == body.capacity() {
            body.reserve(body.len());
        }
        let (status, filled) = stream.read(body).await;
        body = filled;
        if body.len() > limit {
            return Err(BodyError::TooLarge);
        }
        match status {
            StreamResult::Complete(_) => {}
            StreamResult::Dropped => break,
            StreamResult::Cancelled => return Err(BodyError::Broken),
        }
    }
    // Only now does the host say whether the body came whole.
    trailers.await.map(|_| body).map_err(|_| BodyError::Broken)
}
