//! A little gzip that becomes 500 MB, and the memory that it costs.

use std::process::Command;
use std::sync::LazyLock;

use flate2::{Compress, Compression, Crc, FlushCompress};

use super::encodings;
use super::proof;

const MEGABYTE: usize = 1 << 20;
const MEGABYTES: usize = 500;
/// So much more memory, in kB, may be in use at the height of it.
const MOST_KB: i64 = 20_000;

/// 500 MB of spaces, packed. A megabyte is packed alone, since behind a full flush the next is packed the same way.
pub fn gzip() -> &'static [u8] {
    static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let spaces = vec![b' '; MEGABYTE];
        let mut block = Vec::with_capacity(MEGABYTE);
        let mut packer = Compress::new(Compression::best(), false);
        packer
            .compress_vec(&spaces, &mut block, FlushCompress::Full)
            .unwrap();
        assert_eq!(packer.total_in(), MEGABYTE as u64);
        let mut one = Crc::new();
        one.update(&spaces);
        let mut all = Crc::new();
        let mut bomb = vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF];
        for _ in 0..MEGABYTES {
            bomb.extend_from_slice(&block);
            all.combine(&one);
        }
        // An empty block that is the last.
        bomb.extend_from_slice(&[3, 0]);
        bomb.extend_from_slice(&all.sum().to_le_bytes());
        bomb.extend_from_slice(&all.amount().to_le_bytes());
        bomb
    });
    &BOMB
}

#[test]
fn the_bomb_is_one() {
    let mut unpacked = flate2::read::GzDecoder::new(gzip());
    let mut some = vec![0; 3 * MEGABYTE];
    std::io::Read::read_exact(&mut unpacked, &mut some).unwrap();
    assert!(some.iter().all(|byte| *byte == b' '));
    assert!(gzip().len() < MEGABYTE, "{}", gzip().len());
}

/// In a process of its own: other tests' memory would count.
#[test]
fn the_bomb_costs_little_memory() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "faults::bomb::measured",
            "--ignored",
            "--nocapture",
        ])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success() && said.contains("1 passed"),
        "{said}"
    );
    println!("{said}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the_bomb_costs_little_memory"]
async fn measured() {
    // What the program needs anyway, and the half megabyte that the newsroom sends, do not count.
    proof::prove(encodings::KIND.faults.first().unwrap()).await;
    gzip();
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = peak_kb();
    let bomb = encodings::KIND
        .faults
        .iter()
        .find(|fault| fault.name == "bomb");
    proof::prove(bomb.unwrap()).await;
    let growth = peak_kb() - before;
    println!("the peak of memory grew by {growth} kB");
    assert!(growth < MOST_KB, "{growth} kB");
}

fn peak_kb() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
