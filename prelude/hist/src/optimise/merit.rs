//! Figures of merit.

use crate::axis::Axis;
use crate::error::{Error, Result};
use crate::hist::Hist;
use crate::optimise::kept::{Side, kept};
use crate::text::short;
use std::fmt;

/// A figure of merit of S entries of signal and B of background, of which more is better.
///
/// ```
/// use hist::Merit;
/// assert_eq!(Merit::Purity.of(30.0, 10.0, 100.0), 0.75);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Merit {
    /// S / sqrt(S + B): for a signal whose size is known.
    Significance,
    /// S / sqrt(B).
    OverRootBackground,
    /// efficiency / (a / 2 + sqrt(B)), for a signal of unknown size that is to be seen with `a` standard deviations (Punzi,
    /// physics/0308063). B counts entries: scale the background to the luminosity of the data.
    Punzi(f64),
    /// sqrt(2 ((S + B) ln(1 + S / B) - S)): the expected significance of a counting experiment (Cowan et al.,
    /// arXiv:1007.1727).
    Asimov,
    /// S / (S + B).
    Purity,
}

impl Merit {
    /// The figure for signal and background that are kept, of so much signal in all.
    ///
    /// ```
    /// use hist::Merit;
    /// assert_eq!(Merit::Significance.of(9.0, 16.0, 10.0), 9.0 / 25_f64.sqrt());
    /// ```
    pub fn of(self, signal: f64, background: f64, all_signal: f64) -> f64 {
        match self {
            Self::Significance => signal / (signal + background).sqrt(),
            Self::OverRootBackground => signal / background.sqrt(),
            Self::Punzi(sigmas) => signal / all_signal / (0.5 * sigmas + background.max(0.0).sqrt()),
            Self::Asimov => (2.0 * ((signal + background) * (signal / background).ln_1p() - signal)).sqrt(),
            Self::Purity => signal / (signal + background),
        }
    }
}

impl fmt::Display for Merit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Significance => f.write_str("S / sqrt(S + B)"),
            Self::OverRootBackground => f.write_str("S / sqrt(B)"),
            Self::Punzi(sigmas) => write!(f, "efficiency / ({} + sqrt(B))", short(0.5 * sigmas)),
            Self::Asimov => f.write_str("expected significance"),
            Self::Purity => f.write_str("S / (S + B)"),
        }
    }
}

/// A figure of merit at every edge of one axis, or at every pair of edges of two.
///
/// ```
/// # use hist::{Axis, Hist, Merit, Side, cut_scan};
/// # let axis = Axis::regular(4, 0.0, 4.0)?.named("x");
/// # let (mut signal, mut background) = (Hist::new(axis.clone())?, Hist::new(axis)?);
/// # signal.fill(&[vec![2.5; 60], vec![3.5; 40]].concat())?;
/// # background.fill(&[vec![0.5; 900], vec![1.5; 90], vec![2.5; 10]].concat())?;
/// let scan: hist::CutScan = cut_scan(&signal, &background)?.merit(Merit::Purity);
/// assert_eq!(scan.best()?.cut, "x >= 3");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct CutScan {
    signal: Hist,
    background: Hist,
    sides: Vec<Side>,
    merit: Merit,
}

/// The place at which a figure of merit is largest.
///
/// ```
/// # use hist::{Axis, Hist, Merit, Side, cut_scan};
/// # let axis = Axis::regular(4, 0.0, 4.0)?.named("x");
/// # let (mut signal, mut background) = (Hist::new(axis.clone())?, Hist::new(axis)?);
/// # signal.fill(&[vec![2.5; 60], vec![3.5; 40]].concat())?;
/// # background.fill(&[vec![0.5; 900], vec![1.5; 90], vec![2.5; 10]].concat())?;
/// let best: hist::Best = cut_scan(&signal, &background)?.best()?;
/// assert_eq!((best.cut.as_str(), best.signal_efficiency, best.background), ("x >= 2", 1.0, 10.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Best {
    /// The cut as a selection: `pRecoil >= 2.1`; of two variables joined by `&`.
    pub cut: String,
    /// Where each axis is cut.
    pub places: Vec<f64>,
    /// The figure of merit there.
    pub value: f64,
    /// Its error, of the statistics of both histograms.
    pub error: f64,
    /// Signal that is kept.
    pub signal: f64,
    /// Background that is kept.
    pub background: f64,
    /// The share of signal that is kept.
    pub signal_efficiency: f64,
    /// The share of background that is kept.
    pub background_efficiency: f64,
}

/// Looks for the best cut on the one or two variables of two histograms: at every edge, without reading rows again. Edges
/// are where bins are; fine bins give a fine scan. Values above the cut are kept and the figure is `S / sqrt(S + B)`,
/// unless told otherwise.
///
/// ```
/// use hist::{Axis, Hist, Merit, Side, cut_scan};
/// let axis = Axis::regular(4, 0.0, 4.0)?.named("x");
/// let (mut signal, mut background) = (Hist::new(axis.clone())?, Hist::new(axis)?);
/// signal.fill(&[vec![2.5; 60], vec![3.5; 40]].concat())?;
/// background.fill(&[vec![0.5; 900], vec![1.5; 90], vec![2.5; 10]].concat())?;
/// let best = cut_scan(&signal, &background)?.best()?;
/// assert_eq!((best.cut.as_str(), best.signal, best.background), ("x >= 2", 100.0, 10.0));
/// let punzi = cut_scan(&signal, &background)?.merit(Merit::Punzi(3.0)).best()?;
/// assert_eq!(punzi.cut, "x >= 3");
/// # assert_eq!(cut_scan(&background, &signal)?.sides([Side::Below]).best()?.cut, "x < 2");
/// # Ok::<(), hist::Error>(())
/// ```
///
/// # Errors
/// When the histograms have other axes, more than two, categories, or means.
pub fn cut_scan(signal: &(impl AsRef<Hist> + ?Sized), background: &(impl AsRef<Hist> + ?Sized)) -> Result<CutScan> {
    let (signal, background) = (signal.as_ref().clone(), background.as_ref().clone());
    check(&signal, &background)?;
    let sides = vec![Side::Above; signal.parts.axes.len()];
    let scan = CutScan { signal, background, sides, merit: Merit::Significance };
    kept(&scan.signal, &scan.sides)?;
    kept(&scan.background, &scan.sides)?;
    Ok(scan)
}

/// That both can be cut at the same places.
pub(crate) fn check(signal: &Hist, background: &Hist) -> Result<()> {
    if signal.parts.axes.len() > 2
        || signal.parts.axes.iter().any(|axis| axis.categories().is_some() || axis.is_circular())
    {
        return Err(Error::Different("cuts need one or two axes with bins from low to high".to_owned()));
    }
    let same = signal.parts.axes.len() == background.parts.axes.len()
        && signal.parts.axes.iter().zip(&background.parts.axes).all(|(a, b)| a.same_bins(b));
    if same { Ok(()) } else { Err(Error::Different("signal and background have other bins".to_owned())) }
}

impl CutScan {
    /// What is to be largest.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Merit, Side, cut_scan};
    /// # let axis = Axis::regular(4, 0.0, 4.0)?.named("x");
    /// # let (mut signal, mut background) = (Hist::new(axis.clone())?, Hist::new(axis)?);
    /// # signal.fill(&[vec![2.5; 60], vec![3.5; 40]].concat())?;
    /// # background.fill(&[vec![0.5; 900], vec![1.5; 90], vec![2.5; 10]].concat())?;
    /// assert_eq!(cut_scan(&signal, &background)?.merit(Merit::Punzi(3.0)).best()?.cut, "x >= 3");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn merit(self, merit: Merit) -> Self {
        Self { merit, ..self }
    }

    /// Keeps values below the cut (on all axes).
    ///
    /// ```
    /// # use hist::{Axis, Hist, Merit, Side, cut_scan};
    /// # let axis = Axis::regular(4, 0.0, 4.0)?.named("x");
    /// # let (mut signal, mut background) = (Hist::new(axis.clone())?, Hist::new(axis)?);
    /// # signal.fill(&[vec![2.5; 60], vec![3.5; 40]].concat())?;
    /// # background.fill(&[vec![0.5; 900], vec![1.5; 90], vec![2.5; 10]].concat())?;
    /// assert_eq!(cut_scan(&background, &signal)?.below().best()?.cut, "x < 2");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn below(self) -> Self {
        let sides = vec![Side::Below; self.sides.len()];
        Self { sides, ..self }
    }

    /// What the cut on each axis keeps; axes that are not named keep values above.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Merit, Side, cut_scan};
    /// # let axis = Axis::regular(4, 0.0, 4.0)?.named("x");
    /// # let (mut signal, mut background) = (Hist::new(axis.clone())?, Hist::new(axis)?);
    /// # signal.fill(&[vec![2.5; 60], vec![3.5; 40]].concat())?;
    /// # background.fill(&[vec![0.5; 900], vec![1.5; 90], vec![2.5; 10]].concat())?;
    /// assert_eq!(cut_scan(&background, &signal)?.sides([Side::Below]).best()?.cut, "x < 2");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sides(mut self, sides: impl IntoIterator<Item = Side>) -> Self {
        self.sides.iter_mut().zip(sides).for_each(|(own, side)| *own = side);
        self
    }

    /// The axes that are cut.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Merit, Side, cut_scan};
    /// # let axis = Axis::regular(4, 0.0, 4.0)?.named("x");
    /// # let (mut signal, mut background) = (Hist::new(axis.clone())?, Hist::new(axis)?);
    /// # signal.fill(&[vec![2.5; 60], vec![3.5; 40]].concat())?;
    /// # background.fill(&[vec![0.5; 900], vec![1.5; 90], vec![2.5; 10]].concat())?;
    /// assert_eq!(cut_scan(&signal, &background)?.axes()[0].title(), "x");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn axes(&self) -> &[Axis] {
        &self.signal.parts.axes
    }

    /// The figure that is looked at.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Merit, Side, cut_scan};
    /// # let axis = Axis::regular(4, 0.0, 4.0)?.named("x");
    /// # let (mut signal, mut background) = (Hist::new(axis.clone())?, Hist::new(axis)?);
    /// # signal.fill(&[vec![2.5; 60], vec![3.5; 40]].concat())?;
    /// # background.fill(&[vec![0.5; 900], vec![1.5; 90], vec![2.5; 10]].concat())?;
    /// assert_eq!(cut_scan(&signal, &background)?.merit(Merit::Asimov).figure(), Merit::Asimov);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn figure(&self) -> Merit {
        self.merit
    }

    /// The figure of merit and its error at every edge, of two axes at every pair, the second varying fastest; NaN where
    /// nothing is kept.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Merit, Side, cut_scan};
    /// # let axis = Axis::regular(4, 0.0, 4.0)?.named("x");
    /// # let (mut signal, mut background) = (Hist::new(axis.clone())?, Hist::new(axis)?);
    /// # signal.fill(&[vec![2.5; 60], vec![3.5; 40]].concat())?;
    /// # background.fill(&[vec![0.5; 900], vec![1.5; 90], vec![2.5; 10]].concat())?;
    /// let values = cut_scan(&signal, &background)?.values();
    /// assert_eq!(values[2].0, 100.0 / 110_f64.sqrt());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn values(&self) -> Vec<(f64, f64)> {
        let (signal, background) = self.sums();
        signal.iter().zip(&background).map(|(signal, background)| self.at(*signal, *background)).collect()
    }

    /// The place with the largest figure of merit; of equal ones the first.
    ///
    /// # Errors
    /// When it is a number nowhere.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Merit, Side, cut_scan};
    /// # let axis = Axis::regular(4, 0.0, 4.0)?.named("x");
    /// # let (mut signal, mut background) = (Hist::new(axis.clone())?, Hist::new(axis)?);
    /// # signal.fill(&[vec![2.5; 60], vec![3.5; 40]].concat())?;
    /// # background.fill(&[vec![0.5; 900], vec![1.5; 90], vec![2.5; 10]].concat())?;
    /// let best = cut_scan(&signal, &background)?.best()?;
    /// assert_eq!((best.places[0], best.signal), (2.0, 100.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn best(&self) -> Result<Best> {
        let (signal, background) = self.sums();
        let mut best: Option<(usize, (f64, f64))> = None;
        for (at, (signal, background)) in signal.iter().zip(&background).enumerate() {
            let here = self.at(*signal, *background);
            if here.0.is_finite() && best.is_none_or(|(_, known)| here.0 > known.0) {
                best = Some((at, here));
            }
        }
        let Some((at, (value, error))) = best else {
            return Err(Error::Missing(format!(
                "{} is no number at any place: are both histograms filled?",
                self.merit
            )));
        };
        let places = self.places(at);
        let one = |((axis, side), place): ((&Axis, &Side), &f64)| {
            let name = if axis.name.is_empty() { "x" } else { &axis.name };
            format!("{name} {} {}", if *side == Side::Above { ">=" } else { "<" }, short(*place))
        };
        let cut = self.axes().iter().zip(&self.sides).zip(&places).map(one).collect::<Vec<_>>().join(" & ");
        let (signal, background) = (signal[at][0], background[at][0]);
        let (signal_efficiency, background_efficiency) =
            (signal / self.signal.total(), background / self.background.total());
        Ok(Best { cut, places, value, error, signal, background, signal_efficiency, background_efficiency })
    }

    fn sums(&self) -> (Vec<[f64; 2]>, Vec<[f64; 2]>) {
        // Both can be cut: looked at when the scan was made.
        let of = |hist: &Hist| kept(hist, &self.sides).unwrap_or_default();
        (of(&self.signal), of(&self.background))
    }

    /// Where each axis is cut at a place.
    fn places(&self, at: usize) -> Vec<f64> {
        let last = self.axes().last().map_or(1, |axis| axis.bins() + 1);
        match self.axes() {
            [axis] => vec![axis.edges()[at]],
            [first, second] => vec![first.edges()[at / last], second.edges()[at % last]],
            _ => Vec::new(),
        }
    }

    /// The figure, and its error to first order.
    fn at(&self, [signal, signal_square]: [f64; 2], [background, background_square]: [f64; 2]) -> (f64, f64) {
        let all = self.signal.total();
        let figure = |signal: f64, background: f64| self.merit.of(signal, background, all);
        let value = figure(signal, background);
        let change = |up: f64, down: f64| if up.is_finite() && down.is_finite() { 0.5 * (up - down) } else { 0.0 };
        let (ds, db) = (signal_square.sqrt(), background_square.sqrt());
        let by_signal = change(figure(signal + ds, background), figure(signal - ds, background));
        let by_background = change(figure(signal, background + db), figure(signal, background - db));
        (value, by_signal.hypot(by_background))
    }
}

impl fmt::Display for Best {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| short(100.0 * share);
        write!(
            f,
            "{}: {} ± {}, signal {} ({} %), background {} ({} %)",
            self.cut,
            short(self.value),
            short(self.error),
            short(self.signal),
            percent(self.signal_efficiency),
            short(self.background),
            percent(self.background_efficiency)
        )
    }
}

impl fmt::Display for CutScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.best() {
            Ok(best) => write!(f, "{} is largest at {best}", self.merit),
            Err(error) => write!(f, "{error}"),
        }
    }
}
