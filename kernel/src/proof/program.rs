//! What runs the cells: prelude, compiler, processor.

use crate::install::prelude::Prelude;
use std::collections::BTreeMap;

/// Variables of the environment that change how work is done.
const OPTIONS: [&str; 4] = ["RAYON_NUM_THREADS", "POLARS_MAX_THREADS", "RECOIL_VECTORS", "RECOIL_MEMORY_BUDGET"];

/// What runs the cells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Program {
    /// Version and identity of the prelude: `0.1.0+3f2a9c0d1e2b`.
    pub prelude: String,
    /// Release and commit of rustc: `1.95.0 (59807616e 2026-04-14)`.
    pub rustc: String,
    /// The widest vectors of the processor: `avx512f`, `avx2`, or its architecture.
    pub vectors: String,
    /// Settings of the environment that change how work is done.
    pub options: BTreeMap<String, String>,
}

impl Program {
    /// The program that runs cells with this prelude, on this machine.
    pub fn of(prelude: &Prelude) -> Self {
        let short: String = prelude.identity.chars().take(12).collect();
        let name = prelude.toolchain.name();
        let set = |name: &&str| Some(((*name).to_owned(), std::env::var(name).ok()?));
        Self {
            prelude: format!("{}+{short}", env!("CARGO_PKG_VERSION")),
            rustc: name.strip_prefix("rustc ").unwrap_or(name).to_owned(),
            vectors: vectors().to_owned(),
            options: OPTIONS.iter().filter_map(set).collect(),
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn vectors() -> &'static str {
    if std::arch::is_x86_feature_detected!("avx512f") {
        "avx512f"
    } else if std::arch::is_x86_feature_detected!("avx2") {
        "avx2"
    } else {
        "sse2"
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn vectors() -> &'static str {
    std::env::consts::ARCH
}
