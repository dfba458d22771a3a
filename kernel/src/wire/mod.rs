//! Jupyter's wire: frames, signatures, headers and the contents of each message.
//!
//! Bytes from a socket come in, [`Message`]s go out, and back. The envelope is ours: headers are kept as the
//! JSON they came as (so that unknown fields survive into `parent_header`), requests are read leniently
//! (missing and `null` fields take their defaults), replies are built strictly. A file per message.
//! Nothing here knows sockets, cells or threads.
//!
//! Contents are types of the crate `jupyter_protocol` wherever those are what clients accept: streams, statuses, errors,
//! `execute_input`, `clear_output`, `input_request`, comms, completions, and the replies to `kernel_info`, `comm_info`,
//! `shutdown` and `interrupt`. Ours stand beside them for these reasons, each seen with version 2.0.3:
//!
//! - the envelope: its `Header` drops unknown fields such as `subshell_id`, and its messages lose the header of a request
//!   that cannot be read;
//! - requests: its types refuse requests that clients send (`history_request` without `n`, `comm_close` without `data`);
//! - `execute_reply`, `execute_result`, `display_data`, `inspect_reply`: `null` in the place of `{}` fails Jupyter's own
//!   schema, and `Media` does not hold every mime type that a cell may show;
//! - `is_complete_reply` has an `indent` also where the protocol has none, and `history_reply` cannot hold a missing output;
//! - `kernel_info_reply` has no `supported_features`: they are added to its content.

pub mod comm;
pub mod complete;
pub mod connection;
pub mod error;
pub mod execute;
pub mod history;
pub mod inspect;
pub mod is_complete;
pub mod kernel_info;
pub mod message;
pub mod signature;
pub mod text;

pub use connection::Connection;
pub use error::WireError;
pub use message::{Message, Parent};
pub use signature::Signer;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A JSON object.
pub type Object = Map<String, Value>;

/// The version of the protocol that is spoken, also the `version` of every header.
pub const PROTOCOL_VERSION: &str = "5.5";

/// Reads the content of a request: `null` counts as missing, missing fields take their defaults.
///
/// # Errors
/// When a field has a value of the wrong type.
pub fn request<T: DeserializeOwned>(content: &Object) -> Result<T, WireError> {
    let given = content.iter().filter(|(_, value)| !value.is_null());
    let given: Object = given.map(|(key, value)| (key.clone(), value.clone())).collect();
    serde_json::from_value(Value::Object(given)).map_err(|source| WireError::Request { source })
}

/// The fields of a content of `jupyter_protocol`.
pub(crate) fn content(of: &impl Serialize) -> Object {
    // The types are structs with text keys: they always become objects.
    serde_json::to_value(of).map(object).unwrap_or_default()
}

/// The fields of a `json!({..})` literal.
pub(crate) fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}
