//! The runs of a session: which variables, items and files each used, and so what each answer was made from.

use super::fingerprint::{Fingerprint, Input, code_hash};
use super::hashes::Seen as File;
use super::paths::{plain, relative};
use super::provenance::{Provenance, Read};
use super::{CRATES, Hashes, Program};
use crate::worker::{Opened, opened_since};
use port::Note;
use serde_json::Value;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Where outputs may wait so long, the session is not interactive.
const NOBODY_WAITS: Duration = Duration::from_secs(1);

/// A file, as it was when a cell read it.
#[derive(Debug, Clone, Copy)]
struct Seen {
    file: File,
    /// Whether the session has made it.
    made: bool,
}

/// One run of a cell.
#[derive(Debug, Clone, Default)]
struct Run {
    /// The number of the cell, as the front end shows it.
    number: u32,
    code: String,
    /// Names, and the run that each was taken from.
    uses: BTreeMap<String, usize>,
    /// Runs that can have had an effect on this one.
    needs: BTreeSet<usize>,
    /// Files that were read.
    inputs: BTreeMap<PathBuf, Seen>,
    seeds: BTreeMap<String, BTreeSet<u64>>,
    shell: bool,
    /// Whether it changed what all later cells run in: folder, environment, added crates.
    everywhere: bool,
}

/// What is known of a cell before its code runs.
#[derive(Debug, Default)]
pub(crate) struct Begun<'a> {
    /// Names of variables that it takes; with `true` those that it may change.
    pub variables: Vec<(&'a str, bool)>,
    /// Names of items that it uses, directly or through others, with the number of the cell that has them.
    pub items: Vec<(String, u32)>,
}

/// What a session has done so far. Runs are counted from 1.
#[derive(Debug)]
pub(crate) struct Ledger {
    program: Program,
    /// The notebook's folder, from which paths are told.
    folder: PathBuf,
    /// Where the worker writes down what it opens, and how far that was read.
    list: PathBuf,
    offset: u64,
    /// Folders whose files are the program's own.
    own: Vec<PathBuf>,
    hashes: Hashes,
    /// How long the outputs of a cell may wait until the files that they were made from are hashed.
    patience: Duration,
    /// How long those of the present cell have waited.
    waited: Duration,
    runs: Vec<Run>,
    /// The runs that made or changed each variable.
    variables: BTreeMap<String, Vec<usize>>,
    /// Files that this session has written.
    made: HashSet<(u64, u64)>,
    rows: BTreeMap<PathBuf, u64>,
}

impl Ledger {
    /// An empty ledger of a session whose cells begin in `folder`.
    pub fn new(program: Program, folder: PathBuf, list: PathBuf, own: Vec<PathBuf>, patience: Duration) -> Self {
        let (hashes, made, rows) = (Hashes::new(patience < NOBODY_WAITS), HashSet::new(), BTreeMap::new());
        let (runs, variables, waited) = (Vec::new(), BTreeMap::new(), Duration::ZERO);
        Self { program, folder, list, offset: 0, own, hashes, patience, waited, runs, variables, made, rows }
    }

    /// A cell begins.
    pub fn begin(&mut self, number: u32, code: &str) {
        // What was opened since belongs to threads that have outlived their cells.
        self.look();
        self.waited = Duration::ZERO;
        let needs = (1..=self.runs.len()).filter(|run| self.runs[run - 1].everywhere).collect();
        self.runs.push(Run { number, code: code_hash(code), needs, ..Run::default() });
    }

    /// The cell changes what all later ones run in; `shell` when it runs a command.
    pub fn everywhere(&mut self, shell: bool) {
        if let Some(run) = self.runs.last_mut() {
            run.everywhere = true;
            run.shell |= shell;
        }
    }

    /// The cell's code is known, and runs now.
    pub fn uses(&mut self, begun: &Begun<'_>) {
        let now = self.runs.len();
        let mut from: Vec<(String, Vec<usize>)> = Vec::new();
        for (name, _) in &begun.variables {
            from.extend(self.variables.get(*name).map(|runs| ((*name).to_owned(), runs.clone())));
        }
        for (name, number) in &begun.items {
            let run = self.runs.iter().rposition(|run| run.number == *number).map(|at| at + 1);
            from.extend(run.map(|run| (name.clone(), vec![run])));
        }
        for (name, runs) in from {
            let runs: Vec<usize> = runs.into_iter().filter(|run| *run < now).collect();
            let behind: Vec<usize> = runs.iter().flat_map(|run| self.runs[run - 1].needs.iter().copied()).collect();
            let Some(run) = self.runs.last_mut() else { return };
            run.needs.extend(runs.iter().copied().chain(behind));
            if let Some(last) = runs.last() {
                run.uses.insert(name, *last);
            }
        }
    }

    /// The cell has ended. `made` are the variables that it has made, if it came to its end; `changed` those that it may
    /// have changed.
    pub fn end(&mut self, made: &[String], changed: &[String], notes: &[Note]) {
        let now = self.runs.len();
        for name in made {
            self.variables.insert(name.clone(), vec![now]);
        }
        for name in changed.iter().filter(|name| !made.contains(name)) {
            self.variables.entry(name.clone()).or_default().push(now);
        }
        for note in notes {
            match note {
                Note::Rows { file, rows } => {
                    self.rows.insert(plain(&self.folder.join(file)), *rows);
                }
                Note::Seed { step, seed } => {
                    if let Some(run) = self.runs.last_mut() {
                        run.seeds.entry(step.clone()).or_default().insert(*seed);
                    }
                }
            }
        }
        self.look();
    }

    /// Added crates are these from now on; empty without any.
    pub fn crates(&mut self, identity: &str) {
        if identity.is_empty() {
            self.program.options.remove(CRATES);
        } else {
            self.program.options.insert(CRATES.to_owned(), identity.chars().take(8).collect());
        }
    }

    /// The worker has ended: no variable is there any more.
    pub fn lose(&mut self) {
        self.variables.clear();
    }

    /// A new session begins, with the run that has asked for it.
    pub fn forget(&mut self) {
        self.look();
        self.runs.drain(..self.runs.len().saturating_sub(1));
        self.variables.clear();
    }

    /// Takes in what the worker has opened. Hashes of it begin to be made; this does not wait for them.
    fn look(&mut self) {
        for opened in opened_since(&self.list, &mut self.offset) {
            if opened.written {
                self.made.insert(opened.file);
            } else if !self.own.iter().any(|own| opened.path.starts_with(own)) {
                self.take(&opened);
            }
        }
    }

    /// The present cell is made from a file that the kernel itself has read.
    pub fn reads(&mut self, path: &Path) {
        if let Ok(data) = std::fs::metadata(path) {
            self.take(&Opened { path: path.to_path_buf(), file: (data.dev(), data.ino()), written: false });
        }
    }

    fn take(&mut self, opened: &Opened) {
        let path = plain(&opened.path);
        let made = self.made.contains(&opened.file);
        let Some(run) = self.runs.last_mut() else { return };
        if let Entry::Vacant(place) = run.inputs.entry(path)
            && let Some(file) = self.hashes.see(place.key())
        {
            place.insert(Seen { file, made });
        }
    }

    fn input(&self, path: &Path, seen: &Seen, until: Instant) -> Input {
        let content = self.hashes.content(&seen.file, until);
        let (size, rows, made) = (seen.file.size(), self.rows.get(path).copied(), seen.made);
        Input { path: relative(&self.folder, path), size, rows, made, content }
    }

    /// What the present cell, or the last one, was made from, as far as it has run.
    pub fn fingerprint(&mut self) -> Option<Fingerprint> {
        let begun = Instant::now();
        let found = self.fingerprint_by(begun + self.patience.saturating_sub(self.waited));
        self.waited += begun.elapsed();
        found
    }

    /// The same, with the hashes that are known by then.
    fn fingerprint_by(&mut self, until: Instant) -> Option<Fingerprint> {
        self.look();
        let run = self.runs.last()?;
        let mut seen: BTreeMap<&Path, &Seen> = BTreeMap::new();
        let mut seeds: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
        let needed = run.needs.iter().map(|run| &self.runs[run - 1]);
        let mut shell = false;
        for run in needed.chain([run]) {
            seen.extend(run.inputs.iter().map(|(path, seen)| (path.as_path(), seen)));
            for (step, of) in &run.seeds {
                seeds.entry(step.clone()).or_default().extend(of);
            }
            shell |= run.shell;
        }
        let mut inputs: Vec<Input> = seen.into_iter().map(|(path, seen)| self.input(path, seen, until)).collect();
        inputs.sort_by_key(|input| input.made);
        let Program { prelude, rustc, vectors, options } = self.program.clone();
        Some(Fingerprint {
            prelude,
            rustc,
            vectors,
            run: self.runs.len(),
            history: self.runs.iter().map(|run| run.code.clone()).collect(),
            uses: run.uses.clone(),
            needs: run.needs.clone(),
            inputs,
            more: None,
            seeds,
            options,
            shell,
        })
    }

    /// The fingerprint of the running cell as text, for files that it saves. A person's cell does not wait for it to begin.
    pub fn origin(&mut self) -> String {
        let patience = if self.patience < NOBODY_WAITS { Duration::ZERO } else { self.patience };
        self.fingerprint_by(Instant::now() + patience)
            .map_or_else(String::new, |fingerprint| Value::to_string(&fingerprint.to_json()))
    }

    /// What the session was made from so far.
    pub fn provenance(&mut self) -> Provenance {
        self.look();
        let until = Instant::now() + self.patience;
        let mut inputs: BTreeMap<&Path, Read> = BTreeMap::new();
        for run in &self.runs {
            for (path, seen) in &run.inputs {
                inputs.entry(path).or_insert(Read { cell: run.number, input: self.input(path, seen, until) });
            }
        }
        let Program { prelude, rustc, vectors, options } = self.program.clone();
        Provenance { prelude, rustc, vectors, options, inputs: inputs.into_values().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::Content;

    struct Session {
        folder: tempfile::TempDir,
        ledger: Ledger,
    }

    impl Session {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let notebook = folder.path().join("notebook");
            std::fs::create_dir(&notebook).unwrap();
            let list = folder.path().join("list");
            let own = vec![folder.path().join("cache")];
            let ledger = Ledger::new(Program::default(), notebook, list, own, Duration::from_secs(60));
            Self { folder, ledger }
        }

        fn opens(&self, name: &str, written: bool) {
            let path = self.folder.path().join("notebook").join(name);
            let data = std::fs::metadata(&path).unwrap();
            let opened = Opened { path, file: (data.dev(), data.ino()), written };
            let mut list = std::fs::read_to_string(self.folder.path().join("list")).unwrap_or_default();
            list += &format!("{}\n", serde_json::to_string(&opened).unwrap());
            std::fs::write(self.folder.path().join("list"), list).unwrap();
        }

        fn writes(&self, name: &str, text: &str) {
            std::fs::write(self.folder.path().join("notebook").join(name), text).unwrap();
        }

        fn runs(&mut self, number: u32, code: &str, uses: &[(&str, bool)], made: &[&str]) -> Fingerprint {
            self.ledger.begin(number, code);
            self.ledger.uses(&Begun { variables: uses.to_vec(), items: Vec::new() });
            let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
            let changed: Vec<&str> = uses.iter().filter(|(_, may)| *may).map(|(name, _)| *name).collect();
            self.ledger.end(&owned(made), &owned(&changed), &[]);
            self.ledger.fingerprint().unwrap()
        }
    }

    #[test]
    fn what_a_cell_needs_is_found_through_others() {
        let mut session = Session::new();
        session.runs(1, "let cut = 1;", &[], &["cut"]);
        session.runs(2, "let data = load()", &[], &["data"]);
        session.runs(3, "let other = 1", &[], &["other"]);
        session.runs(4, "let h = data.hist(cut)", &[("data", false), ("cut", false)], &["h"]);
        let of_h = session.runs(5, "h", &[("h", false)], &[]);
        assert_eq!(of_h.code_of(1), Some(code_hash("let cut = 1;").as_str()));
        assert_eq!((of_h.needs, of_h.uses), ([1, 2, 4].into(), [("h".to_owned(), 4)].into()));
        let changed = session.runs(6, "cut = 2; // later", &[("cut", true)], &[]);
        assert_eq!(changed.uses["cut"], 1);
        let later = session.runs(7, "cut", &[("cut", false)], &[]);
        assert_eq!((later.uses["cut"], later.needs), (6, [1, 6].into()), "who changed it last counts");
        session.ledger.lose();
        assert!(session.runs(8, "cut", &[("cut", false)], &[]).uses.is_empty());
    }

    #[test]
    fn files_that_stand_in_a_cell_are_inputs() {
        let mut session = Session::new();
        session.writes("a.rs", "pub fn f() {}");
        let path = session.folder.path().join("notebook/a.rs");
        session.ledger.begin(1, "mod a;");
        session.ledger.reads(&path);
        session.ledger.end(&[], &[], &[]);
        let made = session.ledger.fingerprint().unwrap();
        assert_eq!(made.inputs.iter().map(|input| input.path.as_str()).collect::<Vec<_>>(), ["a.rs"]);
    }

    #[test]
    fn inputs_come_along_and_products_are_marked() {
        let mut session = Session::new();
        session.writes("a.csv", "x\n1\n");
        session.writes("made.csv", "x\n1\n");
        session.ledger.begin(1, "load");
        session.opens("../notebook/./a.csv", false);
        session.opens("made.csv", true);
        session.opens("made.csv", false);
        let notes = [Note::Rows { file: "a.csv".into(), rows: 1 }, Note::Seed { step: "sample".into(), seed: 4 }];
        session.ledger.end(&["data".to_owned()], &[], &notes);
        let later = session.runs(2, "data.count()", &[("data", false)], &[]);
        let made: Vec<_> = later.inputs.iter().map(|input| (input.path.as_str(), input.made)).collect();
        assert_eq!(made, [("a.csv", false), ("made.csv", true)]);
        let Input { path, size, rows, content, .. } = &later.inputs[0];
        assert_eq!((path.as_str(), *size, *rows), ("a.csv", 4, Some(1)));
        assert!(matches!(content, Content::Whole(_)));
        assert_eq!(later.seeds["sample"], [4].into());
        assert!(session.runs(3, "1", &[], &[]).inputs.is_empty(), "a cell that needs nothing has no input");
        assert_eq!(session.ledger.provenance().inputs[0].cell, 1);
        session.ledger.begin(4, "!cat a.csv");
        session.ledger.everywhere(true);
        session.ledger.end(&[], &[], &[]);
        assert!(session.runs(5, "2", &[], &[]).shell);
    }
}
