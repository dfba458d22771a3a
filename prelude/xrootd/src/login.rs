//! From an address of a server to a connection that is logged in, and the answer to the first request over it.
//!
//! Each answer that is waited for costs the way to the server and back, so what can be said is said at once: handshake,
//! version and name together, and, to a server that wanted no proof of them the last time, the first request with them. A
//! server that wants to encrypt is greeted one step after the other, with the name behind the encryption; that it does
//! is found out by its answer, and remembered.

use crate::auth;
use crate::connection::{Asked, Connection};
use crate::error::Error;
use crate::options::Options;
use crate::pending::{MOST, Outcome};
use crate::tls::Line;
use crate::wire;
use crate::wire::{HANDSHAKE, Request, ask};
use std::collections::BTreeMap;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// The version that is spoken: 5.0.0.
const VERSION: u32 = 0x0000_0500;
/// What we can: addresses in redirects, redirects of reads, IPv6 and IPv4.
const ABILITY: u8 = 1 | 4 | 8;
/// The version of the client's logic, which says nothing of late answers: servers send them nevertheless.
const LOGIC: u8 = 4;

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

/// How much is said to a server before it has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// Handshake and version.
    Careful,
    /// The name, too.
    Named,
    /// And the first request.
    Whole,
}

/// What was found out about servers, by host and port.
static KNOWN: Mutex<BTreeMap<(String, u16), Manner>> = Mutex::new(BTreeMap::new());

/// A server, and who we are there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Server<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    /// Whether the connection is encrypted also where the server does not ask for it.
    pub(crate) tls: bool,
    pub(crate) user: &'a str,
}

impl Server<'_> {
    /// Connects, says who we are, and asks.
    pub(crate) fn ask(&self, options: &Options, first: &Request) -> Result<(Connection, Outcome), Error> {
        let (manner, begun) = (self.manner(), Instant::now());
        let connection = Connection::new(Line::Plain(connect(self.host, self.port, options)?), options);
        if manner == Manner::Careful {
            return self.carefully(connection, first);
        }
        let failed = match self.at_once(&connection, first, manner) {
            Ok(Some(outcome)) => return Ok((connection, outcome)),
            Ok(None) => false,
            // Perhaps it cannot hear so much at once.
            Err(Error::Connection(_) | Error::Protocol(_)) if begun.elapsed() < options.silence => true,
            Err(error) => return Err(error),
        };
        let connection = Connection::new(Line::Plain(connect(self.host, self.port, options)?), options);
        let done = self.carefully(connection, first)?;
        if failed {
            self.remember(Manner::Careful);
        }
        Ok(done)
    }

    fn manner(&self) -> Manner {
        let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let found = || known.get(&(self.host.to_owned(), self.port)).copied();
        if self.tls { Manner::Careful } else { found().unwrap_or(Manner::Named) }
    }

    fn remember(&self, manner: Manner) {
        if !self.tls {
            let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert((self.host.to_owned(), self.port), manner);
        }
    }

    /// All at once; `None`, and remembered, where the server wants what must be said in turn.
    fn at_once(&self, connection: &Connection, first: &Request, manner: Manner) -> Result<Option<Outcome>, Error> {
        let version = self.greet(connection)?;
        let login = connection.begin(self.login())?;
        // What stands behind a path may be secret: it waits until it is known whether the server wants to encrypt.
        let whole = manner == Manner::Whole && !first.data.contains(&b'?');
        let early = whole.then(|| connection.begin(first.clone())).transpose()?;
        if offered(connection, version)? & (offers::TLS_NOW | offers::TLS_AFTER_LOGIN) != 0 {
            self.remember(Manner::Careful);
            return Ok(None);
        }
        let wants = wanted(login)?;
        self.remember(if wants.is_empty() { Manner::Whole } else { Manner::Named });
        match early {
            Some(early) if wants.is_empty() => early.outcome().map(Some),
            Some(_) => Ok(None),
            None => {
                self.prove(connection, &wants)?;
                connection.ask(first.clone()).map(Some)
            }
        }
    }

    /// One step after the other; encrypted if the address says so, or the server does.
    fn carefully(&self, mut connection: Connection, first: &Request) -> Result<(Connection, Outcome), Error> {
        let version = self.greet(&connection)?;
        let offers = offered(&connection, version)?;
        if offers & offers::TLS_NOW != 0 {
            connection = connection.encrypted(self.host)?;
        } else if self.tls {
            return Err(Error::Tls("the server has none; root:// in place of roots:// goes without".to_owned()));
        }
        let wants = wanted(connection.begin(self.login())?)?;
        if offers & offers::TLS_AFTER_LOGIN != 0 && !connection.is_encrypted() {
            connection = connection.encrypted(self.host)?;
        }
        self.prove(&connection, &wants)?;
        let outcome = connection.ask(first.clone())?;
        Ok((connection, outcome))
    }

    /// The handshake and the question for the version.
    fn greet<'a>(&self, connection: &'a Connection) -> Result<Asked<'a>, Error> {
        let wants = wants::SIGNATURES | wants::ABLE_TLS | if self.tls { wants::TLS } else { 0 };
        let arguments = wire::arguments(&[&VERSION.to_be_bytes(), &[wants, LOGIN_NEXT]]);
        connection.send(&HANDSHAKE)?;
        connection.begin(Request { kind: ask::PROTOCOL, arguments, data: Vec::new(), most: MOST })
    }

    /// Our name.
    fn login(&self) -> Request {
        let name = auth::name(self.user);
        let mut padded = [0; 8];
        padded[..name.len()].copy_from_slice(name.as_bytes());
        let arguments =
            wire::arguments(&[&std::process::id().to_be_bytes(), &padded, &[0], &[ABILITY], &[LOGIC], &[0]]);
        Request { kind: ask::LOGIN, arguments, data: Vec::new(), most: MOST }
    }

    /// Proves who we are, if the server wants that.
    fn prove(&self, connection: &Connection, wants: &str) -> Result<(), Error> {
        if wants.is_empty() {
            return Ok(());
        }
        let name = auth::name(self.user);
        let (method, data) = auth::credentials(wants, &name, connection.is_encrypted(), auth::token)?;
        let arguments = wire::arguments(&[&[0; 12], &method]);
        answered(connection.ask(Request { kind: ask::AUTH, arguments, data, most: MOST })?).map(|_| ())
    }
}

/// What the server offers, as it answers to the handshake and the question for the version.
fn offered(connection: &Connection, version: Asked<'_>) -> Result<u32, Error> {
    connection.handshake().map_err(|error| match error {
        Error::Protocol(_) => Error::Protocol("it does not answer the handshake of XRootD".to_owned()),
        other => other,
    })?;
    let said = answered(version.outcome()?)?;
    // Behind the version; servers of old say nothing there.
    Ok(said.get(4..).map_or(Ok((0, &[][..])), |said| wire::number(said, "offers"))?.0)
}

/// What the server wants to know beside the name.
fn wanted(login: Asked<'_>) -> Result<String, Error> {
    // It stands behind sixteen bytes that name the session.
    Ok(answered(login.outcome()?)?.get(16..).map(wire::text).unwrap_or_default())
}

fn answered(outcome: Outcome) -> Result<Vec<u8>, Error> {
    match outcome {
        Outcome::Done(data) => Ok(data),
        Outcome::Elsewhere(_) => Err(Error::Protocol("a redirect at the login".to_owned())),
    }
}

/// Tries the addresses of a host one after the other.
fn connect(host: &str, port: u16, options: &Options) -> Result<TcpStream, Error> {
    let none = |error| Error::Connection(format!("no host `{host}` ({error})"));
    let mut last = Error::Connection(format!("no host `{host}`"));
    for address in (host, port).to_socket_addrs().map_err(none)? {
        if (options.stop)() {
            return Err(Error::Stopped);
        }
        let connected = TcpStream::connect_timeout(&address, options.connect).and_then(|socket| {
            socket.set_nodelay(true)?;
            socket.set_read_timeout(Some(crate::connection::LOOK))?;
            socket.set_write_timeout(Some(options.silence))?;
            Ok(socket)
        });
        match connected {
            Ok(socket) => return Ok(socket),
            Err(error) => last = Error::Connection(format!("no connection to {host}:{port} ({error})")),
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Heard, greet, handshake, hear, options, say, serve, welcome};
    use std::io::Read;

    const QUESTION: Request = Request { kind: ask::STAT, arguments: [0; 16], data: Vec::new(), most: 100 };

    fn answered_with(port: u16, question: &Request) -> Result<Vec<u8>, Error> {
        let server = Server { host: "127.0.0.1", port, tls: false, user: "me" };
        answered(server.ask(&options(), question)?.1)
    }

    fn heard<const N: usize>(socket: &mut TcpStream, kinds: [u16; N]) -> [Heard; N] {
        let heard = [(); N].map(|()| hear(socket).unwrap());
        assert_eq!(heard.each_ref().map(|heard| heard.kind), kinds);
        heard
    }

    #[test]
    fn what_can_be_said_at_once_is() {
        let (port, thread) = serve(3, |connection, socket| {
            handshake(socket);
            // Nothing is answered before all of that is there.
            if connection == 1 {
                let [version, login, question] = heard(socket, [ask::PROTOCOL, ask::LOGIN, ask::STAT]);
                greet(socket, &version, 0);
                welcome(socket, &login, "");
                return say(socket, question.stream, 0, b"answer");
            }
            let [version, login] = heard(socket, [ask::PROTOCOL, ask::LOGIN]);
            greet(socket, &version, 0);
            welcome(socket, &login, "");
            let [question] = heard(socket, [ask::STAT]);
            say(socket, question.stream, 0, b"answer");
        });
        for _ in 0..2 {
            assert_eq!(answered_with(port, &QUESTION).unwrap(), b"answer");
        }
        // What stands behind a path may be secret, and waits until it is known whether the server encrypts.
        let secret = Request { data: b"/a?authz=b".to_vec(), ..QUESTION };
        assert_eq!(answered_with(port, &secret).unwrap(), b"answer");
        thread.join().unwrap();
    }

    #[test]
    fn a_server_that_encrypts_is_told_no_name_before_and_that_is_remembered() {
        let (port, thread) = serve(3, |connection, socket| {
            handshake(socket);
            let [version] = heard(socket, [ask::PROTOCOL]);
            if connection == 0 {
                heard(socket, [ask::LOGIN]);
            }
            greet(socket, &version, offers::TLS_NOW);
            if connection > 0 {
                // A record of a TLS handshake comes next, and no login.
                let mut first = [0];
                socket.read_exact(&mut first).unwrap();
                assert_eq!(first, [0x16]);
            }
        });
        for _ in 0..2 {
            answered_with(port, &QUESTION).unwrap_err();
        }
        thread.join().unwrap();
    }

    #[test]
    fn a_server_that_comes_to_want_a_proof_gets_it() {
        let (port, thread) = serve(3, |connection, socket| {
            handshake(socket);
            let [version] = heard(socket, [ask::PROTOCOL]);
            greet(socket, &version, 0);
            let [login] = heard(socket, [ask::LOGIN]);
            welcome(socket, &login, if connection == 0 { "" } else { "&P=unix" });
            let kind = if connection == 2 { ask::AUTH } else { ask::STAT };
            let [mut heard_last] = heard(socket, [kind]);
            if connection == 1 {
                // It was asked before the proof, and servers end such connections.
                return;
            }
            if connection == 2 {
                assert_eq!(heard_last.data, b"unix\0me\0");
                say(socket, heard_last.stream, 0, b"");
                [heard_last] = heard(socket, [ask::STAT]);
            }
            say(socket, heard_last.stream, 0, b"answer");
        });
        for _ in 0..2 {
            assert_eq!(answered_with(port, &QUESTION).unwrap(), b"answer");
        }
        thread.join().unwrap();
    }

    #[test]
    fn a_server_that_cannot_hear_so_much_at_once_is_greeted_in_turn() {
        let (port, thread) = serve(3, |connection, socket| {
            handshake(socket);
            if connection == 0 {
                return;
            }
            let [version] = heard(socket, [ask::PROTOCOL]);
            socket.set_nonblocking(true).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(50));
            assert!(socket.read(&mut [0]).is_err(), "no login before the answer");
            socket.set_nonblocking(false).unwrap();
            greet(socket, &version, 0);
            let [login] = heard(socket, [ask::LOGIN]);
            welcome(socket, &login, "");
            let [question] = heard(socket, [ask::STAT]);
            say(socket, question.stream, 0, b"answer");
        });
        for _ in 0..2 {
            assert_eq!(answered_with(port, &QUESTION).unwrap(), b"answer");
        }
        thread.join().unwrap();
    }

    #[test]
    fn what_is_no_server_of_xrootd_is_told() {
        let (port, _) = serve(2, |_, socket| {
            handshake(socket);
            std::io::Write::write_all(socket, b"HTTP/1.1 400 Bad Request\r\n\r\n").ok();
            hear(socket);
            hear(socket);
        });
        let error = answered_with(port, &QUESTION).unwrap_err().to_string();
        assert!(error.contains("handshake"), "{error}");
    }
}
