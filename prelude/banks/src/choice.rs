//! Open HIPO files and which of their events are wanted.

use crate::frame::{ColumnElement, flat, parts, segment_error};
use ::hipo::{BankRequest, Chain, ColumnQuery, EventSet, Reaction, Reader, RecordRows};
use cut::Typed;
use polars::prelude::*;
use segment::work::Task;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// Tag of the events that hold scalers and configuration.
const SERVICE: i32 = 1;

/// Which events are wanted.
#[derive(Clone)]
pub(crate) enum Choice {
    /// Events with a row of this bank that passes; `number` tells cuts apart that call functions of the user's.
    Rows { bank: String, cut: Arc<Typed>, number: u64 },
    /// Events whose particles fit a topology.
    Reaction { bank: String, reaction: Reaction },
}

/// Open files and the wanted events; what is found out about them is found once, when it is first asked for.
pub(crate) struct Files {
    pub chain: Arc<Chain>,
    pub(crate) tags: Option<Vec<i32>>,
    pub(crate) choices: Vec<Choice>,
    chosen: OnceLock<segment::Result<Option<Vec<Arc<EventSet>>>>>,
    rows: OnceLock<segment::Result<Vec<Vec<RecordRows>>>>,
}

impl Files {
    pub(crate) fn new(chain: Arc<Chain>, tags: Option<Vec<i32>>, choices: Vec<Choice>) -> Self {
        Self { chain, tags, choices, chosen: OnceLock::new(), rows: OnceLock::new() }
    }

    /// The same files with more asked of their events.
    pub(crate) fn with(&self, tags: Option<Vec<i32>>, choice: Option<Choice>) -> Self {
        let choices = self.choices.iter().cloned().chain(choice).collect();
        Self::new(Arc::clone(&self.chain), tags.or_else(|| self.tags.clone()), choices)
    }

    /// Which events are wanted, as a text that is equal only when the events are.
    pub(crate) fn identity(&self) -> String {
        let Self { chain: _, tags, choices, chosen: _, rows: _ } = self;
        let choices: Vec<String> = choices.iter().map(Choice::identity).collect();
        format!("{tags:?} {choices:?}")
    }

    /// The wanted tags.
    pub(crate) fn tags(&self) -> Option<&[i32]> {
        self.tags.as_deref()
    }

    /// The events of each file that all choices leave; `None` when nothing was chosen.
    pub(crate) fn chosen(&self) -> segment::Result<Option<Vec<Arc<EventSet>>>> {
        self.chosen.get_or_init(|| self.choose()).clone()
    }

    fn choose(&self) -> segment::Result<Option<Vec<Arc<EventSet>>>> {
        if self.choices.is_empty() {
            return Ok(None);
        }
        let records: usize = self.chain.readers().iter().map(|reader| reader.index().records().len()).sum();
        let task = Task::new("choosing events", "records", Some((records * self.choices.len()) as u64));
        let mut sets = Vec::new();
        for reader in self.chain.readers() {
            let mut left: Option<EventSet> = None;
            for choice in &self.choices {
                let found = self.choose_in(reader, choice, &task)?;
                match &mut left {
                    Some(left) => left.intersect(&found),
                    None => left = Some(found),
                }
            }
            sets.push(Arc::new(left.unwrap_or_default()));
        }
        Ok(Some(sets))
    }

    fn choose_in(&self, reader: &Reader, choice: &Choice, task: &Task) -> segment::Result<EventSet> {
        let mut set = EventSet::new(reader.len());
        let mut query = ColumnQuery::new();
        if let Some(tags) = &self.tags {
            query = query.event_tags(tags.iter().copied());
        }
        let query = match choice {
            _ if reader.dictionary().get(choice.bank()).is_err() => return Ok(set),
            Choice::Rows { bank, cut, .. } => query.bank(rows_that_pass(reader, bank, cut)?),
            Choice::Reaction { bank, reaction } => {
                let schema = reader.bank(bank).map_err(segment_error)?;
                let reaction = reaction.clone();
                query.event_filter(move |event| reaction.matches(&event.bank(&schema)?))
            }
        };
        reader
            .scan(&query, |block| {
                for (at, event) in block.events.iter().enumerate() {
                    if block.banks.first().is_none_or(|bank| !bank.rows_of(at).is_empty()) {
                        set.insert(*event);
                    }
                }
                task.advance(1, 0).map_err(|_| ::hipo::Error::stopped())
            })
            .map_err(segment_error)?;
        self.add_service(reader, choice.bank(), &mut set)?;
        Ok(set)
    }

    /// Adds the events of tag 1 without the chosen bank: they hold scalers and configuration, about which the choice says
    /// nothing. To leave them out, choose tags.
    fn add_service(&self, reader: &Reader, bank: &str, set: &mut EventSet) -> segment::Result<()> {
        let index = reader.index();
        let mut tagged = EventSet::new(reader.len());
        for record in (0..index.records().len()).filter(|record| index.records()[*record].tag == i64::from(SERVICE)) {
            (index.first_event(record)..index.first_event(record + 1)).for_each(|event| tagged.insert(event));
        }
        if tagged.is_empty() || self.tags.as_ref().is_some_and(|tags| !tags.contains(&SERVICE)) {
            return Ok(());
        }
        let schema = reader.bank(bank).map_err(segment_error)?;
        let without = move |event: &::hipo::Event<'_>| Ok(event.bank(&schema)?.rows() == 0);
        let query = ColumnQuery::new().event_tags([SERVICE]).events(Arc::new(tagged)).event_filter(without);
        let add = |block: ::hipo::Block| {
            block.events.iter().for_each(|event| set.insert(*event));
            Ok(())
        };
        reader.scan(&query, add).map_err(segment_error)
    }

    /// Rows of every bank of the dictionary in every record of every file, of the wanted events.
    pub(crate) fn rows(&self) -> segment::Result<Vec<Vec<RecordRows>>> {
        self.rows.get_or_init(|| self.count()).clone()
    }

    fn count(&self) -> segment::Result<Vec<Vec<RecordRows>>> {
        let records: usize = self.chain.readers().iter().map(|reader| reader.index().records().len()).sum();
        let task = Task::new("counting rows", "records", Some(records as u64));
        let mut all = Vec::new();
        for (file, reader) in self.chain.readers().iter().enumerate() {
            let query = self.query(file)?;
            let progress = || task.advance(1, 0).map_err(|_| ::hipo::Error::stopped());
            all.push(reader.count_rows(&query, self.chain.dictionary(), progress).map_err(segment_error)?);
        }
        Ok(all)
    }

    /// What is wanted of the events of a file.
    pub(crate) fn query(&self, file: usize) -> segment::Result<ColumnQuery> {
        let mut query = ColumnQuery::new();
        if let Some(tags) = &self.tags {
            query = query.event_tags(tags.iter().copied());
        }
        if let Some(sets) = self.chosen()? {
            query = query.events(Arc::clone(&sets[file]));
        }
        Ok(query)
    }

    /// Number of wanted events.
    pub(crate) fn events(&self) -> segment::Result<u64> {
        if self.tags.is_none() && self.choices.is_empty() {
            return Ok(self.chain.len());
        }
        Ok(self.rows()?.iter().flatten().map(|record| record.events).sum())
    }
}

impl Choice {
    /// Events with a row of this bank that passes `cut`.
    pub(crate) fn rows(bank: &str, cut: Typed) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self::Rows { bank: bank.into(), cut: Arc::new(cut), number: NEXT.fetch_add(1, Ordering::Relaxed) }
    }

    fn identity(&self) -> String {
        match self {
            Self::Rows { bank, cut, number } => match cut.fingerprint() {
                Some(fingerprint) => format!("{bank} {fingerprint}"),
                None => format!("{bank} {} {number}", cut.text()),
            },
            Self::Reaction { bank, reaction } => format!("{bank} {reaction:?}"),
        }
    }

    fn bank(&self) -> &str {
        match self {
            Self::Rows { bank, .. } | Self::Reaction { bank, .. } => bank,
        }
    }
}

/// A request for the columns of a cut that keeps the rows that pass.
fn rows_that_pass(reader: &Reader, bank: &str, cut: &Arc<Typed>) -> segment::Result<BankRequest> {
    let schema = reader.bank(bank).map_err(segment_error)?;
    let all = parts(&schema);
    let wanted: Vec<ColumnElement> = all.into_iter().filter(|part| cut.columns().contains(&part.name)).collect();
    let mut columns: Vec<String> = wanted.iter().map(|part| part.column.clone()).collect();
    columns.dedup();
    let cut = Arc::clone(cut);
    Ok(BankRequest::new(bank, &columns).filter(move |bank| {
        let fault = |error: segment::Error| ::hipo::Fault::Argument(error.to_string());
        let series = wanted.iter().map(|part| {
            flat(part.name.clone(), bank.column(&part.column)?.clone(), part.element)
                .map_err(|error| fault(error.into()))
        });
        let columns = series.map(|series| series.map(Column::from)).collect::<std::result::Result<Vec<_>, _>>()?;
        let frame = DataFrame::new(bank.rows(), columns).map_err(|error| fault(error.into()))?;
        let mask = cut.mask(&frame).map_err(fault)?;
        Ok(mask.iter().map(|keep| keep == Some(true)).collect())
    }))
}
