//! A client's connection: what comes and goes moves its deadline, and what is sealed goes without being copied.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use rustix::fs::sendfile;
use rustix::net::{SendFlags, send};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

use super::deadlines::Deadline;
use super::sealed::Sealed;

/// The sealed file with the body of the answer under way.
#[derive(Debug, Default)]
pub(super) struct UnderWay(Mutex<Option<Sealed>>);

impl UnderWay {
    /// The next answer has this body, or one that is not sealed.
    pub(super) fn put(&self, sealed: Option<Sealed>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = sealed;
    }

    fn get(&self) -> Option<Sealed> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// A client's connection.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    deadline: Arc<Deadline>,
    under_way: Arc<UnderWay>,
}

impl Wire {
    /// A new connection.
    pub(super) fn new(
        stream: TcpStream,
        deadline: Arc<Deadline>,
        under_way: Arc<UnderWay>,
    ) -> Wire {
        // What is sent is whole. Without this, its end would wait for the client to acknowledge its beginning.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection may send its ends late");
        }
        Wire {
            stream,
            deadline,
            under_way,
        }
    }

    /// Notes what became of an attempt to send.
    fn noted(&self, sent: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match sent {
            Poll::Ready(Ok(_)) => self.deadline.sent(),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.deadline.blocked(),
        }
        sent
    }

    /// Sends `head`, if there is one, and what lies in a sealed file from `offset`, `length` bytes, as far as there is room.
    fn poll_send_sealed(
        &self,
        context: &mut Context<'_>,
        head: &[u8],
        sealed: &Sealed,
        offset: u64,
        length: usize,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.stream.poll_write_ready(context))?;
            let sent = self.stream.try_io(Interest::WRITABLE, || {
                let mut sent = 0;
                if !head.is_empty() {
                    sent = send(&self.stream, head, SendFlags::MORE | SendFlags::NOSIGNAL)?;
                    if sent < head.len() {
                        return Ok(sent);
                    }
                }
                let mut at = offset;
                match sendfile(&self.stream, sealed.file(), Some(&mut at), length) {
                    Ok(more) => Ok(sent + more),
                    // The head has gone, which is to be told first.
                    Err(_) if sent > 0 => Ok(sent),
                    Err(error) => Err(error.into()),
                }
            });
            match sent {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                sent => return Poll::Ready(sent),
            }
        }
    }
}

/// Whether the system will not do this at all, as where its calls are filtered.
fn is_refusal(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    matches!(error.kind(), InvalidInput | PermissionDenied | Unsupported)
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, into);
        if into.filled().len() > before {
            self.deadline.received();
        }
        read
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let sent = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.noted(sent)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let (head, body): (&[u8], &[u8]) = match parts {
            [body] => (&[], body),
            [head, body] => (head, body),
            _ => (&[], &[]),
        };
        if let Some(sealed) = self.under_way.get()
            && !body.is_empty()
            && let Some(offset) = sealed.offset(body)
        {
            let is_last = offset + body.len() as u64 == sealed.as_ref().len() as u64;
            match self.poll_send_sealed(context, head, &sealed, offset, body.len()) {
                // Copied out of the mapping it goes as well.
                Poll::Ready(Err(error)) if is_refusal(&error) => self.under_way.put(None),
                sent => {
                    if is_last
                        && matches!(sent, Poll::Ready(Ok(sent)) if sent == head.len() + body.len())
                    {
                        // A feed that is exchanged while this client is quiet need not be kept for it.
                        self.under_way.put(None);
                    }
                    return self.noted(sent);
                }
            }
        }
        let sent = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.noted(sent)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use hyper::service::service_fn;
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio_util::task::TaskTracker;

    use super::super::body::{Body, Content};
    use super::super::deadlines::Deadlines;
    use super::*;

    /// What a client gets to whom the parts are sent together, and in how many pieces they went.
    async fn sent(sealed: Option<Sealed>, parts: [Vec<u8>; 2]) -> (Vec<u8>, usize) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await;
        let (stream, _) = listener.accept().await.unwrap();
        let (tasks, count) = (TaskTracker::new(), Arc::new(Mutex::new(0)));
        Arc::new(Deadlines::default()).spawn(&tasks, |deadline| {
            let count = count.clone();
            async move {
                let body = match &sealed {
                    Some(sealed) => sealed.as_ref(),
                    None => &parts[1],
                };
                let under_way = Arc::new(UnderWay::default());
                under_way.put(sealed.clone());
                let mut wire = Wire::new(stream, deadline, under_way);
                let (mut head, mut body) = (&parts[0][..], body);
                while !body.is_empty() {
                    let slices = [IoSlice::new(head), IoSlice::new(body)];
                    let slices = &slices[usize::from(head.is_empty())..];
                    let mut wire = Pin::new(&mut wire);
                    let gone =
                        poll_fn(|context| wire.as_mut().poll_write_vectored(context, slices));
                    let gone = gone.await.unwrap();
                    let of_head = gone.min(head.len());
                    (head, body) = (&head[of_head..], &body[gone - of_head..]);
                    *count.lock().unwrap() += 1;
                }
            }
        });
        let (mut client, mut got) = (client.unwrap(), Vec::new());
        client.read_to_end(&mut got).await.unwrap();
        let pieces = *count.lock().unwrap();
        (got, pieces)
    }

    #[tokio::test]
    async fn what_is_sealed_arrives_as_what_is_copied_does_though_there_is_never_room_for_all() {
        let body: Vec<u8> = (0..20_000_000_u32).map(|at| (at % 251) as u8).collect();
        let sealed = Sealed::of(&body).unwrap();
        for head in [b"a head ".to_vec(), vec![b'h'; 20_000_000]] {
            let whole = [head.clone(), body.clone()].concat();
            for sealed in [Some(sealed.clone()), None] {
                let (got, pieces) = sent(sealed, [head.clone(), body.clone()]).await;
                assert!(got == whole, "{} bytes of {}", got.len(), whole.len());
                assert!(pieces > 1);
            }
        }
    }

    #[tokio::test]
    async fn what_the_system_refuses_to_send_is_copied() {
        let body: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
        let sealed = Sealed::of(&body).unwrap().refused();
        let head = b"a head ".to_vec();
        let (got, _) = sent(Some(sealed), [head.clone(), body.clone()]).await;
        assert!(got == [head, body].concat(), "{} bytes", got.len());
    }

    #[tokio::test]
    async fn the_system_sends_what_is_sealed_and_holds_it_no_longer() {
        let body: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
        let content = Content::from(body.clone()).sealed();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let under_way = Arc::new(UnderWay::default());
        let (tasks, deadlines) = (TaskTracker::new(), Arc::new(Deadlines::default()));
        let (stream, mut client) = {
            let client = TcpStream::connect(address).await.unwrap();
            (listener.accept().await.unwrap().0, client)
        };
        let (served, kept) = (under_way.clone(), content.clone());
        deadlines.spawn(&tasks, |deadline| async move {
            let wire = Wire::new(stream, deadline, served.clone());
            let answer = |_| {
                let mut body = Body::from(kept.clone());
                served.put(body.take_sealed());
                let answer = http::Response::new(body);
                std::future::ready(Ok::<_, std::convert::Infallible>(answer))
            };
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(wire), service_fn(answer))
                .await;
        });
        for _ in 0..2 {
            let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
            client.write_all(request).await.unwrap();
            let mut got = Vec::new();
            while !got.ends_with(&body) {
                assert!(client.read_buf(&mut got).await.unwrap() > 0);
            }
            // Only what the system sent by itself is let go of.
            assert!(under_way.get().is_none());
        }
    }
}
