//! A file that is open on a server.

use crate::connection::{Asked, Connection};
use crate::error::Error;
use crate::login::Server;
use crate::options::Options;
use crate::pending::Outcome;
use crate::url::Url;
use crate::wire;
use crate::wire::{CHUNK, Request, Stat, ask};
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
    kind: u16,
    arguments: [u8; 16],
    most: usize,
) -> Result<(Connection, Vec<u8>), Error> {
    let (mut host, mut port, mut tls, mut parameters) = (url.host.clone(), url.port, url.tls, String::new());
    for _ in 0..=REDIRECTS {
        let request = Request { kind, arguments, data: url.asked(&parameters).into_bytes(), most };
        let server = Server { host: &host, port, tls, user: &url.user };
        match server.ask(options, &request)? {
            (connection, Outcome::Done(answer)) => return Ok((connection, answer)),
            // Who wants encryption is not sent on without it.
            (_, Outcome::Elsewhere(to)) => {
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
        let (connection, answer) = follow(url, options, ask::OPEN, arguments, 64 << 10)?;
        let (handle, stat) = wire::opened(&answer)?;
        let stat = match stat {
            Some(stat) => stat,
            // Old servers do not say it when they open a file.
            None => {
                let arguments = wire::arguments(&[&[0; 12], &handle]);
                let request = Request { kind: ask::STAT, arguments, data: Vec::new(), most: 64 << 10 };
                wire::stat(&wire::text(&connection.begin(request)?.data()?))?
            }
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

    /// The bytes of each range, exactly as many as asked for. All of them are asked for at once, many short ranges in one
    /// request, as far as the connection has room for requests; several threads may do so at the same time.
    ///
    /// # Errors
    /// A range that is not inside the file, and what the server or the connection says. After an error of the connection
    /// nothing more can be read; the file must be opened again.
    pub fn ranges(&self, ranges: &[Range<u64>]) -> Result<Vec<Vec<u8>>, Error> {
        if let Some(wrong) = ranges.iter().find(|range| range.start > range.end || range.end > self.stat.size) {
            return Err(Error::Protocol(format!("bytes {wrong:?} of a file of {}", self.stat.size)));
        }
        let asked = |part: Part| self.begin(&part).map(|asked| (part, asked));
        let all = parts(ranges).into_iter().map(asked).collect::<Result<Vec<_>, Error>>()?;
        let mut found: Vec<Vec<u8>> = vec![Vec::new(); ranges.len()];
        for (part, asked) in all {
            let answer = asked.data()?;
            match &part[..] {
                [(at, piece)] => self.piece(piece.clone(), answer, &ranges[*at], &mut found[*at])?,
                several => {
                    let pieces: Vec<Range<u64>> = several.iter().map(|(_, piece)| piece.clone()).collect();
                    let chunks = wire::vector(&answer, self.handle, &pieces)?;
                    several.iter().zip(chunks).for_each(|((at, _), chunk)| found[*at] = chunk);
                }
            }
        }
        Ok(found)
    }

    /// Asks for a part.
    fn begin(&self, part: &[(usize, Range<u64>)]) -> Result<Asked<'_>, Error> {
        if let [(_, piece)] = part {
            return self.connection.begin(self.read(piece));
        }
        let pieces: Vec<Range<u64>> = part.iter().map(|(_, piece)| piece.clone()).collect();
        let most = bytes(part) as usize + pieces.len() * CHUNK;
        let data = wire::chunks(self.handle, &pieces);
        self.connection.begin(Request { kind: ask::READV, arguments: [0; 16], data, most })
    }

    fn read(&self, piece: &Range<u64>) -> Request {
        let most = (piece.end - piece.start) as usize;
        let arguments = wire::arguments(&[&self.handle, &piece.start.to_be_bytes(), &(most as u32).to_be_bytes()]);
        Request { kind: ask::READ, arguments, data: Vec::new(), most }
    }

    /// Puts a piece behind those of its range that are there; what the server left out is asked for again.
    fn piece(
        &self,
        piece: Range<u64>,
        mut answer: Vec<u8>,
        whole: &Range<u64>,
        found: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let mut at = piece.start;
        loop {
            if answer.is_empty() {
                return Err(Error::Protocol(format!("the file ends at byte {at} of {}", self.stat.size)));
            }
            at += answer.len() as u64;
            if found.is_empty() {
                *found = answer;
                found.reserve_exact((whole.end - at) as usize);
            } else {
                found.extend_from_slice(&answer);
            }
            if at >= piece.end {
                return Ok(());
            }
            answer = self.connection.begin(self.read(&(at..piece.end)))?.data()?;
        }
    }
}

/// What one request asks for: a piece of a range, or whole ranges, each with its position.
type Part = Vec<(usize, Range<u64>)>;

fn bytes(part: &[(usize, Range<u64>)]) -> u64 {
    part.iter().map(|(_, piece)| piece.end - piece.start).sum()
}

/// Long ranges in pieces, each by itself; short ones together.
fn parts(ranges: &[Range<u64>]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut together: Part = Vec::new();
    for (at, range) in ranges.iter().enumerate() {
        let length = range.end - range.start;
        if length > LONG {
            let pieces = (range.start..range.end).step_by(MOST as usize);
            parts.extend(pieces.map(|start| vec![(at, start..range.end.min(start + MOST))]));
        } else if length > 0 {
            if together.len() == CHUNKS || bytes(&together) + length > MOST {
                parts.push(std::mem::take(&mut together));
            }
            together.push((at, range.clone()));
        }
    }
    parts.extend(Some(together).filter(|together| !together.is_empty()));
    parts
}

impl Drop for File {
    fn drop(&mut self) {
        let arguments = wire::arguments(&[&self.handle]);
        self.connection.tell(&Request { kind: ask::CLOSE, arguments, data: Vec::new(), most: 0 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Heard, hear, log_in, options, say, serve};
    use std::net::TcpStream;

    fn content(range: Range<u64>) -> Vec<u8> {
        range.map(|at| ((at * 7919) >> 5) as u8).collect()
    }

    fn number(bytes: &[u8]) -> u64 {
        bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// The answer to a request.
    fn answer(heard: &Heard) -> Vec<u8> {
        let range = |start: u64, length: u64| start..start + length;
        if heard.kind == ask::READ {
            return content(range(number(&heard.arguments[4..12]), number(&heard.arguments[12..])));
        }
        assert_eq!(heard.kind, ask::READV);
        let chunks = heard.data.chunks_exact(CHUNK);
        chunks.flat_map(|chunk| [chunk, &content(range(number(&chunk[8..]), number(&chunk[4..8])))].concat()).collect()
    }

    /// A file of so many bytes, whose server does something with the requests that it hears, a few at a time.
    fn opened(size: u64, few: usize, mut talk: impl FnMut(&mut TcpStream, Vec<Heard>) + Send + 'static) -> File {
        let (port, _) = serve(1, move |_, socket| {
            log_in(socket);
            let open = hear(socket).unwrap();
            say(
                socket,
                open.stream,
                0,
                &[&[9; 4][..], &[0; 8], format!("1 {size} 16 1700000000\0").as_bytes()].concat(),
            );
            loop {
                let all: Vec<Heard> = (0..few).map_while(|_| hear(socket)).collect();
                if all.len() < few {
                    return;
                }
                talk(socket, all);
            }
        });
        File::open(&format!("root://127.0.0.1:{port}//a").parse().unwrap(), &options()).unwrap()
    }

    /// Ranges of which all requests fit on the way: two long ones, and short ones that go together.
    const MANY: [Range<u64>; 5] = [5..(20 << 20), 100..300, (2 << 20)..(12 << 20), 7..7, (30 << 20)..(30 << 20) + 9];

    #[test]
    fn all_ranges_are_asked_for_before_the_first_answer_and_answers_come_in_any_order() {
        let file = opened(40 << 20, 6, |socket, all| {
            // A few bytes of each, in turn, the last one first.
            let mut left: Vec<(u16, Vec<u8>)> = all.iter().rev().map(|heard| (heard.stream, answer(heard))).collect();
            while !left.is_empty() {
                for (stream, bytes) in &mut left {
                    let part: Vec<u8> = bytes.drain(..bytes.len().min(3 << 20)).collect();
                    say(socket, *stream, if bytes.is_empty() { 0 } else { 4000 }, &part);
                }
                left.retain(|(_, bytes)| !bytes.is_empty());
            }
        });
        let found = file.ranges(&MANY).unwrap();
        assert!(found.iter().zip(MANY).all(|(bytes, range)| *bytes == content(range)));
    }

    #[test]
    fn what_a_server_leaves_out_is_asked_for_again() {
        let file = opened(1 << 20, 1, |socket, all| {
            let mut bytes = answer(&all[0]);
            bytes.truncate(100);
            say(socket, all[0].stream, 0, &bytes);
        });
        assert_eq!(file.ranges(&[50..420]).unwrap(), [content(50..420)]);
        let file = opened(1 << 20, 1, |socket, all| say(socket, all[0].stream, 0, b""));
        assert!(file.ranges(&[50..420]).unwrap_err().to_string().contains("ends at byte 50"));
    }

    #[test]
    fn more_requests_than_may_be_under_way_are_asked_one_behind_the_other() {
        let file = opened(400 << 20, 1, |socket, all| say(socket, all[0].stream, 0, &answer(&all[0])));
        let ranges: Vec<Range<u64>> = (0..40).map(|at| (at << 21)..(at << 21) + (1 << 20) + 1).collect();
        let found = file.ranges(&ranges).unwrap();
        assert!(found.iter().zip(ranges).all(|(bytes, range)| *bytes == content(range)));
    }

    #[test]
    fn after_an_error_the_answers_that_still_come_do_no_harm() {
        let mut first = true;
        let file = opened(40 << 20, 2, move |socket, all| {
            let error = [&3007_u32.to_be_bytes()[..], b"disk"].concat();
            let status = if std::mem::take(&mut first) { 4003 } else { 0 };
            say(socket, all[0].stream, status, &if status == 0 { answer(&all[0]) } else { error });
            say(socket, all[1].stream, 0, &answer(&all[1]));
        });
        let two = [0..(2 << 20), (8 << 20)..(10 << 20)];
        assert!(file.ranges(&two).unwrap_err().is_passing());
        assert_eq!(file.ranges(&two).unwrap(), two.map(content));
    }
}
