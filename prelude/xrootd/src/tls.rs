//! Encrypted connections, with the certificates that the system trusts (`SSL_CERT_FILE` and `SSL_CERT_DIR` name others), and
//! those of the grid in `X509_CERT_DIR`.

use crate::error::Error;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use std::io::{Error as IoError, ErrorKind, Read, Result as IoResult, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Bytes that are taken from an encrypted connection together.
const PART: usize = 16 << 10;

/// Bytes to and from a server, encrypted or not. One thread may read while others write, one at a time.
#[derive(Debug)]
pub(crate) enum Line {
    Plain(TcpStream),
    Encrypted(Box<Encrypted>),
}

/// An encrypted connection: nobody waits for the server while it is locked.
#[derive(Debug)]
pub(crate) struct Encrypted {
    socket: TcpStream,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    tls: ClientConnection,
    /// What has come and is not decrypted, from a position on.
    raw: Vec<u8>,
    at: usize,
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
                Err(error) if Self::is_quiet(&error) => wait()?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // What is wrong with a certificate is no better the next time.
                Err(error) if error.kind() == ErrorKind::InvalidData => return Err(Error::Tls(error.to_string())),
                Err(error) => return Err(Error::Connection(format!("no encrypted connection ({error})"))),
            }
        }
        let inner = Mutex::new(Inner { tls, raw: Vec::new(), at: 0 });
        Ok(Self::Encrypted(Box::new(Encrypted { socket, inner })))
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        matches!(self, Self::Encrypted(_))
    }

    /// Whether an error only says that nothing has come yet.
    pub(crate) fn is_quiet(error: &IoError) -> bool {
        matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
    }

    /// Appends what comes until there are `end` bytes; fewer where the server has closed the connection.
    pub(crate) fn append(&self, bytes: &mut Vec<u8>, end: usize) -> IoResult<()> {
        let left = end.saturating_sub(bytes.len()) as u64;
        match self {
            Self::Plain(socket) => socket.take(left).read_to_end(bytes),
            Self::Encrypted(line) => (&**line).take(left).read_to_end(bytes),
        }
        .map(|_| ())
    }

    /// Sends bytes.
    pub(crate) fn write(&self, bytes: &[u8]) -> IoResult<()> {
        match self {
            Self::Plain(socket) => (&*socket).write_all(bytes),
            Self::Encrypted(line) => line.locked().sent(&line.socket, bytes),
        }
    }
}

impl Encrypted {
    fn locked(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Read for &Encrypted {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        let mut raw = [0; PART];
        loop {
            if let Some(read) = self.locked().decrypted(buffer)? {
                return Ok(read);
            }
            let read = (&self.socket).read(&mut raw)?;
            self.locked().came(&raw[..read], &self.socket)?;
        }
    }
}

impl Inner {
    /// Decrypted bytes, as far as they have come; `None` where more must come.
    fn decrypted(&mut self, buffer: &mut [u8]) -> IoResult<Option<usize>> {
        loop {
            match self.tls.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                read => return read.map(Some),
            }
            let mut rest = &self.raw[self.at..];
            if rest.is_empty() {
                return Ok(None);
            }
            self.at += self.tls.read_tls(&mut rest)?;
            self.tls.process_new_packets().map_err(|error| IoError::new(ErrorKind::InvalidData, error))?;
        }
    }

    /// Takes what has come; no bytes are the end.
    fn came(&mut self, raw: &[u8], mut socket: &TcpStream) -> IoResult<()> {
        self.raw.clear();
        self.raw.extend_from_slice(raw);
        self.at = 0;
        if raw.is_empty() {
            self.tls.read_tls(&mut std::io::empty())?;
        }
        while self.tls.wants_write() {
            self.tls.write_tls(&mut socket)?;
        }
        Ok(())
    }

    fn sent(&mut self, mut socket: &TcpStream, mut bytes: &[u8]) -> IoResult<()> {
        while !bytes.is_empty() || self.tls.wants_write() {
            let taken = self.tls.writer().write(bytes)?;
            bytes = &bytes[taken..];
            while self.tls.wants_write() {
                self.tls.write_tls(&mut socket)?;
            }
        }
        Ok(())
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
