//! A certificate for servers on this machine, which nobody trusts who is not told to.

use crate::running::Folder;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Once, OnceLock};

/// A certificate that is signed by itself, and its key.
#[derive(Debug)]
pub struct Certificate {
    /// The certificate, for `localhost` and 127.0.0.1.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// The certificate of this test program; `None`, said visibly for `test`, where there is no `openssl`.
pub fn certificate(test: &str) -> Option<&'static Certificate> {
    let made = made();
    if made.is_none() {
        crate::skipped(test, "no openssl, which makes a certificate");
    }
    made
}

fn made() -> Option<&'static Certificate> {
    static MADE: OnceLock<Option<Certificate>> = OnceLock::new();
    let make = || {
        let folder = Folder::until_exit();
        let (certificate, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
        let mut command = Command::new("openssl");
        command.args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ]);
        command.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]);
        command.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
        command.arg("-keyout").arg(&key).arg("-out").arg(&certificate);
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
        status.success().then_some(Certificate { certificate, key })
    };
    MADE.get_or_init(make).as_ref()
}

/// Has this program trust the certificate, by the variable that users have for it; to be called before anything else is
/// done, since clients read it once.
pub fn trusted() {
    static TRUSTED: Once = Once::new();
    TRUSTED.call_once(|| {
        if let Some(made) = made() {
            // SAFETY: tests call this before anything else, and wait here for the first of them: no other thread reads the
            // environment yet.
            unsafe { std::env::set_var("SSL_CERT_FILE", &made.certificate) };
        }
    });
}
