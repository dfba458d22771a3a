//! One connection to one server. Several threads may ask at the same time, each several requests: whoever waits reads what
//! comes, for all of them.

use crate::error::Error;
use crate::options::Options;
use crate::pending::{HANDSHAKE, Outcome, Pending, Reply};
use crate::tls::Line;
use crate::wire::{HEAD, Head, Request};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often the caller is asked whether to go on.
pub(crate) const LOOK: Duration = Duration::from_millis(50);

/// A connection, and what was asked over it.
#[derive(Debug)]
pub(crate) struct Connection {
    line: Line,
    options: Options,
    state: Mutex<State>,
    /// Something has come, or nobody reads.
    changed: Condvar,
    writing: Mutex<()>,
}

#[derive(Debug)]
struct State {
    pending: Pending,
    /// `None` while a thread reads.
    reader: Option<Reader>,
}

/// What has come of a message.
#[derive(Debug)]
struct Reader {
    head: Vec<u8>,
    /// Its head, and its data as far as it is there.
    body: Option<(Head, Vec<u8>, usize)>,
    /// When the last byte came.
    heard: Instant,
}

/// A request that was sent, and whose answer is still to be taken.
#[derive(Debug)]
#[must_use = "an answer that nobody takes is thrown away"]
pub(crate) struct Asked<'a> {
    connection: &'a Connection,
    request: Request,
    /// Its number, until its answer is taken.
    stream: Option<u16>,
    begun: Instant,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Connection {
    /// A line over which nothing was said.
    pub(crate) fn new(line: Line, options: &Options) -> Self {
        let reader = Reader { head: Vec::with_capacity(HEAD), body: None, heard: Instant::now() };
        let state = Mutex::new(State { pending: Pending::new(), reader: Some(reader) });
        Self { line, options: *options, state, changed: Condvar::new(), writing: Mutex::new(()) }
    }

    /// The same, encrypted from here on. Nothing may be under way.
    pub(crate) fn encrypted(mut self, host: &str) -> Result<Self, Error> {
        let (options, limit) = (self.options, Instant::now() + self.options.silence);
        let mut wait = || match (options.stop)() {
            true => Err(Error::Stopped),
            false if Instant::now() > limit => Err(Error::Connection("no answer in time".to_owned())),
            false => Ok(()),
        };
        self.line = self.line.encrypted(host, &mut wait)?;
        Ok(self)
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.line.is_encrypted()
    }

    /// Asks, and waits for all of the answer.
    pub(crate) fn ask(&self, request: Request) -> Result<Outcome, Error> {
        self.begin(request)?.outcome()
    }

    /// Asks; the answer is waited for later. Waits only while too much is under way.
    pub(crate) fn begin(&self, request: Request) -> Result<Asked<'_>, Error> {
        let stream = Some(self.sent(&request)?);
        Ok(Asked { connection: self, request, stream, begun: Instant::now() })
    }

    /// Sends bytes that are no request.
    pub(crate) fn send(&self, bytes: &[u8]) -> Result<(), Error> {
        let _turn = locked(&self.writing);
        self.line.write(bytes).map_err(|error| {
            let error = Error::Connection(format!("the connection broke ({error})"));
            locked(&self.state).pending.break_off(error.clone());
            error
        })
    }

    /// Sends a request whose answer nobody waits for: the last one of a connection.
    pub(crate) fn tell(&self, request: &Request) {
        let stream = locked(&self.state).pending.unused();
        self.send(&request.bytes(stream)).ok();
    }

    /// What the server answers to the handshake.
    pub(crate) fn handshake(&self) -> Result<Outcome, Error> {
        match self.until(|pending| pending.take(HANDSHAKE))? {
            Reply::Final(outcome) => outcome,
            Reply::Again(_) => Err(Error::Protocol("a wait before the login".to_owned())),
        }
    }

    fn sent(&self, request: &Request) -> Result<u16, Error> {
        let begin = |pending: &mut Pending| match pending.broken() {
            Some(error) => Some(Err(error.clone())),
            None => pending.begin(request.length(), request.most).map(Ok),
        };
        let stream = self.until(begin)??;
        self.send(&request.bytes(stream))?;
        Ok(stream)
    }

    /// Waits until something is so: reads what comes, unless another thread does.
    fn until<T>(&self, mut ready: impl FnMut(&mut Pending) -> Option<T>) -> Result<T, Error> {
        let mut state = locked(&self.state);
        loop {
            if let Some(found) = ready(&mut state.pending) {
                return Ok(found);
            }
            if (self.options.stop)() {
                return Err(Error::Stopped);
            }
            state = match state.reader.take() {
                Some(reader) => {
                    drop(state);
                    self.read(reader)
                }
                None => self.changed.wait_timeout(state, LOOK).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
    }

    /// Reads one message, or what comes of it in a while.
    fn read(&self, mut reader: Reader) -> MutexGuard<'_, State> {
        let read = self.message(&mut reader);
        let mut state = locked(&self.state);
        let put = read.and_then(|message| match message {
            Some((head, data)) => state.pending.put(&head, data, self.options.silence),
            None if state.pending.is_given_up(reader.heard, self.options.silence) => {
                Err(Error::Connection("no answer in time".to_owned()))
            }
            None => Ok(()),
        });
        if let Err(error) = put {
            state.pending.break_off(error);
        }
        state.reader = Some(reader);
        self.changed.notify_all();
        state
    }

    /// The rest of a message; `None` where it is not there yet.
    fn message(&self, reader: &mut Reader) -> Result<Option<(Head, Vec<u8>)>, Error> {
        if reader.body.is_none() {
            if !self.filled(&mut reader.head, HEAD, &mut reader.heard)? {
                return Ok(None);
            }
            let head = reader.head.first_chunk().copied().map(Head::parse).ok_or_else(|| Error::short("an answer"))?;
            let room = locked(&self.state).pending.room(&head)?;
            let end = room.len() + head.length as usize;
            reader.head.clear();
            reader.body = Some((head, room, end));
        }
        let Some((_, data, end)) = &mut reader.body else { return Ok(None) };
        if !self.filled(data, *end, &mut reader.heard)? {
            return Ok(None);
        }
        Ok(reader.body.take().map(|(head, data, _)| (head, data)))
    }

    /// Reads until there are so many bytes; `false` where no more came for a while.
    fn filled(&self, bytes: &mut Vec<u8>, end: usize, heard: &mut Instant) -> Result<bool, Error> {
        let before = bytes.len();
        let read = self.line.append(bytes, end);
        if bytes.len() > before {
            *heard = Instant::now();
        }
        match read {
            Ok(()) if bytes.len() < end => Err(Error::Connection("the server closed the connection".to_owned())),
            Ok(()) => Ok(true),
            Err(error) if Line::is_quiet(&error) => Ok(false),
            Err(error) => Err(Error::Connection(format!("the connection broke ({error})"))),
        }
    }

    fn pause(&self, end: Instant) -> Result<(), Error> {
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            if (self.options.stop)() {
                return Err(Error::Stopped);
            }
            std::thread::sleep(left.min(LOOK));
        }
        Ok(())
    }
}

impl Asked<'_> {
    /// Waits for all of the answer; a request that the server wants to be asked again later is.
    pub(crate) fn outcome(mut self) -> Result<Outcome, Error> {
        let connection = self.connection;
        loop {
            let wanted = |pending: &mut Pending| match self.stream {
                Some(stream) => pending.take(stream).inspect(|_| self.stream = None),
                None => Some(Reply::Again(Instant::now())),
            };
            match connection.until(wanted)? {
                Reply::Final(outcome) => return outcome,
                Reply::Again(at) if at > self.begun + connection.options.patience => {
                    let seconds = at.saturating_duration_since(Instant::now()).as_secs_f64().ceil();
                    return Err(Error::Connection(format!("the server asks to wait {seconds} seconds more")));
                }
                Reply::Again(at) => connection.pause(at)?,
            }
            self.stream = Some(connection.sent(&self.request)?);
        }
    }

    /// Its data, of a request that is answered here or nowhere.
    pub(crate) fn data(self) -> Result<Vec<u8>, Error> {
        match self.outcome()? {
            Outcome::Done(data) => Ok(data),
            // The file would have to be opened there: whoever asked does that when the connection is lost.
            Outcome::Elsewhere(to) => Err(Error::Connection(format!("the server sends us on to {}", to.host))),
        }
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if let Some(stream) = self.stream {
            locked(&self.connection.state).pending.forget(stream);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{hear, log_in, options, say, serve};
    use crate::login::Server;
    use crate::wire::{ask, status};
    use std::net::TcpListener;

    fn request(data: &[u8]) -> Request {
        Request { kind: ask::STAT, arguments: [0; 16], data: data.to_vec(), most: 100 }
    }

    /// What becomes of a request to which each of these messages is an answer.
    fn asked(answers: Vec<(u16, Vec<u8>)>) -> Result<Outcome, Error> {
        let (port, thread) = serve(1, move |_, socket| {
            log_in(socket);
            for (status, data) in &answers {
                let Some(heard) = hear(socket) else { return };
                say(socket, heard.stream, *status, data);
            }
        });
        let server = Server { host: "127.0.0.1", port, tls: false, user: "me" };
        let outcome = server.ask(&options(), &request(b"/a")).map(|(_, outcome)| outcome);
        thread.join().unwrap();
        outcome
    }

    #[test]
    fn a_server_that_asks_to_wait_is_asked_again() {
        let wait = |seconds: u32| (status::WAIT, [&seconds.to_be_bytes()[..], b"busy"].concat());
        let Outcome::Done(data) = asked(vec![wait(0), wait(1), (0, b"1 2 3 4".to_vec())]).unwrap() else { panic!() };
        assert_eq!(data, b"1 2 3 4");
    }

    /// A connection to a server that says nothing of its own accord.
    fn connected(talk: impl FnMut(usize, &mut std::net::TcpStream) + Send + 'static) -> Connection {
        let port = serve(1, talk).0;
        let server = Server { host: "127.0.0.1", port, tls: false, user: "me" };
        server.ask(&options(), &request(b"first")).unwrap().0
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for (answer, says) in [
            ((status::ERROR, b"\0\0\x0b\xc3no".to_vec()), "not found (no)"),
            ((status::OK, vec![0; 101]), "more than 100 bytes"),
            ((status::AUTH_MORE, Vec::new()), "second time"),
            ((77, Vec::new()), "kind 77"),
            ((status::WAIT, vec![0]), "cut short"),
            ((status::WAIT, 9_u32.to_be_bytes().to_vec()), "wait 9 seconds"),
        ] {
            let mut answers = vec![(0, Vec::new()), answer];
            let connection = connected(move |_, socket| {
                log_in(socket);
                for (status, data) in answers.drain(..) {
                    let heard = hear(socket).unwrap();
                    say(socket, heard.stream, status, &data);
                }
                hear(socket);
            });
            let error = connection.ask(request(b"/a")).unwrap_err().to_string();
            assert!(error.contains(says), "`{says}` is not said in: {error}");
        }
        let redirect = [&2094_u32.to_be_bytes()[..], b"other"].concat();
        assert!(
            matches!(asked(vec![(status::REDIRECT, redirect)]).unwrap(), Outcome::Elsewhere(to) if to.port == 2094)
        );
    }

    #[test]
    fn threads_share_a_connection_and_each_has_its_own_answer() {
        const THREADS: usize = 8;
        const EACH: usize = 50;
        let connection = connected(|_, socket| {
            log_in(socket);
            let first = hear(socket).unwrap();
            say(socket, first.stream, status::OK, b"");
            // All threads must have asked before anyone is answered, and the last one is answered first.
            for _ in 0..EACH {
                let mut all: Vec<_> = (0..THREADS).map(|_| hear(socket).unwrap()).collect();
                all.sort_by_key(|heard| std::cmp::Reverse(heard.stream));
                for heard in &all {
                    say(socket, heard.stream, status::OK_SO_FAR, &heard.data);
                }
                all.iter().for_each(|heard| say(socket, heard.stream, status::OK, b"!"));
            }
            hear(socket);
        });
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let connection = &connection;
                scope.spawn(move || {
                    for at in 0..EACH {
                        let text = format!("{thread} {at}");
                        let asked = connection.begin(request(text.as_bytes())).unwrap();
                        assert_eq!(asked.data().unwrap(), format!("{text}!").as_bytes());
                    }
                });
            }
        });
    }

    #[test]
    fn what_breaks_breaks_for_all_who_wait() {
        let connection = connected(|_, socket| {
            log_in(socket);
            let first = hear(socket).unwrap();
            say(socket, first.stream, status::OK, b"");
            (0..3).for_each(|_| drop(hear(socket)));
            say(socket, 999, status::OK, b"");
            hear(socket);
        });
        let all = [b"a", b"b", b"c"].map(|text| connection.begin(request(text)).unwrap());
        for asked in all {
            assert!(asked.data().unwrap_err().to_string().contains("nobody asked"));
        }
        assert!(connection.ask(request(b"d")).unwrap_err().to_string().contains("nobody asked"));
        let connection = connected(|_, socket| {
            log_in(socket);
            let first = hear(socket).unwrap();
            say(socket, first.stream, status::OK, b"");
        });
        assert!(connection.ask(request(b"d")).unwrap_err().is_passing(), "it was closed");
    }

    #[test]
    fn a_wait_ends_when_the_caller_wants_to_stop() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let options = Options { stop: || true, ..Options::default() };
        let port = listener.local_addr().unwrap().port();
        let server = Server { host: "127.0.0.1", port, tls: false, user: "me" };
        assert_eq!(server.ask(&options, &request(b"/a")).unwrap_err(), Error::Stopped);
    }
}
