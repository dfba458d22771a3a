//! Salvage: a new file with all that is whole of a damaged one.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::container::compression::Compression;
use crate::container::header::RecordHeader;
use crate::container::record::Record;
use crate::container::walk::{Found, Progress, search, walk};
use crate::content::dictionary::Dictionary;
use crate::content::event::{Event, HEADER};
use crate::content::structure::{self, Structures};
use crate::model::error::{Error, Fault, Result};
use crate::model::order::ByteOrder;
use crate::read::reader::{read_dictionary, read_file_header};
use crate::stream::{LocalFile, Stream};
use crate::write::writer::{WriteSummary, Writer};

/// Faults kept one by one; more are only counted.
const MAX_FAULTS: usize = 1000;

/// What a salvage kept and lost.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// let report: hipo::SalvageReport = hipo::salvage(&path, folder.path().join("new.hipo"), &mut |_, _| Ok(()))?;
/// assert_eq!((report.written.events, report.lost_records, report.lost_bytes), (3, 0, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct SalvageReport {
    /// What was written.
    pub written: WriteSummary,
    /// Records that were lost.
    pub lost_records: usize,
    /// Bytes of the damaged file that were lost with them.
    pub lost_bytes: u64,
    /// Events that were kept without what is damaged in them.
    pub repaired_events: u64,
    /// Events that were lost in records that are whole.
    pub lost_events: u64,
    /// Everything that was wrong, with its place; at most the first 1000.
    pub faults: Vec<Error>,
    /// How many more faults there are.
    pub more_faults: u64,
}

impl SalvageReport {
    fn fault(&mut self, fault: Error) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        } else {
            self.more_faults += 1;
        }
    }
}

/// Writes all that is whole of `damaged` to a new file. Whole records keep their events; of a damaged event the
/// structures before the damage are kept, and the last one when its event's end bounds it to whole rows. Every loss is
/// in the report.
///
/// # Errors
/// When there is no record at all, the system refuses, both are one file, or `progress` ends the work.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// # let bytes = std::fs::read(&path)?;
/// # let end = reader.index().records()[1].position as usize + 20;
/// std::fs::write(&path, &bytes[..end])?; // cut inside of the second record
/// let report = hipo::salvage(&path, folder.path().join("new.hipo"), &mut |_, _| Ok(()))?;
/// assert_eq!(report.written.events, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn salvage(damaged: impl AsRef<Path>, new: impl AsRef<Path>, progress: Progress<'_>) -> Result<SalvageReport> {
    let (damaged, new) = (damaged.as_ref(), new.as_ref());
    let name = damaged.display().to_string();
    if let (Ok(old), Ok(new)) = (damaged.canonicalize(), new.canonicalize())
        && old == new
    {
        return Err(Error::in_file(
            &name,
            Fault::Argument("salvage writes a new file, never over the damaged one".into()),
        ));
    }
    let stream = LocalFile::open(damaged).map_err(|error| Error::in_file(&name, error))?;
    salvage_stream(&(Arc::new(stream) as Arc<dyn Stream>), new, progress)
}

/// The same for any stream.
///
/// # Errors
/// As [`salvage`].
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// let report = hipo::salvage_stream(reader.stream(), &folder.path().join("new.hipo"), &mut |_, _| Ok(()))?;
/// assert_eq!(report.written.events, 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn salvage_stream(stream: &Arc<dyn Stream>, new: &Path, progress: Progress<'_>) -> Result<SalvageReport> {
    let stream = &**stream;
    let mut report = SalvageReport::default();
    let header = read_file_header(stream).map_err(|error| report.fault(error)).ok();
    let start = header.as_ref().map(crate::container::header::FileHeader::data_position);
    let front = front(stream, header.as_ref(), &mut report)?;
    let mut writer = Writer::builder().dictionary(&front.dictionary)?.compression(front.compression);
    for (key, value) in &front.config {
        writer = writer.config(key, value);
    }
    let mut writer = writer.create(new)?;
    walk(stream, header.as_ref(), start.unwrap_or(front.end), progress, |found| match found {
        Found::Whole(record) => keep(record, &front.dictionary, &mut writer, &mut report),
        Found::Lost { bytes, why } => {
            report.lost_records += 1;
            report.lost_bytes += bytes;
            report.fault(why);
            Ok(())
        }
    })?;
    report.written = writer.finish()?;
    Ok(report)
}

/// What comes before the data of a file.
struct Front {
    dictionary: Dictionary,
    config: BTreeMap<String, String>,
    compression: Compression,
    end: u64,
}

/// The dictionary where the header says it is, or else in the first record there is.
fn front(
    stream: &dyn Stream,
    header: Option<&crate::container::header::FileHeader>,
    report: &mut SalvageReport,
) -> Result<Front> {
    let mut front = Front {
        dictionary: Dictionary::default(),
        config: BTreeMap::new(),
        compression: Compression::default(),
        end: 0,
    };
    if let Some(header) = header {
        match read_dictionary(stream, header) {
            Ok((dictionary, config)) => (front.dictionary, front.config) = (dictionary, config),
            Err(error) => report.fault(error),
        }
        front.end = header.data_position();
        return Ok(front);
    }
    front.end = search(stream, 0)?;
    let mut record = Record::new();
    if front.end == stream.length() {
        // The header's error is why: no record follows it either.
        return Err(report.faults.pop().unwrap_or_else(Error::stopped));
    }
    if record.load(stream, front.end, 0).is_ok() {
        for event in record.events().flatten() {
            front.dictionary.read_event(&event, &mut front.config)?;
        }
        if !front.dictionary.schemas().is_empty() {
            front.end += record.header().map_or(0, RecordHeader::length);
        }
    }
    Ok(front)
}

fn keep(record: &Record, dictionary: &Dictionary, writer: &mut Writer, report: &mut SalvageReport) -> Result<()> {
    for index in 0..record.len() {
        let good = record.event(index).and_then(|event| event.check().map(|()| event));
        match good {
            Ok(event) => writer.write_event(&event)?,
            Err(error) => {
                report.fault(error);
                let order = record.header().map_or(ByteOrder::Little, |header| header.order);
                let bytes = record.event_bytes(index).unwrap_or_default();
                match repaired(bytes, order, dictionary) {
                    Some(bytes) => {
                        let event = Event::new(&bytes, order, record.origin(index))?;
                        writer.write_event(&event)?;
                        report.repaired_events += 1;
                    }
                    None => report.lost_events += 1,
                }
            }
        }
    }
    Ok(())
}

/// An event's whole structures in an event that is whole. `None` when not even its header is.
fn repaired(bytes: &[u8], order: ByteOrder, dictionary: &Dictionary) -> Option<Vec<u8>> {
    let stated = order.u32(bytes.get(..HEADER)?, 4) as usize;
    // Where index and event disagree about its end, what both count to it is sure.
    let bytes = &bytes[..stated.clamp(HEADER, bytes.len())];
    let mut structures = Structures::new(bytes, HEADER, order);
    let mut end = HEADER;
    let mut cut = false;
    while let Some(found) = structures.next() {
        cut = found.is_err();
        if !cut {
            end = structures.position();
        }
    }
    let mut out = bytes[..end].to_vec();
    if cut && let Some(payload) = whole_rows(&bytes[end..], order, dictionary) {
        out.extend_from_slice(&bytes[end..end + 4]);
        let length = (bytes.len() - end - structure::HEADER) as u32;
        out.extend_from_slice(&in_order(length, order));
        out.extend_from_slice(payload);
    }
    let size = in_order(out.len() as u32, order);
    out[4..8].copy_from_slice(&size);
    Some(out)
}

/// The payload of a bank whose own length is wrong, when what is left of its event is exactly whole rows.
fn whole_rows<'a>(rest: &'a [u8], order: ByteOrder, dictionary: &Dictionary) -> Option<&'a [u8]> {
    let (header, payload) = rest.split_at_checked(structure::HEADER)?;
    let schema = dictionary.by_number(order.u16(header, 0), header[2])?;
    let whole = !payload.is_empty() && schema.row_length() > 0 && payload.len() % schema.row_length() == 0;
    (whole && header[3] == structure::BANK).then_some(payload)
}

fn in_order(word: u32, order: ByteOrder) -> [u8; 4] {
    match order {
        ByteOrder::Little => word.to_le_bytes(),
        ByteOrder::Big => word.to_be_bytes(),
    }
}
