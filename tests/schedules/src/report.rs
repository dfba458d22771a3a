//! Counters of a run.

pub(crate) mod counters {
    use std::sync::atomic::AtomicU64;

    #[derive(Debug, Default)]
    pub(crate) struct Counters {
        pub peak: AtomicU64,
    }
}
