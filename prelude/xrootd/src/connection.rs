//! One connection to one server: handshake, login, and requests that are answered one after the other.

use crate::auth;
use crate::error::Error;
use crate::tls::Line;
use crate::wire;
use crate::wire::{HANDSHAKE, HANDSHAKE_ANSWER, HEAD, Head, Redirect, ask, status};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

/// How long is waited for what.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Asked several times a second during every wait; `true` ends it.
    pub stop: fn() -> bool,
    /// For a connection.
    pub connect: Duration,
    /// For the next byte of an answer.
    pub silence: Duration,
    /// For a server that asks to wait, all waits of one request together.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { stop: || false, connect: seconds(10), silence: seconds(60), patience: seconds(300) }
    }
}

/// How often the caller is asked whether to go on.
const LOOK: Duration = Duration::from_millis(50);
/// The version that is spoken: 5.0.0.
const VERSION: u32 = 0x0000_0500;
/// Answers that are no data have at most so many bytes.
const MOST: usize = 16 << 20;
/// What we can: addresses in redirects, redirects of reads, IPv6 and IPv4.
const ABILITY: u8 = 1 | 4 | 8;
/// The version of the client's logic, which says nothing of late answers: servers send them nevertheless.
const LOGIC: u8 = 4;

/// A connection that is logged in.
#[derive(Debug)]
pub(crate) struct Connection {
    line: Line,
    options: Options,
    next: u16,
}

/// What is asked together with the version: what the server wants to have signed, that we can encrypt, that we want to.
mod wants {
    pub(super) const SIGNATURES: u8 = 1;
    pub(super) const ABLE_TLS: u8 = 2;
    pub(super) const TLS: u8 = 4;
}
/// What comes next is a login.
const LOGIN_NEXT: u8 = 3;

/// What a server answers to that.
mod offers {
    /// From here on, the connection is encrypted.
    pub(super) const TLS_NOW: u32 = 0x4000_0000;
    /// From the login on, it is encrypted.
    pub(super) const TLS_AFTER_LOGIN: u32 = 0x0800_0000;
}

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    Done(Vec<u8>),
    Elsewhere(Redirect),
}

fn broken(what: &str, error: &std::io::Error) -> Error {
    Error::Connection(format!("{what} ({error})"))
}

impl Connection {
    /// Connects to a server and says who we are; encrypted if `tls` says so, or the server does.
    pub(crate) fn open(host: &str, port: u16, tls: bool, user: &str, options: &Options) -> Result<Self, Error> {
        let socket = connect(host, port, options)?;
        let failed = |error: std::io::Error| broken("no connection", &error);
        socket.set_nodelay(true).map_err(failed)?;
        socket.set_read_timeout(Some(LOOK)).map_err(failed)?;
        socket.set_write_timeout(Some(options.silence)).map_err(failed)?;
        let mut connection = Self { line: Line::Plain(socket), options: *options, next: 1 };
        let offers = connection.greet(tls)?;
        if offers & offers::TLS_NOW != 0 {
            connection = connection.encrypted(host)?;
        } else if tls {
            return Err(Error::Tls("the server has none; root:// in place of roots:// goes without".to_owned()));
        }
        let (name, wants) = connection.login(user)?;
        if offers & offers::TLS_AFTER_LOGIN != 0 && !connection.line.is_encrypted() {
            connection = connection.encrypted(host)?;
        }
        connection.prove(&name, &wants)?;
        Ok(connection)
    }

    fn encrypted(mut self, host: &str) -> Result<Self, Error> {
        let (options, limit) = (self.options, Instant::now() + self.options.silence);
        let mut wait = || match (options.stop)() {
            true => Err(Error::Stopped),
            false if Instant::now() > limit => Err(Error::Connection("no answer in time".to_owned())),
            false => Ok(()),
        };
        self.line = self.line.encrypted(host, &mut wait)?;
        Ok(self)
    }

    /// The handshake and the question for the version, which go together; what the server offers.
    fn greet(&mut self, tls: bool) -> Result<u32, Error> {
        let stream = self.stream();
        let wants = wants::SIGNATURES | wants::ABLE_TLS | if tls { wants::TLS } else { 0 };
        let arguments = wire::arguments(&[&VERSION.to_be_bytes(), &[wants, LOGIN_NEXT]]);
        let question = wire::request(stream, ask::PROTOCOL, arguments, &[]);
        self.send(&[&HANDSHAKE[..], &question].concat())?;
        let mut answer = [0; HANDSHAKE_ANSWER];
        self.fill(&mut answer)?;
        if answer[..HEAD] != [0, 0, 0, 0, 0, 0, 0, 8] {
            return Err(Error::Protocol("it does not answer the handshake of XRootD".to_owned()));
        }
        match self.answer(stream, MOST)? {
            // Behind the version; servers of old say nothing there.
            Reply::Done(said) => Ok(said.get(4..).map_or(Ok((0, &[][..])), |said| wire::number(said, "offers"))?.0),
            other => Err(Error::Protocol(format!("{other:?} before the login"))),
        }
    }

    /// Says our name; gives it, and what the server wants to know behind that.
    fn login(&mut self, user: &str) -> Result<(String, String), Error> {
        let name = auth::name(user);
        let mut padded = [0; 8];
        padded[..name.len()].copy_from_slice(name.as_bytes());
        let arguments =
            wire::arguments(&[&std::process::id().to_be_bytes(), &padded, &[0], &[ABILITY], &[LOGIC], &[0]]);
        let Outcome::Done(session) = self.ask(ask::LOGIN, arguments, &[], MOST)? else {
            return Err(Error::Protocol("a redirect at the login".to_owned()));
        };
        // Behind sixteen bytes that name the session stands what the server wants to know.
        Ok((name, session.get(16..).map(wire::text).unwrap_or_default()))
    }

    /// Proves who we are, if the server wants that.
    fn prove(&mut self, name: &str, wants: &str) -> Result<(), Error> {
        if wants.is_empty() {
            return Ok(());
        }
        let (method, credentials) = auth::credentials(wants, name, self.line.is_encrypted(), auth::token)?;
        match self.ask(ask::AUTH, wire::arguments(&[&[0; 12], &method]), &credentials, MOST)? {
            Outcome::Done(_) => Ok(()),
            Outcome::Elsewhere(_) => Err(Error::Protocol("a redirect at the login".to_owned())),
        }
    }

    /// Asks, and waits for all of the answer; one that asks to wait is asked again. An answer has at most `most` bytes.
    pub(crate) fn ask(&mut self, number: u16, arguments: [u8; 16], data: &[u8], most: usize) -> Result<Outcome, Error> {
        let begun = Instant::now();
        loop {
            let stream = self.stream();
            self.send(&wire::request(stream, number, arguments, data))?;
            match self.answer(stream, most)? {
                Reply::Done(bytes) => return Ok(Outcome::Done(bytes)),
                Reply::Elsewhere(to) => return Ok(Outcome::Elsewhere(to)),
                Reply::Wait(time) if begun.elapsed() + time > self.options.patience => {
                    return Err(Error::Connection(format!("the server asks to wait {} seconds more", time.as_secs())));
                }
                Reply::Wait(time) => self.pause(time)?,
            }
        }
    }

    /// Sends a request whose answer nobody waits for: the last one of a connection.
    pub(crate) fn tell(&mut self, number: u16, arguments: [u8; 16]) {
        let stream = self.stream();
        self.send(&wire::request(stream, number, arguments, &[])).ok();
    }

    /// A number for the next request, which its answer repeats.
    fn stream(&mut self) -> [u8; 2] {
        self.next = self.next.checked_add(1).unwrap_or(1);
        self.next.to_be_bytes()
    }

    /// Reads answers until one is the last of a request.
    fn answer(&mut self, stream: [u8; 2], most: usize) -> Result<Reply, Error> {
        let mut so_far = Vec::new();
        let mut until = None;
        loop {
            let (head, mut data) = self.message(most, until)?;
            let mut head = head;
            if head.status == status::ATTENTION {
                let Some((late, found)) = wire::answer_now(&data)? else { continue };
                (head, data) = (late, found.to_vec());
            }
            if head.stream != stream {
                return Err(Error::Protocol("an answer to a question that nobody asked".to_owned()));
            }
            match head.status {
                status::OK | status::OK_SO_FAR => {
                    if so_far.len() + data.len() > most {
                        return Err(Error::Protocol(format!("an answer of more than {most} bytes")));
                    }
                    if so_far.is_empty() {
                        so_far = data;
                    } else {
                        so_far.extend_from_slice(&data);
                    }
                    if head.status == status::OK {
                        return Ok(Reply::Done(so_far));
                    }
                }
                status::ERROR => return Err(wire::error(&data)),
                status::REDIRECT => return Ok(Reply::Elsewhere(wire::redirect(&data)?)),
                status::WAIT => return Ok(Reply::Wait(seconds(&data)?)),
                status::WAIT_FOR_ANSWER => until = Some(Instant::now() + seconds(&data)?.max(self.options.silence)),
                status::AUTH_MORE => return Err(Error::Auth("it asks a second time".to_owned())),
                other => return Err(Error::Protocol(format!("an answer of kind {other}"))),
            }
        }
    }

    /// One message: its head and its data. It may begin as late as `until`.
    fn message(&mut self, most: usize, until: Option<Instant>) -> Result<(Head, Vec<u8>), Error> {
        let mut head = [0; HEAD];
        self.fill_until(&mut head, until)?;
        let head = Head::parse(head);
        // Errors and redirects may be longer than the data that was asked for.
        let length = head.length as usize;
        if length > most.max(MOST) {
            return Err(Error::Protocol(format!("an answer of {length} bytes where {most} were asked for")));
        }
        let mut data = vec![0; length];
        self.fill(&mut data)?;
        Ok((head, data))
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let written = self.line.write_all(bytes).and_then(|()| self.line.flush());
        written.map_err(|error| broken("the connection broke", &error))
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Error> {
        self.fill_until(buffer, None)
    }

    /// Reads exactly so many bytes; between two of them nobody waits longer than the options say.
    fn fill_until(&mut self, buffer: &mut [u8], until: Option<Instant>) -> Result<(), Error> {
        let mut at = 0;
        let mut limit = until.unwrap_or_else(|| Instant::now() + self.options.silence);
        while at < buffer.len() {
            match self.line.read(&mut buffer[at..]) {
                Ok(0) => return Err(Error::Connection("the server closed the connection".to_owned())),
                Ok(read) => {
                    at += read;
                    limit = Instant::now() + self.options.silence;
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    self.go_on()?;
                    if Instant::now() > limit {
                        return Err(Error::Connection("no answer in time".to_owned()));
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(broken("the connection broke", &error)),
            }
        }
        Ok(())
    }

    fn go_on(&self) -> Result<(), Error> {
        if (self.options.stop)() { Err(Error::Stopped) } else { Ok(()) }
    }

    fn pause(&self, time: Duration) -> Result<(), Error> {
        let end = Instant::now() + time;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            self.go_on()?;
            std::thread::sleep(left.min(LOOK));
        }
        Ok(())
    }
}

/// What an answer means for its request.
#[derive(Debug)]
enum Reply {
    Done(Vec<u8>),
    Elsewhere(Redirect),
    Wait(Duration),
}

fn seconds(data: &[u8]) -> Result<Duration, Error> {
    Ok(Duration::from_secs(wire::number(data, "a wait")?.0.into()))
}

/// Tries the addresses of a host one after the other.
fn connect(host: &str, port: u16, options: &Options) -> Result<TcpStream, Error> {
    let addresses = (host, port).to_socket_addrs().map_err(|error| broken(&format!("no host `{host}`"), &error))?;
    let mut last = Error::Connection(format!("no host `{host}`"));
    for address in addresses {
        if (options.stop)() {
            return Err(Error::Stopped);
        }
        match TcpStream::connect_timeout(&address, options.connect) {
            Ok(socket) => return Ok(socket),
            Err(error) => last = broken(&format!("no connection to {host}:{port}"), &error),
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// A server that answers each request with the next of these messages.
    fn server(answers: Vec<(u16, Vec<u8>)>) -> (u16, std::thread::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            socket.read_exact(&mut [0; 20]).unwrap();
            socket.write_all(&[0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 5, 0, 0, 0, 0, 1]).unwrap();
            for (status, data) in [(0, vec![0; 8]), (0, vec![0; 16])].into_iter().chain(answers) {
                let mut head = [0; 24];
                if socket.read_exact(&mut head).is_err() {
                    return;
                }
                let length = u32::from_be_bytes([head[20], head[21], head[22], head[23]]);
                socket.read_exact(&mut vec![0; length as usize]).unwrap();
                let [high, low] = status.to_be_bytes();
                let length = (data.len() as u32).to_be_bytes();
                socket.write_all(&[&[head[0], head[1], high, low][..], &length, &data].concat()).unwrap();
            }
        });
        (port, thread)
    }

    fn asked(answers: Vec<(u16, Vec<u8>)>) -> Result<Outcome, Error> {
        let (port, thread) = server(answers);
        let options =
            Options { patience: Duration::from_secs(3), silence: Duration::from_secs(2), ..Options::default() };
        let mut connection = Connection::open("127.0.0.1", port, false, "me", &options).unwrap();
        let outcome = connection.ask(ask::STAT, [0; 16], b"/a", 100);
        drop(connection);
        thread.join().unwrap();
        outcome
    }

    #[test]
    fn a_server_that_asks_to_wait_is_asked_again() {
        let wait = |seconds: u32| (status::WAIT, [&seconds.to_be_bytes()[..], b"busy"].concat());
        let Outcome::Done(data) = asked(vec![wait(0), wait(1), (0, b"1 2 3 4".to_vec())]).unwrap() else { panic!() };
        assert_eq!(data, b"1 2 3 4");
        let error = asked(vec![wait(9)]).unwrap_err();
        assert!(error.to_string().contains("wait 9 seconds") && error.is_passing(), "{error}");
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for (answer, says) in [
            ((status::ERROR, b"\0\0\x0b\xc3no".to_vec()), "not found (no)"),
            ((status::OK, vec![0; 101]), "more than 100 bytes"),
            ((status::AUTH_MORE, Vec::new()), "second time"),
            ((77, Vec::new()), "kind 77"),
            ((status::WAIT, vec![0]), "cut short"),
        ] {
            let error = asked(vec![answer]).unwrap_err().to_string();
            assert!(error.contains(says), "`{says}` is not said in: {error}");
        }
        let redirect = [&2094_u32.to_be_bytes()[..], b"other"].concat();
        assert!(
            matches!(asked(vec![(status::REDIRECT, redirect)]).unwrap(), Outcome::Elsewhere(to) if to.port == 2094)
        );
        assert!(matches!(asked(Vec::new()).unwrap_err(), Error::Connection(_)));
    }

    #[test]
    fn a_wait_ends_when_the_caller_wants_to_stop() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let options = Options { stop: || true, ..Options::default() };
        let port = listener.local_addr().unwrap().port();
        assert_eq!(Connection::open("127.0.0.1", port, false, "me", &options).unwrap_err(), Error::Stopped);
    }
}
