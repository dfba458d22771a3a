//! Added crates that bring a tokio of their own.
//!
//! A future of such a crate looks for the reactor of the tokio that it was built with, which is not the prelude's. A cell that
//! waits for futures starts that one too, on a thread of its own, and enters it while it runs.

use serde_json::Value;

/// The name that cells know the other tokio by.
const NAME: &str = "recoil_tokio";
/// What generated code calls when a cell waits for futures, or names tokio.
const WAITS: [&str; 2] = ["::recoil::runtime::block_on(", "::recoil::runtime::with_runtime()"];
const RUN: &str = "let __recoil_ended = ::recoil::runtime::run(";
/// Every cell links a copy of the other tokio, so each has a reactor of its own, which goes on with what the cell has begun.
const ENTER: &str = "
fn recoil_reactor() -> ::recoil_tokio::runtime::EnterGuard<'static> {
    static REACTOR: ::std::sync::OnceLock<::recoil_tokio::runtime::Handle> = ::std::sync::OnceLock::new();
    let start = || {
        let built = ::recoil_tokio::runtime::Builder::new_current_thread().enable_all().build();
        let reactor = built.expect(\"the reactor of an added crate cannot be started\");
        let handle = reactor.handle().clone();
        ::std::thread::spawn(move || reactor.block_on(::std::future::pending::<()>()));
        handle
    };
    REACTOR.get_or_init(start).enter()
}
";

/// The arguments for rustc that name the tokio among added crates, if there is one that can run futures. `nodes` are those of
/// cargo's resolution, `file` finds the library of a package.
pub(super) fn arguments<'a>(nodes: &'a [Value], file: impl Fn(&str) -> Option<&'a String>) -> Vec<String> {
    let runs = |node: &&Value| {
        let id = node["id"].as_str().unwrap_or_default();
        let features = node["features"].as_array().map(Vec::as_slice).unwrap_or_default();
        (id.contains("#tokio@1.") || id.contains("/tokio#1.")) && features.iter().any(|feature| feature == "rt")
    };
    let library = nodes.iter().find(runs).and_then(|node| file(node["id"].as_str()?));
    library.map_or_else(Vec::new, |file| vec!["--extern".to_owned(), format!("{NAME}={file}")])
}

/// The source of a cell, which enters the other tokio if there is one and the cell waits.
pub(super) fn entered(source: String, arguments: &[String]) -> String {
    let there = arguments.iter().any(|argument| argument.starts_with(NAME));
    if !there || !WAITS.iter().any(|waits| source.contains(waits)) {
        return source;
    }
    source.replacen(RUN, &format!("let __recoil_reactor = recoil_reactor(); {RUN}"), 1) + ENTER
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_a_tokio_that_can_run_futures_is_entered_and_only_where_a_cell_waits() {
        let nodes = |features: Value| vec![json!({"id": "registry+https://x#tokio@1.47.1", "features": features})];
        let library = "/deps/libtokio-1.rlib".to_owned();
        let (with, without) = (nodes(json!(["rt", "time"])), nodes(json!(["io-util"])));
        let found = arguments(&with, |id| id.contains("tokio").then_some(&library));
        assert_eq!(found, ["--extern", "recoil_tokio=/deps/libtokio-1.rlib"]);
        assert!(arguments(&without, |_| Some(&library)).is_empty());
        let cell = format!("{{ {RUN}3, || ::recoil::runtime::block_on(async {{ }})); }}");
        let entered_cell = entered(cell.clone(), &found);
        assert!(entered_cell.contains("let __recoil_reactor = recoil_reactor(); let __recoil_ended"), "{entered_cell}");
        syn::parse_file(ENTER).unwrap();
        assert_eq!(entered(cell.clone(), &[]), cell);
        assert_eq!(entered(RUN.to_owned(), &found), RUN);
    }
}
