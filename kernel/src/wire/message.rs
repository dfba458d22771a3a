//! One message: routing identities, header, parent header, metadata, content, buffers.

use super::{Object, PROTOCOL_VERSION, Signer, WireError, object};
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::{Arc, OnceLock};

const DELIMITER: &[u8] = b"<IDS|MSG>";

/// A message, decoded; headers are kept as they came.
#[derive(Debug, Clone)]
pub struct Message {
    /// Routing frames before the delimiter: the client's socket, or the topic on iopub.
    pub identities: Vec<Bytes>,
    /// Who says what, when.
    pub header: Object,
    /// The header of what this answers.
    pub parent_header: Object,
    /// Usually empty.
    pub metadata: Object,
    /// What it says.
    pub content: Object,
    /// Raw binary parts, unsigned.
    pub buffers: Vec<Bytes>,
}

/// What an answer needs of the request: where it came from and its header.
#[derive(Debug, Default)]
pub struct Parent {
    /// Routing frames of the request.
    pub identities: Vec<Bytes>,
    /// Its header, which becomes the `parent_header` of everything it causes.
    pub header: Object,
}

impl Message {
    /// Reads and checks the frames of one message.
    ///
    /// # Errors
    /// When frames are missing, the signature is wrong or a part is not a JSON object.
    pub fn decode(mut frames: Vec<Bytes>, signer: &Signer) -> Result<Self, WireError> {
        let count = frames.len();
        let delimiter = frames.iter().position(|frame| frame == DELIMITER);
        let delimiter = delimiter.ok_or(WireError::NoDelimiter { frames: count })?;
        let rest = frames.split_off(delimiter);
        let [_, signature, header, parent_header, metadata, content, buffers @ ..] = rest.as_slice() else {
            return Err(WireError::TooShort { frames: count });
        };
        let parts = [header, parent_header, metadata, content].map(|part| part.as_ref());
        if !signer.verify(parts, signature) {
            return Err(WireError::Signature);
        }
        let message = Self {
            identities: frames,
            header: part("header", header)?,
            parent_header: part("parent_header", parent_header)?,
            metadata: part("metadata", metadata)?,
            content: part("content", content)?,
            buffers: buffers.to_vec(),
        };
        for field in ["msg_id", "msg_type"] {
            message.header.get(field).and_then(Value::as_str).ok_or(WireError::Header { field })?;
        }
        Ok(message)
    }

    /// The frames to send.
    pub fn encode(&self, signer: &Signer) -> Vec<Bytes> {
        let json = |part: &Object| Bytes::from(Value::Object(part.clone()).to_string());
        let parts = [&self.header, &self.parent_header, &self.metadata, &self.content].map(json);
        let signature = signer.sign(parts.iter().map(AsRef::as_ref));
        let mut frames = self.identities.clone();
        frames.push(Bytes::from_static(DELIMITER));
        frames.push(Bytes::from(signature));
        frames.extend(parts);
        frames.extend(self.buffers.iter().cloned());
        frames
    }

    /// What an answer needs of this request.
    pub fn origin(&self) -> Arc<Parent> {
        Arc::new(Parent { identities: self.identities.clone(), header: self.header.clone() })
    }

    /// A message to the one who sent `origin`.
    pub fn to(origin: &Parent, kind: &str, content: Object) -> Self {
        Self {
            identities: origin.identities.clone(),
            header: header(kind),
            parent_header: origin.header.clone(),
            metadata: Object::new(),
            content,
            buffers: Vec::new(),
        }
    }

    /// A message to everybody; the topic comes first.
    pub fn publication(origin: Option<&Parent>, kind: &str, content: Object) -> Self {
        Self {
            identities: vec![Bytes::from(format!("kernel.{}.{kind}", session()))],
            header: header(kind),
            parent_header: origin.map(|origin| origin.header.clone()).unwrap_or_default(),
            metadata: Object::new(),
            content,
            buffers: Vec::new(),
        }
    }

    /// `msg_type` of the header.
    pub fn kind(&self) -> &str {
        text(&self.header, "msg_type")
    }

    /// The subshell a request is meant for.
    pub fn subshell(&self) -> Option<&str> {
        self.header.get("subshell_id").and_then(Value::as_str)
    }
}

impl Parent {
    /// `msg_id` of the request.
    pub fn id(&self) -> &str {
        text(&self.header, "msg_id")
    }

    /// `msg_type` of the request.
    pub fn kind(&self) -> &str {
        text(&self.header, "msg_type")
    }
}

fn text<'a>(object: &'a Object, field: &str) -> &'a str {
    object.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// The kernel's own session, one per process.
pub fn session() -> &'static str {
    static SESSION: OnceLock<String> = OnceLock::new();
    SESSION.get_or_init(|| uuid::Uuid::new_v4().to_string())
}

fn header(kind: &str) -> Object {
    object(json!({
        "msg_id": uuid::Uuid::new_v4().to_string(),
        "session": session(),
        "username": "kernel",
        "date": chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        "msg_type": kind,
        "version": PROTOCOL_VERSION,
    }))
}

fn part(name: &'static str, bytes: &[u8]) -> Result<Object, WireError> {
    let value: Option<Object> =
        serde_json::from_slice(bytes).map_err(|source| WireError::Json { part: name, source })?;
    Ok(value.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Message {
        let origin = Parent { identities: vec![Bytes::from_static(b"client")], header: Object::new() };
        let mut message = Message::to(&origin, "execute_request", object(json!({"code": "1"})));
        message.header.insert("subshell_id".into(), json!("s"));
        message.header.insert("from_the_future".into(), json!({"a": [1, 2.5]}));
        message.buffers = vec![Bytes::from_static(b"\0\xff")];
        message
    }

    #[test]
    fn what_is_encoded_is_decoded_with_unknown_fields() {
        let signer = Signer::new("k");
        let sent = request();
        let got = Message::decode(sent.encode(&signer), &signer).expect("decodes");
        assert_eq!(got.header, sent.header);
        assert_eq!(got.content, sent.content);
        assert_eq!(got.buffers, sent.buffers);
        assert_eq!(got.identities, sent.identities);
        assert_eq!(got.subshell(), Some("s"));
        let reply = Message::to(&got.origin(), "execute_reply", Object::new());
        assert_eq!(reply.parent_header, sent.header);
    }

    #[test]
    fn what_is_malformed_is_refused() {
        let signer = Signer::new("k");
        let frames = request().encode(&signer);
        let decode = |frames: Vec<Bytes>| Message::decode(frames, &signer).map(|_| ()).map_err(|e| e.to_string());
        assert!(decode(frames.clone()).is_ok());
        assert!(decode(Vec::new()).unwrap_err().contains("delimiter"));
        for count in 2..7 {
            assert!(decode(frames[..count].to_vec()).unwrap_err().contains("frames"));
        }
        let mut changed = frames.clone();
        changed[6] = Bytes::from_static(b"{}");
        assert!(decode(changed).unwrap_err().contains("signature"));
        let open = Signer::new("");
        let mut text = frames.clone();
        text[3] = Bytes::from_static(b"[1]");
        assert!(matches!(Message::decode(text, &open), Err(WireError::Json { part: "header", .. })));
        let mut bare = frames;
        bare[3] = Bytes::from_static(b"{\"msg_id\":\"1\"}");
        assert!(matches!(Message::decode(bare, &open), Err(WireError::Header { field: "msg_type" })));
    }
}
