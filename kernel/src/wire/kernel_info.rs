//! The reply to `kernel_info_request`.

use super::{Object, PROTOCOL_VERSION, content};
use jupyter_protocol::{CodeMirrorMode, HelpLink, KernelInfoReply, LanguageInfo, ReplyStatus};
use serde_json::json;

const HELP: [(&str, &str); 3] = [
    ("The Rust book", "https://doc.rust-lang.org/book/"),
    ("The Rust standard library", "https://doc.rust-lang.org/std/"),
    ("Polars for Rust", "https://docs.rs/polars/"),
];

/// What the kernel is and can; `rust` is the compiler's version.
pub fn reply(rust: &str) -> Object {
    let version = env!("CARGO_PKG_VERSION");
    let banner = format!(
        "Recoil {version}: Rust {rust} with frames, histograms and cuts in every cell. %help says what a cell can say."
    );
    let language_info = LanguageInfo {
        name: "rust".into(),
        version: rust.to_owned(),
        mimetype: Some("text/x-rustsrc".into()),
        file_extension: Some(".rs".into()),
        pygments_lexer: Some("rust".into()),
        codemirror_mode: Some(CodeMirrorMode::Simple("rust".into())),
        nbconvert_exporter: Some("script".into()),
    };
    let mut reply = content(&KernelInfoReply {
        status: ReplyStatus::Ok,
        protocol_version: PROTOCOL_VERSION.into(),
        implementation: "recoil".into(),
        implementation_version: version.into(),
        language_info,
        banner,
        help_links: HELP.iter().map(|(text, url)| HelpLink { text: (*text).into(), url: (*url).into() }).collect(),
        debugger: false,
        error: None,
    });
    reply.insert("supported_features".into(), json!(["iopub_welcome"]));
    reply
}
