//! A server below HTTP: it says what it is told byte for byte, and ends as it is told.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// What a server says, and how it ends.
#[derive(Debug, Clone)]
pub struct Wire {
    says: Bytes,
    then: Then,
}

/// What comes behind the bytes that are said.
#[derive(Debug, Clone)]
pub enum Then {
    /// The connection is closed as it should be.
    Close,
    /// The connection is torn down.
    Reset,
    /// Nothing, for ever.
    Stay,
    /// The same bytes again and again, as fast as they are taken.
    Flood(Bytes),
    /// The same bytes again and again, one by one.
    Drip(Bytes),
}

impl Wire {
    pub fn new(says: impl Into<Bytes>, then: Then) -> Wire {
        let says = says.into();
        Wire { says, then }
    }

    /// Answers on a port of its own, until `stop`; only robots.txt has an honest answer.
    pub(super) fn serve(self, stop: CancellationToken) -> std::io::Result<SocketAddr> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        tokio::spawn(stop.run_until_cancelled_owned(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let wire = self.clone();
                // Whoever is answered may hang up at any time; that is no error here.
                tokio::spawn(async move { wire.answer(stream).await.ok() });
            }
        }));
        Ok(address)
    }

    async fn answer(self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut request = Vec::new();
        while !request.windows(4).any(|four| four == b"\r\n\r\n") {
            if stream.read_buf(&mut request).await? == 0 {
                return Ok(());
            }
        }
        if request.starts_with(b"GET /robots.txt ") {
            let none = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            return stream.write_all(none).await;
        }
        stream.write_all(&self.says).await?;
        match self.then {
            Then::Close => stream.shutdown().await,
            Then::Reset => stream.set_zero_linger(),
            Then::Stay => {
                // Until the other side hangs up.
                stream.read_to_end(&mut request).await?;
                Ok(())
            }
            Then::Flood(bytes) => loop {
                stream.write_all(&bytes).await?;
            },
            Then::Drip(bytes) => loop {
                for byte in &bytes {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    stream.write_all(&[*byte]).await?;
                }
            },
        }
    }
}
