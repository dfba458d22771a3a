//! Notebook files of any version that is still around, to and from text.

use super::NotebookError;
use nbformat::{Notebook, v4};
use std::path::Path;

/// Reads a notebook file; older versions are brought up to date.
///
/// # Errors
/// When the file cannot be read or is not a notebook.
pub fn read(path: &Path) -> Result<v4::Notebook, NotebookError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| NotebookError::File { path: path.to_path_buf(), source })?;
    let format = |reason: String| NotebookError::Format { path: path.to_path_buf(), reason };
    match nbformat::parse_notebook(&text).map_err(|error| format(error.to_string()))? {
        Notebook::V4(notebook) => Ok(notebook),
        Notebook::V4QuirksMode(quirks) => Ok(quirks.repair()),
        Notebook::Legacy(old) => nbformat::upgrade_legacy_notebook(old).map_err(|error| format(error.to_string())),
        Notebook::V3(old) => nbformat::upgrade_v3_notebook(old).map_err(|error| format(error.to_string())),
        _ => Err(format("a version that is not known here".to_owned())),
    }
}

/// The text of a notebook file.
///
/// # Errors
/// When an output holds what JSON cannot.
pub fn to_text(notebook: &v4::Notebook) -> Result<String, String> {
    nbformat::serialize_notebook(&Notebook::V4(notebook.clone())).map_err(|error| error.to_string())
}
