//! A server for tests, which hears and says what a test wants, in the order that it wants.

use crate::options::Options;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

/// What was heard.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) stream: u16,
    pub(crate) kind: u16,
    pub(crate) arguments: [u8; 16],
    pub(crate) data: Vec<u8>,
}

/// Hands each connection to `talk`, with its number, until so many have come.
pub(crate) fn serve(
    connections: usize,
    mut talk: impl FnMut(usize, &mut TcpStream) + Send + 'static,
) -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        for number in 0..connections {
            talk(number, &mut listener.accept().unwrap().0);
        }
    });
    (port, thread)
}

/// Short patience.
pub(crate) fn options() -> Options {
    Options { patience: Duration::from_secs(3), silence: Duration::from_secs(2), ..Options::default() }
}

/// The bytes that begin a connection.
pub(crate) fn handshake(socket: &mut TcpStream) {
    socket.read_exact(&mut [0; 20]).unwrap();
}

/// The next request; `None` at the end.
pub(crate) fn hear(socket: &mut TcpStream) -> Option<Heard> {
    let mut head = [0; 24];
    socket.read_exact(&mut head).ok()?;
    let number = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
    let mut data = vec![0; usize::from(number(22))];
    socket.read_exact(&mut data).unwrap();
    Some(Heard { stream: number(0), kind: number(2), arguments: head[4..20].try_into().unwrap(), data })
}

pub(crate) fn say(socket: &mut TcpStream, stream: u16, status: u16, data: &[u8]) {
    let head = [stream.to_be_bytes(), status.to_be_bytes()].concat();
    let length = (data.len() as u32).to_be_bytes();
    socket.write_all(&[&head[..], &length, data].concat()).ok();
}

/// Answers the handshake and the question for the version.
pub(crate) fn greet(socket: &mut TcpStream, version: &Heard, offers: u32) {
    say(socket, 0, 0, &[0, 0, 5, 0, 0, 0, 0, 1]);
    say(socket, version.stream, 0, &[&0x500_u32.to_be_bytes()[..], &offers.to_be_bytes()].concat());
}

/// Answers a login; the server wants to know more, or nothing.
pub(crate) fn welcome(socket: &mut TcpStream, login: &Heard, wants: &str) {
    say(socket, login.stream, 0, &[&[7; 16], wants.as_bytes()].concat());
}

/// Hears all of a login, and answers.
pub(crate) fn log_in(socket: &mut TcpStream) {
    handshake(socket);
    let version = hear(socket).unwrap();
    greet(socket, &version, 0);
    let login = hear(socket).unwrap();
    welcome(socket, &login, "");
}
