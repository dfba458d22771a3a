//! Requests as bytes, and bytes of answers as what they say. Nothing a server sends is believed before it is compared with
//! what is left of it. All numbers are big-endian.

use crate::error::Error;
use std::ops::Range;
use std::time::Duration;

/// Numbers of requests.
pub(crate) mod ask {
    pub(crate) const AUTH: u16 = 3000;
    pub(crate) const CLOSE: u16 = 3003;
    pub(crate) const DIRLIST: u16 = 3004;
    pub(crate) const PROTOCOL: u16 = 3006;
    pub(crate) const LOGIN: u16 = 3007;
    pub(crate) const OPEN: u16 = 3010;
    pub(crate) const READ: u16 = 3013;
    pub(crate) const STAT: u16 = 3017;
    pub(crate) const READV: u16 = 3025;
}

/// Numbers of answers.
pub(crate) mod status {
    pub(crate) const OK: u16 = 0;
    pub(crate) const OK_SO_FAR: u16 = 4000;
    pub(crate) const ATTENTION: u16 = 4001;
    pub(crate) const AUTH_MORE: u16 = 4002;
    pub(crate) const ERROR: u16 = 4003;
    pub(crate) const REDIRECT: u16 = 4004;
    pub(crate) const WAIT: u16 = 4005;
    pub(crate) const WAIT_FOR_ANSWER: u16 = 4006;
}

/// The attention that brings an answer that was promised.
const ANSWER_NOW: u32 = 5008;

/// What is sent first: four zeros but for the fourth, and the number that says it is a client of this protocol.
pub(crate) const HANDSHAKE: [u8; 20] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0x07, 0xdc];
/// Bytes before the data of an answer.
pub(crate) const HEAD: usize = 8;
/// Bytes before the data of a chunk in the answer to `readv`, and of a chunk in the request.
pub(crate) const CHUNK: usize = 16;

/// A request: its kind, sixteen bytes of arguments, and data.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) kind: u16,
    pub(crate) arguments: [u8; 16],
    pub(crate) data: Vec<u8>,
    /// Bytes of the answer at most.
    pub(crate) most: usize,
}

impl Request {
    /// As it is sent, with the number that its answer repeats.
    pub(crate) fn bytes(&self, stream: u16) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.length());
        bytes.extend_from_slice(&stream.to_be_bytes());
        bytes.extend_from_slice(&self.kind.to_be_bytes());
        bytes.extend_from_slice(&self.arguments);
        bytes.extend_from_slice(&(self.data.len() as u32).to_be_bytes());
        bytes.extend_from_slice(&self.data);
        bytes
    }

    /// Bytes that are sent.
    pub(crate) fn length(&self) -> usize {
        24 + self.data.len()
    }
}

/// Arguments from pieces that follow one another; zeros behind them.
pub(crate) fn arguments(pieces: &[&[u8]]) -> [u8; 16] {
    let mut bytes = [0; 16];
    let mut at = 0;
    for piece in pieces {
        bytes[at..at + piece.len()].copy_from_slice(piece);
        at += piece.len();
    }
    bytes
}

/// The data of a `readv` request.
pub(crate) fn chunks(handle: [u8; 4], ranges: &[Range<u64>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(ranges.len() * CHUNK);
    for range in ranges {
        bytes.extend_from_slice(&handle);
        bytes.extend_from_slice(&((range.end - range.start) as u32).to_be_bytes());
        bytes.extend_from_slice(&range.start.to_be_bytes());
    }
    bytes
}

/// The header of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) stream: u16,
    pub(crate) status: u16,
    pub(crate) length: u32,
}

impl Head {
    pub(crate) fn parse(bytes: [u8; HEAD]) -> Self {
        let [a, b, c, d, length @ ..] = bytes;
        Self {
            stream: u16::from_be_bytes([a, b]),
            status: u16::from_be_bytes([c, d]),
            length: u32::from_be_bytes(length),
        }
    }
}

/// The first number of some data, and what follows.
pub(crate) fn number<'a>(bytes: &'a [u8], what: &str) -> Result<(u32, &'a [u8]), Error> {
    let (number, rest) = bytes.split_first_chunk::<4>().ok_or_else(|| Error::short(what))?;
    Ok((u32::from_be_bytes(*number), rest))
}

/// The time that a server asks us to wait.
pub(crate) fn seconds(bytes: &[u8]) -> Result<Duration, Error> {
    Ok(Duration::from_secs(number(bytes, "a wait")?.0.into()))
}

/// Text up to the first zero, or the end; bytes that are no UTF-8 are marked.
pub(crate) fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).trim_end().to_owned()
}

/// The error of an answer.
pub(crate) fn error(bytes: &[u8]) -> Error {
    match number(bytes, "an error") {
        Ok((code, message)) => Error::Server { code, message: text(message) },
        Err(error) => error,
    }
}

/// Where a redirect points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Redirect {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Whether the next connection is encrypted in any case.
    pub(crate) tls: bool,
    /// Parameters that the next server wants to see.
    pub(crate) parameters: String,
}

/// Reads a redirect: a port, and `host?parameters?token`; where the port is -1, the host is an address.
pub(crate) fn redirect(bytes: &[u8]) -> Result<Redirect, Error> {
    let (port, host) = number(bytes, "a redirect")?;
    let host = text(host);
    let wrong = || Error::Protocol("a redirect to nowhere".to_owned());
    if port as i32 == -1 {
        let url: crate::url::Url = host.parse()?;
        return Ok(Redirect { host: url.host, port: url.port, tls: url.tls, parameters: url.parameters });
    }
    let (host, parameters) = host.split_once('?').unwrap_or((&host, ""));
    // Behind a second question mark stands what would be sent at login.
    let parameters = parameters.split('?').next().unwrap_or_default();
    let port = if port == 0 { Some(1094) } else { u16::try_from(port).ok() };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match port {
        Some(port) if !host.is_empty() => {
            let parameters = parameters.trim_start_matches('&').to_owned();
            Ok(Redirect { host: host.to_owned(), port, tls: false, parameters })
        }
        _ => Err(wrong()),
    }
}

/// An answer that was promised and comes now: its head and data; `None` for other attentions.
pub(crate) fn answer_now(bytes: &[u8]) -> Result<Option<(Head, &[u8])>, Error> {
    let (action, rest) = number(bytes, "an attention")?;
    if action != ANSWER_NOW {
        return Ok(None);
    }
    let rest = rest.get(4..).ok_or_else(|| Error::short("a late answer"))?;
    let (head, data) = rest.split_first_chunk::<HEAD>().ok_or_else(|| Error::short("a late answer"))?;
    let head = Head::parse(*head);
    let data = data.get(..head.length as usize).ok_or_else(|| Error::short("a late answer"))?;
    Ok(Some((head, data)))
}

/// What a server says of a file or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// What tells it from other files of the server, as far as the server knows.
    pub id: String,
    /// Bytes.
    pub size: u64,
    /// Seconds since 1970 at the last change.
    pub modified: i64,
    /// Whether it is a folder.
    pub is_folder: bool,
}

/// Reads `id size flags modified`, and whatever newer servers say behind.
pub(crate) fn stat(line: &str) -> Result<Stat, Error> {
    let wrong = || Error::Protocol(format!("`{line}` says nothing of a file"));
    let mut words = line.split_ascii_whitespace();
    let mut next = || words.next().ok_or_else(wrong);
    let (id, size, flags, modified) = (next()?, next()?, next()?, next()?);
    let flags: u32 = flags.parse().map_err(|_| wrong())?;
    Ok(Stat {
        id: id.to_owned(),
        size: size.parse().map_err(|_| wrong())?,
        modified: modified.parse().map_err(|_| wrong())?,
        is_folder: flags & 2 != 0,
    })
}

/// A file that is open: its handle, and what is said of it if that was asked for.
pub(crate) fn opened(bytes: &[u8]) -> Result<([u8; 4], Option<Stat>), Error> {
    let (handle, rest) = bytes.split_first_chunk::<4>().ok_or_else(|| Error::short("the handle of a file"))?;
    let line = rest.get(8..).map(text).filter(|line| !line.is_empty());
    Ok((*handle, line.map(|line| stat(&line)).transpose()?))
}

/// Names in a folder, and what is said of each where the server says it: lines of names, or of names and stats in turn,
/// which the name `.` and a line of zeros begin.
pub(crate) fn names(bytes: &[u8]) -> Result<Vec<(String, Option<Stat>)>, Error> {
    let all = text(bytes);
    let mut lines = all.lines().filter(|line| !line.is_empty()).peekable();
    let with_stats = lines.peek() == Some(&".");
    if !with_stats {
        return Ok(lines.map(|name| (name.to_owned(), None)).collect());
    }
    let mut found = Vec::new();
    while let Some(name) = lines.next() {
        let line = lines.next().ok_or_else(|| Error::short("a list of names"))?;
        if name != "." {
            found.push((name.to_owned(), Some(stat(line)?)));
        }
    }
    Ok(found)
}

/// The data of chunks of a `readv` answer, which must be those that were asked for, in that order.
pub(crate) fn vector(mut bytes: &[u8], handle: [u8; 4], ranges: &[Range<u64>]) -> Result<Vec<Vec<u8>>, Error> {
    let mut found = Vec::with_capacity(ranges.len());
    for range in ranges {
        let (head, rest) = bytes.split_first_chunk::<CHUNK>().ok_or_else(|| Error::short("a chunk"))?;
        let length = range.end - range.start;
        if head[..4] != handle || head[4..8] != (length as u32).to_be_bytes() || head[8..] != range.start.to_be_bytes()
        {
            return Err(Error::Protocol("another chunk than was asked for".to_owned()));
        }
        let (data, rest) = rest.split_at_checked(length as usize).ok_or_else(|| Error::short("a chunk"))?;
        found.push(data.to_vec());
        bytes = rest;
    }
    if bytes.is_empty() { Ok(found) } else { Err(Error::Protocol("more chunks than were asked for".to_owned())) }
}

/// All that is read of answers, whatever the bytes are: for tests with random ones.
pub(crate) fn parse_all(bytes: &[u8]) {
    error(bytes);
    redirect(bytes).ok();
    answer_now(bytes).ok();
    opened(bytes).ok();
    names(bytes).ok();
    stat(&text(bytes)).ok();
    vector(bytes, [0; 4], &[0..3, 5..9]).ok();
    if let Some((head, data)) = bytes.split_first_chunk::<HEAD>() {
        Head::parse(*head);
        crate::auth::methods(&text(data));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(number: u32, text: &str) -> Vec<u8> {
        [&number.to_be_bytes()[..], text.as_bytes()].concat()
    }

    #[test]
    fn a_request_has_24_bytes_before_its_data() {
        let arguments = arguments(&[&[1], &[2, 3]]);
        let bytes = Request { kind: ask::STAT, arguments, data: b"/a".to_vec(), most: 100 }.bytes(7);
        assert_eq!(bytes[..8], [0, 7, 0x0b, 0xc9, 1, 2, 3, 0]);
        assert_eq!((bytes[20..].to_vec(), bytes.len()), (b"\0\0\0\x02/a".to_vec(), 26));
        assert_eq!(HANDSHAKE[16..], 2012_u32.to_be_bytes());
    }

    #[test]
    fn redirects_point_somewhere() {
        let to = redirect(&numbered(2094, "host?a=b&c?token")).unwrap();
        assert_eq!((&*to.host, to.port, &*to.parameters), ("host", 2094, "a=b&c"));
        let to = redirect(&numbered(u32::MAX, "root://other:77//x?y=z")).unwrap();
        assert_eq!((&*to.host, to.port, &*to.parameters), ("other", 77, "y=z"));
        for wrong in [numbered(70_000, "host"), numbered(1, ""), numbered(u32::MAX, "http://x"), vec![0, 0]] {
            assert!(redirect(&wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn stats_and_lists_are_read() {
        let said = stat("1234 5678 51 1700000000 1 2 0644 me us").unwrap();
        assert_eq!((said.size, said.modified, said.is_folder), (5678, 1_700_000_000, true));
        assert!(stat("1 2 3").is_err() && stat("1 -2 3 4").is_err());
        let list = names(b".\n0 0 0 0\na.root\n1 10 16 99\nsub\n2 4096 19 98\0").unwrap();
        assert_eq!(list.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["a.root", "sub"]);
        assert!(list[1].1.as_ref().unwrap().is_folder && !list[0].1.as_ref().unwrap().is_folder);
        assert_eq!(names(b"a\nb\n\0").unwrap(), [("a".to_owned(), None), ("b".to_owned(), None)]);
        assert_eq!(names(b"\0").unwrap(), []);
        assert!(names(b".\n0 0 0 0\na").is_err());
    }

    #[test]
    fn chunks_must_be_those_that_were_asked_for() {
        let ranges = [10..13, 100..101];
        let asked = chunks([1, 2, 3, 4], &ranges);
        let answer = [&asked[..CHUNK], b"abc", &asked[CHUNK..], b"d"].concat();
        assert_eq!(vector(&answer, [1, 2, 3, 4], &ranges).unwrap(), [b"abc".to_vec(), b"d".to_vec()]);
        for cut in 0..answer.len() {
            assert!(vector(&answer[..cut], [1, 2, 3, 4], &ranges).is_err(), "{cut}");
        }
        for at in [0, 7, 15, CHUNK + 3] {
            let mut other = answer.clone();
            other[at] ^= 1;
            assert!(vector(&other, [1, 2, 3, 4], &ranges).is_err(), "{at}");
        }
        assert!(vector(&[&answer[..], b"x"].concat(), [1, 2, 3, 4], &ranges).is_err());
    }

    #[test]
    fn late_answers_are_found_in_attentions() {
        let inner = [&[0, 7, 0, 0, 0, 0, 0, 2][..], b"ok"].concat();
        let bytes = [&ANSWER_NOW.to_be_bytes()[..], &[0; 4], &inner].concat();
        let (head, data) = answer_now(&bytes).unwrap().unwrap();
        assert_eq!((head, data), (Head { stream: 7, status: 0, length: 2 }, &b"ok"[..]));
        assert!(answer_now(&bytes[..bytes.len() - 1]).is_err());
        assert_eq!(answer_now(&5002_u32.to_be_bytes()).unwrap(), None);
    }

    #[test]
    fn bytes_of_any_kind_are_read_without_a_panic() {
        let mut state = 7_u64;
        for length in 0..3_000 {
            let bytes: Vec<u8> = (0..length % 97)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    // Digits, letters and separators often, so that texts are met, too.
                    let byte = (state >> 33) as u8;
                    if byte & 3 == 0 { byte } else { b"0123456789 \n.?&:,\0[]abc-/"[usize::from(byte) % 25] }
                })
                .collect();
            parse_all(&bytes);
        }
    }
}
