//! Requests as bytes on a connection, so that a test can send what no client library would.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection to a host.
pub(crate) struct Wire(TcpStream);

impl Wire {
    pub(crate) async fn to(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Sends bytes that the host may no longer want.
    pub(crate) async fn try_send(&mut self, bytes: impl AsRef<[u8]>) {
        _ = self.0.write_all(bytes.as_ref()).await;
    }

    /// All that comes until the host closes the connection.
    pub(crate) async fn read_to_end(mut self) -> String {
        let mut answer = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(20), self.0.read_to_end(&mut answer)).await;
        // A reset after the answer is how TCP says that the rest of the request went unread.
        _ = read.expect("the host closes the connection in time");
        String::from_utf8(answer).unwrap()
    }
}

/// Sends one request and reads its answer.
pub(crate) async fn exchange(address: SocketAddr, request: impl AsRef<[u8]>) -> String {
    let mut wire = Wire::to(address).await;
    wire.send(request).await;
    wire.read_to_end().await
}

pub(crate) async fn get(address: SocketAddr, path: &str) -> String {
    exchange(address, format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).await
}

pub(crate) fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}
