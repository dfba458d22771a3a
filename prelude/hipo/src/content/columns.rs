//! Columns over many events: plain vectors with list offsets, as Arrow has them.

use std::ops::Range;

use crate::content::structure::Numbers;
use crate::model::error::Fault;

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

    pub(crate) fn clear(&mut self) {
        self.offsets.truncate(1);
        self.columns.iter_mut().for_each(|column| column.values.resize(0));
    }

    /// Takes memory for `growth` times what there is: growing step by step would touch it several times.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate, not negative")]
    pub(crate) fn reserve_for(&mut self, growth: f64) {
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
