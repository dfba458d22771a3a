use crate::axis::{Axis, MOST_CELLS};
use crate::cells::{Cells, Storage};
use crate::error::{Error, Result};
use crate::moments::Moments;
use crate::process::ByProcess;
use segment::Sealed;

/// A histogram: axes, and per cell a count, a sum of weights or a mean; in all, and by process when it has any.
///
/// ```
/// use hist::{Axis, Hist};
/// let mut h = Hist::new(Axis::regular(3, 0.0, 3.0)?)?;
/// h.fill(&[0.5, 1.5, 1.7, 7.0, f64::NAN])?;
/// assert_eq!(h.counts(), [1.0, 2.0, 0.0]);
/// assert_eq!((h.underflow(), h.overflow(), h.nan()), (0.0, 1.0, 1.0));
/// # Ok::<(), hist::Error>(())
/// ```
///
/// Two histograms are equal when their axes, cells, rows and processes are. Means may differ in their last digit: they
/// depend on the order in which rows were added up.
#[derive(Debug, Clone)]
pub struct Hist {
    /// In one piece, so that a cell of a notebook has one thing to drop.
    pub(crate) parts: Sealed<Parts>,
}

/// What a histogram is made of.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub axes: Vec<Axis>,
    pub cells: Cells,
    pub entries: u64,
    /// Per axis; nothing where they are not known, or values are no numbers.
    pub moments: Vec<Option<Moments>>,
    pub processes: ByProcess,
    pub sample: Sample,
}

impl From<Parts> for Hist {
    fn from(parts: Parts) -> Self {
        Self { parts: Sealed::new(parts) }
    }
}

impl PartialEq for Hist {
    fn eq(&self, other: &Self) -> bool {
        self.parts.axes == other.parts.axes
            && self.parts.cells == other.parts.cells
            && self.parts.entries == other.parts.entries
            && self.parts.processes == other.parts.processes
            && self.parts.sample == other.parts.sample
    }
}

/// What a profile is the mean of, in the words that an axis has.
///
/// ```
/// # use hist::{Axis, Hist, Storage};
/// # let mut profile = Hist::with([Axis::regular(2, 0.0, 2.0)?], Storage::Mean)?;
/// # profile.fill_slices(&[&[0.5, 0.6, 1.5]], None, Some(&[1.0, 3.0, 5.0]))?;
/// let energy = hist::Sample { name: "E".to_string(), label: "energy".to_string(), unit: "GeV".to_string() };
/// assert_eq!(profile.with_sample(energy.clone()).sample(), &energy);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sample {
    /// The name of the column, or empty.
    pub name: String,
    /// What to write at the axis, or empty.
    pub label: String,
    /// The unit of the values, or empty.
    pub unit: String,
}

impl Hist {
    /// An empty histogram of one axis that counts entries.
    ///
    /// # Errors
    /// When there are too many cells.
    ///
    /// ```
    /// # use hist::Axis;
    /// # use hist::Hist;
    /// let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
    /// hist.fill(&[0.5])?;
    /// assert_eq!(hist.counts(), [1.0, 0.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(axis: Axis) -> Result<Self> {
        Self::with(vec![axis], Storage::Count)
    }

    /// An empty histogram of one axis that sums weights and their squares.
    ///
    /// # Errors
    /// When there are too many cells.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// let mut hist = Hist::weighted(Axis::regular(2, 0.0, 2.0)?)?;
    /// hist.fill_weighted(&[0.5, 0.6], &[2.0, 3.0])?;
    /// assert_eq!((hist.values()[0], hist.errors()[0]), (5.0, 13f64.sqrt()));
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn weighted(axis: Axis) -> Result<Self> {
        Self::with(vec![axis], Storage::Weight)
    }

    /// An empty histogram of any axes and storage.
    ///
    /// # Errors
    /// When there is no axis, or the axes make too many cells.
    ///
    /// ```
    /// # use hist::Axis;
    /// # use hist::{Hist, Storage};
    /// let hist = Hist::with([Axis::regular(2, 0.0, 2.0)?, Axis::boolean()], Storage::Weight)?;
    /// assert_eq!(hist.shape(), [2, 2]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with(axes: impl Into<Vec<Axis>>, storage: Storage) -> Result<Self> {
        let axes: Vec<Axis> = axes.into();
        if axes.is_empty() {
            return Err(Error::axis("a histogram needs at least one axis"));
        }
        let cells = axes.iter().try_fold(1_usize, |product, axis| product.checked_mul(axis.extent()));
        let Some(count) = cells.filter(|&count| count <= MOST_CELLS) else {
            let bins: Vec<_> = axes.iter().map(|axis| axis.bins().to_string()).collect();
            let bins = bins.join(" x ");
            return Err(Error::axis(format!("{bins} bins are more than the {MOST_CELLS} cells a histogram may have")));
        };
        let (processes, sample) = Default::default();
        let moments = axes.iter().map(Moments::new).collect();
        Ok(Parts { cells: Cells::new(storage, count), axes, entries: 0, moments, processes, sample }.into())
    }

    /// An empty histogram with the axes and storage of this one.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!((hist.empty_like().sum(), hist.empty_like().shape()), (0.0, vec![4]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn empty_like(&self) -> Self {
        Self::from(Parts {
            axes: self.parts.axes.clone(),
            cells: Cells::new(self.storage(), self.parts.cells.len()),
            entries: 0,
            moments: self.parts.axes.iter().map(Moments::new).collect(),
            processes: ByProcess::default(),
            sample: self.parts.sample.clone(),
        })
    }

    /// The sum of histograms of processes, which remembers its parts.
    ///
    /// # Errors
    /// When there is none, a name comes twice, or axes or storages differ.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let of = |values: &[f64]| -> hist::Result<Hist> {
    /// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
    /// #     hist.fill(values)?;
    /// #     Ok(hist)
    /// # };
    /// # let (a, b) = (of(&[0.5, 1.5, 1.6, 1.7])?, of(&[0.5, 0.6, 1.5, 1.6, 1.7, 1.8])?);
    /// let stack = Hist::from_processes([("mumu", a.clone()), ("taupair", b)])?;
    /// assert_eq!(stack.counts(), [3.0, 7.0]);
    /// assert_eq!(stack.by_process()["mumu"], a);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_processes<N: Into<String>>(parts: impl IntoIterator<Item = (N, Self)>) -> Result<Self> {
        let mut total: Option<Self> = None;
        let mut processes = ByProcess::default();
        for (name, mut part) in parts {
            part.parts.processes = ByProcess::default();
            match &mut total {
                None => total = Some(part.clone()),
                Some(total) => total.merge(&part)?,
            }
            processes.push(name.into(), part)?;
        }
        let mut total = total.ok_or_else(|| Error::Missing("there is no process to make a histogram of".to_owned()))?;
        total.parts.processes = processes;
        Ok(total)
    }

    /// Adds the entries of another histogram, process by process.
    ///
    /// # Errors
    /// When axes or storages differ. The histogram is then as before.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let other = hist.clone();
    /// hist.merge(&other)?;
    /// assert_eq!(hist.values(), [2.0, 4.0, 0.0, 0.0]);
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        self.compatible(other)?;
        self.parts.processes.merge(&other.parts.processes)?;
        self.parts.cells.merge(&other.parts.cells);
        self.parts.entries += other.parts.entries;
        self.merge_moments(&other.parts.moments);
        Ok(())
    }

    /// Moments of the rows of both; nothing where one side does not know its own.
    pub(crate) fn merge_moments(&mut self, others: &[Option<Moments>]) {
        for (mine, theirs) in self.parts.moments.iter_mut().zip(others) {
            *mine = mine.zip(*theirs).map(|(mut mine, theirs)| {
                mine.merge(&theirs);
                mine
            });
        }
    }

    /// That the other histogram has the same bins and keeps the same kind of value.
    pub(crate) fn compatible(&self, other: &Self) -> Result<()> {
        if self.parts.axes.len() != other.parts.axes.len() {
            let (mine, theirs) = (self.parts.axes.len(), other.parts.axes.len());
            return Err(Error::Different(format!("one has {mine} axes, the other {theirs}")));
        }
        for (at, (mine, theirs)) in self.parts.axes.iter().zip(&other.parts.axes).enumerate() {
            if !mine.same_bins(theirs) {
                return Err(Error::Different(format!("axis {at} is `{mine}` in one and `{theirs}` in the other")));
            }
        }
        if self.is_profile() != other.is_profile() {
            let (mine, theirs) = (self.storage(), other.storage());
            return Err(Error::Different(format!("one keeps {mine:?}, the other {theirs:?}")));
        }
        Ok(())
    }

    /// The axes.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!(hist.axes()[0].title(), "x");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn axes(&self) -> &[Axis] {
        &self.parts.axes
    }

    /// The axis `at`, for changing its name, label or unit.
    ///
    /// # Errors
    /// When there is no such axis.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let axis = hist.axis_mut(0)?;
    /// *axis.label = "momentum".into();
    /// assert_eq!(hist.axes()[0].title(), "momentum");
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn axis_mut(&mut self, at: usize) -> Result<AxisText<'_>> {
        let count = self.parts.axes.len();
        let axis = self.parts.axes.get_mut(at);
        let axis = axis.ok_or_else(|| Error::Missing(format!("there is no axis {at}, only {count}")))?;
        Ok(AxisText { name: &mut axis.name, label: &mut axis.label, unit: &mut axis.unit })
    }

    /// What the means are of; empty when it was not given.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Storage};
    /// # let mut profile = Hist::with([Axis::regular(2, 0.0, 2.0)?], Storage::Mean)?;
    /// # profile.fill_slices(&[&[0.5, 0.6, 1.5]], None, Some(&[1.0, 3.0, 5.0]))?;
    /// assert!(profile.sample().name.is_empty(), "it was not said");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sample(&self) -> &Sample {
        &self.parts.sample
    }

    /// The same profile, of which is known what it is the mean of.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Storage};
    /// # let mut profile = Hist::with([Axis::regular(2, 0.0, 2.0)?], Storage::Mean)?;
    /// # profile.fill_slices(&[&[0.5, 0.6, 1.5]], None, Some(&[1.0, 3.0, 5.0]))?;
    /// let profile = profile.with_sample(hist::Sample { name: "E".to_string(), ..Default::default() });
    /// assert_eq!(profile.sample().name, "E");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_sample(mut self, sample: Sample) -> Self {
        self.parts.sample = sample;
        self
    }

    /// The number of axes.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Storage};
    /// # let (x, y) = (Axis::regular(2, 0.0, 2.0)?.named("x"), Axis::regular(3, 0.0, 3.0)?.named("y"));
    /// # let mut hist = Hist::with([x, y], Storage::Count)?;
    /// # hist.fill_slices(&[&[0.5, 0.6, 1.5], &[0.5, 1.5, 2.5]], None, None)?;
    /// assert_eq!(hist.dimensions(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn dimensions(&self) -> usize {
        self.parts.axes.len()
    }

    /// Bins per axis.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Storage};
    /// # let (x, y) = (Axis::regular(2, 0.0, 2.0)?.named("x"), Axis::regular(3, 0.0, 3.0)?.named("y"));
    /// # let mut hist = Hist::with([x, y], Storage::Count)?;
    /// # hist.fill_slices(&[&[0.5, 0.6, 1.5], &[0.5, 1.5, 2.5]], None, None)?;
    /// assert_eq!(hist.shape(), [2, 3]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn shape(&self) -> Vec<usize> {
        self.parts.axes.iter().map(Axis::bins).collect()
    }

    /// What is kept per bin.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!(hist.storage(), hist::Storage::Count);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn storage(&self) -> Storage {
        self.parts.cells.storage()
    }

    /// Whether bins hold means of samples instead of sums.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Storage};
    /// # let mut profile = Hist::with([Axis::regular(2, 0.0, 2.0)?], Storage::Mean)?;
    /// # profile.fill_slices(&[&[0.5, 0.6, 1.5]], None, Some(&[1.0, 3.0, 5.0]))?;
    /// assert!(profile.is_profile());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_profile(&self) -> bool {
        matches!(self.storage(), Storage::Mean | Storage::WeightedMean)
    }

    /// The parts by process, in the order in which they were given; empty when the histogram has none.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let of = |value: f64| -> hist::Result<Hist> {
    /// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
    /// #     hist.fill(&[value])?;
    /// #     Ok(hist)
    /// # };
    /// # let hist = Hist::from_processes([("mumu", of(0.5)?), ("taupair", of(1.5)?)])?;
    /// assert_eq!(hist.by_process()["mumu"].counts(), [1.0, 0.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn by_process(&self) -> &ByProcess {
        &self.parts.processes
    }
}

/// The texts of an axis, to be changed; its bins stay.
///
/// ```
/// # use hist::{Axis, Hist};
/// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
/// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
/// let text = hist.axis_mut(0)?;
/// *text.unit = "GeV".to_string();
/// assert_eq!(hist.axes()[0].title(), "x [GeV]");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct AxisText<'a> {
    /// The name of the column.
    pub name: &'a mut String,
    /// What to write at the axis.
    pub label: &'a mut String,
    /// The unit of the values.
    pub unit: &'a mut String,
}
