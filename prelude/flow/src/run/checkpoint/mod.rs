//! What a pass has done, in a file: so that a pass over very many rows goes on where it was when its process ended,
//! however it ended.
//!
//! Stretches of rows are joined in their order, and what is joined (the terminal's part, and of each choice of candidates
//! the run that may go on) is all that the rest needs. So that is what is kept, with the identity of the query and of
//! every segment; the answer is the same bit for bit. Whatever does not fit is refused, and the pass begins anew.

mod bytes;

use crate::error::{Error, Result};
use crate::hash::Fold;
use crate::operators::one_per_event::Selection;
use crate::plan::options::Checkpoint;
use crate::run::stage::{Op, Stage, Unit};
use crate::sink::Sink;
use bytes::{In, Out};
use parking_lot::Mutex;
use sources::{Identity, Source};
use std::hash::Hasher;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How the file begins: what it is, and in which way it is written.
const BEGIN: &[u8; 24] = b"recoil checkpoint, v. 1\n";

/// The checkpoint of a pass.
pub(crate) struct CheckpointWriter<'a> {
    at: &'a Checkpoint,
    /// The file.
    path: PathBuf,
    identity: Identity,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The morsel up to which the file goes, when it was written, and how long to wait until the next time.
    written: Option<(usize, Instant, Duration)>,
    notes: Vec<String>,
    refused: bool,
}

/// What a checkpoint says: the number of morsels that are joined, and what they became.
pub(crate) struct Saved<P> {
    pub next: usize,
    pub part: P,
    pub selections: Vec<Selection>,
}

impl<'a> CheckpointWriter<'a> {
    /// The checkpoint of this pass.
    ///
    /// # Errors
    /// A pass that no other process could recognise or continue.
    pub fn new<S: Sink>(
        at: &'a Checkpoint,
        source: &dyn Source,
        stage: &Stage,
        units: &[Unit],
        sink: &S,
    ) -> Result<Self> {
        let terminal = sink.identity().ok_or_else(|| cannot("this terminal", "histograms and counts can"))?;
        let parts = units.iter().map(|unit| {
            let part = |(segment, columns): &(usize, Vec<_>)| {
                let names: Vec<String> = columns.iter().map(ToString::to_string).collect();
                (source.segments()[*segment].identity, names)
            };
            let parts: Vec<_> = unit.parts.iter().map(part).collect();
            (unit.rows.clone(), unit.local.clone(), unit.decided.clone(), parts)
        });
        let parts: Vec<_> = parts.collect();
        let identity = Identity::of(&(terminal, plan(stage)?, sink.morsels(), parts));
        let path = match at.path.is_dir() {
            true => at.path.join(format!("{:032x}.checkpoint", identity.0)),
            false => at.path.clone(),
        };
        Ok(Self { at, path, identity, state: Mutex::default() })
    }

    /// What an earlier process has left, if it is of this pass.
    ///
    /// # Errors
    /// A file that is there and is no checkpoint.
    pub fn load<S: Sink>(&self, sink: &S, choices: usize) -> Result<Option<Saved<S::Part>>> {
        let name = self.path.display();
        let bytes = match std::fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::request(format!("the checkpoint {name} cannot be read: {error}"))),
        };
        if !bytes.starts_with(BEGIN) && !BEGIN.starts_with(&bytes) {
            let text = format!("{name} is there and is no checkpoint; it is left alone, choose another name");
            return Err(Error::request(text));
        }
        let saved = self.read(&bytes, sink, choices);
        if let Err(why) = &saved {
            self.state.lock().notes.push(format!("the checkpoint {name} {why}; the pass began anew"));
        }
        Ok(saved.ok())
    }

    fn read<S: Sink>(
        &self,
        bytes: &[u8],
        sink: &S,
        choices: usize,
    ) -> std::result::Result<Saved<S::Part>, &'static str> {
        const DAMAGED: &str = "is damaged or cut short";
        let Some((body, end)) = bytes.split_last_chunk::<8>() else { return Err(DAMAGED) };
        if body.len() < BEGIN.len() || sum(body) != u64::from_le_bytes(*end) {
            return Err(DAMAGED);
        }
        let mut body = In(&body[BEGIN.len()..]);
        let identity = body.number().zip(body.number()).map(|(high, low)| u128::from(high) << 64 | u128::from(low));
        if identity != Some(self.identity.0) {
            return Err("is of another query, or its files have changed");
        }
        let state = || {
            let next = usize::try_from(body.number()?).ok()?;
            let part = sink.restore(body.piece()?)?;
            let selections = (0..choices).map(|_| body.selection()).collect::<Option<_>>()?;
            Some(Saved { next, part, selections })
        };
        sources::guarded(state).ok().flatten().ok_or(DAMAGED)
    }

    /// Whether it is time to write what is joined up to a morsel; `last` when there will be no other time.
    pub fn is_due(&self, next: usize, last: bool) -> bool {
        // A write that begins now is early enough.
        let state = if last { Some(self.state.lock()) } else { self.state.try_lock() };
        let Some(state) = state else { return false };
        let soon = |(at, when, wait): (_, Instant, _)| at >= next || !last && when.elapsed() < wait;
        next > 0 && !state.refused && !state.written.is_some_and(soon)
    }

    /// The bytes of a state.
    pub fn bytes<S: Sink>(&self, sink: &S, next: usize, part: &S::Part, selections: &[Selection]) -> Result<Vec<u8>> {
        let mut out = Out(BEGIN.to_vec());
        out.number((self.identity.0 >> 64) as u64);
        out.number(self.identity.0 as u64);
        out.number(next as u64);
        out.piece(&sink.save(part));
        selections.iter().try_for_each(|selection| out.selection(selection))?;
        let sum = sum(&out.0);
        out.number(sum);
        Ok(out.0)
    }

    /// Writes the bytes of a state up to a morsel, unless there is a later one. A failed write is not an error.
    pub fn write(&self, next: usize, bytes: &[u8]) {
        let mut state = self.state.lock();
        if state.refused || state.written.is_some_and(|(at, ..)| at >= next) {
            return;
        }
        let start = Instant::now();
        match replace(&self.path, bytes) {
            Ok(()) => {
                // Large histograms take a while: a fiftieth of the time is enough for them.
                let long = if self.at.every.is_zero() { 0 } else { 50 };
                state.written = Some((next, Instant::now(), self.at.every.max(start.elapsed() * long)));
            }
            Err(error) => {
                let name = self.path.display();
                state.notes.push(format!("the checkpoint {name} cannot be written: {error}; the pass went on without"));
                state.refused = true;
            }
        }
    }

    /// The file, and what the user should know.
    pub fn end(self) -> (PathBuf, Vec<String>) {
        (self.path, self.state.into_inner().notes)
    }
}

/// Removes the file of a pass, and what a process that was killed while it wrote has left beside it.
pub(crate) fn remove(path: &Path) {
    // That there is none is what is wanted.
    let _ = std::fs::remove_file(path);
    let _ = std::fs::remove_file(beside(path));
}

/// Where the next state is written before it takes the place of the last: always the same name, so that there is never
/// more than one.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".half");
    path.with_file_name(name)
}

/// Puts the bytes in the place of the file at once. No thread waits for the disk: the system writes what it has, whatever
/// happens to this process, and a file that a power cut has spoilt is refused by its checksum.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let half = beside(path);
    std::fs::write(&half, bytes)?;
    std::fs::rename(&half, path)
}

fn sum(bytes: &[u8]) -> u64 {
    let mut fold = Fold::default();
    fold.write(bytes);
    fold.finish()
}

/// The error of what cannot go on in another process.
pub(crate) fn cannot(what: &str, instead: &str) -> Error {
    let text = format!("{what} cannot go on from a checkpoint; {instead}, or leave the checkpoint out");
    Error::request(text)
}

/// What a stage computes, in words that are equal only when the answers are.
fn plan(stage: &Stage) -> Result<String> {
    let mut text = format!("{} {:?} {:?} {:?}", env!("CARGO_PKG_VERSION"), stage.rows, stage.columns, stage.output);
    for step in &stage.steps {
        let own = || cannot(&format!("`{}`, a function of your own,", step.name), "write it as an expression");
        text += &match &step.op {
            Op::Filter(cut) => format!("filter {}", cut.fingerprint().ok_or_else(own)?),
            Op::Define { name, value } => format!("define {name} {}", value.fingerprint().ok_or_else(own)?),
            Op::Dates { column, low, high } => format!("dates {column} {low} {high}"),
            Op::Sample { share, seed, keys } => format!("sample {share:?} {seed} {keys:?}"),
            Op::Candidates { keys, best, runs } => format!("candidates {keys:?} {best:?} {runs}"),
            Op::Keep(rows) => format!("keep {rows:?}"),
            Op::Function { .. } | Op::Custom(_) => return Err(own()),
        };
        text.push('\n');
    }
    Ok(text)
}
