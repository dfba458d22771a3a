//! The cell taken apart, with the files that it names; what is not Rust becomes a failure.

use super::cells::Engine;
use super::folders;
use super::job::Task;
use crate::cell::report::render::Text;
use crate::cell::report::syntax;
use crate::cell::source::definitions::{Definitions, item_name};
use crate::cell::source::files::Broken;
use crate::cell::source::notebook::{Around, Notebook, hash};
use crate::cell::source::parse::parse;
use crate::cell::source::parsed::Parsed;
use crate::evaluator::Failure;
use std::path::PathBuf;

impl Engine {
    fn not_rust(&self, text: &Text, code: &str, message: &str) -> Failure {
        syntax::failure(&self.config.prelude.toolchain, &self.shared.folder, text, code, message)
    }

    fn file_failure(&self, broken: &Broken) -> Failure {
        self.not_rust(&Text::File(broken.name.clone()), &broken.text, &broken.message)
    }

    /// A file that is not Rust is an error of each cell, but for one that defines its module anew.
    pub(super) fn check_files(&self, task: &Task<'_>, parsed: &Parsed) -> Result<(), Failure> {
        let defined = || parsed.items.iter().filter_map(|range| item_name(&task.code[range.clone()]));
        let left = self
            .broken
            .iter()
            .find(|one| one.module.as_ref().is_none_or(|module| !defined().any(|name| name == *module)));
        left.map_or(Ok(()), |broken| Err(self.file_failure(broken)))
    }

    /// The cell taken apart, and the notebook's definitions with those of the cell.
    pub(super) fn parsed(&self, task: &Task<'_>) -> Result<(Parsed, Definitions), Failure> {
        let runs = self.runs.get(&hash(task.code)).copied().unwrap_or_default();
        let names_files = task.code.contains("include") || task.code.contains("mod ");
        let folder = if names_files { self.in_folder_of_cells("") } else { PathBuf::new() };
        let parse_with = |definitions: &Definitions| {
            let notebook = Notebook {
                is_group: &|variable, name| self.table.is_group(variable, name),
                holds_messages: &|name| {
                    self.table.known.get(name).is_some_and(|known| known.kind.contains("mpsc::Receiver"))
                },
                makes_items: &|name| definitions.makes_items(name),
                definition_of: &|name| definitions.definition_of(name),
                stands_for: &|name| definitions.stands_for(name).map(str::to_owned),
                beside: [folder.clone(), folder.clone()],
                place: format!("In[{}]", task.number),
                around: Around { folder: folder.clone(), runs, ..Around::default() },
            };
            let parsed = parse(task.code, &notebook)
                .map_err(|error| self.not_rust(&Text::Cell(task.number), task.code, &error.to_string()))?;
            parsed.broken.as_ref().map_or(Ok(()), |broken| Err(self.file_failure(broken)))?;
            Ok(parsed)
        };
        let with = |parsed: &Parsed| {
            let mut definitions = self.definitions.clone();
            parsed.items.iter().for_each(|range| definitions.add(&task.code[range.clone()]));
            parsed.inside.iter().for_each(|inside| folders::define(inside, &mut definitions));
            definitions
        };
        let parsed = parse_with(&self.definitions)?;
        if parsed.items.is_empty() {
            return Ok((parsed, self.definitions.clone()));
        }
        let definitions = with(&parsed);
        if !task.code.contains("macro_rules") {
            return Ok((parsed, definitions));
        }
        // Macros may be used in the cell that defines them.
        let parsed = parse_with(&definitions)?;
        let definitions = with(&parsed);
        Ok((parsed, definitions))
    }
}
