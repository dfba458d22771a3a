//! Encrypted connections, with the certificates that the system trusts (`SSL_CERT_FILE` names others).

use crate::error::{Error, Result};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// A connection that has one reader.
pub(crate) async fn encrypted(tcp: TcpStream, host: &str) -> Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = "this machine trusts no certificates (package ca-certificates, or SSL_CERT_FILE)";
        return Err(Error::Unable(why.to_owned()));
    }
    let unusable = |error: &dyn std::fmt::Display| Error::Unable(format!("TLS cannot be used: {error}"));
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| unusable(&error))?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let name = ServerName::try_from(host.to_owned()).map_err(|error| unusable(&error))?;
    let connected = TlsConnector::from(Arc::new(config)).connect(name, tcp).await;
    connected.map_err(|error| Error::Unable(format!("no encrypted connection: {error}")))
}
