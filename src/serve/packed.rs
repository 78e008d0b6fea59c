//! A stream packed by gzip while it is read, piece by piece.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{Stream, StreamExt, stream};

/// The pieces of `plain`, packed; each is sent on as far as it is packed.
pub(super) fn packed<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
    plain: impl Stream<Item = Result<Vec<u8>, E>> + Send + 'static,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let encoder = GzEncoder::new(Vec::new(), Compression::default());
    stream::unfold(
        (Box::pin(plain), Some(encoder)),
        |(mut plain, encoder)| async {
            let mut encoder = encoder?;
            let piece = match plain.next().await {
                None => return Some((encoder.finish().map(Bytes::from), (plain, None))),
                Some(Err(error)) => return Some((Err(io::Error::other(error)), (plain, None))),
                Some(Ok(piece)) => piece,
            };
            // Half a megabyte takes a while, and other requests must not wait for that.
            let packing = tokio::task::spawn_blocking(move || {
                encoder.write_all(&piece)?;
                let ready = std::mem::take(encoder.get_mut());
                Ok::<_, io::Error>((ready, encoder))
            });
            match packing.await {
                Ok(Ok((ready, encoder))) => Some((Ok(ready.into()), (plain, Some(encoder)))),
                Ok(Err(error)) => Some((Err(error), (plain, None))),
                Err(error) => Some((Err(io::Error::other(error)), (plain, None))),
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_packed_piece_by_piece_is_one_gzip_and_an_error_ends_it() {
        let pieces = [b"one ".to_vec(), Vec::new(), b"two".repeat(1000)];
        let whole = pieces.concat();
        let plain = stream::iter(pieces.map(Ok::<_, io::Error>));
        let parts: Vec<Bytes> = packed(plain).map(Result::unwrap).collect().await;
        assert_eq!(crate::compression::gunzip(&parts.concat()).unwrap(), whole);

        let plain = stream::iter([Ok(Vec::new()), Err(io::Error::other("gone"))]);
        let ends: Vec<bool> = packed(plain).map(|part| part.is_ok()).collect().await;
        assert_eq!(ends, [true, false]);
    }
}
