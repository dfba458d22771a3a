//! What was asked over one connection and is not yet answered. Requests have numbers, and answers come in any order, in
//! parts of which each says the number.

use crate::error::Error;
use crate::wire;
use crate::wire::{Head, Redirect, status};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Requests under way at a time, and bytes of them: what a server has not read yet must not fill the line, for it may wait
/// until its answers are read.
const REQUESTS: usize = 16;
const REQUEST_BYTES: usize = 64 << 10;
/// Answers that are no data have at most so many bytes.
pub(crate) const MOST: usize = 16 << 20;
/// Bytes for which there is room before they come.
const ROOM: usize = 8 << 20;
/// The number of the handshake's answer, and the bytes of it.
pub(crate) const HANDSHAKE: u16 = 0;
const HANDSHAKE_ANSWER: usize = 8;

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    Done(Vec<u8>),
    Elsewhere(Redirect),
}

/// What an answer means for its request.
#[derive(Debug)]
pub(crate) enum Reply {
    Final(Result<Outcome, Error>),
    /// It is to be asked again, not before this.
    Again(Instant),
}

/// A request that was sent.
#[derive(Debug, Default)]
struct Entry {
    /// Bytes of the request, and of its answer at most.
    sent: usize,
    most: usize,
    so_far: Vec<u8>,
    reply: Option<Reply>,
    /// The answer was promised, and may come as late as this.
    until: Option<Instant>,
    /// Nobody waits for it any more.
    forgotten: bool,
}

/// All requests of a connection, by their numbers.
#[derive(Debug)]
pub(crate) struct Pending {
    entries: BTreeMap<u16, Entry>,
    last: u16,
    /// When something was asked last.
    asked: Instant,
    broken: Option<Error>,
}

impl Pending {
    /// What waits for the answer to the handshake.
    pub(crate) fn new() -> Self {
        let handshake = Entry { most: HANDSHAKE_ANSWER, ..Entry::default() };
        Self { entries: [(HANDSHAKE, handshake)].into(), last: HANDSHAKE, asked: Instant::now(), broken: None }
    }

    /// A number for a request of so many bytes, whose answer has at most `most`; `None` while too many are under way.
    pub(crate) fn begin(&mut self, sent: usize, most: usize) -> Option<u16> {
        let under_way = || self.entries.values().filter(|entry| entry.reply.is_none());
        let bytes: usize = under_way().map(|entry| entry.sent).sum();
        if under_way().count() >= REQUESTS || bytes > 0 && bytes + sent > REQUEST_BYTES {
            return None;
        }
        self.asked = Instant::now();
        let number = self.unused();
        self.entries.insert(number, Entry { sent, most, ..Entry::default() });
        Some(number)
    }

    /// A number that no request has. Answers that were not taken are few, so there is one.
    pub(crate) fn unused(&mut self) -> u16 {
        loop {
            self.last = self.last.checked_add(1).unwrap_or(1);
            if !self.entries.contains_key(&self.last) {
                return self.last;
            }
        }
    }

    /// The answer of a request, once; an error when none can come.
    pub(crate) fn take(&mut self, number: u16) -> Option<Reply> {
        let entry = self.entries.get_mut(&number);
        let broken = || self.broken.clone().map(|error| Reply::Final(Err(error)));
        let reply = entry.and_then(|entry| entry.reply.take()).or_else(broken)?;
        self.entries.remove(&number);
        Some(reply)
    }

    /// Nobody waits for it any more: what comes of it is not kept.
    pub(crate) fn forget(&mut self, number: u16) {
        if let Some(entry) = self.entries.get_mut(&number) {
            (entry.forgotten, entry.so_far) = (true, Vec::new());
            if entry.reply.is_some() || self.broken.is_some() {
                self.entries.remove(&number);
            }
        }
    }

    /// Nothing can be asked any more, and nothing comes.
    pub(crate) fn break_off(&mut self, error: Error) {
        self.broken.get_or_insert(error);
        self.entries.retain(|_, entry| !entry.forgotten);
    }

    /// Why nothing can be asked.
    pub(crate) fn broken(&self) -> Option<&Error> {
        self.broken.as_ref()
    }

    /// Whether so long nothing came that nothing will.
    pub(crate) fn is_given_up(&self, heard: Instant, silence: Duration) -> bool {
        let promised = self.entries.values().filter_map(|entry| entry.until);
        Instant::now() > promised.fold(self.asked.max(heard) + silence, Instant::max)
    }

    /// Where the data of a message goes, behind what has come of the same answer. What the head says is not believed: an
    /// answer that nobody wants, or one that is longer than it may be, breaks the connection.
    pub(crate) fn room(&mut self, head: &Head) -> Result<Vec<u8>, Error> {
        let length = head.length as usize;
        let entry = self.entries.get_mut(&head.stream).filter(|entry| entry.reply.is_none());
        let (most, so_far) = match (head.status, entry) {
            (status::ATTENTION, _) => (MOST, Vec::new()),
            (_, None) => return Err(Error::Protocol("an answer to a question that nobody asked".to_owned())),
            (status::OK | status::OK_SO_FAR, Some(entry)) => (entry.most, std::mem::take(&mut entry.so_far)),
            // Errors and redirects may be longer than the data that was asked for.
            (_, Some(entry)) => (entry.most.max(MOST), Vec::new()),
        };
        if so_far.len().saturating_add(length) > most {
            return Err(Error::Protocol(format!("an answer of more than {most} bytes")));
        }
        let mut room = so_far;
        if room.capacity() == 0 {
            let all = if head.status == status::OK_SO_FAR { most } else { length };
            room.reserve_exact(all.min(ROOM));
        }
        Ok(room)
    }

    /// Takes a message, with its data in the place that [`room`](Self::room) gave.
    pub(crate) fn put(&mut self, head: &Head, data: Vec<u8>, silence: Duration) -> Result<(), Error> {
        if head.status == status::ATTENTION {
            let Some((late, data)) = wire::answer_now(&data)? else { return Ok(()) };
            if late.status == status::ATTENTION {
                return Err(Error::Protocol("an attention inside an attention".to_owned()));
            }
            let mut room = self.room(&late)?;
            room.extend_from_slice(data);
            return self.put(&late, room, silence);
        }
        let Some(entry) = self.entries.get_mut(&head.stream) else { return Ok(()) };
        let reply = match head.status {
            status::OK => Reply::Final(Ok(Outcome::Done(data))),
            status::OK_SO_FAR => {
                entry.so_far = if entry.forgotten { Vec::new() } else { data };
                return Ok(());
            }
            status::WAIT_FOR_ANSWER => {
                entry.until = Some(Instant::now() + wire::seconds(&data)?.max(silence));
                return Ok(());
            }
            status::WAIT => Reply::Again(Instant::now() + wire::seconds(&data)?),
            status::REDIRECT => Reply::Final(Ok(Outcome::Elsewhere(wire::redirect(&data)?))),
            status::ERROR => Reply::Final(Err(wire::error(&data))),
            status::AUTH_MORE => Reply::Final(Err(Error::Auth("it asks a second time".to_owned()))),
            other => return Err(Error::Protocol(format!("an answer of kind {other}"))),
        };
        (entry.reply, entry.until) = (Some(reply), None);
        if entry.forgotten {
            self.entries.remove(&head.stream);
        }
        Ok(())
    }
}

/// Hears messages until one breaks the connection, whatever the bytes are: for tests with random ones.
pub(crate) fn hear_all(mut bytes: &[u8]) {
    let mut pending = Pending::new();
    for _ in 0..3 {
        pending.begin(24, 1_000);
    }
    while let Some((head, rest)) = bytes.split_first_chunk() {
        let head = Head::parse(*head);
        let Ok(mut room) = pending.room(&head) else { return };
        let (data, rest) = rest.split_at(rest.len().min(head.length as usize));
        room.extend_from_slice(data);
        if pending.put(&head, room, Duration::ZERO).is_err() {
            return;
        }
        bytes = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SILENCE: Duration = Duration::from_secs(1);

    fn come(pending: &mut Pending, stream: u16, status: u16, data: &[u8]) -> Result<(), Error> {
        let head = Head { stream, status, length: data.len() as u32 };
        let mut room = pending.room(&head)?;
        room.extend_from_slice(data);
        pending.put(&head, room, SILENCE)
    }

    fn done(pending: &mut Pending, number: u16) -> Vec<u8> {
        let Some(Reply::Final(Ok(Outcome::Done(data)))) = pending.take(number) else { panic!("no answer") };
        data
    }

    #[test]
    fn answers_come_in_any_order_and_in_parts_that_are_mixed() {
        let mut pending = Pending::new();
        let [a, b, c] = [(); 3].map(|()| pending.begin(24, 10).unwrap());
        come(&mut pending, c, status::OK_SO_FAR, b"one ").unwrap();
        come(&mut pending, a, status::OK_SO_FAR, b"two ").unwrap();
        come(&mut pending, b, status::OK, b"three").unwrap();
        assert!(pending.take(a).is_none() && pending.take(c).is_none());
        come(&mut pending, c, status::OK, b"end").unwrap();
        come(&mut pending, a, status::OK, b"").unwrap();
        assert_eq!([a, b, c].map(|number| done(&mut pending, number)), [&b"two "[..], b"three", b"one end"]);
        assert!(come(&mut pending, b, status::OK, b"").is_err(), "it is answered");
    }

    #[test]
    fn lengths_are_not_believed() {
        let mut pending = Pending::new();
        let a = pending.begin(24, 10).unwrap();
        come(&mut pending, a, status::OK_SO_FAR, b"12345").unwrap();
        assert!(come(&mut pending, a, status::OK, b"123456").unwrap_err().to_string().contains("more than 10 bytes"));
        let head = |status, length| Head { stream: a, status, length };
        assert!(pending.room(&head(status::OK, u32::MAX)).is_err());
        assert!(pending.room(&head(status::ERROR, MOST as u32 + 1)).is_err());
        let unknown = Head { stream: a + 1, status: status::OK, length: 0 };
        assert!(pending.room(&unknown).unwrap_err().to_string().contains("nobody asked"));
        let b = pending.begin(24, 128 << 20).unwrap();
        let room = pending.room(&Head { stream: b, status: status::OK_SO_FAR, length: 100 << 20 }).unwrap();
        assert!(room.capacity() <= ROOM, "room is made for what has come");
    }

    #[test]
    fn waits_and_late_answers_are_those_of_their_request() {
        let mut pending = Pending::new();
        let [a, b] = [(); 2].map(|()| pending.begin(24, 10).unwrap());
        come(&mut pending, a, status::WAIT_FOR_ANSWER, &9_u32.to_be_bytes()).unwrap();
        come(&mut pending, b, status::WAIT, &7_u32.to_be_bytes()).unwrap();
        assert!(matches!(pending.take(b), Some(Reply::Again(at)) if at > Instant::now() + Duration::from_secs(5)));
        let long_ago = Instant::now() - Duration::from_secs(4);
        pending.asked = long_ago;
        assert!(!pending.is_given_up(long_ago, SILENCE), "an answer was promised");
        let [high, low] = a.to_be_bytes();
        let late = [&5008_u32.to_be_bytes()[..], &[0; 4], &[high, low, 0, 0, 0, 0, 0, 2], b"ok"].concat();
        come(&mut pending, 0, status::ATTENTION, &late).unwrap();
        assert_eq!(done(&mut pending, a), b"ok");
        assert!(pending.is_given_up(long_ago, SILENCE));
        assert!(come(&mut pending, 0, status::ATTENTION, &late).is_err(), "it is answered");
    }

    #[test]
    fn what_nobody_waits_for_is_not_kept_and_its_answer_does_no_harm() {
        let mut pending = Pending::new();
        let [a, b] = [(); 2].map(|()| pending.begin(24, 10).unwrap());
        come(&mut pending, a, status::OK_SO_FAR, b"12345").unwrap();
        pending.forget(a);
        come(&mut pending, a, status::OK_SO_FAR, b"12345").unwrap();
        come(&mut pending, a, status::OK, b"12345").unwrap();
        come(&mut pending, b, status::OK, b"b").unwrap();
        pending.forget(b);
        assert_eq!(pending.entries.keys().copied().collect::<Vec<_>>(), [HANDSHAKE]);
    }

    #[test]
    fn a_bounded_number_is_under_way_and_numbers_in_use_are_not_given_again() {
        let mut pending = Pending::new();
        pending.entries.clear();
        assert!(pending.begin(REQUEST_BYTES + 1, 10).is_some(), "a long one goes alone");
        assert!(pending.begin(24, 10).is_none());
        let mut pending = Pending::new();
        pending.entries.clear();
        pending.last = u16::MAX - 2;
        let numbers: Vec<u16> = std::iter::from_fn(|| pending.begin(24, 10)).collect();
        assert_eq!((numbers.len(), numbers[1], numbers[2]), (REQUESTS, u16::MAX, 1));
        pending.last = u16::MAX - 1;
        come(&mut pending, 1, status::OK, b"").unwrap();
        assert_eq!(pending.begin(24, 10), Some(REQUESTS as u16 - 1), "65,535 and 1 and those behind are in use");
        pending.break_off(Error::Stopped);
        assert!(matches!(pending.take(7), Some(Reply::Final(Err(Error::Stopped)))));
    }

    #[test]
    fn messages_of_any_kind_are_heard_without_a_panic() {
        let mut state = 7_u64;
        let mut next = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for _ in 0..3_000 {
            let mut bytes = Vec::new();
            for _ in 0..next(9) {
                let status = [0, 4000, 4001, 4003, 4004, 4005, 4006, 77][next(8) as usize];
                let data: Vec<u8> = (0..next(40)).map(|_| [0, 0, 0, 1, 19, 144, 255][next(7) as usize]).collect();
                bytes.extend([0, next(5) as u8]);
                bytes.extend(u16::to_be_bytes(status));
                bytes.extend((data.len() as u32).to_be_bytes());
                bytes.extend(data);
            }
            bytes.truncate(bytes.len().saturating_sub(next(3) as usize));
            hear_all(&bytes);
        }
    }
}
