//! What each source does: a table of its effects on yields and shapes, and a plot of one source.

use crate::answers::histogram::Histogram;
use crate::answers::workspace;
use crate::error::Result;
use crate::steps::vary::{Down, Up};
use hist::Hist;
use show::{Bundle, Cell, Display, Table};

/// What a source does to one process, in shares of nominal.
///
/// ```
/// # let mc = data::Data::from_frames([("mumu", polars::df!("x" => [0.5, 1.5, 1.6, 1.7])?)])?;
/// # let mc = mc.vary("lumi", data::Norm(1.25));
/// let sources = mc.hist("x", (2, 0.0, 2.0))?.sources()?;
/// let lumi = sources.get("lumi", "mumu").unwrap();
/// assert_eq!((lumi.up, lumi.down), (0.25, -0.25));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SourceEffect {
    /// The source.
    pub source: String,
    /// The process.
    pub process: String,
    /// The change of the yield up.
    pub up: f64,
    /// The change of the yield down.
    pub down: f64,
    /// The largest change of a bin that is left when the yield is that of nominal.
    pub shape: f64,
    /// Up over nominal, bin by bin.
    pub ratio: Vec<f64>,
    /// What is odd about it, as [`Workspace::check`](crate::Workspace::check) says it.
    pub odd: Vec<String>,
}

/// The effects of all sources on all processes that they concern; displays as a table.
///
/// ```
/// # let mc = data::Data::from_frames([("mumu", polars::df!("x" => [0.5, 1.5, 1.6, 1.7])?)])?;
/// # let mc = mc.vary("lumi", data::Norm(1.25));
/// assert_eq!(mc.hist("x", (2, 0.0, 2.0))?.sources()?.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sources(Vec<SourceEffect>);

impl Sources {
    /// The effects, source by source.
    ///
    /// ```
    /// # let mc = data::Data::from_frames([("mumu", polars::df!("x" => [0.5, 1.5, 1.6, 1.7])?)])?;
    /// # let mc = mc.vary("lumi", data::Norm(1.25));
    /// let sources = mc.hist("x", (2, 0.0, 2.0))?.sources()?;
    /// assert!(sources.iter().all(|effect| effect.up > 0.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn iter(&self) -> std::slice::Iter<'_, SourceEffect> {
        self.0.iter()
    }

    /// The effect of a source on a process.
    ///
    /// ```
    /// # let mc = data::Data::from_frames([("mumu", polars::df!("x" => [0.5, 1.5, 1.6, 1.7])?)])?;
    /// # let mc = mc.vary("lumi", data::Norm(1.25));
    /// let sources = mc.hist("x", (2, 0.0, 2.0))?.sources()?;
    /// assert_eq!(sources.get("lumi", "mumu").unwrap().shape, 0.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get(&self, source: &str, process: &str) -> Option<&SourceEffect> {
        self.0.iter().find(|one| one.source == source && one.process == process)
    }

    /// How many there are.
    ///
    /// ```
    /// # let mc = data::Data::from_frames([("mumu", polars::df!("x" => [0.5, 1.5, 1.6, 1.7])?)])?;
    /// # let mc = mc.vary("lumi", data::Norm(1.25));
    /// assert_eq!(mc.hist("x", (2, 0.0, 2.0))?.sources()?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is varied.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert!(data.hist("x", 2)?.sources()?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Histogram {
    /// What each source does to each process that it concerns: the change of the yield up and down, the largest change of the
    /// shape, and up over nominal as a small picture.
    ///
    /// ```
    /// use data::{Data, Norm};
    /// use polars::prelude::*;
    /// let mc = Data::from_frames([("mumu", df!("x" => [0.5, 1.5, 1.6])?)])?;
    /// let sources = mc.vary("lumi", Norm(1.25)).hist("x", (2, 0.0, 2.0))?.sources()?;
    /// let lumi = sources.get("lumi", "mumu").unwrap();
    /// assert_eq!((lumi.up, lumi.down, lumi.shape), (0.25, -0.25, 0.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// None in practice: all universes have the same bins.
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn sources(&self) -> Result<Sources> {
        let mut effects = Vec::new();
        for source in &self.made.variations.sources {
            for (at, ((process, nominal), part)) in self.by_process().iter().zip(&source.parts).enumerate() {
                if part.concerned {
                    let varied = [part.towards(nominal, Up)?, part.towards(nominal, Down)?];
                    let whole = workspace::effect(source, (at, process, nominal))?;
                    let odd = whole.map(|whole| workspace::odd(process, nominal, whole)).unwrap_or_default();
                    effects.push(effect((&source.name, process), nominal, &varied, odd));
                }
            }
        }
        Ok(Sources(effects))
    }

    /// One source as a plot: nominal, up and down, and their ratios to nominal.
    ///
    /// # Errors
    /// A source that no step varies.
    ///
    /// ```
    /// # let mc = data::Data::from_frames([("mumu", polars::df!("x" => [0.5, 1.5, 1.6, 1.7])?)])?;
    /// # let mc = mc.vary("lumi", data::Norm(1.25));
    /// let plot = mc.hist("x", (2, 0.0, 2.0))?.source("lumi")?;
    /// assert!(plot.text().contains("lumi"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn source(&self, source: &str) -> Result<show::Plot> {
        let whole = |hist: &Hist| Hist::from_processes([("all", hist.clone())]);
        let [up, down] = [self.varied(source, Up)?, self.varied(source, Down)?];
        let outlines = [("nominal", whole(self)?), ("up", whole(&up)?), ("down", whole(&down)?)];
        Ok(show::overlay(&outlines[..]).title(source).ratio())
    }
}

fn effect((source, process): (&str, &str), nominal: &Hist, varied: &[Hist; 2], odd: Vec<String>) -> SourceEffect {
    let share = |hist: &Hist| hist.sum() / nominal.sum();
    let ratios = |hist: &Hist| {
        let pairs = hist.counts().into_iter().zip(nominal.counts());
        pairs.map(|(value, nominal)| if value == nominal { 1.0 } else { value / nominal }).collect::<Vec<f64>>()
    };
    let shape = |hist: &Hist| {
        let factor = share(hist);
        let finite = ratios(hist).into_iter().filter(|ratio| ratio.is_finite());
        finite.map(|ratio| if ratio == factor { 0.0 } else { (ratio / factor - 1.0).abs() }).fold(0.0, f64::max)
    };
    SourceEffect {
        source: source.to_owned(),
        process: process.to_owned(),
        up: share(&varied[0]) - 1.0,
        down: share(&varied[1]) - 1.0,
        shape: shape(&varied[0]).max(shape(&varied[1])),
        ratio: ratios(&varied[0]),
        odd,
    }
}

/// A small picture of numbers around 1.
fn spark(ratios: &[f64]) -> String {
    const MARKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const MOST: usize = 30;
    let finite = || ratios.iter().copied().filter(|ratio| ratio.is_finite());
    let reach = finite().map(|ratio| (ratio - 1.0).abs()).fold(0.0, f64::max);
    let mark = |ratio: &f64| match ratio.is_finite() {
        true if reach > 0.0 => MARKS[(((ratio - 1.0) / reach + 1.0) * 3.5).round() as usize % MARKS.len()],
        true => MARKS[3],
        false => ' ',
    };
    ratios.iter().step_by(ratios.len().div_ceil(MOST).max(1)).map(mark).collect()
}

impl Display for Sources {
    fn bundle(&self) -> Bundle {
        if self.0.is_empty() {
            return Bundle::text("nothing is varied");
        }
        let mut table = Table::new(["source", "process", "up", "down", "shape", "up / nominal", "odd"]);
        let percent = |share: f64| Cell::text(format!("{:+.2} %", 100.0 * share));
        for one in &self.0 {
            table.push([
                Cell::text(&one.source),
                Cell::text(&one.process),
                percent(one.up),
                percent(one.down),
                Cell::text(format!("{:.2} %", 100.0 * one.shape)),
                Cell::text(spark(&one.ratio)),
                Cell::text(one.odd.join("; ")),
            ]);
        }
        table
            .caption("effects of the sources")
            .note("shape: the largest change of a bin at the yield of nominal")
            .bundle()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spark_goes_from_the_lowest_to_the_highest() {
        assert_eq!(spark(&[0.9, 1.0, 1.1, f64::NAN]), "▁▅█ ");
        assert_eq!(spark(&[1.0, 1.0]), "▄▄");
    }
}
