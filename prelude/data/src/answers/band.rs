//! A histogram in its universes, and the band that all of them make.

use crate::answers::histogram::Histogram;
use crate::error::Result;
use crate::steps::vary::{Direction, Down, Per, Up};
use hist::Hist;

/// The uncertainty of each bin: distances from nominal.
///
/// ```
/// # let mc = data::Data::from_frames([("mumu", polars::df!("x" => [0.5, 1.5, 1.6, 1.7])?)])?;
/// # let mc = mc.vary("lumi", data::Norm(1.25));
/// let band = mc.hist("x", (2, 0.0, 2.0))?.band()?;
/// assert_eq!(band.statistics[0], 1.0);
/// assert_eq!(band.up[0], (1.0_f64 + 0.25 * 0.25).sqrt());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// Upwards, all sources and statistics in quadrature.
    pub up: Vec<f64>,
    /// Downwards.
    pub down: Vec<f64>,
    /// Statistics alone: the root of the sum of squared weights.
    pub statistics: Vec<f64>,
}

impl Histogram {
    /// The histogram in a universe: one source one standard deviation up or down, all processes, those that it does not
    /// concern as in nominal. Its contents are, bit for bit, those of
    /// [`Group::universe`](crate::Group::universe) filled alone.
    ///
    /// # Errors
    /// A source that no step varies.
    ///
    /// ```
    /// # let mc = data::Data::from_frames([("mumu", polars::df!("x" => [0.5, 1.5, 1.6, 1.7])?)])?;
    /// # let mc = mc.vary("lumi", data::Norm(1.25));
    /// let hist = mc.hist("x", (2, 0.0, 2.0))?;
    /// assert_eq!(hist.varied("lumi", data::Up)?.counts(), [1.25, 3.75]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn varied(&self, source: &str, direction: Direction) -> Result<Hist> {
        let source = self.made.variations.source(source)?;
        let processes = self.by_process().iter().zip(&source.parts);
        let parts = processes.map(|((name, nominal), part)| Ok((name.to_owned(), part.towards(nominal, direction)?)));
        Ok(Hist::from_processes(parts.collect::<Result<Vec<_>>>()?)?)
    }

    /// The names of the sources that are varied, in the order of their steps.
    ///
    /// ```
    /// # let mc = data::Data::from_frames([("mumu", polars::df!("x" => [0.5, 1.5, 1.6, 1.7])?)])?;
    /// # let mc = mc.vary("lumi", data::Norm(1.25));
    /// assert_eq!(mc.hist("x", 2)?.source_names(), ["lumi"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn source_names(&self) -> Vec<String> {
        self.made.variations.sources.iter().map(|source| source.name.to_string()).collect()
    }

    /// The uncertainty of each bin of the simulation: for each source the processes are added up first, because they vary
    /// together; then sources and statistics are added in quadrature.
    ///
    /// # Errors
    /// None in practice: all processes have the same bins.
    ///
    /// ```
    /// # let mc = data::Data::from_frames([("mumu", polars::df!("x" => [0.5, 1.5, 1.6, 1.7])?)])?;
    /// # let mc = mc.vary("lumi", data::Norm(1.25));
    /// let band = mc.hist("x", (2, 0.0, 2.0))?.band()?;
    /// assert_eq!(band.up[1], (3.0_f64 + 0.75 * 0.75).sqrt());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn band(&self) -> Result<Band> {
        let simulated: Vec<usize> = self.simulated();
        let parts: Vec<&Hist> = self.by_process().values().collect();
        let bins = self.counts().len();
        let mut statistics = vec![0.0; bins];
        for &at in &simulated {
            parts[at].variances().iter().zip(&mut statistics).for_each(|(variance, sum)| *sum += variance);
        }
        let (mut up, mut down) = (statistics.clone(), statistics.clone());
        for source in &self.made.variations.sources {
            // Decorrelated processes are as many sources.
            let groups: Vec<Vec<usize>> = if source.per == Per::Process {
                simulated.iter().map(|&at| vec![at]).collect()
            } else {
                vec![simulated.clone()]
            };
            for group in groups {
                let mut shift = [vec![0.0; bins], vec![0.0; bins]];
                for at in group {
                    for (shift, direction) in shift.iter_mut().zip([Up, Down]) {
                        let varied = source.parts[at].towards(parts[at], direction)?.counts();
                        let pairs = varied.iter().zip(parts[at].counts());
                        pairs.zip(shift).for_each(|((varied, nominal), shift)| *shift += varied - nominal);
                    }
                }
                for bin in 0..bins {
                    let (u, d) = (shift[0][bin], shift[1][bin]);
                    up[bin] += u.max(d).max(0.0).powi(2);
                    down[bin] += (-u).max(-d).max(0.0).powi(2);
                }
            }
        }
        let root = |squares: Vec<f64>| squares.into_iter().map(f64::sqrt).collect();
        Ok(Band { up: root(up), down: root(down), statistics: root(statistics) })
    }
}
