//! Systematic variations: which columns have which other values, of which source, in which direction.

use crate::error::{Error, Result};
use crate::steps::selection::Selection;
use std::fmt;
use std::sync::Arc;

/// A direction of a variation: one standard deviation of the source up, or down.
///
/// ```
/// # let mc = data::Data::from_frames([("mumu", polars::df!("x" => [0.5, 1.5, 1.6, 1.7])?)])?;
/// # let mc = mc.vary("lumi", data::Norm(1.25));
/// let hist = mc.hist("x", (2, 0.0, 2.0))?;
/// assert_eq!(hist.varied("lumi", data::Direction::Down)?.counts(), [0.75, 2.25]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// One standard deviation up.
    Up,
    /// One standard deviation down.
    Down,
}

pub use Direction::{Down, Up};

impl fmt::Display for Direction {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if *self == Up { "up" } else { "down" })
    }
}

/// One of the universes of a source: a direction, or one of several weights of which directions are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Member {
    Towards(Direction),
    Weight(usize),
}

impl fmt::Display for Member {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Towards(direction) => direction.fmt(out),
            Self::Weight(at) => write!(out, "weight {at}"),
        }
    }
}

/// How a set of weights becomes one uncertainty.
///
/// ```
/// # use polars::{df, prelude::NamedFrom};
/// # let weights = polars::prelude::Series::new("".into(), [1.5, 0.5]);
/// # let data = data::Data::from_frames([("mumu", df!("pt" => [20.0], "pdf" => [weights])?)])?;
/// let hist = data.vary("pdf", data::Replicas("pdf", data::Rms)).hist("pt", (1, 0.0, 50.0))?;
/// assert!(hist.varied("pdf", data::Up)?.counts()[0] > 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Combine {
    /// Up and down are nominal ± the root of the sum of squared distances from nominal: eigenvectors of a PDF set.
    Hessian,
    /// Up and down are nominal ± the standard deviation of the weights: Monte Carlo replicas.
    Rms,
}

pub use Combine::{Hessian, Rms};

/// What is varied.
#[derive(Debug, Clone)]
pub(crate) enum Varied {
    /// Columns that get other values up and down; without a value for down it is nominal.
    Columns(Vec<VariedColumn>),
    /// The yield alone.
    Norm { up: f64, down: f64 },
    /// A process is replaced by others: other files.
    Sample { process: String, up: String, down: Option<String> },
    /// Factors of the weight, one for each member; how members become up and down.
    Weights { factors: Vec<Selection>, combine: Members },
    /// The same, from the values of a column of lists; there are as many members as the lists have values.
    List { column: String, members: Option<usize>, combine: Combine },
}

/// How members become up and down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Members {
    Combined(Combine),
    /// The largest and the smallest of each bin.
    Envelope,
}

/// A column and its values in the two directions.
#[derive(Debug, Clone)]
pub(crate) struct VariedColumn {
    pub name: String,
    pub up: Selection,
    pub down: Option<Selection>,
}

/// A source of systematic uncertainty, as [`Group::vary`](crate::Group::vary) takes it.
///
/// ```
/// use data::{IntoVariation, Variation};
/// let id: Variation = ("sf", "sf_up", "sf_down").only(["mumu"]);
/// assert!(id.to_string().ends_with("only mumu"));
/// ```
#[derive(Debug, Clone)]
pub struct Variation {
    pub(crate) source: Arc<str>,
    pub(crate) varied: Varied,
    /// The processes or groups that are concerned; `None`: all that can be.
    pub(crate) only: Option<Vec<String>>,
    pub(crate) mirrored: bool,
    pub(crate) keep_norm: bool,
    pub(crate) shape_only: bool,
    /// What has a nuisance parameter of its own.
    pub(crate) per: Per,
    /// Whether universes keep sums of squared weights.
    pub(crate) with_errors: bool,
}

/// What varies together, with one nuisance parameter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Per {
    /// All processes and bins.
    #[default]
    All,
    /// All bins of a process.
    Process,
    /// A bin of all processes.
    Bin,
    /// A word that says none of these.
    Unknown(String),
}

impl Variation {
    fn new(varied: Varied) -> Self {
        let (only, source, per) = (None, "".into(), Per::All);
        let (mirrored, keep_norm, shape_only, with_errors) = (false, false, false, false);
        Self { source, varied, only, mirrored, keep_norm, shape_only, per, with_errors }
    }

    /// The universes that need rows of their own.
    pub(crate) fn members(&self) -> Vec<Member> {
        let both = [Up, Down].map(Member::Towards);
        match &self.varied {
            Varied::Columns(columns) if columns.iter().all(|column| column.down.is_none()) => vec![both[0]],
            Varied::Sample { down: None, .. } => vec![both[0]],
            Varied::Weights { factors, .. } => (0..factors.len()).map(Member::Weight).collect(),
            Varied::List { members, .. } => (0..members.unwrap_or(0)).map(Member::Weight).collect(),
            Varied::Columns(_) | Varied::Sample { .. } => both.to_vec(),
            Varied::Norm { .. } => Vec::new(),
        }
    }

    /// Whether it has one universe up and one down, rather than many weights.
    pub(crate) fn has_directions(&self) -> bool {
        !matches!(self.varied, Varied::Weights { .. } | Varied::List { .. })
    }

    /// What is wrong with it, independent of the rows.
    pub(crate) fn check(&self) -> Result<()> {
        let source = &self.source;
        let wrong = |why: String| Err(Error::request(format!("vary(\"{source}\", ..): {why}")));
        if source.is_empty() || !source.chars().all(|c| c.is_alphanumeric() || "_-.+".contains(c)) {
            return wrong("the name of a source has letters, digits and `_`".to_owned());
        }
        if let Per::Unknown(word) = &self.per {
            return wrong(format!("per(\"{word}\"): a parameter is per \"process\" or per \"bin\""));
        }
        match &self.varied {
            Varied::Columns(columns) if columns.is_empty() => wrong("no column is varied".to_owned()),
            Varied::Columns(columns) => {
                let twice = |at: usize| columns[..at].iter().any(|other| other.name == columns[at].name);
                match (0..columns.len()).find(|&at| twice(at)) {
                    Some(at) => wrong(format!("`{}` comes twice", columns[at].name)),
                    None => Ok(()),
                }
            }
            Varied::Norm { up, down } if !(up.is_finite() && down.is_finite() && *up > 0.0 && *down > 0.0) => {
                wrong(format!("Norm: the factors {up} and {down} must be finite and above 0"))
            }
            Varied::Weights { factors, .. } if factors.len() < 2 => {
                wrong("an envelope needs two weights or more".to_owned())
            }
            Varied::List { members: Some(0 | 1), .. } => wrong("replicas: two members or more".to_owned()),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Variation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "vary {}: ", self.source)?;
        match &self.varied {
            Varied::Columns(columns) => {
                let one = |column: &VariedColumn| match &column.down {
                    Some(down) => format!("{} up {}, down {down}", column.name, column.up),
                    None => format!("{} up {}", column.name, column.up),
                };
                out.write_str(&columns.iter().map(one).collect::<Vec<_>>().join("; "))
            }
            Varied::Norm { up, down } => write!(out, "yield x {up} up, x {down} down"),
            Varied::Sample { process, up, down } => {
                write!(out, "{process} up {up}")?;
                down.iter().try_for_each(|down| write!(out, ", down {down}"))
            }
            Varied::Weights { factors, .. } => write!(out, "the envelope of {} weights", factors.len()),
            Varied::List { column, combine, .. } => write!(out, "replicas {column} ({combine:?})"),
        }?;
        match &self.only {
            Some(only) => write!(out, ", only {}", only.join(", ")),
            None => Ok(()),
        }
    }
}

/// What [`Group::vary`](crate::Group::vary) takes as a variation: `("sf", "sf_up", "sf_down")`, several such in an array (one
/// source, several columns), `("w", "w_other")` (one-sided), [`Norm`], [`Sample`], [`Replicas`] or [`Envelope`].
///
/// ```
/// # use polars::df;
/// # let frame = df!("pt" => [19.9, 30.0], "w" => [1.0, 1.0], "up" => [1.5, 1.0], "down" => [0.5, 1.0])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// let mc = data.vary("id", ("w", "up", "down")).weight("w").vary("lumi", data::Norm(1.017));
/// assert_eq!(mc.hist("pt", 2)?.source_names(), ["id", "lumi"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait IntoVariation: Sized {
    /// The variation, still without a name.
    ///
    /// ```
    /// use data::IntoVariation;
    /// assert!(("sf", "sf_up", "sf_down").into_variation().to_string().contains("sf up sf_up, down sf_down"));
    /// ```
    fn into_variation(self) -> Variation;

    /// Only these processes or groups are concerned; all others are nominal.
    ///
    /// ```
    /// use data::{IntoVariation, Norm, Up};
    /// # let (mumu, taupair) = (polars::df!("pt" => [30.0])?, polars::df!("pt" => [20.0])?);
    /// # let data = data::Data::from_frames([("mumu", mumu), ("taupair", taupair)])?;
    /// let hist = data.vary("xs", Norm(1.25).only(["taupair"])).hist("pt", (1, 0.0, 50.0))?;
    /// assert_eq!(hist.varied("xs", Up)?.counts(), [2.25]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn only(self, processes: impl flow::Names) -> Variation {
        Variation { only: Some(processes.names()), ..self.into_variation() }
    }

    /// Of a one-sided variation: down is as far from nominal as up, on the other side.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("pt" => [19.9, 30.0], "w" => [1.0, 1.0], "up" => [1.5, 1.0], "down" => [0.5, 1.0])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// use data::{Down, IntoVariation};
    /// let mc = data.vary("id", ("w", "up").mirrored()).weight("w");
    /// assert_eq!(mc.hist("pt", (1, 0.0, 50.0))?.varied("id", Down)?.counts(), [1.5]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn mirrored(self) -> Variation {
        Variation { mirrored: true, ..self.into_variation() }
    }

    /// Up and down are scaled, process by process, so that the sum of weights before any cut behind this step is that of
    /// nominal.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("pt" => [19.9, 30.0], "w" => [1.0, 1.0], "up" => [1.5, 1.0], "down" => [0.5, 1.0])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// use data::{IntoVariation, Up};
    /// let mc = data.vary("id", ("w", "up", "down").keep_norm()).weight("w");
    /// assert_eq!(mc.hist("pt", (1, 0.0, 50.0))?.varied("id", Up)?.counts(), [2.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn keep_norm(self) -> Variation {
        Variation { keep_norm: true, ..self.into_variation() }
    }

    /// The yield in each region is that of nominal: only the shape varies.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("pt" => [19.9, 30.0], "w" => [1.0, 1.0], "up" => [1.5, 1.0], "down" => [0.5, 1.0])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// use data::IntoVariation;
    /// let mc = data.vary("id", ("w", "up", "down").shape_only()).weight("w");
    /// assert_eq!(mc.hist("pt", 2)?.source_names(), ["id"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn shape_only(self) -> Variation {
        Variation { shape_only: true, ..self.into_variation() }
    }

    /// What has a nuisance parameter of its own in the workspace: `"process"`, then they are called `source_process`, or
    /// `"bin"`, then `source_region_bin3`, each for all processes together. The band adds processes that have their own
    /// in quadrature.
    ///
    /// ```
    /// use data::{Data, IntoVariation, workspace};
    /// use polars::prelude::*;
    /// let mc = Data::from_frames([("signal", df!("x" => [0.5, 1.5], "w" => [1.0, 1.0], "up" => [1.1, 1.3])?)])?;
    /// let h = mc.vary("shape", ("w", "up", "w").per("bin")).weight("w").hist("x", (2, 0.0, 2.0))?;
    /// let model = workspace().channel("SR", &h, &h).signal("mu", "signal").to_json()?;
    /// assert_eq!(model["channels"][0]["samples"][0]["modifiers"][2]["name"], "shape_SR_bin1");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn per(self, what: &str) -> Variation {
        let per = match what {
            "process" => Per::Process,
            "bin" => Per::Bin,
            other => Per::Unknown(other.to_owned()),
        };
        Variation { per, ..self.into_variation() }
    }

    /// Each process has a nuisance parameter of its own, called `source_process`: `.per("process")`.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("pt" => [19.9, 30.0], "w" => [1.0, 1.0], "up" => [1.5, 1.0], "down" => [0.5, 1.0])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// use data::IntoVariation;
    /// let hist = data.vary("xs", data::Norm(1.5).per_process()).hist("pt", (1, 0.0, 50.0))?;
    /// assert_eq!(hist.band()?.up, [(2.0_f64 + 1.0).sqrt()]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn per_process(self) -> Variation {
        self.per("process")
    }

    /// Universes keep sums of squared weights as well, so that `h.varied(..)` has errors. They are those of nearly the same
    /// rows as nominal, so that no fit uses them; they take twice the memory.
    ///
    /// ```
    /// use data::{Data, IntoVariation, Up};
    /// use polars::prelude::*;
    /// let mc = Data::from_frames([("mumu", df!("x" => [0.5, 0.6], "w" => [1.0, 1.0], "up" => [3.0, 4.0])?)])?;
    /// let h = mc.vary("id", ("w", "up", "w").with_errors()).weight("w").hist("x", (1, 0.0, 1.0))?;
    /// assert_eq!(h.varied("id", Up)?.errors(), [5.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn with_errors(self) -> Variation {
        Variation { with_errors: true, ..self.into_variation() }
    }
}

impl IntoVariation for Variation {
    fn into_variation(self) -> Variation {
        self
    }
}

impl<N: Into<String>, U: Into<Selection>, D: Into<Selection>> IntoVariation for (N, U, D) {
    fn into_variation(self) -> Variation {
        let column = VariedColumn { name: self.0.into(), up: self.1.into(), down: Some(self.2.into()) };
        Variation::new(Varied::Columns(vec![column]))
    }
}

impl<N: Into<String>, U: Into<Selection>> IntoVariation for (N, U) {
    fn into_variation(self) -> Variation {
        let column = VariedColumn { name: self.0.into(), up: self.1.into(), down: None };
        Variation::new(Varied::Columns(vec![column]))
    }
}

fn together(each: impl IntoIterator<Item = impl IntoVariation>) -> Variation {
    let columns = each.into_iter().flat_map(|one| match one.into_variation().varied {
        Varied::Columns(columns) => columns,
        _ => Vec::new(),
    });
    Variation::new(Varied::Columns(columns.collect()))
}

impl<N: Into<String>, U: Into<Selection>, D: Into<Selection>, const COUNT: usize> IntoVariation for [(N, U, D); COUNT] {
    fn into_variation(self) -> Variation {
        together(self)
    }
}

impl<N: Into<String>, U: Into<Selection>, D: Into<Selection>> IntoVariation for Vec<(N, U, D)> {
    fn into_variation(self) -> Variation {
        together(self)
    }
}

impl<N: Into<String>, U: Into<Selection>, const COUNT: usize> IntoVariation for [(N, U); COUNT] {
    fn into_variation(self) -> Variation {
        together(self)
    }
}

/// An uncertainty of the yield alone: `Norm(1.017)` is 1.7 %, up `1.017` and down `2 - 1.017`; `Norm((1.02, 0.97))` says both.
///
/// ```
/// # use polars::df;
/// # let frame = df!("pt" => [19.9, 30.0], "w" => [1.0, 1.0], "up" => [1.5, 1.0], "down" => [0.5, 1.0])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// let hist = data.vary("xs", data::Norm((1.5, 0.75))).hist("pt", (1, 0.0, 50.0))?;
/// assert_eq!((hist.varied("xs", data::Up)?.sum(), hist.varied("xs", data::Down)?.sum()), (3.0, 1.5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Norm<T = f64>(pub T);

impl IntoVariation for Norm<f64> {
    fn into_variation(self) -> Variation {
        Variation::new(Varied::Norm { up: self.0, down: 2.0 - self.0 })
    }
}

impl IntoVariation for Norm<(f64, f64)> {
    fn into_variation(self) -> Variation {
        Variation::new(Varied::Norm { up: self.0.0, down: self.0.1 })
    }
}

/// A process is replaced by others, whose rows go through the same steps: `Sample("ttbar", ("ttbar_up", "ttbar_down"))`, or
/// one-sided `Sample("ttbar", "ttbar_other")`. The others are in the data set and not in the group.
///
/// ```
/// # use polars::df;
/// # let (mumu, other) = (df!("x" => [0.5])?, df!("x" => [0.5, 0.6])?);
/// let all = data::Data::from_frames([("mumu", mumu), ("mumu_other", other)])?;
/// let mc = all.group("mumu").vary("generator", data::Sample("mumu", "mumu_other"));
/// assert_eq!(mc.hist("x", (1, 0.0, 1.0))?.varied("generator", data::Up)?.counts(), [2.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a, T = &'a str>(pub &'a str, pub T);

impl<'a> IntoVariation for Sample<'a, &'a str> {
    fn into_variation(self) -> Variation {
        Variation::new(Varied::Sample { process: self.0.into(), up: self.1.into(), down: None })
    }
}

impl<'a> IntoVariation for Sample<'a, (&'a str, &'a str)> {
    fn into_variation(self) -> Variation {
        Variation::new(Varied::Sample { process: self.0.into(), up: self.1.0.into(), down: Some(self.1.1.into()) })
    }
}

/// Replicas: a column of lists, each of whose values is a factor of the weight; `Replicas("LHEPdfWeight", Rms)`. There are as
/// many as the list of the first row has values.
#[derive(Debug, Clone, Copy)]
pub struct Replicas<'a>(pub &'a str, pub Combine);

impl IntoVariation for Replicas<'_> {
    fn into_variation(self) -> Variation {
        Variation::new(Varied::List { column: self.0.into(), members: None, combine: self.1 })
    }
}

/// An envelope: each of these is a factor of the weight, and up and down are the largest and the smallest content of each
/// bin, nominal included; `Envelope(["w_muR", "w_muF"])`.
///
/// ```
/// # use polars::df;
/// # let frame = df!("pt" => [19.9, 30.0], "w" => [1.0, 1.0], "up" => [1.5, 1.0], "down" => [0.5, 1.0])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// let hist = data.vary("scale", data::Envelope(["up", "down"])).hist("pt", (1, 0.0, 50.0))?;
/// assert_eq!((hist.varied("scale", data::Up)?.counts()[0], hist.varied("scale", data::Down)?.counts()[0]), (2.5, 1.5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Envelope<T>(pub T);

impl<T: IntoIterator<Item: Into<Selection>>> IntoVariation for Envelope<T> {
    fn into_variation(self) -> Variation {
        let factors = self.0.into_iter().map(Into::into).collect();
        Variation::new(Varied::Weights { factors, combine: Members::Envelope })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(source: &str, variation: impl IntoVariation) -> Variation {
        Variation { source: source.into(), ..variation.into_variation() }
    }

    #[test]
    fn a_variation_says_what_it_is() {
        let id = named("id", ("sf", "sf_up", "sf_dn"));
        assert_eq!(id.to_string(), "vary id: sf up sf_up, down sf_dn");
        assert_eq!(id.members(), [Up, Down].map(Member::Towards));
        let scale = named("scale", [("pt1", "pt1 * 1.1", "pt1 * 0.9"), ("pt2", "pt2 * 1.1", "pt2 * 0.9")]);
        assert!(scale.to_string().contains("; pt2 up pt2 * 1.1"), "{scale}");
        let herwig = named("herwig", Sample("ttbar", "ttbar_herwig").mirrored());
        assert_eq!((herwig.members().len(), herwig.mirrored), (1, true));
        assert_eq!(named("lumi", Norm(1.017)).members(), []);
        assert_eq!(named("muR", Envelope(["a", "b", "c"]).only(["ttbar"])).members().len(), 3);
    }

    #[test]
    fn what_cannot_be_is_said() {
        let wrong = |variation: Variation| variation.check().unwrap_err().to_string();
        assert!(wrong(named("a b", ("x", "y"))).contains("letters, digits"));
        assert!(wrong(named("n", Norm(2.5))).contains("above 0"));
        assert!(wrong(named("e", Envelope(["w"]))).contains("two weights"));
        assert!(wrong(named("c", [("x", "y"), ("x", "z")])).contains("`x` comes twice"));
        assert!(wrong(named("p", ("x", "y").per("region"))).contains("per \"bin\""));
    }
}
