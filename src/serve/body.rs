//! What is sent: bytes that are there, or an export as it is read.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{Either, Full};
use hyper::body::{Frame, SizeHint};

use super::deadlines::{Deadline, Reading};
use super::sealed::Sealed;

/// Fewer bytes are copied sooner than the system is asked twice.
const LEAST_SEALED: usize = 16 * 1024;

/// Bytes to be sent, and the sealed file that they are in, if they are in one. A clone is the same bytes.
#[derive(Debug, Clone)]
pub(super) struct Content {
    bytes: Bytes,
    sealed: Option<Sealed>,
}

impl Content {
    /// The same, sealed where that pays and can be done.
    pub(super) fn sealed(self) -> Content {
        if self.bytes.len() < LEAST_SEALED {
            return self;
        }
        match Sealed::of(&self.bytes) {
            Ok(sealed) => Content {
                bytes: Bytes::from_owner(sealed.clone()),
                sealed: Some(sealed),
            },
            Err(error) => {
                tracing::debug!(%error, "a feed is sent by copying");
                self
            }
        }
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Content {
        Content {
            bytes: bytes.into(),
            sealed: None,
        }
    }
}

impl std::ops::Deref for Content {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// The body of an answer.
#[derive(Debug)]
pub struct Body {
    sent: Either<Full<Bytes>, UnsyncBoxBody<Bytes, io::Error>>,
    sealed: Option<Sealed>,
    reading: Option<Reading>,
}

impl Body {
    /// A body that is read while it is sent.
    pub(super) fn stream(stream: UnsyncBoxBody<Bytes, io::Error>) -> Body {
        Body {
            sent: Either::Right(stream),
            sealed: None,
            reading: None,
        }
    }

    /// Keeps the connection from being overdue while a body is read.
    pub(super) fn under(&mut self, deadline: &Arc<Deadline>) {
        if matches!(self.sent, Either::Right(_)) {
            self.reading = Some(deadline.reading());
        }
    }

    /// The sealed file that all of it is in.
    pub(super) fn take_sealed(&mut self) -> Option<Sealed> {
        self.sealed.take()
    }
}

impl From<Content> for Body {
    fn from(content: Content) -> Body {
        Body {
            sent: Either::Left(Full::new(content.bytes)),
            sealed: content.sealed,
            reading: None,
        }
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Body {
        Content::from(bytes).into()
    }
}

impl Default for Body {
    fn default() -> Body {
        Vec::new().into()
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.sent).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.sent.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.sent.size_hint()
    }
}
