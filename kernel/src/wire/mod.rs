//! Jupyter's wire: frames, signatures, headers and the contents of each message.
//!
//! Bytes from a socket come in, [`Message`]s go out, and back. The envelope is ours: headers are kept as the
//! JSON they came as (so that unknown fields survive into `parent_header`), requests are read leniently
//! (missing and `null` fields take their defaults), replies are built strictly. A file per message.
//! Nothing here knows sockets, cells or threads.

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
pub use message::{Message, Origin};
pub use signature::Signer;

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

/// The fields of a `json!({..})` literal.
pub(crate) fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}
