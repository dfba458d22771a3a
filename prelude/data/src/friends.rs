//! Friends: another table whose rows stand beside those of a process.

use crate::catalog::{Catalog, Options, Process};
use crate::error::{Error, Result};
use crate::group::Group;
use belle2::names::Grammar;
use std::path::Path;
use std::sync::Arc;

impl Group {
    /// The columns of another table beside those of this one, row by row, as ROOT has friends of a tree:
    /// `friend("g.root:tree")`. The table may have any format, and may be several files; it must have as many rows. A column
    /// whose name is taken is called `tree_column`, after the tree, or after the file where no tree is named. The rows are
    /// those of the files, whatever steps the chain has. Several processes need a table with processes of the same names.
    ///
    /// A tree that has an index (`BuildIndex("run", "event")` in ROOT) over columns of this table is joined by it: each row
    /// gets the friend's row of the same numbers, the first of several, and missing values where there is none. (ROOT's own
    /// loops show the values of the row before there.) To match rows by other columns, join a frame ([`Group::left_join`]).
    ///
    /// ```no_run
    /// let data = data::load("events.root:tree")?;
    /// data.friend("scores.root:tree").query("pt > 2 & score > 0.5").hist("mass", 50)?;
    /// # Ok::<(), data::Error>(())
    /// ```
    #[must_use]
    pub fn friend(&self, path: impl AsRef<Path>) -> Self {
        self.befriended(path.as_ref())
    }

    #[inline(never)]
    fn befriended(&self, path: &Path) -> Self {
        self.with_friend(path).unwrap_or_else(|error| self.broken_by(self.parts.label.clone(), error))
    }

    fn with_friend(&self, path: &Path) -> Result<Self> {
        let mut options = Options::default();
        if let [_] = self.parts.members[..] {
            options.choice.one_process = Some("friend".to_owned());
        }
        let friends = Catalog::open(&path.to_string_lossy(), &Grammar::default(), None, &options)?;
        let prefix = prefix(path);
        let mut catalog = (*self.parts.catalog).clone();
        for at in self.parts.members.iter() {
            let process = &catalog.processes[*at];
            let friend = match &self.parts.members[..] {
                [_] => friends.processes.first(),
                _ => friends.processes.iter().find(|friend| friend.name == process.name),
            };
            let friend = friend.ok_or_else(|| {
                let names: Vec<_> = friends.processes.iter().map(|friend| &*friend.name).collect();
                Error::request(format!(
                    "friend {}: no process `{}`, there are {}; take one process with .group(..)",
                    path.display(),
                    process.name,
                    names.join(", ")
                ))
            })?;
            let source = sources::beside(process.source.clone(), friend.source.clone(), &prefix);
            let source = source.map_err(|error| Error::from(error).of(&process.name))?;
            catalog.processes[*at] = Arc::new(Process { source, ..(**process).clone() });
        }
        Ok(self.changed(|parts| parts.catalog = Arc::new(catalog)))
    }
}

/// What stands before names that are taken: the name of the tree, else of the file.
fn prefix(path: &Path) -> String {
    let (file, tree) = sources::root::split(path);
    let stem = || file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let name = tree.map_or_else(stem, |tree| tree.rsplit('/').next().unwrap_or_default().to_owned());
    let name = name.split(';').next().unwrap_or_default();
    name.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '_' }).collect()
}
