//! Checking a file: everything that is wrong with it, and where.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use crate::container::index::{IndexEntry, from_trailer};
use crate::container::record::Record;
use crate::container::walk::{Found, Progress, walk};
use crate::content::bank::rows_of;
use crate::content::dictionary::Dictionary;
use crate::content::event::Event;
use crate::content::structure;
use crate::model::error::{Error, Fault, Place, Result};
use crate::read::reader::{read_dictionary, read_file_header};
use crate::stream::{LocalFile, Stream};

/// Faults kept one by one; more are only counted.
const MAX_FAULTS: usize = 1000;

/// What a check found.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// let report: hipo::CheckReport = hipo::check(&path, &mut |_, _| Ok(()))?;
/// assert_eq!((report.records, report.events, report.is_whole()), (2, 3, true));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct CheckReport {
    /// Records that are whole.
    pub records: usize,
    /// Events in them.
    pub events: u64,
    /// Length of the file in bytes.
    pub bytes: u64,
    /// What is damaged, at most the first 1000.
    pub faults: Vec<Error>,
    /// How many more faults there are.
    pub more_faults: u64,
    /// Whether the file has no trailer: its writer never closed it, and may have lost its end.
    pub unclosed: bool,
    /// What is odd, but does not keep anything from being read: what, and how often.
    pub notes: Vec<String>,
}

impl CheckReport {
    /// Whether nothing is damaged.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let mut bytes = std::fs::read(&path)?;
    /// # let at = reader.index().records()[0].position as usize + 60;
    /// bytes[at] ^= 0xff;
    /// std::fs::write(&path, &bytes)?;
    /// assert!(!hipo::check(&path, &mut |_, _| Ok(()))?.is_whole());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.faults.is_empty()
    }

    fn fault(&mut self, fault: Error) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        } else {
            self.more_faults += 1;
        }
    }
}

/// Reads all of a file and lists what is wrong. Damage is not an error here, only that the file cannot be read at all.
///
/// # Errors
/// When the system refuses, or `progress` ends the work.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// let report = hipo::check(&path, &mut |_done, _all| Ok(()))?;
/// assert!(report.is_whole() && report.events == 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn check(path: impl AsRef<Path>, progress: Progress<'_>) -> Result<CheckReport> {
    let path = path.as_ref();
    let stream = LocalFile::open(path).map_err(|error| Error::in_file(&path.display().to_string(), error))?;
    check_stream(&(Arc::new(stream) as Arc<dyn Stream>), progress)
}

/// The same for any stream.
///
/// # Errors
/// As [`check`].
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// assert_eq!(hipo::check_stream(reader.stream(), &mut |_, _| Ok(()))?.events, 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn check_stream(stream: &Arc<dyn Stream>, progress: Progress<'_>) -> Result<CheckReport> {
    let stream = &**stream;
    let mut report = CheckReport { bytes: stream.length(), ..CheckReport::default() };
    let header = match read_file_header(stream) {
        Ok(header) => header,
        Err(error) => {
            report.fault(error);
            return Ok(report);
        }
    };
    let dictionary = read_dictionary(stream, &header).map(|(dictionary, _)| dictionary).unwrap_or_else(|error| {
        report.fault(error);
        Dictionary::default()
    });
    let index = match header.trailer_position {
        0 => {
            report.unclosed = true;
            report.notes.push("the file was never closed by its writer: it has no trailer".into());
            None
        }
        _ => from_trailer(stream, &header).map_err(|error| report.fault(error)).ok(),
    };
    let (mut odd, mut found_records) = (Odd::default(), Vec::new());
    walk(stream, Some(&header), header.data_position(), progress, |found| {
        match found {
            Found::Lost { why, .. } => report.fault(why),
            Found::Whole(record) => {
                found_records.push((record.position(), record.len() as u64));
                check_record(record, &dictionary, &mut odd, &mut report);
            }
        }
        Ok(())
    })?;
    if let Some(index) = index {
        compare(stream.name(), index.records(), &found_records, &mut report);
    }
    odd.tell(&mut report.notes);
    Ok(report)
}

/// Records that the trailer and the file do not agree on.
fn compare(name: &str, index: &[IndexEntry], found: &[(u64, u64)], report: &mut CheckReport) {
    for (number, entry) in index.iter().enumerate() {
        let known = found.binary_search_by_key(&entry.position, |(position, _)| *position).map(|at| found[at].1);
        let (known_events, at) = (known.unwrap_or(0), entry.position);
        if known.is_ok() && known_events != entry.events {
            let what = format!("the trailer says {} events, the record has {known_events}", entry.events);
            let place = Place { file: name.into(), record: Some(number + 1), offset: Some(at), event: None };
            report.fault(Fault::Damaged(what).at(place));
        }
    }
    let indexed: HashSet<u64> = index.iter().map(|entry| entry.position).collect();
    let missing: Vec<&(u64, u64)> = found.iter().filter(|(at, _)| !indexed.contains(at)).collect();
    if let Some((first, _)) = missing.first() {
        let (records, events) = (missing.len(), missing.iter().map(|(_, events)| events).sum::<u64>());
        let what = format!("{records} records with {events} events are not in the trailer's index, the first is here");
        let place = Place { file: name.into(), record: None, offset: Some(*first), event: None };
        report.fault(Fault::Damaged(what).at(place));
    }
}

/// Counts of what is odd.
#[derive(Default)]
struct Odd {
    ragged: u64,
    duplicates: u64,
    unknown: u64,
    trailing: u64,
    unclaimed: u64,
}

impl Odd {
    fn tell(&self, notes: &mut Vec<String>) {
        let all = [
            (self.ragged, "banks have bytes behind their last whole row"),
            (self.duplicates, "structures come again in their event; readers take the first"),
            (self.unknown, "structures are not in the dictionary"),
            (self.trailing, "events have bytes behind their last structure"),
            (self.unclaimed, "records have bytes that no event owns"),
        ];
        notes.extend(all.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
    }
}

fn check_record(record: &Record, dictionary: &Dictionary, odd: &mut Odd, report: &mut CheckReport) {
    report.records += 1;
    odd.unclaimed += u64::from(record.unclaimed() > 0);
    for event in record.events() {
        match event.and_then(|event| check_event(&event, dictionary, odd)) {
            Ok(()) => report.events += 1,
            Err(error) => report.fault(error),
        }
    }
}

fn check_event(event: &Event<'_>, dictionary: &Dictionary, odd: &mut Odd) -> Result<()> {
    let mut seen = Vec::new();
    let mut structures = event.structures();
    for found in structures.by_ref() {
        let found = found.map_err(|fault| event.locate(fault))?;
        if let Some(composite) = found.composite() {
            composite.map_err(|fault| event.locate(fault))?;
        }
        let numbers = (found.group, found.item);
        odd.duplicates += u64::from(seen.contains(&numbers));
        seen.push(numbers);
        match dictionary.by_number(found.group, found.item) {
            Some(schema) => {
                let whole = rows_of(found.payload.len(), schema.row_length()) * schema.row_length();
                odd.ragged += u64::from(whole != found.payload.len());
            }
            None => odd.unknown += u64::from(found.kind == structure::BANK),
        }
    }
    odd.trailing += u64::from(structures.rest() > 0);
    Ok(())
}
