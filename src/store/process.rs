//! Who a process is, so that another can see that it is gone and need not wait for its lease to expire.

use std::fs;
use std::sync::OnceLock;

/// This process: its number, when it started, its user, and the process namespace and boot that all belong to.
///
/// Where the system does not tell (it is no Linux), the process is only known by a random number, and never seen to be gone.
pub(super) fn this() -> String {
    static THIS: OnceLock<String> = OnceLock::new();
    THIS.get_or_init(|| {
        let pid = std::process::id();
        match (started(pid), place()) {
            (Some(started), Some(place)) => format!("{pid} {started} {} {place}", user()),
            _ => format!("{pid} ? {}", uuid::Uuid::new_v4()),
        }
    })
    .clone()
}

/// Whether a process is surely gone: it belonged here, and its number is free or another's.
pub(super) fn is_gone(holder: &str) -> bool {
    let mut parts = holder.splitn(4, ' ');
    let (Some(pid), Some(start), Some(owner), Some(there)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let Ok(pid) = pid.parse() else { return false };
    // Where other users' processes are hidden (hidepid of proc(5), `ProtectProc=` of systemd.exec(5)), not even the first is
    // seen; one's own always are.
    let is_visible = || owner == user() || started(1).is_some();
    place().is_some_and(|here| here == there)
        && is_visible()
        && started(pid).as_deref() != Some(start)
}

fn user() -> String {
    rustix::process::geteuid().as_raw().to_string()
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
        assert!(is_gone(&format!(
            "{} 1 {} {place}",
            std::process::id(),
            user()
        )));
        assert!(!is_gone("1 1 0 elsewhere"));
        assert!(!is_gone(""));
    }
}
