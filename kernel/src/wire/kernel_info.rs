//! The reply to `kernel_info_request`.

use super::{Object, PROTOCOL_VERSION, object};
use serde_json::json;

/// What the kernel is and can; `rust` is the compiler's version.
pub fn reply(rust: &str) -> Object {
    let version = env!("CARGO_PKG_VERSION");
    object(json!({
        "status": "ok",
        "protocol_version": PROTOCOL_VERSION,
        "implementation": "recoil",
        "implementation_version": version,
        "language_info": {
            "name": "rust",
            "version": rust,
            "mimetype": "text/x-rustsrc",
            "file_extension": ".rs",
            "pygments_lexer": "rust",
            "codemirror_mode": "rust",
            "nbconvert_exporter": "script",
        },
        "banner": format!("Recoil {version}: Rust {rust} with frames, histograms and cuts in every cell. %help says what a cell can say."),
        "debugger": false,
        "supported_features": ["iopub_welcome", "kernel subshells"],
        "help_links": [
            {"text": "The Rust book", "url": "https://doc.rust-lang.org/book/"},
            {"text": "The Rust standard library", "url": "https://doc.rust-lang.org/std/"},
            {"text": "Polars for Rust", "url": "https://docs.rs/polars/"},
        ],
    }))
}
