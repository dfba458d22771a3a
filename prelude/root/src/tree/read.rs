//! A tree that is open: columns, clusters, and rows of columns.

use super::basket::{self, Basket, Disk, Placed, Scratch};
use super::decode;
use super::index::Index;
use super::plan::{self, How, Planned};
use super::record::Record;
use crate::block::can_hold;
use crate::columns::{Column, Skipped, Slot, Values};
use crate::error::{Error, Result};
use crate::file::{File, Key};
use rayon::prelude::*;
use recoil_bytes::Held;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// A TTree.
#[derive(Debug)]
pub(crate) struct Tree {
    file: File,
    path: String,
    pub(super) record: Record,
    pub(super) planned: Vec<Planned>,
    pub(crate) columns: Vec<Column>,
    pub(crate) skipped: Vec<Skipped>,
    /// Baskets of each branch.
    pub(super) spans: HashMap<usize, Vec<Span>>,
}

/// The rows of a basket.
#[derive(Debug, Clone)]
pub(super) struct Span {
    pub rows: Range<u64>,
    pub place: Place,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    Disk(Disk),
    Embedded(usize),
}

/// Bytes of a basket: its key says them in 31 bits.
const LARGEST: u64 = i32::MAX as u64;

impl Tree {
    pub(crate) fn open(file: &File, key: &Key, path: &str) -> Result<Self> {
        let place = |error: Error| error.in_file(file.name()).in_object(path);
        let bytes = key.unpacked(file.bytes()).map_err(place)?;
        let record = Record::parse(&key.class, &bytes, key.header).map_err(place)?;
        let mut tree = Self {
            file: file.clone(),
            path: path.to_owned(),
            record,
            planned: Vec::new(),
            columns: Vec::new(),
            skipped: Vec::new(),
            spans: HashMap::new(),
        };
        tree.plan();
        Ok(tree)
    }

    pub(crate) fn rows(&self) -> u64 {
        self.record.entries
    }

    /// The index of the tree, if it has one.
    pub(crate) fn index(&self) -> Result<Option<&Index>> {
        let place = |error: Error| error.in_object(&self.path).in_file(self.file.name());
        self.record.index.as_ref().map(Option::as_ref).map_err(|error| place(error.clone()))
    }

    fn plan(&mut self) {
        let mut skipped = Vec::new();
        for number in 0..self.record.branches.len() {
            let mut skip = |type_name: String, reason: String| skipped.push((number, type_name, reason));
            match plan::plan(number, &self.record, self.file.classes()) {
                Ok(columns) if columns.is_empty() => {}
                Ok(columns) => match self.span(number) {
                    Ok(()) => self.planned.extend(columns),
                    Err(error) => skip(columns[0].type_name.clone(), error.kind.to_string()),
                },
                Err((type_name, reason)) => skip(type_name, reason),
            }
        }
        self.name(skipped);
    }

    /// Gives names: the branch's own, and the whole path where the same occurs twice.
    fn name(&mut self, skipped: Vec<(usize, String, String)>) {
        let own = |branch: usize, suffix: &str| {
            let name = self.record.branches[branch].name.trim_end_matches('.');
            format!("{}{suffix}", name.split('[').next().unwrap_or(name))
        };
        let mut times: HashMap<String, usize> = HashMap::new();
        let names = self.planned.iter().map(|one| own(one.branch, &one.suffix));
        names.chain(skipped.iter().map(|one| own(one.0, ""))).for_each(|name| *times.entry(name).or_default() += 1);
        let mut taken = std::collections::HashSet::new();
        let mut unique = |branch: usize, suffix: &str| {
            let name = own(branch, suffix);
            let name = if times[&name] > 1 { format!("{}{name}", self.directory(branch)) } else { name };
            let mut found = name.clone();
            let mut again = 1;
            while !taken.insert(found.clone()) {
                again += 1;
                found = format!("{name};{again}");
            }
            found
        };
        let columns = self.planned.iter().map(|one| Column {
            name: unique(one.branch, &one.suffix),
            of: one.of.clone(),
            type_name: one.type_name.clone(),
        });
        let columns = columns.collect();
        let skipped = skipped.into_iter().map(|(branch, type_name, reason)| Skipped {
            name: unique(branch, ""),
            type_name,
            reason,
        });
        self.skipped = skipped.collect();
        self.columns = columns;
    }

    /// The branches above a branch, with a slash behind each.
    fn directory(&self, branch: usize) -> String {
        let mut path = String::new();
        let mut above = self.record.branches[branch].parent;
        while let Some(number) = above {
            path = format!("{}/{path}", self.record.branches[number].name);
            above = self.record.branches[number].parent;
        }
        path
    }

    /// Lists the baskets of a branch; they must have all its entries.
    fn span(&mut self, number: usize) -> Result<()> {
        if self.spans.contains_key(&number) {
            return Ok(());
        }
        let branch = &self.record.branches[number];
        let mut end = match branch.disk_end {
            Some(end) => end,
            None if branch.embedded.is_empty() => branch.entries,
            None => match branch.baskets.last() {
                Some(last) => last.first.saturating_add(basket::entries(self.file.bytes(), *last)?),
                None => 0,
            },
        };
        let ends = branch.baskets.iter().skip(1).map(|next| next.first).chain([end]);
        let disk = branch.baskets.iter().zip(ends);
        let mut spans: Vec<_> =
            disk.map(|(disk, end)| Span { rows: disk.first..end, place: Place::Disk(*disk) }).collect();
        for (number, embedded) in branch.embedded.iter().enumerate() {
            if end >= branch.entries {
                break;
            }
            spans.push(Span { rows: end..end.saturating_add(embedded.entries), place: Place::Embedded(number) });
            end = end.saturating_add(embedded.entries);
        }
        if end < branch.entries || spans.iter().any(|span| span.rows.start > span.rows.end) {
            let text = format!("its baskets have {end} of its {} entries", branch.entries);
            return Err(Error::unknown(text));
        }
        self.spans.insert(number, spans);
        Ok(())
    }

    /// Brings the baskets of some rows into memory, with those of the leaves that count their values.
    pub(crate) fn hold(&self, columns: &[usize], rows: &Range<u64>) -> Result<Held> {
        if !self.file.bytes().are_elsewhere() {
            return Ok(Held::default());
        }
        self.file.bytes().hold(self.ranges(columns, rows)).map_err(|error| error.in_file(self.file.name()))
    }

    /// Begins to fetch them.
    pub(crate) fn expect(&self, columns: &[usize], rows: &Range<u64>) {
        if self.file.bytes().are_elsewhere() {
            self.file.bytes().expect(self.ranges(columns, rows));
        }
    }

    /// Where the baskets of some rows are, with those of the leaves that count their values.
    pub(crate) fn ranges(&self, columns: &[usize], rows: &Range<u64>) -> Vec<Range<u64>> {
        let mut ranges = Vec::new();
        for column in columns {
            let planned = &self.planned[*column];
            let counters =
                plan::counts(&planned.how).into_iter().filter_map(|leaf| plan::counter(leaf, &self.record).ok());
            let mut rows = rows.clone();
            for branch in std::iter::once(planned.branch).chain(counters.map(|(branch, _)| branch)) {
                let spans = self.spans.get(&branch).map_or(&[][..], Vec::as_slice);
                for span in spans.iter().filter(|span| span.rows.start < rows.end && rows.start < span.rows.end) {
                    if let Place::Disk(disk) = span.place {
                        ranges.push(disk.seek..disk.seek.saturating_add(disk.bytes.into()));
                    }
                }
                // Values are counted basket by basket, whole ones.
                let touched = spans.iter().filter(|span| span.rows.start < rows.end && rows.start < span.rows.end);
                let (mut first, mut last) = (rows.start, rows.end);
                touched.for_each(|span| (first, last) = (first.min(span.rows.start), last.max(span.rows.end)));
                rows = first..last;
            }
        }
        ranges
    }

    /// Bytes on disk of some rows of a column.
    pub(crate) fn stored(&self, column: usize, rows: &Range<u64>) -> u64 {
        let spans = self.spans.get(&self.planned[column].branch).map_or(&[][..], Vec::as_slice);
        let size = |span: &Span| match span.place {
            Place::Disk(disk) => disk.bytes.into(),
            Place::Embedded(_) => 0,
        };
        spans.iter().filter(|span| span.rows.start < rows.end && rows.start < span.rows.end).map(size).sum()
    }

    /// Rows of a column, in the memory of `old` where that is of use.
    pub(crate) fn read(&self, column: usize, rows: Range<u64>, old: Option<Values>) -> Result<Values> {
        let planned = &self.planned[column];
        let place =
            |error: Error| error.in_branch(&self.columns[column].name).in_object(&self.path).in_file(self.file.name());
        self.planned_rows(planned, rows, old).map_err(place)
    }

    fn planned_rows(&self, planned: &Planned, rows: Range<u64>, old: Option<Values>) -> Result<Values> {
        let spans = self.spans.get(&planned.branch).map_or(&[][..], Vec::as_slice);
        let first = spans.partition_point(|span| span.rows.end <= rows.start);
        let last = spans.partition_point(|span| span.rows.start < rows.end).max(first);
        let wanted: Vec<(u64, &Span)> = (first as u64..).zip(&spans[first..last]).collect();
        if let How::Flat { number, .. } = planned.how {
            return self.flat(planned, number, &wanted, rows, old);
        }
        let parts = wanted.par_iter().map(|(number, span)| {
            let from = rows.start.max(span.rows.start) - span.rows.start;
            let to = rows.end.min(span.rows.end) - span.rows.start;
            let values = self.with(planned.branch, span, |basket| {
                decode::basket(planned, basket, &|leaf| self.counts(leaf, span.rows.clone()))
            });
            let values = values.map_err(|error| error.in_basket(*number))?;
            Ok(values.slice(from as usize..to as usize))
        });
        let parts = parts.collect::<Result<Vec<_>>>()?;
        let mut parts = parts.into_iter();
        let mut all = parts.next().unwrap_or_else(|| Values::empty(&planned.of));
        parts.for_each(|part| all.append(part));
        Ok(all)
    }

    /// Values of the same size, basket by basket into their places.
    fn flat(
        &self,
        planned: &Planned,
        number: usize,
        wanted: &[(u64, &Span)],
        rows: Range<u64>,
        old: Option<Values>,
    ) -> Result<Values> {
        self.fits(planned, wanted)?;
        let Some(mut values) = Values::try_room(&planned.of, (rows.end - rows.start) as usize, old) else {
            return Err(Error::damaged(format!("no memory for {} rows", rows.end - rows.start)));
        };
        let Some(mut rest) = values.slot() else { return Ok(values) };
        let mut jobs = Vec::with_capacity(wanted.len());
        for (basket, span) in wanted {
            let part = rows.start.max(span.rows.start)..rows.end.min(span.rows.end);
            let (slot, after) = rest.split((part.end - part.start) as usize * number);
            jobs.push((*basket, *span, (part.start - span.rows.start) as usize, slot));
            rest = after;
        }
        let one = |(basket, span, from, slot): (u64, &Span, usize, Slot)| {
            self.fill(planned, span, from, slot).map_err(|error| error.in_basket(basket))
        };
        jobs.into_par_iter().map(one).collect::<Result<()>>()?;
        Ok(values)
    }

    /// Fills a slot with rows of a basket, from its row `from` on.
    fn fill(&self, planned: &Planned, span: &Span, from: usize, mut slot: Slot) -> Result<()> {
        let How::Flat { prim, number, offset, stride } = planned.how else { return Ok(()) };
        let said = span.rows.end - span.rows.start;
        let size = said.saturating_mul(stride as u64);
        let rows = |basket: &Basket, slot: Slot| decode::slots(prim, number, offset, stride, basket, from, slot);
        // Where nothing stands between the values, and all of them are wanted.
        let whole = stride == number * prim.width() && slot.bytes(prim).is_some_and(|room| room.len() as u64 == size);
        let disk = match span.place {
            Place::Disk(disk) if whole => disk,
            _ => return self.with(planned.branch, span, |basket| rows(basket, slot)),
        };
        on_disk(disk, |scratch| {
            let room = slot.bytes(prim).unwrap_or_default();
            match basket::read_to(self.file.bytes(), disk, scratch, prim.width(), room)? {
                Placed::There(entries) => agree(entries, said),
                Placed::Other(basket) => agree(basket.entries, said).and_then(|()| rows(&basket, slot)),
            }
        })
    }

    /// Refuses baskets that cannot have the rows that the branch says, before memory is asked for them.
    fn fits(&self, planned: &Planned, wanted: &[(u64, &Span)]) -> Result<()> {
        let How::Flat { stride, .. } = planned.how else { return Ok(()) };
        let length = self.file.bytes().length();
        let mut all = 0u64;
        for (number, span) in wanted {
            let need = (span.rows.end - span.rows.start).saturating_mul(stride as u64);
            all = all.saturating_add(need);
            let can = match span.place {
                Place::Embedded(at) => need <= self.record.branches[planned.branch].embedded[at].data.len() as u64,
                Place::Disk(Disk { bytes: 0, .. }) => need <= LARGEST,
                Place::Disk(disk) => need <= LARGEST && can_hold(length.min(disk.bytes.into()), need),
            };
            if !can || !can_hold(length, all) {
                let text = format!("a basket that cannot have the {need} bytes of its entries");
                return Err(Error::damaged(text).in_basket(*number));
            }
        }
        Ok(())
    }

    /// Reads a basket and checks that it has the entries that the branch says.
    fn with<T>(&self, branch: usize, span: &Span, work: impl FnOnce(&Basket) -> Result<T>) -> Result<T> {
        let said = span.rows.end - span.rows.start;
        match span.place {
            Place::Embedded(number) => {
                let embedded = &self.record.branches[branch].embedded[number];
                let starts = embedded.starts.as_ref().map(|starts| starts.to_vec());
                agree(embedded.entries, said)?;
                work(&Basket { entries: embedded.entries, data: &embedded.data, starts })
            }
            Place::Disk(disk) => on_disk(disk, |scratch| {
                let basket = basket::read(self.file.bytes(), disk, scratch)?;
                agree(basket.entries, said)?;
                work(&basket)
            }),
        }
    }

    /// How many values the lists of some rows have, as the leaf says that counts them; `None` where there is none that can be
    /// read.
    pub(crate) fn lengths(&self, column: usize, rows: Range<u64>) -> Result<Option<Vec<u32>>> {
        let How::Counted { inner: 1, count: Some(leaf), .. } = self.planned[column].how else { return Ok(None) };
        // What is wrong with it, reading the values tells.
        let Ok(counts) = self.counts(leaf, rows) else { return Ok(None) };
        Ok(counts.into_iter().map(|count| u32::try_from(count).ok()).collect())
    }

    /// Numbers of values of rows, as a leaf counts them.
    fn counts(&self, leaf: usize, rows: Range<u64>) -> Result<Vec<usize>> {
        let (branch, how) = plan::counter(leaf, &self.record).map_err(Error::unknown)?;
        // Counts that need other counts could need themselves.
        let alone = match &how {
            How::Flat { prim, .. } => Some(*prim),
            How::Leaves { parts, wanted } => super::leaves::alone(parts, *wanted),
            _ => None,
        };
        let prim = alone.ok_or_else(|| Error::unknown("counts that are no numbers, or are counted themselves"))?;
        let planned = Planned { branch, suffix: String::new(), of: prim.of(), type_name: String::new(), how };
        if !self.spans.contains_key(&branch) {
            return Err(Error::unknown(format!(
                "it is counted by `{}`, which cannot be read",
                self.record.branches[branch].name
            )));
        }
        let wrong = |count: i64| Error::damaged(format!("an entry with {count} values"));
        let counts: Vec<i64> = match self.planned_rows(&planned, rows, None)? {
            Values::I8(all) => all.into_iter().map(i64::from).collect(),
            Values::U8(all) => all.into_iter().map(i64::from).collect(),
            Values::I16(all) => all.into_iter().map(i64::from).collect(),
            Values::U16(all) => all.into_iter().map(i64::from).collect(),
            Values::I32(all) => all.into_iter().map(i64::from).collect(),
            Values::U32(all) => all.into_iter().map(i64::from).collect(),
            Values::I64(all) => all,
            Values::U64(all) => all.into_iter().map(|count| count as i64).collect(),
            other => return Err(Error::unknown(format!("counts that are {}", other.of()))),
        };
        counts.into_iter().map(|count| usize::try_from(count).map_err(|_| wrong(count))).collect()
    }
}

/// Whether a basket has the entries that its branch says.
fn agree(entries: u64, said: u64) -> Result<()> {
    if entries == said {
        return Ok(());
    }
    Err(Error::damaged(format!("a basket with {entries} entries where the branch says {said}")))
}

/// Works on a basket on disk with this thread's buffers.
fn on_disk<T>(disk: Disk, work: impl FnOnce(&mut Scratch) -> Result<T>) -> Result<T> {
    let mut scratch = SCRATCH.take();
    let done = work(&mut scratch);
    SCRATCH.set(scratch);
    done.map_err(|error| error.at(disk.seek))
}
