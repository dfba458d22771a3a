//! A fingerprint: what one output was made from, as the output's metadata has it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of a fingerprint as JSON, at most.
pub const LARGEST: usize = 1000;
/// Letters of a hash of code.
const CODE: usize = 8;
/// Letters of a hash of a file, in a fingerprint.
const FILE: usize = 16;

/// What an output was made from. Runs are counted from 1 in the order in which the session ran them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Version and identity of the prelude.
    pub prelude: String,
    /// Release and commit of the compiler.
    pub rustc: String,
    /// The widest vectors of the processor.
    pub vectors: String,
    /// Which run of the session this was.
    pub run: usize,
    /// The code of every run of the session up to this one, as [`code_hash`]es, the last of them this cell's own. What
    /// had to be left out are the first ones.
    pub history: Vec<String>,
    /// Variables and items that the cell took from earlier runs: the name, and the run that made it or changed it last.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub uses: BTreeMap<String, usize>,
    /// All earlier runs that can have had an effect on this one, through any number of others.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub needs: BTreeSet<usize>,
    /// Files that were read; those that the session has made come last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Input>,
    /// Files that were read and have no place here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more: Option<More>,
    /// Seeds of random choices, by the step that made them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub seeds: BTreeMap<String, BTreeSet<u64>>,
    /// Settings that change how work is done.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// Whether the cell, or one that it needs, ran a shell command, whose files are not known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shell: bool,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Its path from the notebook's folder.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Rows of the table in it, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Whether the session itself has made it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub made: bool,
    /// Its content.
    #[serde(flatten)]
    pub content: Content,
}

/// The content of a file, as the first letters of a hash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Content {
    /// SHA-256 of all of it.
    #[serde(rename = "sha256")]
    Whole(String),
    /// SHA-256 of its size, its first and last megabyte and 64 blocks between them.
    #[serde(rename = "sampled")]
    Sampled(String),
    /// Not hashed yet: the time of its last change, in seconds since 1970.
    #[serde(rename = "modified")]
    Modified(String),
}

impl Content {
    /// The hash, or the time.
    pub fn hash(&self) -> &str {
        match self {
            Self::Whole(hash) | Self::Sampled(hash) | Self::Modified(hash) => hash,
        }
    }

    /// Whether both are known to be of other bytes; hashes made by other rules say nothing of each other.
    pub fn differs(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Whole(a), Self::Whole(b)) | (Self::Sampled(a), Self::Sampled(b)) => {
                let letters = a.len().min(b.len());
                a[..letters] != b[..letters]
            }
            _ => false,
        }
    }

    fn shortened(&self) -> Self {
        let short = |hash: &str| hash.chars().take(FILE).collect();
        match self {
            Self::Whole(hash) => Self::Whole(short(hash)),
            Self::Sampled(hash) => Self::Sampled(short(hash)),
            Self::Modified(time) => Self::Modified(time.clone()),
        }
    }
}

/// Files that a fingerprint has no room for, together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct More {
    /// How many.
    pub files: usize,
    /// Bytes of all.
    pub bytes: u64,
    /// A hash of their paths and contents.
    pub hash: String,
}

impl More {
    fn of(inputs: &[Input]) -> Option<Self> {
        let mut hash = Sha256::new();
        for input in inputs {
            hash.update(format!("{}\0{}\0", input.path, input.content.shortened().hash()));
        }
        let hash = hash.finalize().iter().take(FILE / 2).map(|byte| format!("{byte:02x}")).collect();
        let bytes = inputs.iter().map(|input| input.size).sum();
        (!inputs.is_empty()).then_some(Self { files: inputs.len(), bytes, hash })
    }
}

/// The hash of a cell's code; blanks at its end do not count.
pub fn code_hash(code: &str) -> String {
    let digest = Sha256::digest(code.trim_end().as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()[..CODE].to_owned()
}

impl Fingerprint {
    /// The fingerprint in an output's metadata or a cell's, if there is one that is understood.
    pub fn read(metadata: &Value) -> Option<Self> {
        serde_json::from_value(metadata.get(super::KEY)?.clone()).ok()
    }

    /// The fingerprint as JSON of at most [`LARGEST`] bytes. What has no room is put together (inputs) or left out
    /// (the oldest runs, then names).
    pub fn to_json(&self) -> Value {
        let short = |input: &Input| Input { content: input.content.shortened(), ..input.clone() };
        let all: Vec<Input> = self.inputs.iter().map(short).collect();
        let mut small = self.bounded(&all);
        loop {
            let value = serde_json::to_value(&small).unwrap_or_default();
            if value.to_string().len() <= LARGEST {
                return value;
            }
            // Whatever is largest gives way first; the last run, which is the cell itself, stays.
            let [inputs, history, uses, needs] =
                [small.inputs.len() * 80, small.history.len() * 11, small.uses.len() * 16, small.needs.len() * 3];
            if inputs >= history.max(uses) && inputs > 0 {
                small.inputs.pop();
                small.more = More::of(&all[small.inputs.len()..]);
            } else if history >= uses.max(needs) && small.history.len() > 1 {
                small.history.remove(0);
            } else if uses >= needs && uses > 0 {
                small.uses.pop_first();
            } else if needs > 0 {
                small.needs.pop_first();
            } else if small.inputs.pop().is_some() {
                small.more = More::of(&all[small.inputs.len()..]);
            } else {
                return serde_json::json!({ "prelude": small.prelude, "rustc": small.rustc, "vectors": small.vectors,
                    "run": small.run, "history": small.history.last().into_iter().collect::<Vec<_>>() });
            }
        }
    }

    /// Without most of what has no room for sure, so that the rest is quickly done.
    fn bounded(&self, inputs: &[Input]) -> Self {
        let (first, rest) = inputs.split_at(inputs.len().min(LARGEST / 70));
        let history = self.history[self.history.len().saturating_sub(LARGEST / 11)..].to_vec();
        let last = |needs: &BTreeSet<usize>| needs.iter().rev().take(LARGEST / 3).copied().collect();
        Self { inputs: first.to_vec(), more: More::of(rest), history, needs: last(&self.needs), ..self.clone() }
    }

    /// The code of a run, if it is in the history.
    pub fn code_of(&self, run: usize) -> Option<&str> {
        let from_end = self.run.checked_sub(run)?;
        let at = self.history.len().checked_sub(from_end + 1)?;
        self.history.get(at).map(String::as_str)
    }

    /// Whether nothing but the cell's own code can have made the output what it is.
    pub fn is_of_code_alone(&self) -> bool {
        self.needs.is_empty() && self.inputs.is_empty() && self.seeds.is_empty() && !self.shell
    }

    /// The hash of the cell's own code.
    pub fn code(&self) -> &str {
        self.history.last().map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(number: usize) -> Input {
        let content = Content::Whole(format!("{number:064x}"));
        let path = format!("data/part-{number:05}.parquet");
        Input { path, size: 1 << 30, rows: Some(1_000_000), made: false, content }
    }

    fn many() -> Fingerprint {
        Fingerprint {
            prelude: "0.1.0+3f2a9c0d1e2b".into(),
            rustc: "1.95.0 (59807616e 2026-04-14)".into(),
            vectors: "avx512f".into(),
            run: 300,
            history: (1..=300).map(|run| code_hash(&format!("let a = {run};"))).collect(),
            uses: (1..=40).map(|run| (format!("variable_{run}"), run)).collect(),
            needs: (1..300).collect(),
            inputs: (0..500).map(input).collect(),
            ..Fingerprint::default()
        }
    }

    #[test]
    fn a_fingerprint_is_small_and_keeps_what_matters_most() {
        let json = many().to_json();
        assert!(json.to_string().len() <= LARGEST, "{}", json.to_string().len());
        let back = Fingerprint::read(&serde_json::json!({ "recoil": json })).unwrap();
        assert_eq!(back.code(), many().code());
        assert_eq!(back.code_of(299), many().code_of(299));
        assert_eq!(back.code_of(1), None);
        let more = back.more.unwrap();
        assert_eq!(more.files + back.inputs.len(), 500);
        assert!(!back.inputs.is_empty() && back.history.len() > 5 && back.uses.len() > 3);
        let mut other = many();
        other.inputs[499].content = Content::Whole("f".repeat(64));
        let other = Fingerprint::read(&serde_json::json!({ "recoil": other.to_json() })).unwrap();
        assert_ne!(other.more.unwrap().hash, more.hash, "a file without room still counts");
    }

    #[test]
    fn a_small_one_survives_whole() {
        let small = Fingerprint {
            inputs: vec![input(1)],
            needs: [1].into(),
            run: 2,
            history: vec!["a".into(), "b".into()],
            ..many()
        };
        let small = Fingerprint { uses: [("cut".to_owned(), 1)].into(), shell: true, ..small };
        let back = Fingerprint::read(&serde_json::json!({ "recoil": small.to_json() })).unwrap();
        assert_eq!(back.code_of(1), Some("a"));
        assert!(!back.inputs[0].content.differs(&small.inputs[0].content), "a short hash is the same hash");
        assert_eq!(Fingerprint { inputs: vec![], ..back }, Fingerprint { inputs: vec![], ..small });
        assert!(!Content::Whole("a".into()).differs(&Content::Sampled("b".into())));
    }
}
