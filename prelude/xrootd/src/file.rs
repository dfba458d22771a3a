//! A file that is open on a server.

use crate::connection::{Connection, Options, Outcome};
use crate::error::Error;
use crate::url::Url;
use crate::wire;
use crate::wire::{CHUNK, Stat, ask};
use std::ops::Range;

/// Read, and say what is known of the file.
const OPEN_READ: u16 = 0x10;
const SAY_STAT: u16 = 0x400;
/// Servers that send us on, for one request.
const REDIRECTS: usize = 8;
/// Bytes of a `read` at most, and of all chunks of a `readv`; servers have a limit of about 2 MB for a chunk.
const MOST: u64 = 8 << 20;
/// Longer ranges are read by themselves.
const LONG: u64 = 1 << 20;
/// Chunks of a `readv` at most.
const CHUNKS: usize = 1_000;

/// An open file.
#[derive(Debug)]
pub struct File {
    connection: Connection,
    handle: [u8; 4],
    stat: Stat,
}

/// A request at an address that may send us on: the connection to the server that answered it, and the answer.
pub(crate) fn follow(
    url: &Url,
    options: &Options,
    number: u16,
    arguments: [u8; 16],
    most: usize,
) -> Result<(Connection, Vec<u8>), Error> {
    let (mut host, mut port, mut tls, mut parameters) = (url.host.clone(), url.port, url.tls, String::new());
    for _ in 0..=REDIRECTS {
        let mut connection = Connection::open(&host, port, tls, &url.user, options)?;
        match connection.ask(number, arguments, url.asked(&parameters).as_bytes(), most)? {
            Outcome::Done(answer) => return Ok((connection, answer)),
            // Who wants encryption is not sent on without it.
            Outcome::Elsewhere(to) => {
                (host, port, tls, parameters) = (to.host, to.port, url.tls || to.tls, to.parameters);
            }
        }
    }
    Err(Error::Protocol(format!("more than {REDIRECTS} redirects")))
}

impl File {
    /// Opens a file for reading, on whichever server has it.
    ///
    /// # Errors
    /// No connection, a server that wants other proofs of who we are, a file that is not there or may not be read.
    pub fn open(url: &Url, options: &Options) -> Result<Self, Error> {
        let arguments = wire::arguments(&[&[0, 0], &(OPEN_READ | SAY_STAT).to_be_bytes()]);
        let (mut connection, answer) = follow(url, options, ask::OPEN, arguments, 64 << 10)?;
        let (handle, stat) = wire::opened(&answer)?;
        let stat = match stat {
            Some(stat) => stat,
            // Old servers do not say it when they open a file.
            None => match connection.ask(ask::STAT, wire::arguments(&[&[0; 12], &handle]), &[], 64 << 10)? {
                Outcome::Done(line) => wire::stat(&wire::text(&line))?,
                Outcome::Elsewhere(_) => return Err(Error::Protocol("a redirect of an open file".to_owned())),
            },
        };
        Ok(Self { connection, handle, stat })
    }

    /// Its length in bytes when it was opened.
    pub fn size(&self) -> u64 {
        self.stat.size
    }

    /// What the server said of it when it was opened.
    pub fn stat(&self) -> &Stat {
        &self.stat
    }

    /// The bytes of each range, exactly as many as asked for. Many short ranges go together in one request; long ones are
    /// read in pieces, one after the other.
    ///
    /// # Errors
    /// A range that is not inside the file, and what the server or the connection says. After an error of the connection
    /// nothing more can be read; the file must be opened again.
    pub fn ranges(&mut self, ranges: &[Range<u64>]) -> Result<Vec<Vec<u8>>, Error> {
        if let Some(wrong) = ranges.iter().find(|range| range.start > range.end || range.end > self.stat.size) {
            return Err(Error::Protocol(format!("bytes {wrong:?} of a file of {}", self.stat.size)));
        }
        let mut found: Vec<Vec<u8>> = vec![Vec::new(); ranges.len()];
        let mut together: Vec<usize> = Vec::new();
        let length = |at: usize| ranges[at].end - ranges[at].start;
        for at in 0..ranges.len() {
            if length(at) > LONG {
                found[at] = self.long(ranges[at].clone())?;
            } else if length(at) > 0 {
                let bytes: u64 = together.iter().map(|at| length(*at)).sum();
                if together.len() == CHUNKS || bytes + length(at) > MOST {
                    self.short(ranges, &together, &mut found)?;
                    together.clear();
                }
                together.push(at);
            }
        }
        self.short(ranges, &together, &mut found)?;
        Ok(found)
    }

    fn long(&mut self, range: Range<u64>) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::with_capacity((range.end - range.start) as usize);
        let mut at = range.start;
        while at < range.end {
            let length = (range.end - at).min(MOST);
            let arguments = wire::arguments(&[&self.handle, &at.to_be_bytes(), &(length as u32).to_be_bytes()]);
            let piece = self.ask(ask::READ, arguments, &[], length as usize)?;
            if piece.is_empty() {
                return Err(Error::Protocol(format!("the file ends at byte {at} of {}", self.stat.size)));
            }
            at += piece.len() as u64;
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }

    /// Ranges that go together, at their positions.
    fn short(&mut self, ranges: &[Range<u64>], together: &[usize], found: &mut [Vec<u8>]) -> Result<(), Error> {
        let wanted: Vec<Range<u64>> = together.iter().map(|at| ranges[*at].clone()).collect();
        match &wanted[..] {
            [] => {}
            [one] => found[together[0]] = self.long(one.clone())?,
            several => {
                let bytes: u64 = several.iter().map(|range| range.end - range.start + CHUNK as u64).sum();
                let data = wire::chunks(self.handle, several);
                let answer = self.ask(ask::READV, [0; 16], &data, bytes as usize)?;
                let chunks = wire::vector(&answer, self.handle, several)?;
                together.iter().zip(chunks).for_each(|(at, chunk)| found[*at] = chunk);
            }
        }
        Ok(())
    }

    fn ask(&mut self, number: u16, arguments: [u8; 16], data: &[u8], most: usize) -> Result<Vec<u8>, Error> {
        match self.connection.ask(number, arguments, data, most)? {
            Outcome::Done(answer) => Ok(answer),
            // The file would have to be opened there: whoever asked does that when the connection is lost.
            Outcome::Elsewhere(to) => Err(Error::Connection(format!("the server sends us on to {}", to.host))),
        }
    }
}

impl Drop for File {
    fn drop(&mut self) {
        self.connection.tell(ask::CLOSE, wire::arguments(&[&self.handle]));
    }
}
