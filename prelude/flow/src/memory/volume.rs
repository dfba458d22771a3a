//! The disks that something can be spilled to.

use std::path::{Path, PathBuf};

/// What a folder lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Volume {
    /// Bytes that are free for this user.
    pub free: u64,
    /// Whether the files are memory themselves, so that nothing is won by putting anything there.
    pub in_memory: bool,
}

impl Volume {
    /// The volume of a folder; `None` where the system does not say.
    #[cfg(target_os = "linux")]
    pub fn of(folder: &Path) -> Option<Self> {
        use std::os::unix::ffi::OsStrExt;
        let path = std::ffi::CString::new(folder.as_os_str().as_bytes()).ok()?;
        let mut found = std::mem::MaybeUninit::<libc::statfs>::uninit();
        // SAFETY: the path ends in a zero and outlives the call, and there is room for one answer.
        let done = unsafe { libc::statfs(path.as_ptr(), found.as_mut_ptr()) };
        if done != 0 {
            return None;
        }
        // SAFETY: the call succeeded, so it wrote the answer.
        let found = unsafe { found.assume_init() };
        let in_memory = [libc::TMPFS_MAGIC as u64, 0x8584_58f6].contains(&(found.f_type as u64 & 0xffff_ffff));
        Some(Self { free: found.f_bavail.saturating_mul(found.f_bsize as u64), in_memory })
    }

    /// The volume of a folder; `None` where the system does not say.
    #[cfg(not(target_os = "linux"))]
    pub fn of(_folder: &Path) -> Option<Self> {
        None
    }
}

/// Where things are spilled to when nothing is said: the folder for temporary files, unless that is memory.
pub(crate) fn folder() -> PathBuf {
    let usual = std::env::temp_dir();
    let on_disk = |folder: &&PathBuf| Volume::of(folder).is_some_and(|volume| !volume.in_memory);
    let other = PathBuf::from("/var/tmp");
    [&usual, &other].into_iter().find(on_disk).unwrap_or(&usual).clone()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_folder_in_memory_is_told_from_one_on_a_disk() {
        let here = Volume::of(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert!(here.free > 0 && !here.in_memory, "{here:?}");
        let shared = Path::new("/dev/shm");
        assert!(!shared.exists() || Volume::of(shared).unwrap().in_memory);
        assert_eq!(Volume::of(Path::new("/nonexistent")), None);
        assert_ne!(folder(), shared);
    }
}
