//! Rows that wait until a cluster is full.

use crate::columns::{Type, Values};
use crate::error::{Kind, Result};

/// Bytes of a cluster, unpacked.
const CLUSTER: usize = 32 << 20;

/// The rows of a table in the making that are not written yet.
#[derive(Debug)]
pub(super) struct Rows {
    columns: usize,
    /// Rows per cluster.
    cluster: usize,
    waiting: Vec<Values>,
    /// Rows of those that wait that are written already.
    written: usize,
}

impl Rows {
    /// For these columns.
    ///
    /// # Errors
    /// A name that occurs twice.
    pub(super) fn new(columns: &[(String, Type)]) -> Result<Self> {
        for (at, (name, _)) in columns.iter().enumerate() {
            if columns[..at].iter().any(|(have, _)| have == name) {
                return Err(Kind::Refused(format!("two columns are named `{name}`")).into());
            }
        }
        let width: usize = columns.iter().map(|(_, of)| of.width()).fold(0, usize::saturating_add);
        let cluster = (CLUSTER / width.max(1)).clamp(1_000, 1 << 17);
        Ok(Self { columns: columns.len(), cluster, waiting: Vec::new(), written: 0 })
    }

    /// Rows per cluster.
    pub(super) fn cluster(&self) -> usize {
        self.cluster
    }

    /// Adds rows: a column each, all of one length.
    pub(super) fn push(&mut self, columns: Vec<Values>) -> Result<()> {
        let rows = columns.first().map_or(0, Values::len);
        if columns.len() != self.columns || columns.iter().any(|column| column.len() != rows) {
            let text = format!("{} columns of unequal length, or not {}", columns.len(), self.columns);
            return Err(Kind::Refused(text).into());
        }
        if self.waiting.is_empty() {
            self.waiting = columns;
            return Ok(());
        }
        let left = self.written..self.waiting.first().map_or(0, Values::len);
        self.written = 0;
        for (have, more) in self.waiting.iter_mut().zip(columns) {
            if left.start > 0 {
                *have = have.part(left.clone());
            }
            have.append(more);
        }
        Ok(())
    }

    /// The rows of the next cluster, if so many are there.
    pub(super) fn full(&mut self) -> Option<Vec<Values>> {
        let end = self.written + self.cluster;
        let have = self.waiting.first().map_or(0, Values::len);
        if have < end {
            return None;
        }
        let cluster = self.waiting.iter().map(|column| column.part(self.written..end)).collect();
        self.written = end;
        Some(cluster)
    }

    /// What is left, if there are any rows.
    pub(super) fn rest(&mut self) -> Option<Vec<Values>> {
        let left = self.written..self.waiting.first().map_or(0, Values::len);
        let waiting = std::mem::take(&mut self.waiting);
        self.written = 0;
        (!left.is_empty()).then(|| waiting.into_iter().map(|column| column.slice(left.clone())).collect())
    }
}
