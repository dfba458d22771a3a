//! Addresses: `root://user@host:port//path?parameters`, `roots://` for encrypted connections.

use crate::error::Error;
use std::fmt;
use std::str::FromStr;

/// The port of servers that say no other.
const PORT: u16 = 1094;

/// Where a file or folder is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// The name that the server is told; may be empty.
    pub user: String,
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether the connection is encrypted also where the server does not ask for it.
    pub tls: bool,
    /// The path, with the slash that it begins with.
    pub path: String,
    /// The query after `?`; may be empty. It may hold a token, and is not shown.
    pub parameters: String,
}

impl FromStr for Url {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |why: &str| Error::Address(why.to_owned());
        let (scheme, rest) = text.split_once("://").ok_or_else(|| wrong("it begins with root://"))?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "root" | "xroot" => false,
            "roots" | "xroots" => true,
            _ => return Err(wrong("it begins with root:// or roots://")),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (host, port) = host_and_port(host).ok_or_else(|| wrong("the port is no number"))?;
        if host.is_empty() {
            return Err(wrong("there is no host in it"));
        }
        // Two slashes begin an absolute path; servers know no others.
        let (path, parameters) = path.split_once('?').unwrap_or((path, ""));
        let path = format!("/{}", path.trim_start_matches('/'));
        let user = user.split(':').next().unwrap_or_default().to_owned();
        Ok(Self { user, host: host.to_owned(), port, tls, path, parameters: parameters.to_owned() })
    }
}

/// `host`, `host:port`, `[address]:port`.
pub(crate) fn host_and_port(text: &str) -> Option<(&str, u16)> {
    let (host, port) = match text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        Some((host, behind)) => (host, behind.strip_prefix(':')),
        None => text.rsplit_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    Some((host, port.map_or(Some(PORT), |port| port.parse().ok())?))
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = if self.port == PORT { String::new() } else { format!(":{}", self.port) };
        let scheme = if self.tls { "roots" } else { "root" };
        match self.host.contains(':') {
            true => write!(f, "{scheme}://[{}]{port}/{}", self.host, self.path),
            false => write!(f, "{scheme}://{}{port}/{}", self.host, self.path),
        }
    }
}

impl Url {
    /// The same server and another path, without parameters.
    #[must_use]
    pub(crate) fn with_path(&self, path: &str) -> Self {
        Self { path: path.to_owned(), parameters: String::new(), ..self.clone() }
    }

    /// The path as requests have it, with all parameters.
    pub(crate) fn asked(&self, more: &str) -> String {
        let parameters = [self.parameters.as_str(), more].into_iter().filter(|text| !text.is_empty());
        let parameters = parameters.collect::<Vec<_>>().join("&");
        if parameters.is_empty() { self.path.clone() } else { format!("{}?{parameters}", self.path) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_they_are_written() {
        let url: Url = "root://me:pw@host.org:2094//store/a.root?authz=secret".parse().unwrap();
        assert_eq!((&*url.user, &*url.host, url.port), ("me", "host.org", 2094));
        assert_eq!((&*url.path, &*url.parameters), ("/store/a.root", "authz=secret"));
        assert_eq!(url.to_string(), "root://host.org:2094//store/a.root");
        assert_eq!(url.asked("tried=x"), "/store/a.root?authz=secret&tried=x");
        let url: Url = "xroot://[::1]/a".parse().unwrap();
        assert_eq!((&*url.host, url.port, &*url.path), ("::1", 1094, "/a"));
        assert_eq!(url.to_string(), "root://[::1]//a");
        let url: Url = "roots://host//a".parse().unwrap();
        assert_eq!((url.tls, url.to_string()), (true, "roots://host//a".to_owned()));
        assert_eq!("root://host".parse::<Url>().unwrap().path, "/");
        for wrong in ["http://host/a", "root://", "root://host:port/a", "rootz://host/a", "host/a", "root:///a"] {
            assert!(matches!(wrong.parse::<Url>(), Err(Error::Address(_))), "{wrong}");
        }
    }
}
