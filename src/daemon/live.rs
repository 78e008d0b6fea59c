//! Whether a daemon serves: `/live` asked of it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// What the server may take for an answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// Whether the daemon that listens at an address answers `/live` with 200, within ten seconds.
pub async fn is_live(address: SocketAddr) -> bool {
    let asked = async {
        let mut stream = TcpStream::connect(reachable(address)).await?;
        let request = b"GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await?;
        let mut answer = [0; b"HTTP/1.1 200 ".len()];
        stream.read_exact(&mut answer).await?;
        Ok::<_, std::io::Error>(answer == *b"HTTP/1.1 200 ")
    };
    matches!(timeout(ANSWERS_WITHIN, asked).await, Ok(Ok(true)))
}

/// Where a listener on every address of the machine is reached.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        });
    }
    address
}
