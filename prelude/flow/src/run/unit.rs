//! A unit of rows on its way: what its filters need is read first, then the rest of the rows that pass; then the steps,
//! one after another, up to the terminal.

use crate::error::{Error, Result};
use crate::memory::cache::Key;
use crate::memory::selections::{Asked, Selected};
use crate::operators::events::Events;
use crate::operators::kept::Kept;
use crate::plan::candidates::Best;
use crate::plan::row::ROW;
use crate::run::execute::{Morsel, Worker};
use crate::run::input::Input;
use crate::run::load::count_read;
use crate::run::load::filter;
use crate::run::load::numbered;
use crate::run::load::select;
use crate::run::stage::{Op, Step, Unit};
use crate::sink::Sink;
use cut::{FusedCuts, Typed};
use polars::prelude::*;
use polars_arrow::array::Utf8ViewArray;
use segment::{Place, Segment};
use sources::{Identity, Source};
use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Below one row in this many, rows are picked out of the source instead of being decoded with all others.
const FEW: usize = 4;
/// The same where a cache would keep whole columns for later queries.
const RARE: usize = 32;

/// Who works on which unit, for the timeline.
pub(crate) type Who = Option<(usize, u64)>;

/// Which rows of a unit pass the filters at its beginning.
struct Passed {
    /// `None`: all.
    mask: Option<BooleanChunked>,
    left: usize,
    /// What the definitions right behind the filters are for these rows, where it was computed with them.
    values: Vec<Series>,
}

impl<S: Sink> Worker<'_, S> {
    /// Works on unit `at`.
    pub fn unit(&self, worker: usize, at: usize, morsel: &mut Morsel<S::Part>) -> Result<()> {
        segment::work::check()?;
        let unit = &self.units[at];
        let who = self.run.timeline.keeps(at as u64).then_some((worker, at as u64));
        let counters = self.run.counters;
        let height = unit.local.len();
        counters.add(&counters.rows_in, height as u64);
        match self.input {
            Input::Store(store) => {
                let entity = unit.entity.ok_or_else(|| Error::request("a unit without data"))?;
                for (frame, _) in store.gather(&[entity])? {
                    let frame = frame.slice(unit.local.start as i64, height);
                    let frame = numbered(frame, unit, &self.stage.columns)?;
                    self.push(who, 0, frame, &unit.rows, &unit.place, morsel)?;
                }
            }
            Input::Source(source) => self.source_unit(who, source, unit, morsel)?,
        }
        self.run.task.advance(height as u64, unit.bytes)?;
        if let Some(progress) = &self.run.options.progress {
            let done = self.resumed + counters.rows_in.load(Ordering::Relaxed);
            progress(done as f64 / self.run.total_rows.max(done).max(1) as f64);
        }
        Ok(())
    }

    fn source_unit(&self, who: Who, source: &dyn Source, unit: &Unit, morsel: &mut Morsel<S::Part>) -> Result<()> {
        if !unit.parts.iter().all(|(segment, _)| self.sink.wants(&source.segments()[*segment])) {
            return Ok(());
        }
        let open = self.open(unit);
        if open.is_empty() {
            let frame = self.read(who, source, unit, &self.stage.columns, None)?;
            return self.push(who, self.lead, frame, &unit.rows, &unit.place, morsel);
        }
        if self.is_known_to_fail(who, source, unit, open[0]) {
            return Ok(());
        }
        let mut frame = DataFrame::empty();
        let passed = match self.remembered(source, unit, &open) {
            Some(passed) => passed,
            None => match self.ask_texts(who, source, unit, &open)? {
                Some(passed) => passed,
                None => {
                    frame = self.read(who, source, unit, &self.asked_first(&open), None)?;
                    self.ask(who, source, unit, &open, &frame)?
                }
            },
        };
        if passed.left == 0 {
            sources::recycle(frame);
            return Ok(());
        }
        let next = self.lead + passed.values.len();
        let made = |name: &PlSmallStr| passed.values.iter().any(|value| value.name() == name);
        let keep = &self.stage.steps[next - 1].keep;
        let rest: Vec<PlSmallStr> = keep.iter().filter(|name| !made(name)).cloned().collect();
        let mut frame = match self.passing_few(who, source, unit, (&open, &passed), &rest)? {
            Some(few) => few,
            None => self.passing(who, source, unit, &passed, frame, &rest)?,
        };
        for (at, value) in passed.values.into_iter().enumerate() {
            self.done(None, self.lead + at, Instant::now(), Duration::ZERO, (passed.left, passed.left));
            frame.with_column(value.into_column())?;
        }
        if next > self.lead {
            frame = select(&frame, keep.iter())?;
        }
        self.push(who, next, frame, &unit.rows, &unit.place, morsel)
    }

    /// The filters at the beginning, without those that every row passes.
    pub fn open(&self, unit: &Unit) -> Vec<usize> {
        (0..self.lead).filter(|&at| !unit.decided[at]).collect()
    }

    /// Whether no row passes the first filter, as the bounds of columns say that were read since the table was opened.
    fn is_known_to_fail(&self, who: Who, source: &dyn Source, unit: &Unit, first: usize) -> bool {
        let Op::Filter(cut) = &self.stage.steps[first].op else { return false };
        let height = unit.local.len();
        let mut known = segment::Statistics { rows: height as u64, ..Default::default() };
        for (segment, _) in &unit.parts {
            let whole = source.segments()[*segment].len() == height;
            known
                .columns
                .extend(source.learned(*segment).filter(|_| whole).into_iter().flat_map(|learned| learned.columns));
        }
        let fails = !known.columns.is_empty() && cut.verdict(&known) == cut::Verdict::None;
        if fails {
            self.done(who, first, Instant::now(), Duration::ZERO, (height, 0));
        }
        fails
    }

    /// The columns that these filters look at.
    pub fn asked_first(&self, open: &[usize]) -> Vec<PlSmallStr> {
        let mut first: Vec<PlSmallStr> = Vec::new();
        for name in open.iter().flat_map(|&at| self.stage.steps[at].op.inputs(&[])) {
            if !first.contains(&name) {
                first.push(name);
            }
        }
        first
    }

    /// Asks the filters at the beginning.
    fn ask(&self, who: Who, source: &dyn Source, unit: &Unit, open: &[usize], frame: &DataFrame) -> Result<Passed> {
        let mut passed = Passed { mask: None, left: frame.height(), values: Vec::new() };
        let mut counts = Vec::with_capacity(open.len());
        let mut next = 0;
        while next < open.len() && passed.left > 0 {
            let start = Instant::now();
            // Cuts before which nothing was removed are one program.
            let cuts: Vec<usize> = open[next..].iter().map_while(|&at| self.together.at[at]).collect();
            let (mask, left) = if passed.mask.is_none() && !cuts.is_empty() {
                self.cuts(frame, &cuts, cuts.len() == self.lead, &mut passed.values)?
            } else {
                let asked = self.stage.steps[open[next]].op.mask(frame)?;
                let mask = passed.mask.take().map_or_else(|| asked.clone(), |mask| &mask & &asked);
                let left = mask.sum().unwrap_or(0) as usize;
                (mask, vec![left])
            };
            let each = start.elapsed() / left.len() as u32;
            for (step, &left) in left.iter().enumerate() {
                counts.push((passed.left, left));
                self.done(who, open[next + step], start + each * step as u32, each, (passed.left, left));
                passed.left = left;
            }
            passed.mask = Some(mask);
            next += left.len();
        }
        if let (Some(cache), Some(asked), Some(mask)) = (self.run.cache, self.asked(source, unit, open), &passed.mask) {
            cache.selections.put(asked, Selected { mask: mask.clone(), counts });
        }
        Ok(passed)
    }

    /// Asks a filter that looks at one column of texts, which is stored by a dictionary: of each text once, without making the
    /// column. `None` where that is not so.
    fn ask_texts(&self, who: Who, source: &dyn Source, unit: &Unit, open: &[usize]) -> Result<Option<Passed>> {
        let [at] = open[..] else { return Ok(None) };
        let Op::Filter(cut) = &self.stage.steps[at].op else { return Ok(None) };
        let [name] = cut.columns() else { return Ok(None) };
        let is_text = source.schema().get(name).is_some_and(DataType::is_string);
        let part = unit.parts.iter().find(|(_, columns)| columns.contains(name));
        // What functions of the user's own, or those of other rows, say of a text is not known for all rows that have it.
        let is_alone = is_text && self.together.fingerprints[at].is_some();
        let Some((segment, _)) = part.filter(|_| is_alone) else { return Ok(None) };
        let (start, rows) = (unit.local.start, unit.local.len());
        let key = || Key { identity: source.segments()[*segment].identity, column: name.clone(), start, rows };
        if self.run.cache.is_some_and(|cache| cache.has(&key())) {
            return Ok(None);
        }
        let begun = Instant::now();
        let asking = Cell::new(Duration::ZERO);
        let ask = |texts: Utf8ViewArray| {
            let begun = Instant::now();
            let holds = holds(cut, StringChunked::with_chunk(name.clone(), texts));
            asking.set(begun.elapsed());
            holds
        };
        let Some(mask) = source.marked(*segment, name, unit.local.clone(), &ask)? else { return Ok(None) };
        let counters = self.run.counters;
        counters.read.lock().insert(*segment);
        count_read(self.run, source, *segment, source.stored(*segment, std::slice::from_ref(name)), rows as u64);
        if let Some((worker, number)) = who {
            self.run.timeline.add(number, worker, &self.reading, begun, begun.elapsed() - asking.get(), rows as u64);
        }
        let left = rows - mask.unset_bits();
        let mask = BooleanChunked::from_bitmap(PlSmallStr::EMPTY, mask);
        self.done(who, at, begun, asking.get(), (rows, left));
        if let (Some(cache), Some(asked)) = (self.run.cache, self.asked(source, unit, open)) {
            cache.selections.put(asked, Selected { mask: mask.clone(), counts: vec![(rows, left)] });
        }
        Ok(Some(Passed { mask: Some(mask), left, values: Vec::new() }))
    }

    /// Asks cuts; where these are all that is asked, definitions behind them may be made with them.
    fn cuts(
        &self,
        frame: &DataFrame,
        cuts: &[usize],
        all: bool,
        values: &mut Vec<Series>,
    ) -> Result<(BooleanChunked, Vec<usize>)> {
        let Some((several, names)) = self.together.behind.as_ref().filter(|_| all) else {
            return Ok(self.together.cuts.mask(frame, cuts)?);
        };
        let (mask, left, made) = several.mask_and_values(frame, cuts, names)?;
        *values = made;
        Ok((mask, left))
    }

    /// What the same filters answered in an earlier query.
    fn remembered(&self, source: &dyn Source, unit: &Unit, open: &[usize]) -> Option<Passed> {
        let selected = self.run.cache?.selections.get(&self.asked(source, unit, open)?)?;
        let start = Instant::now();
        for (&at, (rows_in, rows_out)) in open.iter().zip(&selected.counts) {
            self.done(None, at, start, Duration::ZERO, (*rows_in, *rows_out));
        }
        self.run.counters.add(&self.run.counters.selections_reused, 1);
        let left = selected.counts.last().map_or(0, |(_, left)| *left);
        Some(Passed { mask: Some(selected.mask.clone()), left, values: Vec::new() })
    }

    /// The question that these filters ask of a unit; `None` when its answer cannot be told from the question.
    pub fn asked(&self, source: &dyn Source, unit: &Unit, open: &[usize]) -> Option<Asked> {
        let mut cuts = String::new();
        let mut needed: Vec<PlSmallStr> = Vec::new();
        for &at in open {
            cuts.push_str(self.together.fingerprints[at].as_deref()?);
            needed.extend(self.stage.steps[at].op.inputs(&[]));
        }
        let holds = |columns: &[PlSmallStr]| columns.iter().any(|column| needed.contains(column));
        let parts = unit.parts.iter().filter(|(_, columns)| holds(columns));
        let identities: Vec<Identity> = parts.map(|(segment, _)| source.segments()[*segment].identity).collect();
        let identity = Identity::of(&identities);
        Some(Asked { identity, start: unit.local.start, rows: unit.local.len(), cuts: cuts.into() })
    }

    /// The columns `keep` of the rows that passed, where these are so few that whole columns are not worth their memory: they are
    /// picked out of the source, and kept under what was asked. `None` where that is not so.
    fn passing_few(
        &self,
        who: Who,
        source: &dyn Source,
        unit: &Unit,
        (open, passed): (&[usize], &Passed),
        keep: &[PlSmallStr],
    ) -> Result<Option<DataFrame>> {
        let (Some(cache), Some(mask)) = (self.run.cache, &passed.mask) else { return Ok(None) };
        let (start, rows) = (unit.local.start, passed.left);
        if rows * RARE > unit.local.len() || keep.iter().any(|name| name == ROW) {
            return Ok(None);
        }
        let Some(asked) = self.asked(source, unit, open) else { return Ok(None) };
        let whole = |name: &PlSmallStr| {
            let holds = |(_, columns): &&(usize, Vec<PlSmallStr>)| columns.contains(name);
            let (segment, _) = unit.parts.iter().find(holds)?;
            let identity = source.segments()[*segment].identity;
            Some(Key { identity, column: name.clone(), start, rows: unit.local.len() })
        };
        // Columns that are here already cost nothing.
        if keep.iter().all(|name| whole(name).is_some_and(|key| cache.has(&key))) {
            return Ok(None);
        }
        let identity = Identity::of(&asked);
        let key = |name: &PlSmallStr| Key { identity, column: name.clone(), start, rows };
        let (counters, mut found) = (self.run.counters, Vec::with_capacity(keep.len()));
        for name in keep {
            let column = cache.get(&key(name)).map(|(column, _)| column);
            counters.add(if column.is_some() { &counters.hits_memory } else { &counters.misses }, 1);
            found.push(column);
        }
        let missing = keep.iter().zip(&found).filter(|(_, found)| found.is_none());
        let missing: Vec<PlSmallStr> = missing.map(|(name, _)| name.clone()).collect();
        if !missing.is_empty() {
            let begun = Instant::now();
            let picked = self.read(who, source, unit, &missing, Some(mask))?;
            let each = begun.elapsed() / missing.len() as u32;
            for column in picked.columns() {
                cache.put(key(column.name()), column, each);
                let at = keep.iter().position(|name| name == column.name());
                at.into_iter().for_each(|at| found[at] = Some(column.clone()));
            }
        }
        Ok(Some(DataFrame::new(rows, found.into_iter().flatten().collect())?))
    }

    /// The columns `keep` of the rows that passed; those in `have` are read already.
    fn passing(
        &self,
        who: Who,
        source: &dyn Source,
        unit: &Unit,
        passed: &Passed,
        have: DataFrame,
        keep: &[PlSmallStr],
    ) -> Result<DataFrame> {
        let height = unit.local.len();
        let rest: Vec<PlSmallStr> = keep.iter().filter(|name| have.column(name).is_err()).cloned().collect();
        let mask = passed.mask.as_ref().filter(|_| passed.left < height);
        // A cache wants whole columns, for later queries.
        let few = self.run.cache.is_none() && passed.left * FEW < height;
        let picked = mask.filter(|_| few);
        let more = if rest.is_empty() { DataFrame::empty() } else { self.read(who, source, unit, &rest, picked)? };
        let mut kept = mask.map(|mask| Kept::new(mask, passed.left));
        let columns = keep.iter().map(|name| {
            let (column, kept) = match have.column(name) {
                Ok(column) => (column, kept.as_mut()),
                Err(_) => (more.column(name)?, kept.as_mut().filter(|_| picked.is_none())),
            };
            let column = column.as_materialized_series();
            Ok(kept.map_or_else(|| Ok(column.clone()), |kept| kept.of(column))?.into_column())
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        sources::recycle(have);
        sources::recycle(more);
        Ok(DataFrame::new(passed.left, columns)?)
    }

    fn read(
        &self,
        who: Who,
        source: &dyn Source,
        unit: &Unit,
        names: &[PlSmallStr],
        rows: Option<&BooleanChunked>,
    ) -> Result<DataFrame> {
        let start = Instant::now();
        let wanted = (names, self.stage.lengths.as_slice());
        let frame = crate::run::load::load(self.run, source, unit, wanted, rows)?;
        if let Some((worker, number)) = who {
            let time = start.elapsed();
            self.run.timeline.add(number, worker, &self.reading, start, time, unit.local.len() as u64);
        }
        Ok(frame)
    }

    /// Counts what a step did.
    fn done(&self, who: Who, at: usize, start: Instant, time: Duration, (rows_in, rows_out): (usize, usize)) {
        self.run.counters.steps[at].add(rows_in, rows_out, time);
        if let Some((worker, number)) = who {
            self.run.timeline.add(number, worker, &self.names[at], start, time, rows_in as u64);
        }
    }

    /// Does the steps from `at` on, and hands the rows to the terminal.
    pub fn push(
        &self,
        who: Who,
        at: usize,
        frame: DataFrame,
        rows: &Range<u64>,
        place: &Arc<Place>,
        morsel: &mut Morsel<S::Part>,
    ) -> Result<()> {
        let (mut frame, mut at) = (frame, at);
        while let Some(step) = self.stage.steps.get(at) {
            if frame.height() == 0 {
                return Ok(());
            }
            segment::work::check()?;
            if let Some((several, names)) = &self.together.definitions[at] {
                frame = self.define(who, at, frame, several, names)?;
                at += names.len();
                continue;
            }
            let start = Instant::now();
            let height = frame.height();
            let mut ready = self.step(at, step, frame, morsel)?;
            let left = ready.iter().map(DataFrame::height).sum();
            self.done(who, at, start, start.elapsed(), (height, left));
            let Some(last) = ready.pop() else { return Ok(()) };
            for earlier in ready {
                self.push(who, at + 1, earlier, rows, place, morsel)?;
            }
            frame = last;
            at += 1;
        }
        if frame.height() == 0 {
            return Ok(());
        }
        let in_order = frame.columns().iter().map(Column::name).eq(self.stage.output.iter_names());
        if !in_order {
            frame = select(&frame, self.stage.output.iter_names())?;
        }
        let (start, height) = (Instant::now(), frame.height() as u64);
        self.run.counters.add(&self.run.counters.rows_out, height);
        self.sink.take(&mut morsel.part, Segment { frame, rows: rows.clone(), place: place.clone() })?;
        if let Some((worker, number)) = who {
            self.run.timeline.add(number, worker, &self.answering, start, start.elapsed(), height);
        }
        Ok(())
    }

    /// Does several definitions that see the same columns.
    fn define(
        &self,
        who: Who,
        at: usize,
        mut frame: DataFrame,
        several: &FusedCuts,
        names: &[PlSmallStr],
    ) -> Result<DataFrame> {
        let start = Instant::now();
        for column in several.values(&frame, names)? {
            frame.with_column(column.into_column())?;
        }
        let (each, height) = (start.elapsed() / names.len() as u32, frame.height());
        for step in 0..names.len() {
            self.done(who, at + step, start + each * step as u32, each, (height, height));
        }
        select(&frame, self.stage.steps[at + names.len() - 1].keep.iter())
    }

    fn step(&self, at: usize, step: &Step, frame: DataFrame, morsel: &mut Morsel<S::Part>) -> Result<Vec<DataFrame>> {
        let Op::Candidates { keys, best, .. } = &step.op else { return Ok(vec![row_step(step, frame)?]) };
        let choice = self.choices.iter().position(|&step| step == at).unwrap_or_default();
        match best {
            Best::All(collection) => {
                let events = Events { keys: keys.clone(), collection: collection.clone() };
                morsel.selections[choice].gather(&frame, &events, &step.keep)
            }
            _ => morsel.selections[choice].feed(&frame, keys, best, &step.keep),
        }
    }
}

/// Which texts of a column pass a cut; `None` where it cannot be asked: a text that no row has may be one of them.
fn holds(cut: &Typed, texts: StringChunked) -> Option<Vec<u8>> {
    let mask = cut.mask(&DataFrame::new(texts.len(), vec![texts.into_column()]).ok()?).ok()?;
    Some(mask.iter().map(|holds| u8::from(holds == Some(true))).collect())
}

/// Does a step that looks at each row for itself.
pub(crate) fn row_step(step: &Step, mut frame: DataFrame) -> Result<DataFrame> {
    match &step.op {
        Op::Define { name, value } => {
            let column = value.values(&frame)?.with_name(name.clone());
            frame.with_column(column.into_column())?;
        }
        Op::Function { name, inputs, dtype, function } => {
            let column = function(&select(&frame, inputs.iter())?)?;
            if column.len() != frame.height() {
                let (values, rows) = (column.len(), frame.height());
                let text = format!("the function for `{name}` answered {values} values for {rows} rows");
                return Err(Error::request(text));
            }
            frame.with_column(column.cast(dtype)?.with_name(name.clone()).into_column())?;
        }
        Op::Custom(custom) => frame = custom.process(frame)?,
        Op::Candidates { .. } => return Err(Error::request("candidates are chosen among rows, not row by row")),
        filter_op => {
            let mask = filter_op.mask(&frame)?;
            return filter(&frame, Some(&mask), &step.keep);
        }
    }
    select(&frame, step.keep.iter())
}
