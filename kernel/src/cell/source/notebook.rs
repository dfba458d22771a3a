//! What the text of a cell means depends on: the notebook around it.

use std::path::PathBuf;

/// What is asked of the notebook while a cell is taken apart.
pub(crate) struct Notebook<'a> {
    /// Whether a field access on a variable means a group (`data.mumu`).
    pub is_group: &'a dyn Fn(&str, &str) -> bool,
    /// Whether a variable receives the messages of a channel.
    pub holds_messages: &'a dyn Fn(&str) -> bool,
    /// Whether a macro of this name makes items.
    pub makes_items: &'a dyn Fn(&str) -> bool,
    /// The definition of what has this name in the notebook, which may be a macro.
    pub definition_of: &'a dyn Fn(&str) -> Option<String>,
    /// The path behind a name that was imported.
    pub stands_for: &'a dyn Fn(&str) -> Option<String>,
    /// The folder that files are named from, and that of modules: those of the cells, or of a file that is taken apart.
    pub beside: [PathBuf; 2],
    /// What messages call the text: `In[3]`, or a file.
    pub place: String,
    pub around: Around,
}

/// What is around a text of Rust: a cell, or a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Around {
    /// The folder of the cells.
    pub folder: PathBuf,
    /// How many times this very cell has run; each run has statics of its own.
    pub runs: u32,
    /// The modules that it is in.
    pub modules: Vec<String>,
    /// The files that it is in.
    pub files: Vec<PathBuf>,
}

impl Notebook<'static> {
    /// A notebook in which nothing has happened.
    pub fn empty() -> Self {
        Self {
            is_group: &|_, _| false,
            holds_messages: &|_| false,
            makes_items: &|_| false,
            definition_of: &|_| None,
            stands_for: &|_| None,
            beside: [PathBuf::new(), PathBuf::new()],
            place: "In[0]".to_owned(),
            around: Around::default(),
        }
    }
}

/// A short name for a text.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
