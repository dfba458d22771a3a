//! A histogram in the universes of its systematic variations: up and down of each source, process by process.

use crate::answers::fill::Filled;
use crate::answers::slots::Other;
use crate::error::{Error, Result};
use crate::steps::vary::{Combine, Direction, Down, Member, Members, Per, Up, Variation, Varied};
use hist::Hist;
use std::sync::Arc;

/// The universes of one histogram.
#[derive(Debug, Clone, Default)]
pub(crate) struct Variations {
    pub sources: Vec<Source>,
}

/// One source: its universes of each process.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub name: Arc<str>,
    pub shape_only: bool,
    pub per: Per,
    /// In the order of the processes.
    pub parts: Vec<Part>,
}

/// What a source does to one process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Part {
    /// Whether the source concerns the process.
    pub concerned: bool,
    /// Up and down, each `None` where it is nominal.
    pub hists: [Option<Other>; 2],
    /// Factors of the yield.
    pub norm: Option<(f64, f64)>,
    /// Whether rows of the universes are other rows, or lie in other bins.
    pub moves: bool,
}

impl Part {
    /// The process in a universe.
    pub(crate) fn towards(&self, nominal: &Hist, direction: Direction) -> Result<Hist> {
        let hist = match &self.hists[usize::from(direction == Down)] {
            Some(other) => other.hist(nominal)?,
            None => nominal.clone(),
        };
        Ok(match self.norm {
            Some((up, down)) => hist.scaled(if direction == Up { up } else { down }),
            None => hist,
        })
    }

    /// Whether it varies the yield alone.
    pub(crate) fn is_norm(&self) -> bool {
        self.norm.is_some() && self.hists.iter().all(Option::is_none)
    }
}

impl Variations {
    /// Those of the histogram `at` of all that were filled.
    pub(crate) fn new(hist: &Hist, parts: &[(String, Filled)], at: usize) -> Result<Self> {
        let mut sources: Vec<Source> = Vec::new();
        for (process, (_, filled)) in parts.iter().enumerate() {
            for variation in &filled.variations {
                let known = sources.iter().position(|source| source.name == variation.source);
                let source = known.unwrap_or_else(|| {
                    let parts = vec![Part::default(); hist.by_process().len()];
                    let (name, per) = (variation.source.clone(), variation.per.clone());
                    sources.push(Source { name, shape_only: variation.shape_only, per, parts });
                    sources.len() - 1
                });
                add(&mut sources[source].parts[process], filled, variation, at)?;
            }
        }
        Ok(Self { sources })
    }

    /// A source by its name.
    pub(crate) fn source(&self, name: &str) -> Result<&Source> {
        self.sources.iter().find(|source| &*source.name == name).ok_or_else(|| {
            let names = self.sources.iter().map(|source| &*source.name);
            let hint = match segment::nearest(name, names.clone()).first() {
                Some(near) => format!("did you mean `{near}`?"),
                None if self.sources.is_empty() => "nothing is varied: add .vary(..) to the chain".to_owned(),
                None => format!("there are {}", names.collect::<Vec<_>>().join(", ")),
            };
            Error::request(format!("the histogram has no source `{name}`; {hint}"))
        })
    }
}

/// Adds what a variation does to a process.
fn add(part: &mut Part, filled: &Filled, variation: &Variation, at: usize) -> Result<()> {
    part.concerned = true;
    if let Varied::Norm { up, down } = variation.varied {
        let have = part.norm.unwrap_or((1.0, 1.0));
        part.norm = Some((have.0 * up, have.1 * down));
        return Ok(());
    }
    let nominal = &filled.nominal[at];
    let member = |member: Member| -> Option<Other> {
        filled.universes.get(&(variation.source.clone(), member)).and_then(|hists| hists[at].clone())
    };
    let members: Vec<_> = variation.members().into_iter().map(member).collect();
    part.moves |= members.iter().flatten().any(|other| other.moves);
    let combine = match &variation.varied {
        Varied::Weights { combine, .. } => Some(*combine),
        Varied::List { combine, .. } => Some(Members::Combined(*combine)),
        _ => None,
    };
    let hist = |other: &Option<Other>| other.as_ref().map_or_else(|| Ok(nominal.clone()), |other| other.hist(nominal));
    let of = |sums: Vec<f64>| Some(Other::of_sums(&sums, nominal.entries(), part.moves));
    part.hists = match combine {
        Some(combine) => {
            let members = members.iter().map(|other| Ok(hist(other)?.sums())).collect::<Result<Vec<_>>>()?;
            combined(&nominal.sums(), &members, combine).map(of)
        }
        None if members.len() == 1 && variation.mirrored => {
            let up = hist(&members[0])?.sums();
            // As far from nominal, on the other side.
            let down = nominal.sums().iter().zip(&up).map(|(n, u)| 2.0 * n - u).collect();
            [members[0].clone(), of(down)]
        }
        None => [members.first().cloned().flatten(), members.get(1).cloned().flatten()],
    };
    Ok(())
}

/// Up and down of several weights.
fn combined(nominal: &[f64], members: &[Vec<f64>], how: Members) -> [Vec<f64>; 2] {
    let (mut up, mut down) = (nominal.to_vec(), nominal.to_vec());
    for (cell, &n) in nominal.iter().enumerate() {
        let values = || members.iter().map(|sums| sums[cell]);
        (up[cell], down[cell]) = match how {
            Members::Envelope => (values().fold(n, f64::max), values().fold(n, f64::min)),
            Members::Combined(Combine::Hessian) => {
                let distance = values().map(|value| (value - n) * (value - n)).sum::<f64>().sqrt();
                (n + distance, n - distance)
            }
            Members::Combined(Combine::Rms) => {
                let many = members.len() as f64;
                let mean = values().sum::<f64>() / many;
                let squares = values().map(|value| (value - mean) * (value - mean)).sum::<f64>();
                let distance = (squares / (many - 1.0)).sqrt();
                (n + distance, n - distance)
            }
        };
    }
    [up, down]
}
