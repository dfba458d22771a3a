//! What can go wrong between the client and a server.

/// Why a server gave no answer. Messages do not name the server; the caller adds its name.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What should be an address is none, or asks for what is not safe.
    #[error("not an address of a Spark Connect server: {0}")]
    Address(String),
    /// Nobody answers there, or the connection is lost.
    #[error("the server cannot be reached: {0}; check that it runs, then run the cell again")]
    Lost(String),
    /// Somebody answers, but does not speak Spark Connect as it should.
    #[error("no usable Spark Connect server: {0}")]
    Unable(String),
    /// The server does not let us.
    #[error("the server refuses access: {0}; check token= and user_id= of the address")]
    Refused(String),
    /// The server cannot run what was asked; its own words.
    #[error("the server says: {0}")]
    Server(String),
    /// The caller gave up.
    #[error("interrupted")]
    Interrupted,
    /// What the caller did with a batch failed; the caller's own words.
    #[error("{0}")]
    Caller(String),
}

/// A result with [`Error`].
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// How long a message of a server may be: plans and stacks of calls come behind the first lines.
const LONGEST: usize = 600;

impl Error {
    /// What a gRPC status means; `message` is what the server says.
    pub(crate) fn of_status(code: u32, message: &str) -> Self {
        let words = shortened(message);
        match code {
            1 => Self::Interrupted,
            4 | 14 => Self::Lost(words),
            7 | 16 => Self::Refused(words),
            12 => Self::Unable(format!(
                "it does not know what is asked ({words}); Spark 3.5 or later, or Sail, is needed"
            )),
            _ => Self::Server(words),
        }
    }

    /// The same for an answer that is no answer of gRPC.
    pub(crate) fn of_http(status: u16) -> Self {
        match status {
            401 | 403 => Self::Refused(format!("HTTP status {status}")),
            502..=504 => Self::Lost(format!("HTTP status {status}")),
            _ => Self::Unable(format!("it answers with the HTTP status {status}")),
        }
    }
}

/// The first lines of a message.
fn shortened(message: &str) -> String {
    let lines = message.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let text = lines.take_while(|line| !line.trim_start().starts_with("at ")).take(6).collect::<Vec<_>>().join("\n");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None if text.is_empty() => "no reason given".to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_are_cut_and_stacks_of_calls_left_out() {
        let text = format!("[DIVIDE_BY_ZERO] Division by zero.\n\n    at org.apache.spark.X\n{}", "x".repeat(2_000));
        assert_eq!(Error::of_status(13, &text), Error::Server("[DIVIDE_BY_ZERO] Division by zero.".to_owned()));
        let Error::Server(cut) = Error::of_status(2, &"é".repeat(2_000)) else { panic!("a server's error") };
        assert_eq!(cut.chars().count(), LONGEST + 2);
        assert_eq!(Error::of_status(2, ""), Error::Server("no reason given".to_owned()));
    }

    #[test]
    fn a_status_becomes_what_the_user_can_act_on() {
        assert!(matches!(Error::of_status(16, "no token"), Error::Refused(_)));
        assert!(matches!(Error::of_status(14, "gone"), Error::Lost(_)));
        assert!(matches!(Error::of_status(12, "unknown method"), Error::Unable(_)));
        assert!(matches!(Error::of_http(401), Error::Refused(_)));
        assert!(matches!(Error::of_http(404), Error::Unable(_)));
    }
}
