//! Addresses: `sc://host:port/;token=..;use_ssl=true;user_id=..`.

use crate::error::{Error, Result};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// The port of Spark Connect where an address says none.
const PORT: u16 = 15_002;

/// Where a server is, and as whom we come. Shown without the token.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// A name or a number of a host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether the connection is encrypted.
    pub tls: bool,
    /// What proves who we are.
    pub token: Option<String>,
    /// The user that the server knows; empty where the address says none.
    pub user: String,
    /// What else is sent with each request.
    pub headers: Vec<(String, String)>,
}

impl FromStr for Endpoint {
    type Err = Error;

    /// # Errors
    /// What is no address; a token that would go over the network unencrypted.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = |why: String| {
            Error::Address(format!("{why}; write sc://host:15002 or sc://host:443/;use_ssl=true;token=.."))
        };
        let rest = text.strip_prefix("sc://").ok_or_else(|| wrong("it does not begin with sc://".to_owned()))?;
        let (place, parameters) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = place_of(place).map_err(wrong)?;
        let mut new = Self { host, port, tls: false, token: None, user: String::new(), headers: Vec::new() };
        for parameter in parameters.split(';').filter(|text| !text.is_empty()) {
            let Some((name, value)) = parameter.split_once('=') else {
                return Err(wrong("its parameters are not name=value with ; between them".to_owned()));
            };
            let value = decoded(value).ok_or_else(|| wrong(format!("the value of {name}= is not readable")))?;
            match name {
                "token" => new.token = Some(value),
                "user_id" => new.user = value,
                "use_ssl" => {
                    new.tls = value.parse().map_err(|_| wrong("use_ssl= is true or false".to_owned()))?;
                }
                "user_agent" | "session_id" => {}
                _ => new.headers.push((name.to_ascii_lowercase(), value)),
            }
        }
        if new.token.is_some() && !new.tls && !new.is_loopback() {
            let why = "a token is not sent over an unencrypted connection to another machine; add use_ssl=true, or go \
                       through a tunnel (ssh -L 15002:localhost:15002) to sc://localhost:15002";
            return Err(Error::Address(why.to_owned()));
        }
        Ok(new)
    }
}

impl Endpoint {
    /// Whether the server is on this machine.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Host and port as a request has them.
    pub(crate) fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        format!("{host}:{}", self.port)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "sc://{}", self.authority())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

fn place_of(place: &str) -> std::result::Result<(String, u16), String> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, behind) = rest.split_once(']').ok_or_else(|| "a bracket is not closed".to_owned())?;
            (host, behind.strip_prefix(':'))
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
    if host.is_empty() || !host.chars().all(allowed) {
        return Err("it names no host".to_owned());
    }
    let port = match port {
        None => PORT,
        Some(port) => port.parse().map_err(|_| format!("`{port}` is no port"))?,
    };
    Ok((host.to_owned(), port))
}

/// A text with its `%41`s as letters.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte == b'%' {
            let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &rest[2..];
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Endpoint> {
        text.parse()
    }

    #[test]
    fn an_address_says_where_and_as_whom() {
        let plain = parse("sc://spark.example").unwrap();
        assert_eq!((plain.host.as_str(), plain.port, plain.tls), ("spark.example", 15_002, false));
        let full = parse("sc://spark.example:443/;use_ssl=true;token=a%3Db;user_id=me;x-cluster-id=7").unwrap();
        assert_eq!((full.port, full.tls, full.token.as_deref(), full.user.as_str()), (443, true, Some("a=b"), "me"));
        assert_eq!(full.headers, [("x-cluster-id".to_owned(), "7".to_owned())]);
        assert_eq!(parse("sc://[::1]:7").unwrap().authority(), "[::1]:7");
    }

    #[test]
    fn a_token_goes_unencrypted_to_this_machine_only() {
        let error = parse("sc://spark.example:15002/;token=secret").unwrap_err().to_string();
        assert!(error.contains("use_ssl=true") && !error.contains("secret"), "{error}");
        for here in ["localhost", "127.0.0.1", "[::1]"] {
            assert!(parse(&format!("sc://{here}:15002/;token=secret")).is_ok(), "{here}");
        }
        assert!(parse("sc://spark.example/;token=secret;use_ssl=true").is_ok());
    }

    #[test]
    fn a_token_is_not_shown() {
        let endpoint = parse("sc://localhost:1/;token=secret").unwrap();
        assert_eq!(format!("{endpoint} {endpoint:?}"), "sc://localhost:1 sc://localhost:1");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for wrong in
            ["", "http://x", "sc://", "sc://host:x", "sc://host/;token", "sc://[::1", "sc://a b", "sc://h/;use_ssl=1"]
        {
            assert!(matches!(parse(wrong), Err(Error::Address(_))), "{wrong}");
        }
    }
}
