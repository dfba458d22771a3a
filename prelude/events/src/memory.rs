//! How much memory there is to work with.

/// Something that knows the free memory. The streamer asks it; tests inject their own.
pub trait MemoryProbe: Send + Sync {
    /// Bytes that can be used without pushing others out.
    fn available_bytes(&self) -> u64;
}

/// The memory of this machine, or of the container the process lives in.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemMemory;

impl MemoryProbe for SystemMemory {
    fn available_bytes(&self) -> u64 {
        let mut system = sysinfo::System::new();
        system.refresh_memory();
        let machine = system.available_memory();
        let container = system.cgroup_limits().map_or(u64::MAX, |limits| limits.free_memory);
        machine.min(container)
    }
}

/// Always the same answer.
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
