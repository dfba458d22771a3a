//! Reactions: events by what particles they have, and sums of their momenta.

use std::str::FromStr;

use crate::content::bank::Bank;
use crate::content::structure::Number;
use crate::model::error::{Error, Fault, Result};
use crate::physics::lorentz::{FourMomentum, charge_of, mass_of};

/// How many particles of one charge a reaction allows besides those it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Others {
    Exactly(usize),
    Any,
}

/// A topology such as `11:2212:X+:X-:Xn`: an electron, a proton, and any number of other positive, negative and neutral
/// particles. Without `X+` no other positive particle is allowed, and so on; `2X+` allows exactly two.
///
/// ```
/// let reaction: hipo::Reaction = "11:2212:Xn".parse()?;
/// assert!(reaction.rows(&[11, 2212, 22], &[-1, 1, 0]).is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    named: Vec<i32>,
    positive: Others,
    negative: Others,
    neutral: Others,
}

impl FromStr for Reaction {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let none = Others::Exactly(0);
        let mut reaction = Self { named: Vec::new(), positive: none, negative: none, neutral: none };
        for part in text.split(':').map(str::trim) {
            let wrong = || {
                Fault::Argument(format!(
                    "{part:?} in the reaction {text:?} is neither a PDG number nor X+, X- or Xn (2X+: exactly two)"
                ))
            };
            let Some((count, charge)) = part.split_once('X') else {
                reaction.named.push(part.parse().map_err(|_| wrong())?);
                continue;
            };
            let others =
                if count.is_empty() { Others::Any } else { Others::Exactly(count.parse().map_err(|_| wrong())?) };
            match charge {
                "+" => reaction.positive = others,
                "-" => reaction.negative = others,
                "n" => reaction.neutral = others,
                _ => return Err(wrong()),
            }
        }
        if reaction.named.is_empty() && !text.contains('X') {
            return Err(Fault::Argument(format!("the reaction {text:?} names no particle")));
        }
        Ok(reaction)
    }
}

impl Reaction {
    /// The row of each named particle, in the order of the names, when the particles of an event fit; equal names take
    /// rows in their order.
    ///
    /// ```
    /// let reaction: hipo::Reaction = "2212:11".parse()?;
    /// assert_eq!(reaction.rows(&[11, 2212], &[-1, 1]), Some(vec![1, 0]));
    /// assert_eq!(reaction.rows(&[11, 2212, 211], &[-1, 1, 1]), None, "no other is allowed");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn rows(&self, pids: &[i32], charges: &[i8]) -> Option<Vec<usize>> {
        let mut free = vec![true; pids.len()];
        let mut rows = Vec::with_capacity(self.named.len());
        for name in &self.named {
            let row = (0..pids.len()).find(|row| free[*row] && pids[*row] == *name)?;
            free[row] = false;
            rows.push(row);
        }
        let others = |sign: i8| {
            let same = |row: &usize| free[*row] && charges.get(*row).is_some_and(|charge| charge.signum() == sign);
            (0..pids.len()).filter(same).count()
        };
        let fits = |allowed: Others, sign: i8| match allowed {
            Others::Any => true,
            Others::Exactly(count) => others(sign) == count,
        };
        (fits(self.positive, 1) && fits(self.negative, -1) && fits(self.neutral, 0)).then_some(rows)
    }

    /// The same on a bank with a column `pid`, and `charge` or else charges by PDG number. Rows with `pid` 0, which are
    /// tracks without a name, count as others by their charge.
    ///
    /// # Errors
    /// When the bank has no such column, or no `charge` and a PDG number that is not known.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let schema = reader.bank("REC::Particle")?;
    /// # let mut events = reader.events();
    /// # let event = events.next()?.unwrap();
    /// # let bank = event.bank(&schema)?;
    /// assert_eq!("2212:11".parse::<hipo::Reaction>()?.rows_in(&bank)?, Some(vec![1, 0]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rows_in(&self, bank: &Bank<'_>) -> Result<Option<Vec<usize>>> {
        let pids = integers(bank, "pid")?;
        let charges = match bank.schema().index_of("charge") {
            Ok(_) => integers(bank, "charge")?,
            Err(_) => {
                let charge = |pid: &i64| {
                    let known = i32::try_from(*pid).ok().and_then(charge_of).map(i64::from);
                    known.ok_or_else(|| Error::argument(format!("no column charge, and PDG number {pid} is not known")))
                };
                pids.iter().map(charge).collect::<Result<_>>()?
            }
        };
        // A PDG number outside 32 bits is no particle that a reaction names.
        let pids: Vec<i32> = pids.iter().map(|pid| i32::try_from(*pid).unwrap_or(0)).collect();
        let charges: Vec<i8> = charges.iter().map(|charge| charge.signum() as i8).collect();
        Ok(self.rows(&pids, &charges))
    }

    /// Whether the event with this bank fits.
    ///
    /// # Errors
    /// As [`Reaction::rows_in`].
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let schema = reader.bank("REC::Particle")?;
    /// # let mut events = reader.events();
    /// # let event = events.next()?.unwrap();
    /// # let bank = event.bank(&schema)?;
    /// assert!("11:X+".parse::<hipo::Reaction>()?.matches(&bank)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn matches(&self, bank: &Bank<'_>) -> Result<bool> {
        self.rows_in(bank).map(|rows| rows.is_some())
    }
}

fn integers(bank: &Bank<'_>, column: &str) -> Result<Vec<i64>> {
    let index = bank.schema().index_of(column)?;
    let number = |row: usize| bank.at(index, row).and_then(Number::as_i64);
    let all: Option<Vec<i64>> = (0..bank.rows()).map(number).collect();
    all.ok_or_else(|| Error::argument(format!("{}.{column} has floats, not integers", bank.schema().name())))
}

/// The four-momentum of a row of a bank with `px`, `py` and `pz`, with the mass of its `pid`, or the one given.
///
/// # Errors
/// When the bank has no such column or row, or no mass is known.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// # let schema = reader.bank("REC::Particle")?;
/// # let mut events = reader.events();
/// # let event = events.next()?.unwrap();
/// # let bank = event.bank(&schema)?;
/// let proton = hipo::momentum(&bank, 1, None)?;
/// assert!((proton.mass() - 0.938272).abs() < 1e-5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn momentum(bank: &Bank<'_>, row: usize, mass: Option<f64>) -> Result<FourMomentum> {
    let component = |name: &str| bank.get(name, row).map(Number::as_f64);
    let (px, py, pz) = (component("px")?, component("py")?, component("pz")?);
    let mass = match mass {
        Some(mass) => mass,
        None => {
            let pid = bank.get("pid", row)?;
            let known = pid.as_i64().and_then(|pid| i32::try_from(pid).ok()).and_then(mass_of);
            known.ok_or_else(|| Error::argument(format!("the mass of PDG number {pid} is not known: give it")))?
        }
    };
    Ok(FourMomentum::from_mass(px, py, pz, mass))
}

/// What enters the beam: an electron beam of this energy in GeV on a proton at rest.
///
/// ```
/// let initial = hipo::electron_on_proton(10.6);
/// assert!((initial.mass() - 4.56).abs() < 0.01, "the energy in the centre of mass");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn electron_on_proton(beam_energy: f64) -> FourMomentum {
    let electron = mass_of(11).unwrap_or_default();
    let beam =
        FourMomentum::from_mass(0.0, 0.0, (beam_energy * beam_energy - electron * electron).max(0.0).sqrt(), electron);
    beam + FourMomentum::from_mass(0.0, 0.0, 0.0, mass_of(2212).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topology_is_exclusive_but_for_its_x() {
        let rows = |text: &str, pids: &[i32], charges: &[i8]| Reaction::from_str(text).unwrap().rows(pids, charges);
        let (pids, charges) = ([2212, 11, 211, -211, 22], [1, -1, 1, -1, 0]);
        assert_eq!(rows("11:2212:X+:X-:Xn", &pids, &charges), Some(vec![1, 0]));
        assert_eq!(rows("11:2212:X+:X-", &pids, &charges), None);
        assert_eq!(rows("11:2212:1X+:X-:Xn", &pids, &charges), Some(vec![1, 0]));
        assert_eq!(rows("11:2212:2X+:X-:Xn", &pids, &charges), None);
        assert_eq!(rows("11:2212:211:-211:22", &pids, &charges), Some(vec![1, 0, 2, 3, 4]));
        assert_eq!(rows("11:11:X+:X-:Xn", &pids, &charges), None);
        assert_eq!(rows("11:11", &[11, 11], &[-1, -1]), Some(vec![0, 1]));
        assert_eq!(rows("X+:X-:Xn", &[], &[]), Some(vec![]));
        for text in ["", "11:", "e-", "11:X", "11:Xp", "11:-1X+"] {
            assert!(Reaction::from_str(text).is_err(), "{text}");
        }
    }
}
