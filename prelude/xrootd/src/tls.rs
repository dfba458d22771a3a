//! Encrypted connections, with the certificates that the system trusts (`SSL_CERT_FILE` and `SSL_CERT_DIR` name others), and
//! those of the grid in `X509_CERT_DIR`.

use crate::error::Error;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{ErrorKind, Read, Result as IoResult, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// Bytes to and from a server, encrypted or not.
#[derive(Debug)]
pub(crate) enum Line {
    Plain(TcpStream),
    Encrypted(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Line {
    /// Begins to encrypt. While nothing comes, `wait` is asked whether to wait on.
    pub(crate) fn encrypted(self, host: &str, wait: &mut dyn FnMut() -> Result<(), Error>) -> Result<Self, Error> {
        let Self::Plain(mut socket) = self else { return Ok(self) };
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned());
        let name = name.map_err(|error| Error::Tls(format!("`{host}` is no name of a host ({error})")))?;
        let mut tls = ClientConnection::new(config()?, name).map_err(|error| Error::Tls(error.to_string()))?;
        while tls.is_handshaking() {
            match tls.complete_io(&mut socket) {
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => wait()?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // What is wrong with a certificate is no better the next time.
                Err(error) if error.kind() == ErrorKind::InvalidData => return Err(Error::Tls(error.to_string())),
                Err(error) => return Err(Error::Connection(format!("no encrypted connection ({error})"))),
            }
        }
        Ok(Self::Encrypted(Box::new(StreamOwned::new(tls, socket))))
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        matches!(self, Self::Encrypted(_))
    }
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Encrypted(stream) => stream.read(buffer),
        }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> IoResult<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Encrypted(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> IoResult<()> {
        match self {
            Self::Plain(socket) => socket.flush(),
            Self::Encrypted(stream) => stream.flush(),
        }
    }
}

/// What all connections share: reading the certificates takes a while.
fn config() -> Result<Arc<ClientConfig>, Error> {
    static CONFIG: OnceLock<Result<Arc<ClientConfig>, String>> = OnceLock::new();
    CONFIG.get_or_init(|| made().map(Arc::new)).clone().map_err(Error::Tls)
}

fn made() -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Ok(grid) = std::env::var("X509_CERT_DIR") {
        let found = rustls_native_certs::load_certs_from_paths(None, Some(Path::new(&grid)));
        roots.add_parsable_certificates(found.certs);
    }
    if roots.is_empty() {
        return Err(
            "this machine trusts no certificates (package ca-certificates, SSL_CERT_FILE, X509_CERT_DIR)".into()
        );
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
