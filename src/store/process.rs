//! Who a process is, so that another can see that it is gone and need not wait for its lease to expire.

use std::fs;
use std::sync::OnceLock;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

/// This process: its number, when it started, and the process namespace and boot that all belong to.
///
/// Where the system does not tell (it is no Linux), the process is only known by a random number, and never seen to be gone.
pub(super) fn this() -> String {
    static THIS: OnceLock<String> = OnceLock::new();
    THIS.get_or_init(|| {
        let pid = std::process::id();
        match (started(pid), place()) {
            (Some(started), Some(place)) => format!("{pid} {started} {place}"),
            _ => format!("{pid} ? {}", uuid::Uuid::new_v4()),
        }
    })
    .clone()
}

/// Whether a process is surely gone: it belonged here, and its number is free or another's.
pub(super) fn is_gone(holder: &str) -> bool {
    let mut parts = holder.splitn(3, ' ');
    let (Some(pid), Some(start), Some(there)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let Ok(pid) = pid.parse() else { return false };
    place().is_some_and(|here| here == there)
        && match started(pid) {
            Some(other) => other != start,
            None => is_free(pid),
        }
}

/// Whether no process has this number. That none is seen says nothing: those of other users may be hidden (hidepid of proc(5),
/// `ProtectProc=` of systemd.exec(5)), and one's own from another user namespace (`PrivateUsers=`).
fn is_free(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| test_kill_process(pid) == Err(Errno::SRCH))
}

/// The number of the process, for a person.
pub(super) fn name(holder: &str) -> String {
    format!("process {}", holder.split(' ').next().unwrap_or_default())
}

fn place() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", namespace.display(), boot.trim()))
}

/// When a process started, in clock ticks since boot: field 22 of proc_pid_stat(5), the 20th after the name in brackets.
fn started(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(19).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_process_of_this_place_can_be_seen_to_be_gone() {
        assert!(!is_gone(&this()));
        let place = place().unwrap();
        assert!(is_gone(&format!("{} 1 {place}", std::process::id())));
        // More than a machine has.
        assert!(is_gone(&format!("{} 1 {place}", i32::MAX)));
        // What is hidden is not gone.
        assert!(!is_free(1) && !is_free(std::process::id()));
        assert!(!is_gone("1 1 elsewhere"));
        assert!(!is_gone(""));
    }
}
