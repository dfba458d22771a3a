//! The columnar path: columns of banks over many events, in plain vectors with list offsets.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use crate::bank::rows_of;
use crate::dictionary::Dictionary;
use crate::error::{Error, Fault, Result};
use crate::event::Event;
use crate::order::ByteOrder;
use crate::parallel::{default_threads, ordered};
use crate::reader::Reader;
use crate::record::Record;
use crate::schema::Schema;
use crate::structure::Numbers;

/// One column over many events.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Name.
    pub name: String,
    /// Numbers per row, more than 1 for array columns.
    pub count: usize,
    /// The numbers of all rows of all events.
    pub values: Numbers,
}

/// Columns of one bank over many events.
#[derive(Clone, Debug, PartialEq)]
pub struct BankColumns {
    /// Name of the bank.
    pub bank: String,
    /// Rows of event `e` are `offsets[e]..offsets[e + 1]`: list offsets as Arrow has them.
    pub offsets: Vec<i64>,
    /// The wanted columns, in the wanted order.
    pub columns: Vec<Column>,
}

impl BankColumns {
    /// Number of events.
    #[must_use]
    pub fn events(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Number of rows of all events.
    #[must_use]
    pub fn rows(&self) -> usize {
        // Offsets are sums of row numbers, never negative.
        self.offsets.last().map_or(0, |end| *end as usize)
    }

    /// The column of this name.
    ///
    /// # Errors
    /// When it was not read.
    pub fn column(&self, name: &str) -> Result<&Column, Fault> {
        let known = || self.columns.iter().map(|column| column.name.as_str());
        let found = self.columns.iter().find(|column| column.name == name);
        found.ok_or_else(|| Fault::unknown(format!("column of {} was read", self.bank), name, known()))
    }

    /// Rows of an event.
    #[must_use]
    pub fn rows_of(&self, event: usize) -> Range<usize> {
        match self.offsets.get(event..event + 2) {
            Some(&[start, end]) => start as usize..end as usize,
            _ => 0..0,
        }
    }

    /// Keeps the rows for which `keep` says so; events keep their place, perhaps with no rows.
    ///
    /// # Panics
    /// When `keep` has not one word per row.
    pub fn retain(&mut self, keep: &[bool]) {
        assert_eq!(keep.len(), self.rows(), "one word per row");
        let mut kept = 0;
        let mut row = 0;
        for end in &mut self.offsets[1..] {
            kept += keep[row..*end as usize].iter().filter(|keep| **keep).count() as i64;
            row = *end as usize;
            *end = kept;
        }
        for column in &mut self.columns {
            column.values.retain_rows(column.count, keep);
        }
    }

    fn clear(&mut self) {
        self.offsets.truncate(1);
        self.columns.iter_mut().for_each(|column| column.values.resize(0));
    }

    /// Takes memory for `growth` times what there is: growing step by step would touch it several times.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate, not negative")]
    fn reserve_for(&mut self, growth: f64) {
        let more = |length: usize| (length as f64 * (growth * 1.02 - 1.0)) as usize;
        // Without that much memory it grows step by step.
        let _ = self.offsets.try_reserve(more(self.offsets.len()));
        self.columns.iter_mut().for_each(|column| column.values.reserve(more(column.values.len())));
    }

    /// Appends the events of `other`, which has the same columns.
    pub(crate) fn append(&mut self, other: &Self) {
        let base = self.offsets.last().copied().unwrap_or(0);
        self.offsets.extend(other.offsets[1..].iter().map(|offset| base + offset));
        for (column, more) in self.columns.iter_mut().zip(&other.columns) {
            column.values.append(&more.values);
        }
    }
}

/// A row filter: says for each row of a bank's columns whether to keep it.
pub type RowFilter = Arc<dyn Fn(&BankColumns) -> Result<Vec<bool>, Fault> + Send + Sync>;
/// An event filter.
pub type EventFilter = Arc<dyn Fn(&Event<'_>) -> Result<bool> + Send + Sync>;

/// A bank and which of its columns are wanted.
#[derive(Clone)]
pub struct BankRequest {
    bank: String,
    columns: Vec<String>,
    filter: Option<RowFilter>,
}

impl BankRequest {
    /// These columns of a bank; none means all.
    pub fn new<S: AsRef<str>>(bank: &str, columns: &[S]) -> Self {
        let columns = columns.iter().map(|column| column.as_ref().to_string()).collect();
        Self { bank: bank.into(), columns, filter: None }
    }

    /// Only rows that `filter` keeps; it sees the wanted columns, one record at a time.
    #[must_use]
    pub fn filter(mut self, filter: impl Fn(&BankColumns) -> Result<Vec<bool>, Fault> + Send + Sync + 'static) -> Self {
        self.filter = Some(Arc::new(filter));
        self
    }
}

/// What to read of a file: several banks side by side, of which events.
#[derive(Clone)]
pub struct ColumnQuery {
    banks: Vec<BankRequest>,
    event_tags: Option<HashSet<i32>>,
    required: Vec<String>,
    event_filter: Option<EventFilter>,
    range: Option<Range<u64>>,
    threads: usize,
}

impl Default for ColumnQuery {
    fn default() -> Self {
        Self::new()
    }
}

impl ColumnQuery {
    /// Nothing yet; all events, as many threads as the machine has.
    #[must_use]
    pub fn new() -> Self {
        Self {
            banks: Vec::new(),
            event_tags: None,
            required: Vec::new(),
            event_filter: None,
            range: None,
            threads: default_threads(),
        }
    }

    /// One more bank.
    #[must_use]
    pub fn bank(mut self, bank: BankRequest) -> Self {
        self.banks.push(bank);
        self
    }

    /// Only events of these tags.
    #[must_use]
    pub fn event_tags(mut self, tags: impl IntoIterator<Item = i32>) -> Self {
        self.event_tags = Some(tags.into_iter().collect());
        self
    }

    /// Only events that hold this bank with at least one row.
    #[must_use]
    pub fn require(mut self, bank: &str) -> Self {
        self.required.push(bank.into());
        self
    }

    /// Only events that `filter` keeps.
    #[must_use]
    pub fn event_filter(mut self, filter: impl Fn(&Event<'_>) -> Result<bool> + Send + Sync + 'static) -> Self {
        self.event_filter = Some(Arc::new(filter));
        self
    }

    /// Only these event numbers; records outside are not decompressed.
    #[must_use]
    pub fn range(mut self, events: Range<u64>) -> Self {
        self.range = Some(events);
        self
    }

    /// With this many threads.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }
}

/// The columns of the kept events of one record.
#[derive(Clone, Debug)]
pub struct Block {
    /// Number of the record, from 0.
    pub record: usize,
    /// Numbers of the events in the file, from 0.
    pub events: Vec<u64>,
    /// Their tags.
    pub tags: Vec<i32>,
    /// The wanted banks, in the wanted order; all have these events.
    pub banks: Vec<BankColumns>,
}

impl Reader {
    /// Reads columns record by record, in parallel; `consume` gets the blocks in file order on this thread. Memory is a
    /// few records per thread, whatever the file's size. Return [`Error::stopped`] from `consume` to end early.
    ///
    /// # Errors
    /// When a bank or column is unknown, a record is damaged, or a filter or `consume` fails.
    pub fn scan(&self, query: &ColumnQuery, consume: impl FnMut(Block) -> Result<()>) -> Result<()> {
        let plan = Plan::new(self, query, self.dictionary())?;
        let work = |scratch: &mut Scratch, task: usize| plan.read(plan.records[task], scratch, plan.empty());
        ordered(plan.records.len(), query.threads, Scratch::default, work, consume)
    }

    /// Whole columns of one bank, all events, in memory; no columns means all.
    ///
    /// # Errors
    /// As [`Reader::scan`].
    pub fn read_columns<S: AsRef<str>>(&self, bank: &str, columns: &[S]) -> Result<BankColumns> {
        let query = ColumnQuery::new().bank(BankRequest::new(bank, columns));
        let mut all = self.read(&query)?;
        // The query has one bank, and so has the answer.
        Ok(all.swap_remove(0))
    }

    /// Whole columns of several banks side by side, in memory.
    ///
    /// # Errors
    /// As [`Reader::scan`].
    pub fn read(&self, query: &ColumnQuery) -> Result<Vec<BankColumns>> {
        let plan = Plan::new(self, query, self.dictionary())?;
        let filtered = plan.banks.iter().any(|bank| bank.filter.is_some());
        if query.threads == 1 && !filtered { plan.read_in_place() } else { plan.read_and_append() }
    }
}

/// Reads columns of several files as one: `consume` gets the number of the file and the block. Records of all files are
/// read in parallel, blocks come in order.
pub(crate) fn scan_files(
    readers: &[Reader],
    dictionary: &Dictionary,
    query: &ColumnQuery,
    mut consume: impl FnMut(usize, Block) -> Result<()>,
) -> Result<()> {
    let plans = readers.iter().map(|reader| Plan::new(reader, query, dictionary)).collect::<Result<Vec<_>>>()?;
    let tasks =
        plans.iter().enumerate().flat_map(|(file, plan)| plan.records.iter().map(move |record| (file, *record)));
    let tasks: Vec<(usize, usize)> = tasks.collect();
    let work = |scratch: &mut Scratch, task: usize| {
        let (file, record) = tasks[task];
        Ok((file, plans[file].read(record, scratch, plans[file].empty())?))
    };
    ordered(tasks.len(), query.threads, Scratch::default, work, |(file, block)| consume(file, block))
}

/// What each thread keeps between records.
#[derive(Default)]
struct Scratch {
    record: Record,
    /// Per bank, the payload of each kept event: where in the event's record body, and rows.
    pieces: Vec<Vec<Piece>>,
}

#[derive(Clone, Copy, Default)]
struct Piece {
    event: u32,
    start: u32,
    rows: u32,
}

/// A query with its names looked up.
struct Plan<'r> {
    reader: &'r Reader,
    query: &'r ColumnQuery,
    banks: Vec<BankPlan>,
    /// Numbers of the required banks that are not among `banks`.
    required: Vec<usize>,
    records: Vec<usize>,
}

struct BankPlan {
    schema: Arc<Schema>,
    columns: Vec<usize>,
    filter: Option<RowFilter>,
    wanted: bool,
    /// Whether the file knows the bank: if not, structures of its numbers are something else.
    present: bool,
}

impl<'r> Plan<'r> {
    /// Looks the names up in `dictionary`: the reader's own, or one of a chain that the reader's does not contradict.
    fn new(reader: &'r Reader, query: &'r ColumnQuery, dictionary: &Dictionary) -> Result<Self> {
        let in_file = |fault: Fault| Error::in_file(reader.name(), fault);
        let bank = |name: &str, columns: &[String], filter: Option<RowFilter>, wanted: bool| {
            let schema = Arc::clone(dictionary.get(name).map_err(in_file)?);
            let columns = if wanted { column_indices(&schema, columns).map_err(in_file)? } else { Vec::new() };
            let present = reader.dictionary().get(name).is_ok();
            Ok::<_, Error>(BankPlan { schema, columns, filter, wanted, present })
        };
        let mut banks = Vec::new();
        for request in &query.banks {
            banks.push(bank(&request.bank, &request.columns, request.filter.clone(), true)?);
        }
        let mut required = Vec::new();
        for name in &query.required {
            let known = banks.iter().position(|bank| bank.schema.name() == name);
            required.push(known.unwrap_or(banks.len()));
            if known.is_none() {
                banks.push(bank(name, &[], None, false)?);
            }
        }
        let index = reader.index();
        let touched = |record: &usize| {
            let (first, end) = (index.first_event(*record), index.first_event(record + 1));
            query.range.as_ref().is_none_or(|range| first < range.end && range.start < end)
        };
        let records = (0..index.records().len()).filter(touched).collect();
        Ok(Self { reader, query, banks, required, records })
    }

    /// The answer for no events.
    fn empty(&self) -> Vec<BankColumns> {
        self.banks.iter().filter(|bank| bank.wanted).map(BankPlan::empty).collect()
    }

    /// All records one after the other, straight into the answer.
    fn read_in_place(&self) -> Result<Vec<BankColumns>> {
        let (mut all, mut scratch) = (self.empty(), Scratch::default());
        for (task, number) in self.records.iter().enumerate() {
            all = self.read(*number, &mut scratch, all)?.banks;
            if task == 0 {
                let growth = self.growth(*number);
                all.iter_mut().for_each(|bank| bank.reserve_for(growth));
            }
        }
        Ok(all)
    }

    /// Records in parallel, each into a block that is then appended to the answer.
    fn read_and_append(&self) -> Result<Vec<BankColumns>> {
        let mut all = self.empty();
        // Blocks go round: fresh memory for each record would cost more than copying its columns.
        let spare = Mutex::new(Vec::new());
        let lock = || spare.lock().unwrap_or_else(PoisonError::into_inner);
        let work = |scratch: &mut Scratch, task: usize| {
            let used = lock().pop();
            let mut banks: Vec<BankColumns> = used.unwrap_or_else(|| self.empty());
            banks.iter_mut().for_each(BankColumns::clear);
            self.read(self.records[task], scratch, banks)
        };
        ordered(self.records.len(), self.query.threads, Scratch::default, work, |block| {
            let first = all.iter().all(|bank| bank.events() == 0);
            all.iter_mut().zip(&block.banks).for_each(|(bank, more)| bank.append(more));
            if first {
                let growth = self.growth(block.record);
                all.iter_mut().for_each(|bank| bank.reserve_for(growth));
            }
            lock().push(block.banks);
            Ok(())
        })?;
        Ok(all)
    }

    /// How many times what record `number` gave all wanted records will give, by their lengths in the file.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn growth(&self, number: usize) -> f64 {
        let entries = self.reader.index().records();
        let all: u64 = self.records.iter().map(|record| entries[*record].length).sum();
        all as f64 / entries[number].length.max(1) as f64
    }

    /// Reads a record; its columns are appended to `banks`.
    fn read(&self, number: usize, scratch: &mut Scratch, mut banks: Vec<BankColumns>) -> Result<Block> {
        self.reader.load(number, &mut scratch.record)?;
        let Scratch { record, pieces } = scratch;
        pieces.resize(self.banks.len(), Vec::new());
        pieces.iter_mut().for_each(Vec::clear);
        let first = self.reader.index().first_event(number);
        let mut block = Block { record: number, events: Vec::new(), tags: Vec::new(), banks: Vec::new() };
        let mut found = vec![Piece::default(); self.banks.len()];
        for inside in 0..record.len() {
            let event_number = first + inside as u64;
            if self.query.range.as_ref().is_some_and(|range| !range.contains(&event_number)) {
                continue;
            }
            let event = record.event(inside)?;
            if self.query.event_tags.as_ref().is_some_and(|tags| !tags.contains(&event.tag())) {
                continue;
            }
            self.locate(&event, record.event_start(inside), &mut found)?;
            let missing = self.required.iter().any(|bank| found[*bank].rows == 0);
            if missing || !self.query.event_filter.as_ref().map_or(Ok(true), |filter| filter(&event))? {
                continue;
            }
            for (pieces, piece) in pieces.iter_mut().zip(&found) {
                if piece.rows > 0 {
                    pieces.push(Piece { event: block.events.len() as u32, ..*piece });
                }
            }
            block.events.push(event_number);
            block.tags.push(event.tag());
        }
        let order = record.header().map_or(ByteOrder::NATIVE, |header| header.order);
        let wanted = self.banks.iter().zip(pieces.iter()).filter(|(bank, _)| bank.wanted);
        for ((bank, pieces), columns) in wanted.zip(&mut banks) {
            bank.gather(pieces, record.body(), order, block.events.len(), columns);
            bank.filter_rows(columns).map_err(|fault| fault.at(record.place()))?;
        }
        block.banks = banks;
        Ok(block)
    }

    /// Finds the payloads of all banks in an event; the first of the same numbers wins.
    #[inline]
    fn locate(&self, event: &Event<'_>, event_start: usize, found: &mut [Piece]) -> Result<()> {
        found.fill(Piece::default());
        // `start` 0 is the event's header, never a payload: it means not found yet.
        let mut missing = found.len();
        let mut structures = event.structures();
        while missing > 0 {
            let Some(structure) = structures.next() else { break };
            let structure = structure.map_err(|fault| event.locate(fault))?;
            for (bank, piece) in self.banks.iter().zip(found.iter_mut()) {
                if bank.present
                    && piece.start == 0
                    && (bank.schema.group(), bank.schema.item()) == (structure.group, structure.item)
                {
                    let start = event_start + structures.position() - structure.payload.len();
                    let rows = rows_of(structure.payload.len(), bank.schema.row_length());
                    // A record's body has less than 4 GiB, and a structure less than 16 MiB.
                    *piece = Piece { event: 0, start: start as u32, rows: rows as u32 };
                    missing -= 1;
                }
            }
        }
        Ok(())
    }
}

fn column_indices(schema: &Schema, names: &[String]) -> Result<Vec<usize>, Fault> {
    if names.is_empty() {
        return Ok((0..schema.columns().len()).collect());
    }
    names.iter().map(|name| schema.index_of(name)).collect()
}

impl BankPlan {
    fn empty(&self) -> BankColumns {
        let columns = self.columns.iter().map(|index| {
            let column = &self.schema.columns()[*index];
            Column { name: column.name.clone(), count: column.count, values: Numbers::zeros(column.kind, 0) }
        });
        BankColumns { bank: self.schema.name().into(), columns: columns.collect(), offsets: vec![0] }
    }

    /// Copies the wanted columns of the pieces of `body`, for `events` events.
    fn gather(&self, pieces: &[Piece], body: &[u8], order: ByteOrder, events: usize, out: &mut BankColumns) {
        let rows: usize = pieces.iter().map(|piece| piece.rows as usize).sum();
        for (index, target) in self.columns.iter().zip(&mut out.columns) {
            let column = &self.schema.columns()[*index];
            let (before, size) = (column.offset, column.size());
            let old = target.values.len();
            target.values.resize(old + rows * column.count);
            let mut rest = &mut target.values.bytes_mut()[old * column.kind.size()..];
            for piece in pieces {
                let rows = piece.rows as usize;
                let start = piece.start as usize + rows * before;
                let (cells, more) = rest.split_at_mut(rows * size);
                cells.copy_from_slice(&body[start..start + rows * size]);
                rest = more;
            }
            target.values.make_native(old, order);
        }
        list_offsets(pieces, events, &mut out.offsets);
    }

    fn filter_rows(&self, columns: &mut BankColumns) -> Result<(), Fault> {
        let Some(filter) = &self.filter else { return Ok(()) };
        let keep = filter(columns)?;
        if keep.len() != columns.rows() {
            let what = format!("a row filter gave {} words for {} rows", keep.len(), columns.rows());
            return Err(Fault::Argument(what));
        }
        columns.retain(&keep);
        Ok(())
    }
}

/// Appends the list offsets of `events` events, of which the pieces say the rows.
fn list_offsets(pieces: &[Piece], events: usize, offsets: &mut Vec<i64>) {
    let first = offsets.len();
    let mut end = offsets.last().copied().unwrap_or(0);
    offsets.reserve(events);
    // An event's end is known when a later one is seen.
    for piece in pieces {
        offsets.resize(first + piece.event as usize, end);
        end += i64::from(piece.rows);
    }
    offsets.resize(first + events, end);
}

/// The answer to a query of one bank where there are no records at all.
pub(crate) fn no_rows(dictionary: &Dictionary, query: &ColumnQuery) -> Result<BankColumns> {
    let Some(request) = query.banks.first() else {
        return Err(Error::argument("a query needs a bank"));
    };
    let schema = Arc::clone(dictionary.get(&request.bank)?);
    let columns = column_indices(&schema, &request.columns)?;
    Ok(BankPlan { schema, columns, filter: None, wanted: true, present: false }.empty())
}
