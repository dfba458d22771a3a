//! How much of the prelude a cell has compiled anew: each function costs it a fifth of a millisecond, and each trait of the standard
//! library whose impls must be put in order for a call costs milliseconds.

use super::Notebook;
use recoil_kernel::install::prelude::find;
use recoil_tests::kernel;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Sources of the compiled cells in a cache.
fn sources(cache: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(cache).expect("the cache").flatten().map(|file| file.path());
    files.filter(|path| path.extension().is_some_and(|ending| ending == "rs")).collect()
}

/// The functions that rustc makes of a cell.
fn functions(source: &Path) -> Vec<String> {
    let prelude = find().expect("the prelude is there");
    let mut command = Command::new(&prelude.toolchain.rustc);
    command.arg(source).args(["--crate-name", "ctx", "--crate-type", "cdylib", "--edition", "2024"]);
    command.args(["-Cprefer-dynamic", "-Ccodegen-units=1", "-Coverflow-checks=on", "-Copt-level=0", "-Awarnings"]);
    command.args(["-Zshare-generics=no", "-Zinline-mir=no", "-Zprint-mono-items=yes"]);
    command.arg("--extern").arg(format!("recoil={}", prelude.dylib.display()));
    command.arg("-L").arg(format!("dependency={}", prelude.crates.display()));
    command.arg(format!("--emit=obj={}", source.with_extension("o").display())).env("RUSTC_BOOTSTRAP", "1");
    let output = command.output().expect("rustc runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().filter_map(|line| Some(line.strip_prefix("MONO_ITEM fn ")?.split(" @@").next()?.to_owned())).collect()
}

#[test]
fn cells_compile_little_of_the_prelude_anew() {
    let _turn = kernel::turn();
    let cache = tempfile::tempdir().expect("a folder");
    let toys = cache.path().join("toys");
    recoil::toy(&toys, 1_000, 1).expect("toy data");
    let notebook = Notebook::new(&cache.path().join("cells"));
    notebook.value(&format!("let data = load({toys:?})?;"));
    let mut known = sources(&cache.path().join("cells"));
    for (code, most) in [
        ("1 + 1", 18),
        ("data.group(\"mumu\").query(\"pRecoil > 2.0\").oneCandOnly().hist(\"mu1P\", 50)?", 26),
        ("data.define(\"pt\", \"mu1P * sin(mu1Theta)\").label(\"p_T\", \"GeV\").hist(\"pt\", (40, 0.0, 4.0))?", 28),
        ("let n = data.mumu.query(\"pRecoil > 2.0\").count()?;", 30),
        ("data.mumu.column(\"mu1P\")?.len()", 32),
        ("data.mumu.value_counts(\"__candidate__\")?.height()", 90),
        ("let h = data.mumu.hist(\"mu1P\", (50, 0.0, 6.0))?;", 36),
        ("histogram(&h).log_y()", 36),
        ("overlay([(\"one\", &h), (\"other\", &h)]).ratio()", 50),
        ("let fit = h.fit((Gaussian + Line).range(1.0, 5.0))?;", 90),
    ] {
        notebook.value(code);
        let all = sources(&cache.path().join("cells"));
        let source = all.iter().find(|source| !known.contains(source)).expect("the cell was compiled");
        let functions = functions(source);
        let list = functions.join("\n");
        assert!(functions.len() <= most, "{code}: {} functions\n{list}", functions.len());
        for costly in ["std::convert::From<", "std::convert::AsRef<", "std::fmt::Display", "std::fmt::Debug"] {
            // What can be fitted is whatever becomes a `Fit`.
            if code.contains(".fit(") {
                continue;
            }
            assert!(!list.contains(costly), "{code}: {costly}\n{list}");
        }
        known = all;
    }
}
