//! Axes: what their bins are, what they are called, and what lies outside of the bins.

mod made;

use crate::clock::Clock;
use std::fmt;
use std::sync::Arc;

/// How one axis is divided into bins, and what it is called.
///
/// Bins are closed on the left and open on the right. Outside them every axis counts what else can come, so that
/// no entry is lost: underflow and overflow where there is an outside, `other` for a category not listed, and on
/// every axis an own bin for missing values (null or NaN).
///
/// ```
/// use hist::Axis;
/// let axis = Axis::regular(50, 0.0, 3.0)?.named("mu1P").labelled("muon momentum").with_unit("GeV/c");
/// assert_eq!(axis.bins(), 50);
/// assert_eq!(axis.edges()[50], 3.0);
/// # Ok::<(), hist::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    pub(crate) kind: Kind,
    /// The name of the column, or empty.
    pub name: String,
    /// What to write at the axis, or empty.
    pub label: String,
    /// The unit of the values, or empty.
    pub unit: String,
    pub(crate) clock: Option<Clock>,
}

/// The kinds of axes.
///
/// ```
/// # use hist::Axis;
/// use hist::Kind;
/// assert!(matches!(Axis::log(3, 1.0, 1000.0)?.kind(), Kind::Log { bins: 3, .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// Bins of equal width.
    Regular {
        /// Number of bins.
        bins: usize,
        /// Lower end.
        lower: f64,
        /// Upper end.
        upper: f64,
        /// Whether the upper end itself belongs to the last bin (and edges are placed as numpy does).
        closed: bool,
        /// Whether the axis is a circle: what leaves at one end enters at the other.
        circular: bool,
    },
    /// Bins of equal width in the logarithm.
    Log {
        /// Number of bins.
        bins: usize,
        /// Lower end, greater than 0.
        lower: f64,
        /// Upper end.
        upper: f64,
    },
    /// Bins between given edges.
    Variable {
        /// The edges, increasing.
        edges: Arc<[f64]>,
        /// Whether the last edge itself belongs to the last bin.
        closed: bool,
        /// Whether the axis is a circle.
        circular: bool,
    },
    /// One bin per integer, from `lower` up to and without `upper`.
    Integer {
        /// The first integer.
        lower: i64,
        /// One past the last integer.
        upper: i64,
        /// Whether the axis is a circle.
        circular: bool,
    },
    /// One bin per listed text.
    Strings(Arc<[String]>),
    /// One bin per listed integer, in the order of the list.
    Integers(Arc<[i64]>),
    /// False and true.
    Boolean,
}

/// Most cells a histogram may have in all.
pub(crate) const MOST_CELLS: usize = 1 << 28;

impl Axis {
    /// The same axis with this name (of a column).
    ///
    /// ```
    /// # use hist::Axis;
    /// assert_eq!(Axis::regular(2, 0.0, 1.0)?.named("mu1P").title(), "mu1P");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The same axis with this label.
    ///
    /// ```
    /// # use hist::Axis;
    /// let axis = Axis::regular(2, 0.0, 1.0)?.named("p").labelled("momentum").with_unit("GeV/c");
    /// assert_eq!(axis.title(), "momentum [GeV/c]");
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn labelled(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The same axis with this unit.
    ///
    /// ```
    /// # use hist::Axis;
    /// assert_eq!(Axis::regular(2, 0.0, 1.0)?.named("mu1P").with_unit("GeV/c").title(), "mu1P [GeV/c]");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = unit.into();
        self
    }

    /// The same axis, whose values are times: seconds since 1970, shown by this clock.
    ///
    /// ```
    /// # use hist::{Axis, Clock};
    /// let axis = Axis::regular(2, 0.0, 172_800.0)?.named("t").with_clock(Clock::new(None));
    /// assert_eq!(axis.to_string(), "t: 2 bins in [1970-01-01, 1970-01-03)");
    /// # Ok::<(), hist::Error>(())
    /// ```
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// How its values are shown as times, if they are times.
    ///
    /// ```
    /// # use hist::Axis;
    /// assert_eq!(Axis::boolean().clock(), None);
    /// ```
    pub fn clock(&self) -> Option<&Clock> {
        self.clock.as_ref()
    }

    /// What kind of axis this is.
    ///
    /// ```
    /// # use hist::Axis;
    /// assert!(matches!(Axis::boolean().kind(), hist::Kind::Boolean));
    /// ```
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// How many bins there are between underflow and overflow.
    ///
    /// ```
    /// # use hist::Axis;
    /// assert_eq!(Axis::variable([0.0, 1.0, 5.0])?.bins(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn bins(&self) -> usize {
        match &self.kind {
            Kind::Regular { bins, .. } | Kind::Log { bins, .. } => *bins,
            Kind::Variable { edges, .. } => edges.len() - 1,
            // Checked at the making: the difference is positive and small.
            Kind::Integer { lower, upper, .. } => (upper - lower) as usize,
            Kind::Strings(names) => names.len(),
            Kind::Integers(numbers) => numbers.len(),
            Kind::Boolean => 2,
        }
    }

    /// The edges of the bins, one more than there are bins. Categories lie at 0, 1, 2...
    ///
    /// ```
    /// # use hist::Axis;
    /// assert_eq!(Axis::regular(2, 0.0, 1.0)?.edges(), [0.0, 0.5, 1.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn edges(&self) -> Vec<f64> {
        let count = self.bins();
        match &self.kind {
            Kind::Regular { lower, upper, closed: true, .. } => numpy_edges(count, *lower, *upper),
            Kind::Regular { lower, upper, .. } => (0..=count).map(|at| between(*lower, *upper, at, count)).collect(),
            Kind::Log { lower, upper, .. } => {
                let mut edges: Vec<f64> =
                    (0..=count).map(|at| between(lower.ln(), upper.ln(), at, count).exp()).collect();
                // The ends are what the user said, not what exp(ln(x)) makes of it.
                (edges[0], edges[count]) = (*lower, *upper);
                edges
            }
            Kind::Variable { edges, .. } => edges.to_vec(),
            Kind::Integer { lower, .. } => (0..=count).map(|at| (*lower + at as i64) as f64).collect(),
            Kind::Strings(_) | Kind::Integers(_) | Kind::Boolean => (0..=count).map(|at| at as f64).collect(),
        }
    }

    /// The middles of the bins.
    ///
    /// ```
    /// # use hist::Axis;
    /// assert_eq!(Axis::regular(2, 0.0, 1.0)?.centres(), [0.25, 0.75]);
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn centres(&self) -> Vec<f64> {
        self.edges().windows(2).map(|pair| 0.5 * (pair[0] + pair[1])).collect()
    }

    /// The widths of the bins.
    ///
    /// ```
    /// # use hist::Axis;
    /// assert_eq!(Axis::variable([0.0, 1.0, 5.0])?.widths(), [1.0, 4.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn widths(&self) -> Vec<f64> {
        self.edges().windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    /// What the bins are called, when they are not intervals: categories, integers, `false` and `true`.
    ///
    /// ```
    /// # use hist::Axis;
    /// assert_eq!(Axis::category(["mumu", "ee"])?.categories().unwrap(), ["mumu", "ee"]);
    /// assert_eq!(Axis::regular(2, 0.0, 1.0)?.categories(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn categories(&self) -> Option<Vec<String>> {
        match &self.kind {
            Kind::Strings(names) => Some(names.to_vec()),
            Kind::Integers(numbers) => Some(numbers.iter().map(ToString::to_string).collect()),
            Kind::Boolean => Some(vec!["false".to_owned(), "true".to_owned()]),
            _ => None,
        }
    }

    /// Whether the bins are spaced evenly in the logarithm.
    ///
    /// ```
    /// # use hist::Axis;
    /// assert!(Axis::log(3, 1.0, 1000.0)?.is_log() && !Axis::regular(3, 1.0, 1000.0)?.is_log());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_log(&self) -> bool {
        matches!(self.kind, Kind::Log { .. })
    }

    /// Whether the axis is a circle.
    ///
    /// ```
    /// # use hist::Axis;
    /// assert!(Axis::circular(4, 0.0, 360.0)?.is_circular());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_circular(&self) -> bool {
        matches!(
            self.kind,
            Kind::Regular { circular: true, .. }
                | Kind::Variable { circular: true, .. }
                | Kind::Integer { circular: true, .. }
        )
    }

    /// Whether there is an underflow bin.
    ///
    /// ```
    /// # use hist::Axis;
    /// assert!(Axis::regular(2, 0.0, 1.0)?.has_underflow());
    /// assert!(!Axis::category(["e", "mu"])?.has_underflow());
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn has_underflow(&self) -> bool {
        self.categories().is_none() && !self.is_circular()
    }

    /// Whether there is an overflow bin (for categories: `other`).
    ///
    /// ```
    /// # use hist::Axis;
    /// assert!(Axis::category(["e", "mu"])?.has_overflow(), "other texts");
    /// assert!(!Axis::boolean().has_overflow());
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn has_overflow(&self) -> bool {
        !matches!(self.kind, Kind::Boolean) && !self.is_circular()
    }

    /// The label and unit for people: `muon momentum [GeV/c]`, or the name, or `x`.
    ///
    /// ```
    /// # use hist::Axis;
    /// assert_eq!(Axis::regular(2, 0.0, 1.0)?.labelled("momentum").with_unit("GeV/c").title(), "momentum [GeV/c]");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn title(&self) -> String {
        let text = [&self.label, &self.name].into_iter().find(|text| !text.is_empty()).map_or("x", String::as_str);
        if self.unit.is_empty() { text.to_owned() } else { format!("{text} [{}]", self.unit) }
    }

    /// Cells along this axis: underflow, bins, overflow, missing.
    pub(crate) fn extent(&self) -> usize {
        self.bins() + usize::from(self.has_underflow()) + usize::from(self.has_overflow()) + 1
    }

    /// The cell of the first bin.
    pub(crate) fn first(&self) -> usize {
        usize::from(self.has_underflow())
    }

    /// The cell of missing values.
    pub(crate) fn missing(&self) -> usize {
        self.extent() - 1
    }

    /// The meaning of the cell `slot`.
    pub(crate) fn part(&self, slot: usize) -> Part {
        match slot {
            slot if slot == self.missing() => Part::Missing,
            slot if slot < self.first() => Part::Under,
            slot if slot < self.first() + self.bins() => Part::Bin(slot - self.first()),
            _ => Part::Over,
        }
    }

    /// Whether entries mean the same on both axes; names and labels may differ.
    ///
    /// ```
    /// # use hist::Axis;
    /// let axis = Axis::regular(2, 0.0, 1.0)?;
    /// assert!(axis.same_bins(&axis.clone().named("p")) && !axis.same_bins(&Axis::regular(3, 0.0, 1.0)?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn same_bins(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// The meaning of a cell along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Under,
    Bin(usize),
    Over,
    Missing,
}

impl From<Kind> for Axis {
    fn from(kind: Kind) -> Self {
        Self { kind, name: String::new(), label: String::new(), unit: String::new(), clock: None }
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.title())?;
        let shown = |value: &f64| self.clock.as_ref().map_or_else(|| value.to_string(), |clock| clock.text(*value));
        match &self.kind {
            Kind::Regular { bins, lower, upper, closed, circular } => {
                let end = if *closed { ']' } else { ')' };
                let circle = if *circular { ", circular" } else { "" };
                write!(f, "{bins} bins in [{}, {}{end}{circle}", shown(lower), shown(upper))
            }
            Kind::Log { bins, lower, upper } => write!(f, "{bins} bins in [{lower}, {upper}), logarithmic"),
            Kind::Variable { edges, circular, .. } => {
                let (first, last) = (shown(&edges[0]), shown(&edges[edges.len() - 1]));
                let circle = if *circular { ", circular" } else { "" };
                write!(f, "{} variable bins in [{first}, {last}){circle}", edges.len() - 1)
            }
            Kind::Integer { lower, upper, .. } => write!(f, "integers {lower} to {}", upper - 1),
            Kind::Strings(names) => write!(f, "{} categories", names.len()),
            Kind::Integers(numbers) => write!(f, "{} integer categories", numbers.len()),
            Kind::Boolean => write!(f, "false, true"),
        }
    }
}

/// The edge `at` of `count` bins, by the formula whose rounding boost-histogram also has.
fn between(lower: f64, upper: f64, at: usize, count: usize) -> f64 {
    let share = at as f64 / count as f64;
    (1.0 - share) * lower + share * (lower + (upper - lower))
}

/// The edges as `numpy.linspace` places them.
pub(crate) fn numpy_edges(count: usize, lower: f64, upper: f64) -> Vec<f64> {
    let step = (upper - lower) / count as f64;
    let mut edges: Vec<f64> = (0..=count).map(|at| at as f64 * step + lower).collect();
    edges[count] = upper;
    edges
}
