//! Notebooks without a front end: run them, inject parameters, export them as one HTML file.
//!
//! A notebook and an [`Evaluator`](crate::evaluator::Evaluator) come in, the notebook with its outputs goes out.
//! No Python, no sockets. What happened is told through a callback; nothing is printed here.

mod ansi;
mod book;
mod highlight;
mod html;
mod math;
mod notebook;
mod outputs;
mod parameters;
mod run;
#[cfg(test)]
mod tests;

pub(crate) use book::with_tutorials;
pub use html::export;
pub use notebook::{read, to_text};
pub use outputs::Collector;
pub use parameters::inject;
pub use run::{Failed, Progress, run};

/// Why a notebook could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum NotebookError {
    /// The file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not a notebook.
    #[error("{} is not a notebook: {reason}", path.display())]
    Format {
        /// Which file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Not what mdBook sends.
    #[error("this is not the book of mdBook: {reason}")]
    Book {
        /// What is wrong with it.
        reason: String,
    },
    /// A parameter that is not `name=value`.
    #[error("parameter `{0}` is not name=value with a Rust name")]
    Parameter(String),
    /// A parameter whose default has another type.
    #[error("parameter `{parameter}`: the notebook's default is {expected}, this is not")]
    ParameterType {
        /// As it was given.
        parameter: String,
        /// What the default is.
        expected: &'static str,
    },
}
