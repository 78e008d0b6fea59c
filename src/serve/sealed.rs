//! Bytes in a file that is in memory alone and never changes, so that the system sends them to any number of clients without
//! copying them first (`sendfile(2)`). Copying is a quarter of what sending a feed costs.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

use memmap2::{Mmap, MmapOptions};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

/// Sealed bytes. A clone is the same bytes.
#[derive(Debug, Clone)]
pub(super) struct Sealed(Arc<Mapped>);

#[derive(Debug)]
struct Mapped {
    file: File,
    bytes: Mmap,
}

impl Sealed {
    /// Seals a copy of `bytes`. Fails where the system has no such files, or none left.
    pub(super) fn of(bytes: &[u8]) -> io::Result<Sealed> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let mut file = File::from(memfd_create("npcc-feeds", flags)?);
        file.write_all(bytes)?;
        let seals = SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
        fcntl_add_seals(&file, seals)?;
        // SAFETY: nobody can write to the file, cut it or unseal it, so what is mapped stays as it is (fcntl(2), File
        // Sealing). A shared map of a sealed file is refused before Linux 6.7; a private one of what is only read is the same.
        let bytes = unsafe { MmapOptions::new().map_copy_read_only(&file)? };
        Ok(Sealed(Arc::new(Mapped { file, bytes })))
    }

    /// The file.
    pub(super) fn file(&self) -> &File {
        &self.0.file
    }

    /// The same bytes, with a file that the system refuses to send from.
    #[cfg(test)]
    pub(super) fn refused(&self) -> Sealed {
        // What procfs makes as it is read has no pages that could be sent (sendfile(2), EINVAL).
        let file = File::open("/proc/self/status").unwrap();
        // SAFETY: as where it was sealed.
        let bytes = unsafe { MmapOptions::new().map_copy_read_only(self.file()) };
        let bytes = bytes.unwrap();
        Sealed(Arc::new(Mapped { file, bytes }))
    }

    /// Where in the file `part` begins, if it is a part of these very bytes and no copy.
    pub(super) fn offset(&self, part: &[u8]) -> Option<u64> {
        let (whole, part) = (self.as_ref().as_ptr_range(), part.as_ptr_range());
        let is_within = whole.start <= part.start && part.end <= whole.end;
        is_within.then(|| (part.start.addr() - whole.start.addr()) as u64)
    }
}

impl AsRef<[u8]> for Sealed {
    fn as_ref(&self) -> &[u8] {
        &self.0.bytes
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::*;

    #[test]
    fn what_is_sealed_is_the_same_in_memory_and_in_the_file_and_cannot_be_written_to() {
        let bytes = b"a feed ".repeat(5000);
        let sealed = Sealed::of(&bytes).unwrap();
        assert_eq!(sealed.as_ref(), bytes);

        let part = &sealed.as_ref()[7000..];
        assert_eq!(sealed.offset(part), Some(7000));
        assert_eq!(sealed.offset(sealed.as_ref()), Some(0));
        assert_eq!(sealed.offset(&bytes[7000..]), None, "a copy");
        let mut read = vec![0; part.len()];
        sealed.file().read_exact_at(&mut read, 7000).unwrap();
        assert_eq!(read, part);

        assert!(sealed.file().write_at(b"other", 0).is_err());
        assert!(sealed.file().set_len(10).is_err());
    }
}
