//! What can go wrong between here and a file on an XRootD server.

/// Why a server does not give what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// What should be an address is none.
    Address(String),
    /// There is no connection, or it broke, or nothing came over it for too long.
    Connection(String),
    /// The server says something that the protocol does not know.
    Protocol(String),
    /// The server refuses a request.
    Server {
        /// The protocol's number for it.
        code: u32,
        /// What the server says.
        message: String,
    },
    /// The server wants proofs of who we are that this client cannot give.
    Auth(String),
    /// No connection that is encrypted can be had.
    Tls(String),
    /// The caller asked to stop.
    Stopped,
}

/// What a server's numbers mean, in the order of the numbers.
const CODES: [&str; 36] = [
    "invalid argument",
    "missing argument",
    "argument too long",
    "the file is locked",
    "the file is not open",
    "the file system failed",
    "invalid request",
    "reading failed",
    "no memory",
    "no space",
    "not authorized",
    "not found",
    "the server failed",
    "not supported",
    "no server has it",
    "not a file",
    "a folder",
    "cancelled",
    "it exists",
    "wrong checksum",
    "in progress",
    "over the quota",
    "wrong signature",
    "cannot be decrypted",
    "overloaded",
    "read only",
    "bad payload",
    "no such attribute",
    "TLS is required",
    "no replica left",
    "authentication failed",
    "impossible",
    "conflict",
    "too many errors",
    "timed out",
    "time is up",
];
const FIRST_CODE: u32 = 3000;

impl Error {
    /// The number of a file or folder that is not there.
    pub const NOT_FOUND: u32 = 3011;
    /// The numbers of requests that need other rights: not authorized, authentication failed, TLS required.
    pub const REFUSED: [u32; 3] = [3010, 3030, 3028];
    /// The numbers of what may go well the next time: in progress, overloaded, timed out, time is up, the server failed,
    /// reading failed.
    const PASSING: [u32; 6] = [3020, 3024, 3034, 3035, 3012, 3007];

    /// Whether the same request may go well the next time.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Connection(_) => true,
            Self::Server { code, .. } => Self::PASSING.contains(code),
            _ => false,
        }
    }

    pub(crate) fn short(what: &str) -> Self {
        Self::Protocol(format!("{what} is cut short"))
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address(why) => write!(f, "not an address of an XRootD server: {why}"),
            Self::Connection(why) => f.write_str(why),
            Self::Protocol(why) => write!(f, "the server does not speak as it should: {why}"),
            Self::Auth(why) => write!(f, "the server wants to know who is there: {why}"),
            Self::Tls(why) => write!(f, "no encrypted connection: {why}"),
            Self::Stopped => f.write_str("interrupted"),
            Self::Server { code, message } => {
                let meaning = code.checked_sub(FIRST_CODE).and_then(|at| CODES.get(at as usize));
                match (meaning, message.is_empty()) {
                    (Some(meaning), true) => write!(f, "the server answers: {meaning}"),
                    (Some(meaning), false) => write!(f, "the server answers: {meaning} ({message})"),
                    (None, _) => write!(f, "the server answers: error {code} ({message})"),
                }
            }
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_by_their_meaning() {
        let said = |code: u32, message: &str| Error::Server { code, message: message.to_owned() }.to_string();
        assert_eq!(said(Error::NOT_FOUND, "no /x"), "the server answers: not found (no /x)");
        assert_eq!(said(3035, ""), "the server answers: time is up");
        assert_eq!(said(9, "what"), "the server answers: error 9 (what)");
        assert!(
            said(3028, "").contains("TLS") && said(3010, "").contains("authorized") && said(3030, "").contains("auth")
        );
    }
}
