//! Banks of HIPO files as tables: one row per row of a bank, or one per event with lists.

use crate::choice::Files;
use crate::frame::{
    ColumnElement, EVENT, ROW_IN_EVENT, TAG, flat, gathered, lists, parts, per_row, row_numbers, segment_error,
};
use ::hipo::{BankRequest, Reader, RecordRows};
use data::Result;
use polars::prelude::*;
use segment::{Error, Place, Statistics};
use sources::{Identity, SegmentInfo, Source};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// Records of a file are read together until they have this many bytes on disk.
const SEGMENT_BYTES: u64 = 4 << 20;

/// Columns of the row of another bank that a column of this one names.
#[derive(Debug, Clone)]
pub(crate) struct Linked {
    pub bank: String,
    pub index: String,
    /// Name in the table, and what it is in the other bank.
    pub columns: Vec<(PlSmallStr, ColumnElement)>,
}

/// What a column of the table is.
#[derive(Debug, Clone)]
enum ColumnOrigin {
    Event,
    Tag,
    Row,
    Own(ColumnElement),
    /// Of the linked bank with this number.
    Linked(usize, ColumnElement),
    /// A list per event, of the bank with this number.
    List(usize, ColumnElement),
}

/// A table over HIPO files.
pub(crate) struct BankTable {
    name: String,
    files: Arc<Files>,
    schema: SchemaRef,
    what: BTreeMap<PlSmallStr, ColumnOrigin>,
    /// The banks that are read: the table's own first, or all of which there are lists.
    banks: Vec<String>,
    links: Vec<Linked>,
    /// Whether a row is an event.
    events: bool,
    pieces: OnceLock<Pieces>,
}

/// The segments, or why there are none.
struct Pieces {
    infos: Vec<SegmentInfo>,
    /// File and events of each.
    events: Vec<(usize, Range<u64>)>,
    failed: Option<Error>,
}

impl std::fmt::Debug for BankTable {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("BankTable").field("name", &self.name).field("events", &self.events).finish_non_exhaustive()
    }
}

impl BankTable {
    /// One row per row of a bank, with the number and the tag of its event.
    pub(crate) fn rows(files: &Arc<Files>, bank: &str, links: Vec<Linked>) -> Result<Self> {
        let dictionary = files.chain.dictionary();
        let own = dictionary.get(bank).map_err(|fault| crate::frame::hipo_error(fault.into()))?;
        let mut columns: Vec<(PlSmallStr, DataType, ColumnOrigin)> = vec![
            (EVENT.into(), DataType::Int64, ColumnOrigin::Event),
            (TAG.into(), DataType::Int32, ColumnOrigin::Tag),
            (ROW_IN_EVENT.into(), DataType::Int32, ColumnOrigin::Row),
        ];
        columns.extend(
            parts(own).into_iter().map(|part| (part.name.clone(), part.dtype.clone(), ColumnOrigin::Own(part))),
        );
        for (at, link) in links.iter().enumerate() {
            let linked = link.columns.iter().cloned();
            columns.extend(linked.map(|(name, part)| (name, part.dtype.clone(), ColumnOrigin::Linked(at, part))));
        }
        Ok(Self::new(bank.into(), files, columns, vec![bank.into()], links, false))
    }

    /// One row per event, with a list for every column of these banks.
    pub(crate) fn events(files: &Arc<Files>, name: &str, banks: &[String], plain: bool) -> Result<Self> {
        let dictionary = files.chain.dictionary();
        let mut columns: Vec<(PlSmallStr, DataType, ColumnOrigin)> = vec![
            (EVENT.into(), DataType::Int64, ColumnOrigin::Event),
            (TAG.into(), DataType::Int32, ColumnOrigin::Tag),
        ];
        for (at, bank) in banks.iter().enumerate() {
            let schema = dictionary.get(bank).map_err(|fault| crate::frame::hipo_error(fault.into()))?;
            for part in parts(schema) {
                let name = if plain { part.name.clone() } else { format!("{bank}.{}", part.name).into() };
                columns.push((name, DataType::List(Box::new(part.dtype.clone())), ColumnOrigin::List(at, part)));
            }
        }
        Ok(Self::new(name.into(), files, columns, banks.to_vec(), Vec::new(), true))
    }

    fn new(
        name: String,
        files: &Arc<Files>,
        columns: Vec<(PlSmallStr, DataType, ColumnOrigin)>,
        banks: Vec<String>,
        links: Vec<Linked>,
        events: bool,
    ) -> Self {
        let schema = columns.iter().map(|(name, dtype, _)| Field::new(name.clone(), dtype.clone())).collect::<Schema>();
        let what = columns.into_iter().map(|(name, _, what)| (name, what)).collect();
        let files = Arc::clone(files);
        Self { name, files, schema: Arc::new(schema), what, banks, links, events, pieces: OnceLock::new() }
    }

    fn pieces(&self) -> &Pieces {
        self.pieces.get_or_init(|| {
            self.cut_into_pieces().unwrap_or_else(|error| {
                // Segments cannot say that they failed: one row that can only be read as the error does.
                let place = Arc::new(Place::file(self.name.as_str()));
                let info = self.info(0..1, 0, place, Identity::of(&("hipo error", error.to_string())));
                Pieces { infos: vec![info], events: vec![(0, 0..0)], failed: Some(error) }
            })
        })
    }

    fn info(&self, rows: Range<u64>, bytes: u64, place: Arc<Place>, identity: Identity) -> SegmentInfo {
        let statistics = Statistics { rows: rows.end - rows.start, ..Statistics::default() };
        SegmentInfo { rows, columns: 0..self.schema.len(), statistics, bytes, place, identity }
    }

    /// Rows of each record: known from the index where a row is an event and all events are wanted, else counted.
    fn rows_of_records(&self) -> segment::Result<Vec<Vec<u64>>> {
        let chain = &self.files.chain;
        let all_events = self.files.tags.is_none() && self.files.choices.is_empty();
        if self.events && all_events {
            let records = |reader: &Reader| reader.index().records().iter().map(|record| record.events).collect();
            return Ok(chain.readers().iter().map(records).collect());
        }
        let bank = chain.dictionary().schemas().iter().position(|schema| schema.name() == self.banks[0]);
        let rows = |record: &RecordRows| match bank {
            _ if self.events => record.events,
            Some(bank) => record.rows[bank],
            None => 0,
        };
        Ok(self.files.rows()?.iter().map(|file| file.iter().map(rows).collect()).collect())
    }

    fn cut_into_pieces(&self) -> segment::Result<Pieces> {
        let whole = self.identity();
        let mut pieces = Pieces { infos: Vec::new(), events: Vec::new(), failed: None };
        let mut start = 0;
        for (file, (reader, rows)) in self.files.chain.readers().iter().zip(self.rows_of_records()?).enumerate() {
            let identity = Identity::named(reader.name(), reader.stream().identity())?;
            let index = reader.index();
            let mut first = 0;
            while first < rows.len() {
                let (mut end, mut bytes) = (first, 0);
                while end < rows.len() && (end == first || bytes < SEGMENT_BYTES) {
                    bytes += index.records()[end].length;
                    end += 1;
                }
                let count: u64 = rows[first..end].iter().sum();
                if count > 0 {
                    let offset = index.records()[first].position;
                    let part =
                        if end == first + 1 { format!("record {end}") } else { format!("records {}-{end}", first + 1) };
                    let place = Arc::new(Place::file(reader.name()).part(part).offset(offset));
                    let events = index.first_event(first)..index.first_event(end);
                    let identity = identity.part(whole).part(events.start);
                    pieces.infos.push(self.info(start..start + count, bytes, place, identity));
                    pieces.events.push((file, events));
                    start += count;
                }
                first = end;
            }
        }
        Ok(pieces)
    }

    /// All that this table is besides the bytes of its files: other choices of events, links or columns are other tables,
    /// also to caches. Every field is named here: a new one does not compile before it is decided whether it belongs.
    fn identity(&self) -> u64 {
        let Self { name, files, schema, what, banks, links, events, pieces: _ } = self;
        let description = format!("{name} {} {schema:?} {what:?} {banks:?} {links:?} {events}", files.identity());
        Identity::of(&description).0 as u64
    }

    /// What a column is.
    fn what(&self, name: &PlSmallStr) -> segment::Result<&ColumnOrigin> {
        let known = || Error::column(name, self.schema.iter_names().map(PlSmallStr::as_str));
        self.what.get(name).ok_or_else(known)
    }

    /// The banks to read for these columns, each with its columns; a bank without any still has its offsets.
    fn requests(&self, wanted: &[&ColumnOrigin]) -> Vec<(String, Vec<String>)> {
        let mut requests: Vec<(String, Vec<String>)> = Vec::new();
        let mut want = |bank: &str, column: Option<&str>| {
            let at = requests.iter().position(|(known, _)| known == bank).unwrap_or_else(|| {
                requests.push((bank.into(), Vec::new()));
                requests.len() - 1
            });
            if let Some(column) = column.filter(|column| !requests[at].1.iter().any(|known| known == column)) {
                requests[at].1.push(column.into());
            }
        };
        if !self.events {
            want(&self.banks[0], None);
        }
        for what in wanted {
            match what {
                ColumnOrigin::Event | ColumnOrigin::Tag | ColumnOrigin::Row => {}
                ColumnOrigin::Own(part) => want(&self.banks[0], Some(&part.column)),
                ColumnOrigin::List(bank, part) => want(&self.banks[*bank], Some(&part.column)),
                ColumnOrigin::Linked(link, part) => {
                    want(&self.banks[0], Some(&self.links[*link].index));
                    want(&self.links[*link].bank, Some(&part.column));
                }
            }
        }
        requests
    }

    fn read_piece(&self, segment: usize, columns: &[PlSmallStr]) -> segment::Result<DataFrame> {
        let pieces = self.pieces();
        if let Some(error) = &pieces.failed {
            return Err(error.clone());
        }
        let (file, events) = &pieces.events[segment];
        let wanted = columns.iter().map(|name| self.what(name)).collect::<segment::Result<Vec<_>>>()?;
        let dictionary = self.files.chain.dictionary();
        let mut query = self.files.query(*file)?.range(events.clone());
        for (bank, names) in self.requests(&wanted) {
            // No column at all means all of them to a request: the narrowest stands for the offsets.
            let schema = dictionary.get(&bank).map_err(|fault| segment_error(fault.into()))?;
            let narrowest =
                || schema.columns().iter().min_by_key(|column| column.size()).map(|column| column.name.clone());
            let names = if names.is_empty() { narrowest().into_iter().collect() } else { names };
            query = query.bank(BankRequest::new(&bank, &names));
        }
        let block = self.files.chain.readers()[*file].read_block(&query, dictionary).map_err(segment_error)?;
        self.frame(*file, columns, &wanted, block)
    }

    fn frame(
        &self,
        file: usize,
        names: &[PlSmallStr],
        wanted: &[&ColumnOrigin],
        mut block: ::hipo::Block,
    ) -> segment::Result<DataFrame> {
        let first = self.files.chain.first_event(file) as i64;
        let events: Vec<i64> = block.events.iter().map(|event| first + *event as i64).collect();
        let bank = |block: &::hipo::Block, name: &str| block.banks.iter().position(|bank| bank.bank == name);
        let missing = |name: &str| Error::request(format!("bank {name} was not read"));
        let rows = if self.events { events.len() } else { block.banks.first().map_or(0, ::hipo::BankColumns::rows) };
        let links = self.linked_rows(file, wanted, &block)?;
        let mut uses: BTreeMap<(usize, String), usize> = BTreeMap::new();
        let mut out = Vec::with_capacity(names.len());
        let mut take = |block: &mut ::hipo::Block,
                        bank_name: &str,
                        part: &ColumnElement|
         -> segment::Result<(::hipo::Column, Vec<i64>)> {
            let at = bank(block, bank_name).ok_or_else(|| missing(bank_name))?;
            let found = block.banks[at].columns.iter().position(|column| column.name == part.column);
            let column = found.ok_or_else(|| Error::column(&part.column, []))?;
            // The last use of a column takes its memory; earlier ones (elements of an array column) copy it.
            let left = uses
                .entry((at, part.column.clone()))
                .or_insert_with(|| count_uses(wanted, &self.banks, &self.links, bank_name, &part.column));
            *left -= 1;
            let column = &mut block.banks[at].columns[column];
            let values = if *left == 0 {
                ::hipo::Column {
                    name: String::new(),
                    count: column.count,
                    values: std::mem::replace(&mut column.values, ::hipo::Numbers::I8(Vec::new())),
                }
            } else {
                column.clone()
            };
            Ok((values, block.banks[at].offsets.clone()))
        };
        for (name, what) in names.iter().zip(wanted) {
            let name = name.clone();
            let series = match what {
                ColumnOrigin::Event if self.events => Series::new(name, &events),
                ColumnOrigin::Tag if self.events => Series::new(name, &block.tags),
                ColumnOrigin::Event => Series::new(name, per_row(&block.banks[0], &events)),
                ColumnOrigin::Tag => Series::new(name, per_row(&block.banks[0], &block.tags)),
                ColumnOrigin::Row => Series::new(name, row_numbers(&block.banks[0])),
                ColumnOrigin::Own(part) => flat(name, take(&mut block, &self.banks[0], part)?.0, part.element)?,
                ColumnOrigin::Linked(link, part) => {
                    gathered(name, take(&mut block, &self.links[*link].bank, part)?.0, part.element, &links[*link])?
                }
                ColumnOrigin::List(bank, part) => {
                    let (column, offsets) = take(&mut block, &self.banks[*bank], part)?;
                    lists(name, column, part.element, offsets)?
                }
            };
            out.push(series.into());
        }
        Ok(DataFrame::new(rows, out)?)
    }
}

impl BankTable {
    /// For each link that is wanted, the row of its bank for each row of the table's own; -1 for none.
    fn linked_rows(
        &self,
        file: usize,
        wanted: &[&ColumnOrigin],
        block: &::hipo::Block,
    ) -> segment::Result<Vec<Vec<i64>>> {
        let reader = &self.files.chain.readers()[file];
        let mut links = vec![Vec::new(); self.links.len()];
        for (at, link) in self.links.iter().enumerate() {
            if !wanted.iter().any(|what| matches!(what, ColumnOrigin::Linked(link, _) if *link == at)) {
                continue;
            }
            let own = &block.banks[0];
            links[at] = match block.banks.iter().find(|bank| bank.bank == link.bank) {
                Some(bank) if reader.dictionary().get(&link.bank).is_ok() => {
                    ::hipo::linked_rows(own, &link.index, bank)
                        .map_err(|fault| Error::read(&Place::file(reader.name()), fault.to_string()))?
                }
                _ => vec![-1; own.rows()],
            };
        }
        Ok(links)
    }
}

/// How many of the wanted columns are made of this column of a bank.
fn count_uses(wanted: &[&ColumnOrigin], banks: &[String], links: &[Linked], bank: &str, column: &str) -> usize {
    let uses = wanted.iter().filter(|what| match what {
        ColumnOrigin::Own(part) => banks[0] == bank && part.column == column,
        ColumnOrigin::List(at, part) => banks[*at] == bank && part.column == column,
        ColumnOrigin::Linked(at, part) => links[*at].bank == bank && part.column == column,
        _ => false,
    });
    uses.count()
}

impl Source for BankTable {
    fn name(&self) -> &str {
        &self.name
    }

    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn check(&self) -> segment::Result<()> {
        self.pieces().failed.as_ref().map_or(Ok(()), |error| Err(error.clone()))
    }

    fn segments(&self) -> &[SegmentInfo] {
        &self.pieces().infos
    }

    fn read(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) -> segment::Result<DataFrame> {
        let all = self.read_piece(segment, columns)?;
        let known = self.segments()[segment].len();
        if all.height() != known {
            let place = &self.segments()[segment].place;
            return Err(Error::read(
                place,
                format!("{} rows, but {known} were counted: did the file change?", all.height()),
            ));
        }
        Ok(if rows == (0..known) { all } else { all.slice(rows.start as i64, rows.len()) })
    }

    /// A record is decompressed whole.
    fn divisible(&self) -> bool {
        false
    }
}
