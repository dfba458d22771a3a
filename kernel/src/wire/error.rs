//! What can be wrong with a frame, a message or a connection file.

use std::path::PathBuf;

/// Why bytes are not a message, or a file not a connection file.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// A message of less than the delimiter, signature and four parts.
    #[error(
        "a message of {frames} frames: at least <IDS|MSG>, signature, header, parent, metadata and content are needed"
    )]
    TooShort {
        /// How many frames came.
        frames: usize,
    },
    /// No `<IDS|MSG>` among the frames.
    #[error("no <IDS|MSG> delimiter in the {frames} frames of a message")]
    NoDelimiter {
        /// How many frames came.
        frames: usize,
    },
    /// The signature does not belong to the message and our key.
    #[error("the signature of a message is wrong: it was made with another key, or the message was changed on its way")]
    Signature,
    /// A part is not a JSON object.
    #[error("the {part} of a message is not a JSON object: {source}")]
    Json {
        /// `header`, `parent_header`, `metadata` or `content`.
        part: &'static str,
        /// What the JSON reader says, with the place.
        source: serde_json::Error,
    },
    /// A header without the fields needed to answer.
    #[error("the header of a message has no text field `{field}`")]
    Header {
        /// The missing field.
        field: &'static str,
    },
    /// A request with a field of the wrong type.
    #[error("a field of the request has the wrong type: {source}")]
    Request {
        /// What the JSON reader says.
        source: serde_json::Error,
    },
    /// A connection file that cannot be read.
    #[error("cannot read the connection file {}: {source}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A connection file with missing or wrong fields.
    #[error("not a connection file: {source}; Jupyter writes one for each kernel it starts and passes it with -f")]
    Connection {
        /// What the JSON reader says.
        source: serde_json::Error,
    },
    /// A transport we do not speak.
    #[error("transport `{0}` is not supported; `tcp` and `ipc` are")]
    Transport(String),
    /// A signature scheme we do not speak.
    #[error("signature scheme `{0}` is not supported; `hmac-sha256` is")]
    Scheme(String),
}
