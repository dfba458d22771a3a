//! Reading columns: records in parallel, the wanted columns of the wanted events copied once.

use std::sync::{Arc, Mutex, PoisonError};

use crate::content::bank::rows_of;
use crate::content::columns::{BankColumns, Column};
use crate::content::dictionary::Dictionary;
use crate::content::event::Event;
use crate::content::structure::Numbers;
use crate::model::error::{Error, Fault, Result};
use crate::model::order::ByteOrder;
use crate::model::schema::Schema;
use crate::model::threads::ordered;
use crate::read::query::{BankRequest, Block, ColumnQuery, RowFilter};
use crate::read::reader::Reader;
use crate::read::scratch::{Piece, Scratch};

impl Reader {
    /// Reads columns record by record, in parallel; `consume` gets the blocks in file order on this thread. Memory is a
    /// few records per thread, for any size of file. Return [`Error::stopped`] from `consume` to end early.
    ///
    /// # Errors
    /// When a bank or column is unknown, a record is damaged, or a filter or `consume` fails.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # use hipo::{BankRequest, ColumnQuery};
    /// # let pids = || BankRequest::new("REC::Particle", &["pid"]);
    /// let mut rows = 0;
    /// reader.scan(&ColumnQuery::new().bank(pids()), |block| {
    ///     rows += block.banks[0].rows();
    ///     Ok(())
    /// })?;
    /// assert_eq!(rows, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn scan(&self, query: &ColumnQuery, consume: impl FnMut(Block) -> Result<()>) -> Result<()> {
        let plan = Plan::new(self, query, self.dictionary())?;
        let work = |scratch: &mut Scratch, task: usize| plan.read(plan.records[task], scratch, plan.empty());
        ordered(plan.records.len(), query.threads, Scratch::default, work, consume)
    }

    /// Whole columns of one bank, all events, in memory; no columns means all.
    ///
    /// # Errors
    /// As [`Reader::scan`].
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let particles = reader.read_columns("REC::Particle", &["pid"])?;
    /// assert_eq!(particles.column("pid")?.values, hipo::Numbers::I32(vec![11, 2212, 22, 11]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_columns<S: AsRef<str>>(&self, bank: &str, columns: &[S]) -> Result<BankColumns> {
        let query = ColumnQuery::new().bank(BankRequest::new(bank, columns));
        let mut all = self.read(&query)?;
        // The query has one bank, and so has the answer.
        Ok(all.swap_remove(0))
    }

    /// Columns with the numbers and tags of their events, on this thread; row filters must be none. The block's record is
    /// the first that was read.
    ///
    /// # Errors
    /// As [`Reader::scan`], and for a row filter.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # use hipo::{BankRequest, ColumnQuery};
    /// # let pids = || BankRequest::new("REC::Particle", &["pid"]);
    /// let block = reader.read_block(&ColumnQuery::new().bank(pids()), reader.dictionary())?;
    /// assert_eq!(block.tags, [0, 0, 1]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_block(&self, query: &ColumnQuery, dictionary: &Dictionary) -> Result<Block> {
        if query.banks.iter().any(|bank| bank.filter.is_some()) {
            return Err(Error::argument("a block is read without row filters"));
        }
        Plan::new(self, query, dictionary)?.read_in_place()
    }

    /// Whole columns of several banks side by side, in memory.
    ///
    /// # Errors
    /// As [`Reader::scan`].
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # use hipo::{BankRequest, ColumnQuery};
    /// # let pids = || BankRequest::new("REC::Particle", &["pid"]);
    /// assert_eq!(reader.read(&ColumnQuery::new().bank(pids()))?[0].rows(), 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(&self, query: &ColumnQuery) -> Result<Vec<BankColumns>> {
        let plan = Plan::new(self, query, self.dictionary())?;
        let filtered = plan.banks.iter().any(|bank| bank.filter.is_some());
        if query.threads == 1 && !filtered {
            plan.read_in_place().map(|block| block.banks)
        } else {
            plan.read_and_append()
        }
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

/// A query with its names looked up.
pub(crate) struct Plan<'r> {
    reader: &'r Reader,
    query: &'r ColumnQuery,
    banks: Vec<BankPlan>,
    /// Numbers of the required banks that are not among `banks`.
    required: Vec<usize>,
    pub(crate) records: Vec<usize>,
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
    pub(crate) fn new(reader: &'r Reader, query: &'r ColumnQuery, dictionary: &Dictionary) -> Result<Self> {
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
        // A range of events is found by search: what reads a large file piece by piece asks again and again.
        let record_of = |event: u64| index.find(event).map_or(index.records().len(), |(record, _)| record);
        let candidates = match &query.range {
            Some(range) if range.is_empty() => 0..0,
            Some(range) => record_of(range.start)..(record_of(range.end - 1) + 1).min(index.records().len()),
            None => 0..index.records().len(),
        };
        let touched = |record: &usize| query.touches(index.first_event(*record)..index.first_event(record + 1));
        let records = candidates.filter(touched).collect();
        Ok(Self { reader, query, banks, required, records })
    }

    /// The answer for no events.
    fn empty(&self) -> Vec<BankColumns> {
        self.banks.iter().filter(|bank| bank.wanted).map(BankPlan::empty).collect()
    }

    /// All records one after the other, straight into the answer.
    fn read_in_place(&self) -> Result<Block> {
        let mut scratch = self.reader.spare().take();
        let mut all = Block { record: 0, events: Vec::new(), tags: Vec::new(), banks: self.empty() };
        for (task, number) in self.records.iter().enumerate() {
            let Block { record, mut events, mut tags, banks } = self.read(*number, &mut scratch, all.banks)?;
            all.banks = banks;
            all.events.append(&mut events);
            all.tags.append(&mut tags);
            if task == 0 {
                all.record = record;
                let growth = self.growth(*number);
                all.banks.iter_mut().for_each(|bank| bank.reserve_for(growth));
            }
        }
        self.reader.spare().put(scratch);
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

    /// Calls `visit` with the number, the event and the pieces of its banks, for the wanted events of a record.
    pub(crate) fn wanted_events(
        &self,
        number: usize,
        scratch: &mut Scratch,
        mut visit: impl FnMut(u64, &Event<'_>, &[Piece]) -> Result<()>,
    ) -> Result<()> {
        let record = &mut scratch.record;
        self.reader.load(number, record)?;
        let first = self.reader.index().first_event(number);
        let mut found = vec![Piece::default(); self.banks.len()];
        for inside in 0..record.len() {
            let event_number = first + inside as u64;
            let event = record.event(inside)?;
            if !self.query.may_want(event_number, event.tag()) {
                continue;
            }
            self.locate(&event, record.event_start(inside), &mut found)?;
            let missing = self.required.iter().any(|bank| found[*bank].rows == 0);
            if missing || !self.query.event_filter.as_ref().map_or(Ok(true), |filter| filter(&event))? {
                continue;
            }
            visit(event_number, &event, &found)?;
        }
        Ok(())
    }

    /// Reads a record; its columns are appended to `banks`.
    fn read(&self, number: usize, scratch: &mut Scratch, mut banks: Vec<BankColumns>) -> Result<Block> {
        let mut pieces = std::mem::take(&mut scratch.pieces);
        pieces.resize(self.banks.len(), Vec::new());
        pieces.iter_mut().for_each(Vec::clear);
        let mut block = Block { record: number, events: Vec::new(), tags: Vec::new(), banks: Vec::new() };
        self.wanted_events(number, scratch, |event_number, event, found| {
            for (pieces, piece) in pieces.iter_mut().zip(found) {
                if piece.rows > 0 {
                    pieces.push(Piece { event: block.events.len() as u32, ..*piece });
                }
            }
            block.events.push(event_number);
            block.tags.push(event.tag());
            Ok(())
        })?;
        let record = &scratch.record;
        let order = record.header().map_or(ByteOrder::NATIVE, |header| header.order);
        let wanted = self.banks.iter().zip(&pieces).filter(|(bank, _)| bank.wanted);
        for ((bank, pieces), columns) in wanted.zip(&mut banks) {
            bank.gather(pieces, record.body(), order, block.events.len(), columns);
            bank.filter_rows(columns).map_err(|fault| fault.at(record.place()))?;
        }
        scratch.pieces = pieces;
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
        for (index, target) in self.columns.iter().zip(&mut out.columns) {
            let column = &self.schema.columns()[*index];
            let (before, size) = (column.offset, column.size());
            let cells = pieces.iter().map(|piece| {
                let rows = piece.rows as usize;
                (piece.start as usize + rows * before, rows * size)
            });
            target.values.append_pieces(body, cells, order);
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
