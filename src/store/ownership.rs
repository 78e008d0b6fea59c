//! Whose the store is. A withdrawn text is public nowhere, so others on the machine may not read it; and what the wrong user
//! writes beside it, its daemon could not write any more.

use std::fs::{OpenOptions, read_to_string};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use super::{Error, Result};

/// Makes the file of a store that is not there yet, readable by its owner alone; refuses one that is another's to root, to
/// whom the system refuses nothing.
pub(super) fn claim(file: &Path) -> Result<()> {
    // One that is not there yet would be root's for ever, in a folder that is another's.
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let there = file.metadata();
    let there = there.or_else(|_| folder.unwrap_or(Path::new(".")).metadata());
    let owner = there.map_or(0, |metadata| metadata.uid());
    if owner != 0 && rustix::process::geteuid().is_root() {
        return Err(Error::Owner {
            path: file.to_owned(),
            owner: name(owner, &read_to_string("/etc/passwd").unwrap_or_default()),
        });
    }
    let is_none = |there: std::fs::Metadata| !there.is_file();
    let made = if file.metadata().is_ok_and(is_none) {
        Err(io::Error::other("it is a folder, or no file at all"))
    } else {
        create(file)
    };
    made.map_err(|source| Error::File {
        path: file.to_owned(),
        source,
    })
}

fn create(file: &Path) -> io::Result<()> {
    if file.exists() {
        return Ok(());
    }
    let mut options = OpenOptions::new();
    // Where a link leads to a file that is not there yet, that one is made.
    options.write(true).create(true).truncate(false);
    options.mode(0o600).open(file).map(drop)
}

/// What passwd(5) calls a user; its number in the manner of sudo(8) where it is not there.
fn name(user: u32, passwd: &str) -> String {
    let named = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(user)).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| format!("'#{user}'"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_new_store_is_readable_by_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("npcc-feeds.db");
        claim(&file).unwrap();
        let mode = || file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        // Whoever gives it to others has a reason.
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
        claim(&file).unwrap();
        assert_eq!(mode(), 0o640);

        let link = folder.path().join("link.db");
        std::os::unix::fs::symlink(folder.path().join("elsewhere.db"), &link).unwrap();
        claim(&link).unwrap();
        let made = link.metadata().unwrap().permissions().mode();
        assert_eq!(made & 0o777, 0o600);
        assert!(claim(folder.path()).is_err());
    }

    #[test]
    fn root_is_told_as_whom_to_come_back() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nnpcc-feeds:x:997:997::/:/usr/sbin/nologin\n";
        assert_eq!(name(997, passwd), "npcc-feeds");
        assert_eq!(name(42, passwd), "'#42'");
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("npcc-feeds.db");
        claim(&file).unwrap();
        std::os::unix::fs::chown(&file, Some(4_000_042), None).unwrap();
        let error = claim(&file).unwrap_err().to_string();
        assert!(error.contains("sudo -u '#4000042' npcc-feeds"), "{error}");
        // Nor may it make one where another's would be.
        std::fs::remove_file(&file).unwrap();
        std::os::unix::fs::chown(folder.path(), Some(4_000_042), None).unwrap();
        assert!(claim(&file).is_err());
        assert!(!file.exists());
    }
}
