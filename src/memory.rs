//! Memory that is not needed any more, given back to the system. A daemon that is idle for most of its life should not hold
//! what its start and its last edition took.

/// Asks for memory in a way that lets it be given back: two pools for all threads, and what is large, as a feed that is being
/// written, on its own. Each thread would have a pool of its own else, of which a few kilobytes in use hold megabytes.
///
/// To be called before there are threads. Does nothing where it is not known how.
pub fn be_frugal() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    linux::be_frugal();
}

/// Gives back what was freed, and the pages of the program that were read in for what happens rarely: starting, making an
/// edition, reading a newsroom. They come back from the system's cache when they are needed.
///
/// Does nothing where it is not known how.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    linux::give_back();
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod linux {
    use std::ffi::c_void;
    use std::sync::OnceLock;

    /// Where this program's own code is mapped. Libraries come and go, and some relocate what others do not.
    static CODE: OnceLock<Vec<(usize, usize)>> = OnceLock::new();

    /// What is as large is mapped, and unmapped once it is freed.
    const LARGE: i32 = 64 * 1024;

    pub(super) fn be_frugal() {
        // SAFETY: it has no requirements (mallopt(3)).
        unsafe {
            libc::mallopt(libc::M_ARENA_MAX, 2);
            libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
            libc::mallopt(libc::M_TRIM_THRESHOLD, 2 * LARGE);
        }
        let program = std::fs::read_link("/proc/self/exe").unwrap_or_default();
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
        CODE.get_or_init(|| code(&maps, &program.display().to_string()));
    }

    pub(super) fn give_back() {
        // SAFETY: it has no requirements; it takes the allocator's own locks.
        unsafe {
            libc::malloc_trim(0);
        }
        for (start, length) in CODE.get().into_iter().flatten() {
            // SAFETY: the range is this program's, which stays mapped as long as it runs, from its file, and nobody has ever
            // written to it, so that the next access reads the same bytes from there again (madvise(2), MADV_DONTNEED).
            unsafe {
                libc::madvise(*start as *mut c_void, *length, libc::MADV_DONTNEED);
            }
        }
    }

    /// Where `/proc/self/maps` (proc(5)) has a program's code, which may be executed and was never written to, and its
    /// constants: those with which the file begins, if it begins with what is read alone. What was relocated comes later in
    /// the file, and is no copy of it any more.
    fn code(maps: &str, program: &str) -> Vec<(usize, usize)> {
        let of_program = maps
            .lines()
            .filter(|line| line.split_ascii_whitespace().nth(5) == Some(program));
        let code = of_program.enumerate().filter_map(|(at, line)| {
            let mut parts = line.split_ascii_whitespace();
            let (range, mode, offset) = (parts.next()?, parts.next()?, parts.next()?);
            let begins = at == 0 && mode == "r--p" && offset.bytes().all(|digit| digit == b'0');
            if mode != "r-xp" && !begins {
                return None;
            }
            let (start, end) = range.split_once('-')?;
            let start = usize::from_str_radix(start, 16).ok()?;
            let end = usize::from_str_radix(end, 16).ok()?;
            Some((start, end.checked_sub(start)?))
        });
        code.collect()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn what_was_never_written_to_is_given_back() {
            let maps = "1000-3000 r--p 00000000 fe:01 12   /usr/bin/npcc-feeds\n\
                3000-9000 r-xp 00002000 fe:01 12   /usr/bin/npcc-feeds\n\
                9000-a000 r--p 00008000 fe:01 12   /usr/bin/npcc-feeds\n\
                a000-b000 rw-p 00009000 fe:01 12   /usr/bin/npcc-feeds\n\
                c000-d000 r--p 00000000 fe:01 13   /usr/lib/libc.so.6\n\
                d000-e000 r-xp 00001000 fe:01 13   /usr/lib/libc.so.6\n\
                f000-f100 r-xp 00000000 00:00 0    [vdso]\n";
            let program = "/usr/bin/npcc-feeds";
            assert_eq!(code(maps, program), [(0x1000, 0x2000), (0x3000, 0x6000)]);
            // Linked into one, a page that was relocated may tell of the file's beginning as well.
            let one = "1000-9000 r-xp 00000000 fe:01 12 /p\n9000-a000 r--p 00000000 fe:01 12 /p\n";
            assert_eq!(code(one, "/p"), [(0x1000, 0x8000)]);
        }

        #[test]
        fn what_is_given_back_comes_back() {
            be_frugal();
            assert!(!CODE.get().unwrap().is_empty());
            for _ in 0..3 {
                give_back();
                assert_eq!(format!("{:?}", [1, 2, 3]), "[1, 2, 3]");
            }
        }
    }
}
