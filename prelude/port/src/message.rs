//! The messages.

use crate::bundle::Bundle;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A place in source code, as panics report it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The file's path as the compiler knew it.
    pub file: String,
    /// Line from 1.
    pub line: u32,
    /// Column from 1, in characters.
    pub column: u32,
}

/// How a cell's own code ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Ending {
    /// It ran to its end; the value of its last expression, if there is one to show.
    Value(Option<Bundle>),
    /// A `?` or a failing last expression.
    Error {
        /// The error's text.
        message: String,
        /// The name of its type, for the headline.
        kind: String,
        /// The errors behind it, nearest first.
        causes: Vec<String>,
        /// Where the cell gave up.
        place: Option<Place>,
    },
    /// A panic on the cell's thread.
    Panicked {
        /// The panic's text.
        message: String,
        /// Where it happened.
        place: Option<Place>,
    },
    /// The user asked to stop, and it stopped.
    Interrupted,
}

/// What is known of a stored variable: enough to list it, and to complete inside strings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// A short text of its value.
    pub text: String,
    /// Names that `group("..")` takes, if it is a dict of data.
    pub groups: Vec<String>,
    /// Names of its columns, if it has any.
    pub columns: Vec<String>,
}

/// What an answer was made from, as far as only the worker knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Note {
    /// A random choice.
    Seed {
        /// The step that made it: `sample`, `toy`.
        step: String,
        /// Its seed.
        seed: u64,
    },
    /// A table that was opened.
    Rows {
        /// Its file, as the cell named it.
        file: String,
        /// Its rows.
        rows: u64,
    },
}

/// One step of a conversation between a cell's value and its counterpart in the front end (Jupyter's "comm").
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Comm {
    /// The worker begins it.
    Open {
        /// Who answers it in the front end.
        target: String,
        /// What is said first.
        data: Value,
        /// Metadata of the message; widgets put the version of their protocol there.
        metadata: Map<String, Value>,
    },
    /// Either side says something.
    Message {
        /// What.
        data: Value,
    },
    /// Either side ends it.
    Close,
}

/// What the worker tells the kernel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ToKernel {
    /// First message: a worker is there.
    Hello,
    /// A cell's code begins to run.
    Started {
        /// The cell.
        token: u64,
    },
    /// Text that a thread has printed whose cell runs no more; all other text comes through the pipes.
    Text {
        /// The cell that started the thread.
        token: u64,
        /// Whether it is standard error.
        error: bool,
        /// What was printed.
        text: String,
    },
    /// Something to show now.
    Display {
        /// The cell.
        token: u64,
        /// What.
        bundle: Bundle,
        /// Under which id it can be updated.
        id: Option<String>,
    },
    /// Something to show in place of an earlier display.
    Update {
        /// The cell.
        token: u64,
        /// What.
        bundle: Bundle,
        /// Id of the earlier display.
        id: String,
    },
    /// Forget what the cell has shown.
    Clear {
        /// The cell.
        token: u64,
        /// Only when the next output comes.
        wait: bool,
    },
    /// Ask the user for a line; [`ToWorker::Answer`] comes back.
    Input {
        /// The cell.
        token: u64,
        /// What to ask.
        prompt: String,
        /// Whether to hide what is typed.
        password: bool,
    },
    /// Something for the front end's end of a comm.
    Comm {
        /// The cell that made the comm, or ran last.
        token: u64,
        /// Which comm.
        id: String,
        /// What is said.
        event: Comm,
    },
    /// A cell's code has ended, and all its outputs so far have been sent.
    Finished {
        /// The cell.
        token: u64,
        /// How.
        ending: Ending,
        /// All stored variables.
        variables: Vec<Variable>,
        /// What the cell's answers were made from.
        notes: Vec<Note>,
    },
}

/// What is done beside Rust, where cells run: with their folder, environment and output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Errand {
    /// A shell command.
    Shell {
        /// For `sh -c`.
        command: String,
    },
    /// Change the folder; without a path, only tell it.
    Folder {
        /// Where to; `~` is the user's home.
        path: Option<String>,
    },
    /// Set a variable of the environment; without a value, tell it, and without a name, tell all.
    Environment {
        /// Its name.
        name: Option<String>,
        /// Its value.
        value: Option<String>,
    },
}

/// What the kernel tells the worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ToWorker {
    /// The next code that is loaded belongs to this cell.
    Begin {
        /// The cell.
        token: u64,
        /// Its number in the notebook.
        cell: u32,
        /// Whether the user can be asked for input.
        allow_stdin: bool,
        /// What is known, as the cell begins, of what it is made from: files that it saves carry it.
        origin: String,
    },
    /// End the cell, if it still runs.
    Cancel {
        /// The cell.
        token: u64,
    },
    /// A display, an update or a clearing has been handled: what is printed from now on comes after it.
    Heard,
    /// What the user typed; `None` when nobody can be asked.
    Answer(Option<String>),
    /// Forget these variables.
    Forget(Vec<String>),
    /// Do something that a line of a cell asks for, in the surroundings that cells have; [`ToKernel::Finished`] comes back.
    Errand {
        /// The cell.
        token: u64,
        /// What.
        errand: Errand,
    },
    /// The front end's end of a comm has said something.
    Comm {
        /// Which comm.
        id: String,
        /// What is said.
        event: Comm,
    },
}
