//! What is odd about templates, said before a fit fails of it.

use crate::answers::workspace::model::{Channel, Effect, Process, Workspace};
use crate::error::Result;
use hist::Hist;
use show::{Bundle, Cell, Display, Table};

/// A change of the yield by more than this is said.
const LARGE: f64 = 0.2;
/// A template with fewer effective rows is said.
const FEW: f64 = 100.0;
/// A source that changes every bin by less than this has no effect.
const NOTHING: f64 = 1e-4;
/// Both directions on one side are said when each changes the yield by more than this.
const ONE_SIDE: f64 = 1e-3;

/// Something odd about a template.
///
/// ```
/// # use polars::df;
/// # let (signal, mumu) = (df!("x" => [0.5, 1.5])?, df!("x" => [0.5, 0.6])?);
/// # let sr = data::Data::from_frames([("signal", signal), ("mumu", mumu)])?.hist("x", (2, 0.0, 2.0))?;
/// # let observed = data::Data::from_frames([("data", df!("x" => [0.5, 0.7, 1.5])?)])?.hist("x", (2, 0.0, 2.0))?;
/// # let model = data::workspace().channel("SR", &sr, &observed).signal("mu", "signal");
/// let findings = model.check()?;
/// let first = findings.iter().next().unwrap();
/// assert_eq!(first.channel, "SR");
/// assert!(!first.what.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The region.
    pub channel: String,
    /// The process; empty where it is about the data.
    pub process: String,
    /// The source; empty where it is about nominal.
    pub source: String,
    /// What it is.
    pub what: String,
}

/// All that is odd; displays as a table.
///
/// ```
/// # use polars::df;
/// # let (signal, mumu) = (df!("x" => [0.5, 1.5])?, df!("x" => [0.5, 0.6])?);
/// # let sr = data::Data::from_frames([("signal", signal), ("mumu", mumu)])?.hist("x", (2, 0.0, 2.0))?;
/// # let observed = data::Data::from_frames([("data", df!("x" => [0.5, 0.7, 1.5])?)])?.hist("x", (2, 0.0, 2.0))?;
/// # let model = data::workspace().channel("SR", &sr, &observed).signal("mu", "signal");
/// assert!(!model.check()?.is_empty(), "two rows are few for a template");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings(pub Vec<Finding>);

impl std::fmt::Display for Finding {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words = [&self.channel, &self.process, &self.source];
        let words: Vec<&str> = words.into_iter().map(String::as_str).filter(|word| !word.is_empty()).collect();
        write!(out, "{}: {}", words.join(" "), self.what)
    }
}

impl Findings {
    /// The findings, in the order of channels and processes.
    ///
    /// ```
    /// # use polars::df;
    /// # let (signal, mumu) = (df!("x" => [0.5, 1.5])?, df!("x" => [0.5, 0.6])?);
    /// # let sr = data::Data::from_frames([("signal", signal), ("mumu", mumu)])?.hist("x", (2, 0.0, 2.0))?;
    /// # let observed = data::Data::from_frames([("data", df!("x" => [0.5, 0.7, 1.5])?)])?.hist("x", (2, 0.0, 2.0))?;
    /// # let model = data::workspace().channel("SR", &sr, &observed).signal("mu", "signal");
    /// assert!(model.check()?.iter().all(|finding| finding.channel == "SR"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn iter(&self) -> std::slice::Iter<'_, Finding> {
        self.0.iter()
    }

    /// How many there are.
    ///
    /// ```
    /// # use polars::df;
    /// # let (signal, mumu) = (df!("x" => [0.5, 1.5])?, df!("x" => [0.5, 0.6])?);
    /// # let sr = data::Data::from_frames([("signal", signal), ("mumu", mumu)])?.hist("x", (2, 0.0, 2.0))?;
    /// # let observed = data::Data::from_frames([("data", df!("x" => [0.5, 0.7, 1.5])?)])?.hist("x", (2, 0.0, 2.0))?;
    /// # let model = data::workspace().channel("SR", &sr, &observed).signal("mu", "signal");
    /// assert!(model.check()?.len() >= 2, "both processes have few rows");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is odd.
    ///
    /// ```
    /// # use polars::df;
    /// # let (signal, mumu) = (df!("x" => [0.5, 1.5])?, df!("x" => [0.5, 0.6])?);
    /// # let sr = data::Data::from_frames([("signal", signal), ("mumu", mumu)])?.hist("x", (2, 0.0, 2.0))?;
    /// # let observed = data::Data::from_frames([("data", df!("x" => [0.5, 0.7, 1.5])?)])?.hist("x", (2, 0.0, 2.0))?;
    /// # let model = data::workspace().channel("SR", &sr, &observed).signal("mu", "signal");
    /// assert!(!model.check()?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Display for Findings {
    fn bundle(&self) -> Bundle {
        if self.0.is_empty() {
            return Bundle::text("nothing is odd about the templates");
        }
        let mut table = Table::new(["region", "process", "source", "what"]).caption("before the fit");
        for one in &self.0 {
            table.push([&one.channel, &one.process, &one.source, &one.what].map(Cell::text));
        }
        table.bundle()
    }
}

impl Workspace {
    /// What is odd about the templates: empty or negative bins, sources without an effect, with both directions on one side,
    /// or of more than 20 %, templates of fewer than 100 effective rows, shapes that are noise, data where no template is.
    ///
    /// # Errors
    /// Channels that do not fit together; no signal.
    ///
    /// ```
    /// # use polars::df;
    /// # let (signal, mumu) = (df!("x" => [0.5, 1.5])?, df!("x" => [0.5, 0.6])?);
    /// # let sr = data::Data::from_frames([("signal", signal), ("mumu", mumu)])?.hist("x", (2, 0.0, 2.0))?;
    /// # let observed = data::Data::from_frames([("data", df!("x" => [0.5, 0.7, 1.5])?)])?.hist("x", (2, 0.0, 2.0))?;
    /// # let model = data::workspace().channel("SR", &sr, &observed).signal("mu", "signal");
    /// let findings = model.check()?;
    /// assert!(findings.iter().any(|finding| finding.process == "signal"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn check(&self) -> Result<Findings> {
        self.complete()?;
        let mut found = Vec::new();
        for channel in &self.channels {
            for process in &channel.processes {
                let mut say = |source: &str, what: String| {
                    let (channel, process) = (channel.name.clone(), process.name.clone());
                    found.push(Finding { channel, process, source: source.to_owned(), what });
                };
                of_process(process, &mut say);
                // Of a parameter of one bin nothing is said where it does nothing.
                let bare = |effect: &&Effect| effect.bin.is_none() || !effect.is_nothing(&process.nominal);
                for effect in process.effects.iter().filter(bare) {
                    of_effect(process, effect, &mut say);
                }
            }
            let alone = outside(channel);
            if !alone.is_empty() {
                let what = format!("data in bins {} where no process has any", ranges(&alone));
                let (channel, process, source) = (channel.name.clone(), String::new(), String::new());
                found.push(Finding { channel, process, source, what });
            }
        }
        Ok(Findings(found))
    }
}

/// Bins with data, in which no process expects any.
fn outside(channel: &Channel) -> Vec<usize> {
    let expected = |bin: usize| channel.processes.iter().any(|process| process.nominal[bin] > 0.0);
    (0..channel.observed.len()).filter(|&bin| channel.observed[bin] > 0.0 && !expected(bin)).collect()
}

fn of_process(process: &Process, say: &mut impl FnMut(&str, String)) {
    let bins = |is: &dyn Fn(f64) -> bool| {
        let found = process.nominal.iter().enumerate().filter(|(_, value)| is(**value)).map(|(bin, _)| bin);
        found.collect::<Vec<usize>>()
    };
    for (bins, what) in [
        (bins(&|value| value < 0.0), "negative in"),
        (bins(&|value| value == 0.0), "no rows in"),
        (bins(&|value| value.is_nan()), "NaN in"),
    ] {
        match bins.as_slice() {
            [] => {}
            [one] => say("", format!("{what} bin {one}")),
            all => say("", format!("{what} bins {}", ranges(all))),
        }
    }
    let sum: f64 = process.nominal.iter().sum();
    let squares: f64 = process.errors.iter().map(|error| error * error).sum();
    let effective = if squares > 0.0 { sum * sum / squares } else { 0.0 };
    if effective < FEW {
        say("", format!("{effective:.0} effective rows behind {sum:.2} events; its shapes are noise"));
    }
}

/// What is odd about what a source does to a process, of nominal contents and errors.
pub(in crate::answers) fn odd(name: &str, nominal: &Hist, effect: Effect) -> Vec<String> {
    let (nominal, errors) = (nominal.counts(), nominal.errors());
    let process = Process { name: name.to_owned(), nominal, errors, effects: Vec::new() };
    let mut all = Vec::new();
    of_effect(&process, &effect, &mut |_, what| all.push(what));
    all
}

fn of_effect(process: &Process, effect: &Effect, say: &mut impl FnMut(&str, String)) {
    let source = &effect.parameter;
    let (hi, lo) = effect.factors(&process.nominal);
    if !(hi > 0.0 && lo > 0.0) {
        return say(source, format!("the yields up and down are {hi} and {lo} times nominal; both must be above 0"));
    }
    let (up, down) = (hi - 1.0, lo - 1.0);
    if up * down > 0.0 && up.abs().min(down.abs()) > ONE_SIDE {
        say(source, format!("both directions go the same way ({:+.2} %, {:+.2} %)", 100.0 * up, 100.0 * down));
    }
    if up.abs().max(down.abs()) > LARGE {
        say(source, format!("changes the yield by {:+.1} %, {:+.1} %", 100.0 * up, 100.0 * down));
    }
    if effect.norm.is_some() {
        return;
    }
    let change = |values: &[f64]| {
        let each = values.iter().zip(&process.nominal);
        each.map(|(value, nominal)| if value == nominal { 0.0 } else { (value / nominal - 1.0).abs() })
            .fold(0.0, f64::max)
    };
    if change(&effect.up).max(change(&effect.down)) < NOTHING {
        say(source, "no effect: less than 0.01 % in every bin; leave it out".to_owned());
    } else if effect.moves && process.nominal.len() > 1 && is_noise(process, effect) {
        say(source, "the effect on the shape is smaller than its own noise".to_owned());
    }
}

/// Whether a shape differs from nominal by no more than the rows that moved make by chance: of a difference of weights the
/// variance is the difference times the mean weight of a row.
fn is_noise(process: &Process, effect: &Effect) -> bool {
    let chance = |shape: &[f64]| {
        let mut chi2 = 0.0;
        for ((value, nominal), error) in shape.iter().zip(&process.nominal).zip(&process.errors) {
            let weight = if *nominal != 0.0 { error * error / nominal.abs() } else { 0.0 };
            if weight > 0.0 {
                chi2 += (value - nominal).abs() / weight;
            }
        }
        chi2 < (process.nominal.len() - 1) as f64
    };
    effect.shapes(&process.nominal).iter().all(|shape| chance(shape))
}

/// `0-4, 25-29`.
fn ranges(bins: &[usize]) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut at = 0;
    while at < bins.len() {
        let mut end = at;
        while end + 1 < bins.len() && bins[end + 1] == bins[end] + 1 {
            end += 1;
        }
        words.push(if end == at { bins[at].to_string() } else { format!("{}-{}", bins[at], bins[end]) });
        at = end + 1;
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_in_a_row_are_a_range() {
        assert_eq!(ranges(&[0, 1, 2, 3, 4, 25, 27, 28, 29]), "0-4, 25, 27-29");
        assert_eq!(ranges(&[7]), "7");
    }
}
