//! What the endpoint prints becomes lines of the log.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// A line is cut here: what a guest prints without end must not fill our memory.
const LONGEST_LINE: usize = 4096;

/// Standard output or standard error of an instance. Clones share the unfinished line.
#[derive(Clone, Default)]
pub(super) struct LogStream(Arc<Mutex<Vec<u8>>>);

impl LogStream {
    fn print(&self, bytes: &[u8]) {
        let mut line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for &byte in bytes {
            if byte != b'\n' {
                line.push(byte);
            }
            if byte == b'\n' || line.len() == LONGEST_LINE {
                emit(&line);
                line.clear();
            }
        }
    }
}

/// Logs a line of the endpoint.
pub(crate) fn emit(line: &[u8]) {
    let line = String::from_utf8_lossy(&line[..line.len().min(LONGEST_LINE)]);
    let line = line.trim_end();
    if !line.is_empty() {
        // What the guest prints cannot begin a new line, or colour one, in our log.
        let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        tracing::info!(target: "endpoint", "{line}");
    }
}

impl Drop for LogStream {
    fn drop(&mut self) {
        if Arc::strong_count(&self.0) == 1 {
            emit(&self.0.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

impl IsTerminal for LogStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for LogStream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for LogStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.print(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(64 * 1024)
    }
}

#[async_trait::async_trait]
impl Pollable for LogStream {
    async fn ready(&mut self) {}
}

impl AsyncWrite for LogStream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.print(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
