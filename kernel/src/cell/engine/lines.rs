//! Doing what the lines before a cell's Rust say.

use super::cells::Engine;
use super::folders::{PathCrate, from_root};
use super::job::MagicEffects;
use crate::assist::language;
use crate::cell::failure::{failure, interrupted};
use crate::cell::source::magic::{HELP, Line};
use crate::evaluator::{Bundle, Cell, Failure};
use crate::lock::lock;
use crate::proof::{KEY, MEASURES};
use crate::variables::short;
use port::{Ending, Errand};
use serde_json::Value;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::Command;

/// Crates that are there without being added, with the mend.
const THERE: [&str; 3] = ["polars", "recoil", "tokio"];

impl Engine {
    pub(super) fn line(&mut self, cell: &Cell, line: Line, done: &mut MagicEffects) -> Result<(), Failure> {
        let shell = matches!(line, Line::Shell(_));
        if shell || changes_all_cells(&line) {
            lock(&self.shared.ledger).everywhere(shell);
        }
        match line {
            Line::Optimise(level) => self.optimise(&level, done)?,
            Line::CellOptimise(level) => done.opt_level = checked(&level)?,
            Line::Time => done.time = true,
            Line::TimeThis(code) => {
                done.time = true;
                // In place of the line itself, so that what follows keeps its place.
                done.code = format!("{code}{}", done.code);
            }
            Line::TimeIt(code) => time_it(&code, done)?,
            Line::Variables => done.result = Some(self.variables()),
            Line::Provenance => done.result = Some(self.provenance()),
            Line::Reset => self.reset()?,
            Line::Restore => {
                let told = self.restore(cell.token)?;
                self.print(cell.token, format!("{told}\n"));
            }
            Line::Load(path) => done.next_input = Some((self.load(&path)?, true)),
            Line::Help(item) if item.is_empty() => done.result = Some(Bundle::text(HELP)),
            Line::Help(item) => done.result = Some(self.page(&item, false)?),
            Line::Shell(command) => drop(self.errand(cell.token, Errand::Shell { command })?),
            Line::Folder(path) => done.result = self.errand(cell.token, Errand::Folder { path })?,
            Line::Environment(name, value) => {
                done.result = self.errand(cell.token, Errand::Environment { name, value })?.or(done.result.take());
            }
            Line::Inspect(item, detailed) => done.page = Some(self.page(&item, detailed)?),
            Line::Command(command) => {
                done.result = self.command_line(cell.token, &command)?.or(done.result.take());
            }
            Line::Unknown(name) => {
                return Err(failure("UnknownMagic", format!("there is no `{name}`; %help lists what there is")));
            }
        }
        Ok(())
    }

    fn optimise(&mut self, level: &str, done: &mut MagicEffects) -> Result<(), Failure> {
        if level.is_empty() {
            done.result = Some(Bundle::text(self.opt_level()));
            return Ok(());
        }
        done.opt_level = checked(level)?;
        self.set_opt_level(&done.opt_level.clone());
        Ok(())
    }

    fn variables(&self) -> Bundle {
        let known = &self.table.known;
        if known.is_empty() {
            return Bundle::text("no variables");
        }
        let width = known.keys().map(|name| name.chars().count()).max().unwrap_or(0).max(8);
        let mut plain = format!("{:width$}  cell    type", "variable");
        let mut html = "<table><thead><tr><th>variable</th><th>cell</th><th>type</th></tr></thead><tbody>".to_owned();
        for (name, known) in known {
            let kind = format!("{}{}", if known.mutable { "mut " } else { "" }, short(&known.kind));
            // Writing to a string cannot fail.
            let _ = write!(plain, "\n{name:width$}  In[{}]  {kind}", known.cell);
            let kind = kind.replace('&', "&amp;").replace('<', "&lt;");
            let _ = write!(html, "<tr><td>{name}</td><td>In[{}]</td><td><code>{kind}</code></td></tr>", known.cell);
        }
        let mut bundle = Bundle::text(plain);
        bundle.data.insert("text/html".into(), Value::String(html + "</tbody></table>"));
        bundle
    }

    /// Not for comparing: it tells of this machine.
    fn provenance(&self) -> Bundle {
        let known = lock(&self.shared.ledger).provenance();
        let mut bundle = Bundle::text(known.text());
        bundle.data.insert("text/html".into(), Value::String(known.html()));
        bundle.metadata.insert(KEY.into(), serde_json::json!({ MEASURES: "machine" }));
        bundle
    }

    fn page(&self, item: &str, detailed: bool) -> Result<Bundle, Failure> {
        if item.trim_end_matches('!') == "query" {
            return Ok(language::page());
        }
        let found = self.assistant().page(item, u8::from(detailed)).or_else(|| language::about(item));
        found.ok_or_else(|| failure("NotFound", format!("nothing is known about `{item}`")))
    }

    /// evcxr's commands: those that work are handed on, some are done here, and those that would break the session are
    /// refused.
    fn command_line(&mut self, token: u64, command: &str) -> Result<Option<Bundle>, Failure> {
        let (name, argument) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        let argument = argument.trim();
        match name {
            ":help" => Ok(Some(Bundle::text(HELP))),
            ":type" | ":t" => match self.assistant().type_of_expression(argument) {
                Some(kind) => Ok(Some(Bundle::text(short(&kind)))),
                None => Err(failure("NotFound", format!("the type of `{argument}` is not known"))),
            },
            ":doc" => self.page(argument, false).map(Some),
            ":explain" => self.explain(argument).map(Some),
            ":restart" => self.reset().map(|()| None),
            ":env" => match argument.split_once('=') {
                Some((name, value)) => {
                    let (name, value) = (Some(name.trim().to_owned()), Some(value.trim().to_owned()));
                    self.errand(token, Errand::Environment { name, value })
                }
                None => Err(failure("CommandError", "say `:env NAME=VALUE`")),
            },
            ":quit" => Err(failure("CommandError", "a notebook ends its kernel from the menu")),
            ":build_env" if argument.starts_with("RECOIL_") => {
                Err(failure("CommandError", "variables named RECOIL_.. are the kernel's own"))
            }
            ":version" | ":dep" | ":show_deps" | ":offline" | ":build_env" => self.evcxr_command(token, command),
            _ => Err(failure("CommandError", refusal(name))),
        }
    }

    /// What rustc has to say about an error, by its code.
    fn explain(&self, code: &str) -> Result<Bundle, Failure> {
        let code = if code.is_empty() { "E0382" } else { code };
        let output = Command::new(&self.config.prelude.toolchain.rustc).args(["--explain", code]).output();
        match output {
            Ok(output) if output.status.success() => Ok(Bundle::text(String::from_utf8_lossy(&output.stdout).trim())),
            _ => Err(failure("NotFound", format!("rustc knows no error `{code}`: say `:explain E0382`"))),
        }
    }

    fn evcxr_command(&mut self, token: u64, command: &str) -> Result<Option<Bundle>, Failure> {
        if let Some(wanted) = command.strip_prefix(":dep") {
            let name: String =
                wanted.trim().chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-')).collect();
            if name.is_empty() {
                return Err(failure("DependencyError", "say `:dep NAME = \"VERSION\"`, with the name without quotes"));
            }
            if THERE.contains(&name.as_str()) || name.starts_with("polars-") {
                let text = format!(
                    "`{name}` is part of the prelude that every cell links to, and cannot be added a second time: \
                     remove this line and use `{}`",
                    if name.starts_with("polars-") { "polars" } else { &name }
                );
                return Err(failure("DependencyError", text));
            }
            let name = name.replace('-', "_");
            self.path_crates.retain(|one| one.name != name);
            let behind = wanted.split_once('=').map_or("", |(_, behind)| behind);
            self.path_crates.extend(PathCrate::of(&name, behind, &self.in_folder_of_cells("")));
            self.crates.insert(name);
            self.crates_changed = true;
        }
        let folder = self.in_folder_of_cells("");
        let moved = command.starts_with(":dep") && self.config.folder.canonicalize().is_ok_and(|begun| begun != folder);
        let outputs = self.command(&if moved { from_root(command, &folder) } else { command.to_owned() })?;
        self.note_crates(token);
        let mut bundle = Bundle::default();
        for (mime, content) in outputs.content_by_mime_type {
            bundle.data.insert(mime, Value::String(content));
        }
        Ok((!bundle.data.is_empty()).then_some(bundle))
    }

    /// Does something where cells run; its output comes as that of a cell.
    fn errand(&self, token: u64, errand: Errand) -> Result<Option<Bundle>, Failure> {
        match self.shared.listener.errand(token, errand) {
            Some(Ending::Value(bundle)) => Ok(bundle),
            Some(Ending::Error { message, kind, .. }) => Err(failure(&kind, message)),
            Some(Ending::Panicked { message, .. }) => Err(failure("Panic", message)),
            Some(Ending::Interrupted) => Err(interrupted()),
            None => Err(failure("WorkerDied", "the worker has ended; run the cell again")),
        }
    }

    fn load(&self, path: &str) -> Result<String, Failure> {
        let shown = path.trim_matches(['"', '\'']);
        let path = self.in_folder_of_cells(shown);
        std::fs::read_to_string(path).map_err(|error| failure("LoadError", format!("{shown}: {error}")))
    }

    /// A path as cells understand it.
    pub(super) fn in_folder_of_cells(&self, path: &str) -> PathBuf {
        self.shared.listener.folder().unwrap_or_default().join(path)
    }
}

/// Whether a line changes the folder, the environment or the crates of all later cells.
fn changes_all_cells(line: &Line) -> bool {
    match line {
        Line::Folder(path) => path.is_some(),
        Line::Environment(_, value) => value.is_some(),
        Line::Command(command) => [":dep", ":env", ":build_env"].iter().any(|name| command.starts_with(name)),
        _ => false,
    }
}

/// Why a command of evcxr's is not there.
fn refusal(name: &str) -> String {
    let instead = match name {
        ":toolchain" | ":codegen_backend" => "cells are compiled by the compiler that made the prelude",
        ":cache" | ":sccache" | ":clear_cache" => "compiled cells are always kept; RECOIL_CACHE says where",
        ":linker" | ":allow_static_linking" => "cells link to the prelude in one way only",
        ":timing" | ":time_passes" => "`%time` tells how long a cell takes",
        ":efmt" | ":fmt" | ":types" => "`display(..)` and `println!(\"{x:?}\")` say how a value is shown",
        ":preserve_vars_on_panic" => "variables are always kept after a panic",
        ":last_error_json" | ":last_compile_dir" | ":internal_debug" | ":load_config" => {
            "it tells of evcxr's own doings"
        }
        _ => return format!("there is no `{name}`; %help lists what there is"),
    };
    format!("`{name}` does nothing here: {instead}")
}

fn checked(level: &str) -> Result<String, Failure> {
    match level {
        "0" | "1" | "2" | "3" | "s" | "z" | "auto" => Ok(level.to_owned()),
        _ => Err(failure("UnknownOption", format!("`{level}` is no optimisation level: use 0, 1, 2, 3, s, z or auto"))),
    }
}

fn time_it(code: &str, done: &mut MagicEffects) -> Result<(), Failure> {
    let rest = done.code.trim();
    let code = if code.is_empty() { rest } else { code };
    if code.is_empty() {
        return Err(failure("UnknownOption", "%timeit wants an expression behind it, or a cell under it"));
    }
    // In braces of its own, so that it may end in a semicolon, in a value or in `?`.
    done.code = format!(
        "recoil::runtime::timeit(|| {{ let recoil_timed = {{ {code}\n }}; \
         ::core::result::Result::<_, ::recoil::runtime::Stop>::Ok(recoil_timed) }})?;"
    );
    Ok(())
}
