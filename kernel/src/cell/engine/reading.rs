//! Reads the files that the notebook is made of again, before each cell.

use super::cells::Engine;
use super::folders::{File, define};
use super::superseded::Live;
use crate::cell::source::files::Inside;
use crate::cell::source::notebook::Around;
use crate::cell::source::rewrite::modules;
use crate::lock::lock;
use std::collections::BTreeSet;

impl Engine {
    /// Reads the files of modules, and crates in folders, which may define other things now. Files that are not Rust stay what they
    /// were, and are noted.
    pub(super) fn read_files(&mut self) {
        self.broken.clear();
        for file in &mut self.files {
            // One that is not there any more stays what it was.
            let now = file.named.hash_now().unwrap_or_else(|| file.hash.clone());
            if now != file.hash {
                lock(&self.shared.ledger).reads(&file.named.path);
                self.origins.iter_mut().for_each(|origin| origin.replace(&file.hash, &now));
                file.hash = now;
            }
        }
        for index in 0..self.modules.len() {
            let inside = &self.modules[index].inside;
            if !inside.is_changed() {
                continue;
            }
            match modules::inside(inside.origin.clone()) {
                Some(Ok(now)) => self.change_module(index, now),
                Some(Err(broken)) => self.broken.push(broken),
                None => {}
            }
        }
        for one in &mut self.path_crates {
            if one.read() {
                self.definitions.add_module(&one.name, &one.text);
            }
        }
    }

    /// Modules of these names are defined anew, and no more in files.
    pub(super) fn drop_modules(&mut self, names: &BTreeSet<String>) {
        self.modules.retain(|module| {
            let Around { modules, .. } = &module.inside.origin.around;
            !modules.first().is_some_and(|name| names.contains(name))
        });
    }

    /// Puts another text in place of a module's. Its statics begin anew.
    fn change_module(&mut self, index: usize, now: Inside) {
        let before = std::mem::replace(&mut self.modules[index].inside, now);
        let now = &self.modules[index].inside;
        now.files.iter().for_each(|file| lock(&self.shared.ledger).reads(&file.path));
        let old = self.statics.iter().fold(before.text(), |text, live| live.written(&text));
        let new = now.text();
        for origin in &mut self.origins {
            origin.replace(&old, &new);
        }
        define(now, &mut self.definitions);
        self.statics.retain(|live| !before.statics.iter().any(|gone| live.is(gone)));
        let (definitions, crates) = (&self.definitions, &self.crates);
        self.statics.extend(now.statics.iter().map(|one| Live::new(one, definitions, crates)));
        self.files.extend(now.named.iter().map(File::new));
    }
}
