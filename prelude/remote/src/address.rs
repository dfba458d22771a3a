//! Addresses of files, and how they are shown.

use crate::error::RemoteError;
use reqwest::Url;

/// Where a file is.
#[derive(Debug, Clone)]
pub(crate) enum Address {
    /// A web server.
    Http(Url),
    /// An XRootD server.
    Xrootd(String),
    /// A bucket of S3.
    S3(String),
    /// A bucket of Google.
    Google(String),
    /// A container of Azure.
    Azure(String),
}

/// What addresses begin with.
const SCHEMES: [&str; 13] =
    ["http", "https", "root", "roots", "xroot", "xroots", "s3", "gs", "gcs", "az", "azure", "abfs", "abfss"];

/// Schemes that people write, and that mean nothing here.
const OTHERS: [&str; 4] = ["ftp", "sftp", "file", "davs"];

/// Whether a path is an address of a file elsewhere: it begins with `scheme://`.
///
/// ```
/// assert!(remote::is_address("https://host/file.root") && remote::is_address("HTTP://host/f"));
/// assert!(!remote::is_address("data/file.root") && !remote::is_address("https:/host"));
/// ```
pub fn is_address(path: &str) -> bool {
    scheme(path).is_some_and(|scheme| SCHEMES.contains(&&*scheme) || OTHERS.contains(&&*scheme))
}

fn scheme(path: &str) -> Option<String> {
    Some(path.split_once("://")?.0.to_ascii_lowercase())
}

/// An address without what must not be shown: names and passwords before the host, and the query after `?`,
/// where signatures and tokens are. Other paths stay as they are.
///
/// ```
/// assert_eq!(remote::shown("https://me:secret@host/f.root?token=abc"), "https://host/f.root?…");
/// assert_eq!(remote::shown("what?.csv"), "what?.csv");
/// ```
pub fn shown(path: &str) -> String {
    if !is_address(path) {
        return path.to_owned();
    }
    let (scheme, rest) = path.split_once("://").unwrap_or_default();
    let (authority, behind) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    // Azure's addresses have a container there.
    let secret = !scheme.to_ascii_lowercase().starts_with("abfs");
    let host = authority.rsplit_once('@').filter(|_| secret).map_or(authority, |(_, host)| host);
    let shown = match behind.find(['?', '#']) {
        Some(at) => format!("{}?…", &behind[..at]),
        None => behind.to_owned(),
    };
    format!("{scheme}://{host}{shown}")
}

impl Address {
    pub(crate) fn parse(text: &str) -> Result<Self, RemoteError> {
        let wrong = |why: String| RemoteError::Address { why };
        match scheme(text).as_deref() {
            Some("http" | "https") => {
                let url = Url::parse(text).map_err(|error| wrong(error.to_string()))?;
                Ok(Self::Http(url))
            }
            Some("root" | "roots" | "xroot" | "xroots") => Ok(Self::Xrootd(text.to_owned())),
            Some("s3") => Ok(Self::S3(text.to_owned())),
            Some("gs" | "gcs") => Ok(Self::Google(text.to_owned())),
            Some("az" | "azure" | "abfs" | "abfss") => Ok(Self::Azure(text.to_owned())),
            Some(other) => Err(wrong(format!("`{other}://` cannot be read; known are {}", known()))),
            None => Err(wrong(format!("an address begins with one of {}", known()))),
        }
    }
}

fn known() -> String {
    SCHEMES.map(|scheme| format!("`{scheme}://`")).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_is_not_shown() {
        for (address, want) in [
            ("https://host/a/b.parquet", "https://host/a/b.parquet"),
            ("https://u:p@w@host:8443/a?X-Amz-Signature=1#x", "https://host:8443/a?…"),
            ("https://u@host?x", "https://host?…"),
            ("https://host/a@b", "https://host/a@b"),
            ("https://u:p@", "https://"),
        ] {
            assert_eq!(shown(address), want);
        }
    }

    #[test]
    fn an_address_that_is_none_is_refused_without_its_secrets() {
        for (address, say) in
            [("https://me:secret@", "empty host"), ("ftp://me:secret@host/f", "`ftp://` cannot be read")]
        {
            let error = Address::parse(address).unwrap_err().to_string();
            assert!(error.contains(say) && !error.contains("secret"), "{error}");
        }
    }
}
