//! The prelude.
mod exports;
pub use exports::*;

// Cells find the allocator's functions here before they would find the standard library's, and so does the standard
// library itself, whose names are looked up behind this library's.
#[global_allocator]
static ALLOCATOR: recoil_allocator::Pooled<mimalloc::MiMalloc> = recoil_allocator::Pooled::new(mimalloc::MiMalloc);
