//! The connection file: where the five sockets are and the key that signs messages.

use super::WireError;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What a Jupyter client writes for the kernel it starts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Connection {
    /// `tcp` or `ipc`.
    #[serde(default = "tcp")]
    pub transport: String,
    /// Address to listen on; the path before the port for `ipc`.
    #[serde(default = "localhost")]
    pub ip: String,
    /// Requests.
    pub shell_port: u16,
    /// Outputs.
    pub iopub_port: u16,
    /// Questions to the user.
    pub stdin_port: u16,
    /// Interrupt, shutdown.
    pub control_port: u16,
    /// Heartbeat.
    pub hb_port: u16,
    /// Secret of the signatures; empty means unsigned.
    #[serde(default)]
    pub key: String,
    /// Only `hmac-sha256` is known.
    #[serde(default = "hmac_sha256")]
    pub signature_scheme: String,
}

fn tcp() -> String {
    "tcp".to_owned()
}

fn localhost() -> String {
    "127.0.0.1".to_owned()
}

fn hmac_sha256() -> String {
    "hmac-sha256".to_owned()
}

impl Connection {
    /// Reads the text of a connection file.
    ///
    /// # Errors
    /// When it is not JSON, a port is missing, or transport or signature scheme are not known.
    pub fn parse(text: &str) -> Result<Self, WireError> {
        let connection: Self = serde_json::from_str(text).map_err(|source| WireError::Connection { source })?;
        if !matches!(connection.transport.as_str(), "tcp" | "ipc") {
            return Err(WireError::Transport(connection.transport));
        }
        if !connection.key.is_empty() && connection.signature_scheme != "hmac-sha256" {
            return Err(WireError::Scheme(connection.signature_scheme));
        }
        Ok(connection)
    }

    /// Reads a connection file.
    ///
    /// # Errors
    /// As [`Connection::parse`], or when the file cannot be read.
    pub fn read(path: &Path) -> Result<Self, WireError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| WireError::Read { path: path.to_path_buf(), source })?;
        Self::parse(&text)
    }

    /// The endpoint of one port: `tcp://ip:port` or `ipc://ip-port`.
    pub fn endpoint(&self, port: u16) -> String {
        match self.transport.as_str() {
            "ipc" => format!("ipc://{}-{port}", self.ip),
            _ if self.ip.contains(':') && !self.ip.starts_with('[') => format!("tcp://[{}]:{port}", self.ip),
            _ if self.ip == "*" => format!("tcp://0.0.0.0:{port}"),
            _ => format!("tcp://{}:{port}", self.ip),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORTS: &str = r#""shell_port":1,"iopub_port":2,"stdin_port":3,"control_port":4,"hb_port":5"#;

    #[test]
    fn endpoints_follow_the_transport() {
        let tcp = Connection::parse(&format!("{{{PORTS}}}")).expect("parses");
        assert_eq!(tcp.endpoint(tcp.shell_port), "tcp://127.0.0.1:1");
        let ipc = Connection::parse(&format!(r#"{{"transport":"ipc","ip":"/run/k",{PORTS}}}"#)).expect("parses");
        assert_eq!(ipc.endpoint(ipc.hb_port), "ipc:///run/k-5");
        let six = Connection::parse(&format!(r#"{{"ip":"::1",{PORTS}}}"#)).expect("parses");
        assert_eq!(six.endpoint(2), "tcp://[::1]:2");
    }

    #[test]
    fn unknown_schemes_and_transports_are_refused() {
        let scheme = Connection::parse(&format!(r#"{{"key":"k","signature_scheme":"hmac-md5",{PORTS}}}"#));
        assert!(matches!(scheme, Err(WireError::Scheme(name)) if name == "hmac-md5"));
        let transport = Connection::parse(&format!(r#"{{"transport":"pgm",{PORTS}}}"#));
        assert!(matches!(transport, Err(WireError::Transport(name)) if name == "pgm"));
        assert!(matches!(Connection::parse("{}"), Err(WireError::Connection { .. })));
    }
}
