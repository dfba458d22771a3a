//! Walking a damaged file: every record that is whole, and what lies between.

use crate::container::header::{FileHeader, HEADER_BYTES, MAGIC};
use crate::container::index::INDEX_NUMBERS;
use crate::container::record::{Record, read_header};
use crate::model::error::{Error, Fault, Place, Result};
use crate::model::order::ByteOrder;
use crate::stream::Stream;

/// How many bytes the search for the next record looks at at once.
const WINDOW: usize = 1 << 20;

/// What a walk finds, in file order.
pub(crate) enum Found<'a> {
    /// A record that decompresses.
    Whole(&'a Record),
    /// Bytes that belong to no whole record: where they start, how many, and why.
    Lost { bytes: u64, why: Error },
}

/// Called with the bytes done and the bytes of the file; an error ends the work.
pub type Progress<'p> = &'p mut dyn FnMut(u64, u64) -> Result<()>;

/// Walks the records from byte `start` to the end of the file; the trailer is passed over.
pub(crate) fn walk(
    stream: &dyn Stream,
    header: Option<&FileHeader>,
    start: u64,
    progress: Progress<'_>,
    mut visit: impl FnMut(Found<'_>) -> Result<()>,
) -> Result<()> {
    let trailer = header.map_or(0, |header| header.trailer_position);
    let (mut position, mut number, mut record) = (start, 0, Record::new());
    while position < stream.length() {
        progress(position, stream.length())?;
        match record.load(stream, position, number) {
            Ok(()) => {
                let length = record.header().map_or(0, crate::container::header::RecordHeader::length);
                if position != trailer && !is_index(&record) {
                    visit(Found::Whole(&record))?;
                    number += 1;
                }
                position += length;
            }
            Err(Error { fault: Fault::Io(error), place }) => return Err(Fault::Io(error).at(*place)),
            // A damaged trailer holds no events; the code that wanted the index has reported its error already.
            Err(_) if position == trailer => position = after(stream, position)?,
            Err(why) => {
                let next = after(stream, position)?;
                visit(Found::Lost { bytes: next - position, why })?;
                number += 1;
                position = next;
            }
        }
    }
    progress(stream.length(), stream.length())
}

/// Whether a record is the index of records that a trailer holds.
fn is_index(record: &Record) -> bool {
    let found = || record.event(0).ok()?.structure(INDEX_NUMBERS.0, INDEX_NUMBERS.1).ok()?;
    record.len() == 1 && found().is_some()
}

/// Where the next record starts behind the damaged one at `position`, or the end of the file.
fn after(stream: &dyn Stream, position: u64) -> Result<u64> {
    // The length of a record whose body is damaged may well be right: it is when a record follows.
    if let Ok(header) = read_header(stream, position) {
        let next = position + header.length();
        if next == stream.length() || read_header(stream, next).is_ok() {
            return Ok(next);
        }
    }
    search(stream, position + 4)
}

/// The first byte from `start` on, in steps of a word, at which a record header begins whose record ends in the file.
pub(crate) fn search(stream: &dyn Stream, start: u64) -> Result<u64> {
    let mut position = start.next_multiple_of(4);
    let mut window = Vec::new();
    while position + HEADER_BYTES as u64 <= stream.length() {
        let length = (stream.length() - position).min(WINDOW as u64);
        // A window has at most `WINDOW` bytes.
        window.resize(length as usize, 0);
        let place = || Place { file: stream.name().into(), offset: Some(position), ..Place::default() };
        stream.read_at(position, &mut window).map_err(|error| Fault::Io(error).at(place()))?;
        for at in (0..=window.len() - HEADER_BYTES).step_by(4) {
            let magic = [ByteOrder::Little, ByteOrder::Big].iter().any(|order| order.u32(&window, at + 28) == MAGIC);
            if magic && read_header(stream, position + at as u64).is_ok() {
                return Ok(position + at as u64);
            }
        }
        position += (window.len() - HEADER_BYTES) as u64 / 4 * 4 + 4;
    }
    Ok(stream.length())
}
