//! N-MNIST and N-Caltech101: records of 5 bytes, big-endian: x, y, polarity and 23 bits of time.

use crate::codec::grid::Words;
use crate::codec::{Checkpoint, Sink};
use crate::model::error::Result;

/// A record with this row is no event: it adds [`OVERFLOW`] to all later times.
const MARK: u8 = 240;
const OVERFLOW: i64 = 1 << 13;

/// The decoder.
pub(crate) struct Nmnist;

fn time(record: &[u8]) -> i64 {
    i64::from(u32::from_be_bytes([0, record[2] & 0x7F, record[3], record[4]]))
}

/// These files have no header: their length is a multiple of 5 and their time (almost) never steps back.
pub(crate) fn looks_like(head: &[u8], len: u64) -> Option<String> {
    if len == 0 || !len.is_multiple_of(5) {
        return None;
    }
    let records: Vec<&[u8]> = head.chunks_exact(5).take(2000).collect();
    let events: Vec<&&[u8]> = records.iter().filter(|record| record[1] != MARK).collect();
    let back = events.windows(2).filter(|pair| time(pair[1]) < time(pair[0])).count();
    let far = events.windows(2).filter(|pair| time(pair[1]) - time(pair[0]) > 1 << 20).count();
    let marks = records.len() - events.len();
    // After a mark the 23 bits may start lower; nothing else may.
    let orderly = back <= marks + events.len() / 200 && far <= events.len() / 200;
    let on_sensor = events.iter().all(|record| record[1] < MARK);
    (orderly && on_sensor && !events.is_empty())
        .then(|| "its length is a multiple of 5 and, read as records of 5 bytes, its time runs forward".to_string())
}

impl Words for Nmnist {
    const WORD: u64 = 5;
    const CONTEXT: u64 = 0;
    const SIGNED: bool = false;

    fn guess(&self, _before: &[u8]) -> Option<Checkpoint> {
        Some(Checkpoint { started: true, ..Checkpoint::default() })
    }

    fn run(&self, bytes: &[u8], _at: u64, state: &mut Checkpoint, sink: &mut Sink<'_>) -> Result<Option<()>> {
        for record in bytes.chunks_exact(5) {
            if record[1] == MARK {
                state.offset += OVERFLOW;
                sink.notes.other += 1;
            } else {
                sink.events.push(
                    time(record) + state.offset,
                    u16::from(record[0]),
                    u16::from(record[1]),
                    (record[2] >> 7) as i8,
                );
            }
        }
        Ok(Some(()))
    }
}
