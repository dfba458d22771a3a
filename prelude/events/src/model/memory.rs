//! How much memory there is to work with.

/// Something that knows the free memory. The streamer asks it; tests inject their own.
///
/// ```
/// struct Half;
/// impl events::MemoryProbe for Half {
///     fn available_bytes(&self) -> u64 {
///         events::SystemMemory.available_bytes() / 2
///     }
/// }
/// # use events::MemoryProbe;
/// assert!(Half.available_bytes() > 0);
/// ```
pub trait MemoryProbe: Send + Sync {
    /// Bytes that can be used without pushing others out.
    ///
    /// ```
    /// use events::{FixedMemory, MemoryProbe};
    /// assert_eq!(FixedMemory(1000).available_bytes(), 1000);
    /// ```
    fn available_bytes(&self) -> u64;
}

/// The memory of this machine, or of the container the process lives in.
///
/// ```
/// use events::{MemoryProbe, SystemMemory};
/// assert!(SystemMemory.available_bytes() > 0);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemMemory;

impl MemoryProbe for SystemMemory {
    fn available_bytes(&self) -> u64 {
        let mut system = sysinfo::System::new();
        system.refresh_memory();
        let machine = system.available_memory();
        machine.min(system.cgroup_limits().map_or(u64::MAX, |limits| left_in(&limits)))
    }
}

/// What a container can still give. Its own word for free leaves out the cache of files, which is given back when asked for:
/// who has read a large file would be told that there is nothing left.
fn left_in(limits: &sysinfo::CGroupLimits) -> u64 {
    limits.total_memory.saturating_sub(limits.rss)
}

/// Always the same answer.
///
/// ```
/// use events::{FixedMemory, MemoryProbe};
/// assert_eq!(FixedMemory(1 << 30).available_bytes(), 1 << 30);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FixedMemory(pub u64);

impl MemoryProbe for FixedMemory {
    fn available_bytes(&self) -> u64 {
        self.0
    }
}

/// Lets the C library of Linux keep the memory of blocks that are given back, until the next block takes it.
///
/// It returns freed memory to the system above a limit that follows the largest piece it was ever given back: with the
/// columns of one or two blocks it would do so at every block, and every page would be taken anew, which costs more than
/// decoding. A large piece, never touched, lifts the limit once and for all. Elsewhere this does nothing.
pub(crate) fn keep_freed() {
    static DONE: std::sync::Once = std::sync::Once::new();
    DONE.call_once(|| drop(std::hint::black_box(Vec::<u8>::with_capacity(16 << 20))));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_of_files_is_not_taken() {
        let limits = sysinfo::CGroupLimits { total_memory: 100, free_memory: 5, free_swap: 0, rss: 30 };
        assert_eq!(left_in(&limits), 70);
        assert_eq!(left_in(&sysinfo::CGroupLimits { rss: 200, ..limits }), 0);
    }
}
