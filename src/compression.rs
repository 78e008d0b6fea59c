//! Documents compressed: gzip (RFC 1952) and brotli (RFC 7932).

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// Of brotli's eleven the one behind which a feed takes ten times as long to become a twentieth smaller.
const BROTLI_QUALITY: u32 = 9;
/// The widths of brotli's window, in bits. It need not be wider than the bytes are long, and costs as much memory.
const BROTLI_WINDOWS: std::ops::RangeInclusive<u32> = 16..=22;

/// The bytes by gzip.
///
/// # Errors
/// None that is known: memory takes all.
pub fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// What [`gzip`] packed.
///
/// # Errors
/// What is no gzip.
pub fn gunzip(packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The bytes by brotli.
///
/// # Errors
/// None that is known: memory takes all.
pub fn brotli(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let bits = usize::BITS - bytes.len().leading_zeros();
    let window = bits.clamp(*BROTLI_WINDOWS.start(), *BROTLI_WINDOWS.end());
    let mut packed = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut packed, 64 * 1024, BROTLI_QUALITY, window);
    writer.write_all(bytes)?;
    writer.flush()?;
    drop(writer);
    Ok(packed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let bytes = "Knife crime falls. ".repeat(100).into_bytes();
        assert_eq!(gunzip(&gzip(&bytes).unwrap()).unwrap(), bytes);
        let mut read = Vec::new();
        let packed = brotli(&bytes).unwrap();
        brotli::Decompressor::new(packed.as_slice(), 4096)
            .read_to_end(&mut read)
            .unwrap();
        assert_eq!(read, bytes);
        assert!(gunzip(b"a").is_err());
    }
}
