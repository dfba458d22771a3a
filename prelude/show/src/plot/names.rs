//! Parts of a stack with their names, and the colours that belong to names.

use hist::{ByProcess, Hist};
use segment::Text;

/// Processes whose colours are fixed, so that the same process has the same colour in every plot of a study.
const KNOWN: [(&str, usize); 17] = [
    ("mumu", 0),
    ("ee", 1),
    ("taupair", 2),
    ("gg", 3),
    ("hhISR", 4),
    ("uubar", 5),
    ("ddbar", 6),
    ("ssbar", 7),
    ("ccbar", 8),
    ("qqbar", 5),
    ("charged", 9),
    ("mixed", 4),
    ("BBbar", 9),
    ("eeee", 7),
    ("eemumu", 8),
    ("llXX", 6),
    ("llYY", 7),
];

/// An uncertainty beyond statistics: its name in the legend, and lengths upwards and downwards, bin by bin.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// What the legend says.
    pub name: String,
    /// Upwards.
    pub up: Vec<f64>,
    /// Downwards.
    pub down: Vec<f64>,
}

/// One part: a histogram, or a name and a histogram.
///
/// ```
/// # use hist::{Axis, Hist};
/// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
/// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
/// let plot = show::histogram(("after all cuts", &hist));
/// assert!(!show::Display::bundle(&plot).is_refused());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Part {
    /// The histogram, and what to call it when it is the one at place `at`.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// use show::Part;
    /// assert_eq!(("mumu", &hist).part(0), ("mumu".to_string(), hist.clone()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn part(&self, at: usize) -> (String, Hist);

    /// How it is shown by itself.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// use show::Part;
    /// assert!(hist.plot().text().contains("[1, 2)"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn plot(&self) -> super::Plot {
        super::histogram(self.part(0).1)
    }

    /// Its uncertainty beyond statistics, where it knows one: a band that is drawn with it.
    fn spread(&self) -> Option<Spread> {
        None
    }
}

impl Part for Hist {
    fn part(&self, at: usize) -> (String, Hist) {
        (name(self, at), self.clone())
    }
}

impl<P: Part> Part for &P {
    fn part(&self, at: usize) -> (String, Hist) {
        (**self).part(at)
    }

    fn plot(&self) -> super::Plot {
        (**self).plot()
    }

    fn spread(&self) -> Option<Spread> {
        (**self).spread()
    }
}

impl<S: Text, P: Part> Part for (S, P) {
    fn part(&self, at: usize) -> (String, Hist) {
        renamed(self.0.text(), self.1.part(at))
    }
}

/// A part with another name; compiled once and not in each cell, as the next one.
#[inline(never)]
fn renamed(name: &str, part: (String, Hist)) -> (String, Hist) {
    (name.to_owned(), part.1)
}

/// So many parts, by place.
#[inline(never)]
fn each(many: usize, part: &dyn Fn(usize) -> (String, Hist)) -> Vec<(String, Hist)> {
    (0..many).map(part).collect()
}

/// What can be stacked or overlaid: histograms, histograms with names, or the processes of one histogram.
///
/// ```
/// # use hist::{Axis, Hist};
/// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
/// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
/// # let mut data = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
/// # data.fill(&[0.6, 1.5, 2.7])?;
/// let plot = show::stack([("mumu", &hist), ("taupair", &data)]);
/// assert!(plot.text().contains("taupair"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Parts {
    /// Names and histograms, from the bottom of the stack.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// # let mut data = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # data.fill(&[0.6, 1.5, 2.7])?;
    /// use show::Parts;
    /// let names: Vec<String> = [("mumu", &hist), ("taupair", &data)].parts().into_iter().map(|(name, _)| name).collect();
    /// assert_eq!(names, ["mumu", "taupair"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn parts(&self) -> Vec<(String, Hist)>;

    /// The uncertainty of their sum beyond statistics, where they know one: a band that is drawn with a stack.
    fn spread(&self) -> Option<Spread> {
        None
    }
}

impl Parts for Hist {
    fn parts(&self) -> Vec<(String, Hist)> {
        if self.by_process().is_empty() { vec![(name(self, 0), self.clone())] } else { self.by_process().parts() }
    }
}

impl Parts for ByProcess {
    fn parts(&self) -> Vec<(String, Hist)> {
        let names: Vec<_> = self.names().collect();
        self.iter().map(|(name, hist)| (short(name, &names), hist.clone())).collect()
    }
}

impl<P: Part> Parts for [P] {
    fn parts(&self) -> Vec<(String, Hist)> {
        each(self.len(), &|at| self[at].part(at))
    }
}

impl<T> Parts for Vec<T>
where
    [T]: Parts,
{
    fn parts(&self) -> Vec<(String, Hist)> {
        self.as_slice().parts()
    }
}

impl<T, const N: usize> Parts for [T; N]
where
    [T]: Parts,
{
    fn parts(&self) -> Vec<(String, Hist)> {
        self.as_slice().parts()
    }
}

impl<P: Parts + ?Sized> Parts for &P {
    fn parts(&self) -> Vec<(String, Hist)> {
        (**self).parts()
    }

    fn spread(&self) -> Option<Spread> {
        (**self).spread()
    }
}

/// What to call a histogram that has no name: its processes, or its place.
fn name(hist: &Hist, at: usize) -> String {
    let all: Vec<_> = hist.by_process().names().collect();
    match all.as_slice() {
        [] => format!("histogram {}", at + 1),
        [one] => short(one, &all),
        [one, two] => format!("{} + {}", short(one, &all), short(two, &all)),
        [one, ..] => format!("{} + {} more", short(one, &all), all.len() - 1),
    }
}

/// The process in a sample name such as `P16M16rd_mc5S_mumu_p16_v1`, unless two samples would then be called the same.
fn short(name: &str, all: &[&str]) -> String {
    let token =
        |name: &str| name.split('_').find_map(|token| KNOWN.iter().find(|(known, _)| *known == token)).map(|k| k.0);
    match token(name) {
        Some(found) if all.iter().filter(|other| token(other) == Some(found)).count() == 1 => found.to_owned(),
        _ => name.to_owned(),
    }
}

/// The place in the palette of each name: fixed for those known, the next free one for others.
pub(super) fn colors(names: &[&str]) -> Vec<usize> {
    let known =
        |name: &str| name.split(['_', ' ']).find_map(|t| KNOWN.iter().find(|(k, _)| *k == t)).map(|(_, at)| *at);
    let mut taken = Vec::new();
    for name in names {
        let wish = known(name).filter(|at| !taken.contains(at));
        let place =
            wish.or_else(|| (0..10).find(|at| !taken.contains(at) && !names.iter().any(|n| known(n) == Some(*at))));
        let place = place.or_else(|| (0..10).find(|at| !taken.contains(at)));
        taken.push(place.unwrap_or(taken.len() % 10));
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_keeps_its_colour_whoever_is_beside_it() {
        assert_eq!(colors(&["mumu", "ee"]), [0, 1]);
        assert_eq!(colors(&["ee", "something", "mumu"]), [1, 2, 0]);
        let many: Vec<String> = (0..14).map(|n| format!("p{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(colors(&many)[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }

    #[test]
    fn sample_names_are_shortened_when_that_is_clear() {
        let two = ["P16M16rd_mc5S_mumu_p16_v1", "P16M16rd_mc5S_ee_p16_v1"];
        assert_eq!(short(two[0], &two), "mumu");
        let same = ["P16M16rd_mc5S_mumu_p16_v1", "P16M16rd_mcoff_mumu_p16_v1"];
        assert_eq!(short(same[0], &same), same[0]);
        assert_eq!(short("P16M16rd_mc5S_eemumu_p16_v1", &["P16M16rd_mc5S_eemumu_p16_v1"]), "eemumu");
    }
}
