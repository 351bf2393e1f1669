//! Reading the body of a request or of a response of a JWKS endpoint, up to a limit.

use wasip2::http::types::IncomingBody;
use wasip2::io::poll::{Pollable, poll};
use wasip2::io::streams::StreamError;

/// How much is asked for at once, in bytes.
const AT_ONCE: u64 = 16 * 1024;

/// Why a body can't be had.
#[derive(Debug)]
pub(crate) enum BodyError {
    /// It exceeds the limit.
    TooLarge,
    /// The other side went away, or broke the protocol.
    Broken,
    /// The deadline came first.
    TimedOut,
}

/// Reads a whole body, for which there is `room` at first, but no more than `limit` bytes.
pub(crate) fn read_body(
    body: &IncomingBody,
    room: usize,
    limit: usize,
    deadline: Option<&Pollable>,
) -> Result<Vec<u8>, BodyError> {
    let stream = body.stream().map_err(|()| BodyError::Broken)?;
    let mut bytes = Vec::with_capacity(room);
    loop {
        if let Some(deadline) = deadline
            && poll(&[deadline, &stream.subscribe()]).contains(&0)
        {
            return Err(BodyError::TimedOut);
        }
        // With a deadline there is something to read by now, or else nothing comes back and it is waited for again.
        let read = if deadline.is_some() { stream.read(AT_ONCE) } else { stream.blocking_read(AT_ONCE) };
        match read {
            Ok(some) => bytes.extend_from_slice(&some),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(_)) => return Err(BodyError::Broken),
        }
        if bytes.len() > limit {
            return Err(BodyError::TooLarge);
        }
    }
}
