//! The log: commits as JSON lines, one action each, from a checkpoint on.

use super::checkpoint;
use super::state::State;
use crate::json::{Json, parse};
use segment::{Error, Place, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The table at a version, or at the last.
pub(super) fn replay(folder: &Path, wanted: Option<u64>) -> Result<State> {
    let place = Place::file(folder.display().to_string());
    let wrong = |error: String| Error::read(&place, error);
    let (commits, checkpoints) = listed(folder).map_err(wrong)?;
    let last = commits.last().copied().into_iter().chain(checkpoints.keys().last().copied()).max();
    let last = last.ok_or_else(|| wrong("the log has no commits".to_owned()))?;
    let version = wanted.unwrap_or(last);
    if version > last {
        return Err(wrong(format!("there is no version {version}; the last is {last}")));
    }
    let mut state = State::default();
    let mut next = 0;
    let usable = checkpoints.range(..=version).rev().find(|(_, parts)| parts.is_complete());
    if let Some((&at, parts)) = usable {
        for part in parts.files.values() {
            checkpoint::read(&folder.join(part), &mut state)?;
        }
        next = at + 1;
    }
    for commit in next..=version {
        if !commits.contains(&commit) {
            let known = commits.first().copied().unwrap_or_default();
            return Err(wrong(format!(
                "version {version} cannot be made: commit {commit} is gone (the first that is there is {known})"
            )));
        }
        apply_commit(&folder.join(format!("{commit:020}.json")), &mut state)?;
    }
    state.version = version;
    state.check().map_err(wrong)?;
    Ok(state)
}

fn apply_commit(path: &Path, state: &mut State) -> Result<()> {
    let place = Place::file(path.display().to_string());
    let text = std::fs::read_to_string(path).map_err(|error| Error::read(&place, error.to_string()))?;
    // A commit may add a file that it removes in another line: removals are of the files before it.
    let mut added = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = |error: String| Error::read(&place.clone().part(format!("line {}", number + 1)), error);
        let Json::Object(actions) = parse(line).map_err(|error| wrong(error.what))? else {
            return Err(wrong("no action of the log".to_owned()));
        };
        for (action, body) in actions {
            match action.as_str() {
                "add" => added.push((number, body)),
                action => state.apply(action, &body).map_err(wrong)?,
            }
        }
    }
    for (number, body) in added {
        let place = place.clone().part(format!("line {}", number + 1));
        state.apply("add", &body).map_err(|error| Error::read(&place, error))?;
    }
    Ok(())
}

/// The files of one checkpoint.
#[derive(Debug, Default)]
struct Parts {
    of: u64,
    files: BTreeMap<u64, String>,
}

impl Parts {
    fn is_complete(&self) -> bool {
        self.files.len() as u64 == self.of
    }
}

type Listed = (BTreeSet<u64>, BTreeMap<u64, Parts>);

/// The versions of commits, and the checkpoints.
fn listed(folder: &Path) -> std::result::Result<Listed, String> {
    let (mut commits, mut checkpoints) = (BTreeSet::new(), BTreeMap::<u64, Parts>::new());
    for entry in std::fs::read_dir(folder).map_err(|error| error.to_string())? {
        let name = entry.map_err(|error| error.to_string())?.file_name().to_string_lossy().into_owned();
        let words: Vec<&str> = name.split('.').collect();
        let Some(version) = words[0].parse::<u64>().ok().filter(|_| words[0].len() == 20) else { continue };
        match words[1..] {
            ["json"] => {
                commits.insert(version);
            }
            ["checkpoint", "parquet"] => {
                checkpoints.insert(version, Parts { of: 1, files: BTreeMap::from([(1, name)]) });
            }
            ["checkpoint", part, of, "parquet"] => {
                let (Ok(part), Ok(of)) = (part.parse(), of.parse()) else { continue };
                let parts = checkpoints.entry(version).or_default();
                parts.of = of;
                parts.files.insert(part, name);
            }
            // Of the second version of checkpoints the commits are read instead.
            _ => {}
        }
    }
    Ok((commits, checkpoints))
}
