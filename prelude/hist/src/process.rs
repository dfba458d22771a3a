use crate::error::{Error, Result};
use crate::hist::Hist;
use std::ops::Index;

/// The parts of a histogram by process, in order: `h.by_process()["mumu"]`.
///
/// ```
/// # use hist::{Axis, Hist};
/// # let of = |value: f64| -> hist::Result<Hist> {
/// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
/// #     hist.fill(&[value])?;
/// #     Ok(hist)
/// # };
/// # let hist = Hist::from_processes([("mumu", of(0.5)?), ("taupair", of(1.5)?)])?;
/// let parts: &hist::ByProcess = hist.by_process();
/// assert_eq!(parts["taupair"].counts(), [0.0, 1.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ByProcess {
    parts: Vec<(String, Hist)>,
}

impl ByProcess {
    /// The part of this process: by its name, or by a word of it when only one name has that word: `mumu` of
    /// `P16M16rd_mc_mumu_p16_v1`, but not of `eemumu`.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let of = |value: f64| -> hist::Result<Hist> {
    /// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
    /// #     hist.fill(&[value])?;
    /// #     Ok(hist)
    /// # };
    /// # let hist = Hist::from_processes([("mumu", of(0.5)?), ("taupair", of(1.5)?)])?;
    /// assert!(hist.by_process().get("mumu").is_some() && hist.by_process().get("data").is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get(&self, name: &str) -> Option<&Hist> {
        self.exact(name).or_else(|| {
            let has = |known: &str| known.split(|sign: char| !sign.is_alphanumeric()).any(|word| word == name);
            let mut found = self.parts.iter().filter(|(known, _)| has(known));
            let (_, hist) = found.next()?;
            found.next().is_none().then_some(hist)
        })
    }

    fn exact(&self, name: &str) -> Option<&Hist> {
        self.parts.iter().find(|(known, _)| known == name).map(|(_, hist)| hist)
    }

    /// How many processes there are.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let of = |value: f64| -> hist::Result<Hist> {
    /// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
    /// #     hist.fill(&[value])?;
    /// #     Ok(hist)
    /// # };
    /// # let hist = Hist::from_processes([("mumu", of(0.5)?), ("taupair", of(1.5)?)])?;
    /// assert_eq!(hist.by_process().len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// Whether there are none.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let of = |value: f64| -> hist::Result<Hist> {
    /// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
    /// #     hist.fill(&[value])?;
    /// #     Ok(hist)
    /// # };
    /// # let hist = Hist::from_processes([("mumu", of(0.5)?), ("taupair", of(1.5)?)])?;
    /// assert!(!hist.by_process().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The names, in order.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let of = |value: f64| -> hist::Result<Hist> {
    /// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
    /// #     hist.fill(&[value])?;
    /// #     Ok(hist)
    /// # };
    /// # let hist = Hist::from_processes([("mumu", of(0.5)?), ("taupair", of(1.5)?)])?;
    /// assert!(hist.by_process().names().eq(["mumu", "taupair"]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map(|(name, _)| name.as_str())
    }

    /// The names, in order, under the name that maps use.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let of = |value: f64| -> hist::Result<Hist> {
    /// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
    /// #     hist.fill(&[value])?;
    /// #     Ok(hist)
    /// # };
    /// # let hist = Hist::from_processes([("mumu", of(0.5)?), ("taupair", of(1.5)?)])?;
    /// assert!(hist.by_process().keys().eq(["mumu", "taupair"]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.names()
    }

    /// The histograms, in order.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let of = |value: f64| -> hist::Result<Hist> {
    /// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
    /// #     hist.fill(&[value])?;
    /// #     Ok(hist)
    /// # };
    /// # let hist = Hist::from_processes([("mumu", of(0.5)?), ("taupair", of(1.5)?)])?;
    /// assert!(hist.by_process().values().all(|part| part.sum() == 1.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn values(&self) -> impl Iterator<Item = &Hist> {
        self.parts.iter().map(|(_, hist)| hist)
    }

    /// Names and histograms, in order.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let of = |value: f64| -> hist::Result<Hist> {
    /// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
    /// #     hist.fill(&[value])?;
    /// #     Ok(hist)
    /// # };
    /// # let hist = Hist::from_processes([("mumu", of(0.5)?), ("taupair", of(1.5)?)])?;
    /// for (name, part) in hist.by_process().iter() {
    ///     assert_eq!(part.sum(), 1.0, "{name}");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Hist)> {
        self.parts.iter().map(|(name, hist)| (name.as_str(), hist))
    }

    pub(crate) fn push(&mut self, name: String, hist: Hist) -> Result<()> {
        if self.exact(&name).is_some() {
            return Err(Error::Different(format!("process `{name}` comes twice")));
        }
        self.parts.push((name, hist));
        Ok(())
    }

    pub(crate) fn merge(&mut self, other: &Self) -> Result<()> {
        for (name, part) in &other.parts {
            if let Some(mine) = self.exact(name) {
                mine.compatible(part)?;
            }
        }
        for (name, part) in &other.parts {
            match self.parts.iter_mut().find(|(known, _)| known == name) {
                Some((_, mine)) => mine.merge(part)?,
                None => self.push(name.clone(), part.clone())?,
            }
        }
        Ok(())
    }

    pub(crate) fn map(&self, mut change: impl FnMut(&Hist) -> Hist) -> Self {
        Self { parts: self.parts.iter().map(|(name, hist)| (name.clone(), change(hist))).collect() }
    }

    pub(crate) fn try_map(&self, mut change: impl FnMut(&Hist) -> Result<Hist>) -> Result<Self> {
        let parts = self.parts.iter().map(|(name, hist)| Ok((name.clone(), change(hist)?))).collect::<Result<_>>()?;
        Ok(Self { parts })
    }
}

impl Index<&str> for ByProcess {
    type Output = Hist;

    /// # Panics
    /// When there is no such process, as an index into a map does; [`ByProcess::get`] does not.
    fn index(&self, name: &str) -> &Hist {
        self.get(name).unwrap_or_else(|| {
            let nearest = segment::nearest(name, self.names());
            let hint = nearest.first().map_or_else(
                || format!("there are {}", self.names().collect::<Vec<_>>().join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            panic!("no process `{name}` in this histogram; {hint}")
        })
    }
}

impl<'a> IntoIterator for &'a ByProcess {
    type Item = (&'a str, &'a Hist);
    type IntoIter = Box<dyn Iterator<Item = Self::Item> + 'a>;

    fn into_iter(self) -> Self::IntoIter {
        Box::new(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use crate::{Axis, Hist};

    #[test]
    fn a_part_is_found_by_a_word_of_its_name_when_that_is_clear() {
        let part = |count: usize| {
            let mut h = Hist::new(Axis::boolean()).unwrap();
            h.fill(&vec![1.0; count]).unwrap();
            h
        };
        let names = ["P16M16rd_mc_mumu_p16_v1", "P16M16rd_mc_eemumu_p16_v1", "mc16-tau"];
        let h = Hist::from_processes(names.into_iter().zip([1, 2, 3].map(part))).unwrap();
        let found = |name: &str| h.by_process().get(name).map(Hist::sum);
        assert_eq!([found("mumu"), found("eemumu"), found("tau"), found(names[1])], [1.0, 2.0, 3.0, 2.0].map(Some));
        assert_eq!([found("mum"), found("p16"), found("")], [None; 3], "no word, or one of two");
        let same = Hist::from_processes([("mumu", part(1)), ("mc_mumu", part(2))]).unwrap();
        assert_eq!((same.by_process()["mumu"].sum(), same.by_process().len()), (1.0, 2));
    }
}
