//! What type an expression has, asked of rustc: a call of a method that does not exist makes it name the type.

use crate::install::config::Config;
use crate::variables::Known;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Later answers are of no use while the user types.
pub(super) const PATIENCE: Duration = Duration::from_millis(900);
const PROBE: &str = "recoil_probe";

/// Asks rustc.
#[derive(Debug)]
pub(super) struct Probe {
    config: Config,
    folder: PathBuf,
}

impl Probe {
    pub fn new(config: &Config, folder: &Path) -> Self {
        Self { config: config.clone(), folder: folder.join("probe") }
    }

    /// The type of `expression` behind the statements `before`, where `variables` and `items` are known, if the compiler says
    /// it within `patience`.
    pub fn type_of(
        &self,
        variables: &BTreeMap<String, Known>,
        items: &str,
        [before, expression]: [&str; 2],
        patience: Duration,
    ) -> Option<String> {
        let mut source = format!("#![allow(warnings)]\nuse recoil::*;\n{items}\nasync fn cell(");
        for (name, known) in variables {
            // Writing to a string cannot fail.
            let _ = write!(source, "mut {name}: {}, ", known.kind);
        }
        let _ = write!(
            source,
            ") -> Result<(), ::recoil::runtime::Stop> {{\n{before}\nlet recoil_value = {expression};\n\
             recoil_value.{PROBE}();\nOk(()) }}\n"
        );
        let errors = self.check(&source, patience)?;
        errors.lines().find_map(named_type)
    }

    fn check(&self, source: &str, patience: Duration) -> Option<String> {
        std::fs::create_dir_all(&self.folder).ok()?;
        let path = self.folder.join("probe.rs");
        std::fs::write(&path, source).ok()?;
        let prelude = &self.config.prelude;
        let mut command = Command::new(&prelude.toolchain.rustc);
        command.arg(&path).args(["--crate-type=lib", "--edition=2024", "--emit=metadata", "--error-format=short"]);
        command.arg("--extern").arg(format!("recoil={}", prelude.dylib.display()));
        command.arg("-L").arg(format!("dependency={}", prelude.crates.display()));
        command
            .arg("-Ztrim-diagnostic-paths=no")
            .env("RUSTC_BOOTSTRAP", "1")
            .arg("-o")
            .arg(self.folder.join("probe.rmeta"));
        let errors = std::fs::File::create(self.folder.join("errors")).ok()?;
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors).spawn().ok()?;
        let start = Instant::now();
        while child.try_wait().ok()?.is_none() {
            if start.elapsed() > patience {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        std::fs::read_to_string(self.folder.join("errors")).ok()
    }
}

/// `.. no method named `recoil_probe` found for struct `recoil::Data` in the current scope`
fn named_type(line: &str) -> Option<String> {
    let (_, rest) = line.split_once(&format!("no method named `{PROBE}` found for "))?;
    rest.split('`').nth(1).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rustcs_words_name_the_type() {
        let line = "x.rs:3:4: error[E0599]: no method named `recoil_probe` found for struct `Vec<f64>` in the current scope: y";
        assert_eq!(named_type(line).as_deref(), Some("Vec<f64>"));
        assert_eq!(named_type("error: other"), None);
    }
}
