//! Columns over many events: plain vectors with list offsets, as Arrow has them.

use std::ops::Range;

use crate::content::structure::Numbers;
use crate::model::error::Fault;

/// One column over many events.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// # let particles = reader.read_columns("REC::Particle", &["pid", "px"])?;
/// let pid: &hipo::Column = particles.column("pid")?;
/// assert_eq!((pid.name.as_str(), pid.count, pid.values.len()), ("pid", 1, 4));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// let particles: hipo::BankColumns = reader.read_columns("REC::Particle", &["pid"])?;
/// assert_eq!(particles.column("pid")?.values, hipo::Numbers::I32(vec![11, 2212, 22, 11]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let particles = reader.read_columns("REC::Particle", &["pid", "px"])?;
    /// assert_eq!(particles.events(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn events(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Number of rows of all events.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let particles = reader.read_columns("REC::Particle", &["pid", "px"])?;
    /// assert_eq!(particles.rows(), 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn rows(&self) -> usize {
        // Offsets are sums of row numbers, never negative.
        self.offsets.last().map_or(0, |end| *end as usize)
    }

    /// The column of this name.
    ///
    /// # Errors
    /// When it was not read.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let particles = reader.read_columns("REC::Particle", &["pid", "px"])?;
    /// assert_eq!(particles.column("px")?.values.as_f64(0), Some(0.5));
    /// assert!(particles.column("pz").is_err(), "it was not read");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn column(&self, name: &str) -> Result<&Column, Fault> {
        let known = || self.columns.iter().map(|column| column.name.as_str());
        let found = self.columns.iter().find(|column| column.name == name);
        found.ok_or_else(|| Fault::unknown(format!("column of {} was read", self.bank), name, known()))
    }

    /// Rows of an event.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let particles = reader.read_columns("REC::Particle", &["pid", "px"])?;
    /// assert_eq!(particles.rows_of(1), 2..3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let particles = reader.read_columns("REC::Particle", &["pid", "px"])?;
    /// let mut particles = particles;
    /// particles.retain(&[true, false, false, true]);
    /// assert_eq!((particles.rows(), particles.rows_of(1)), (2, 1..1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
