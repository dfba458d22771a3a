//! How much is kept by a cut at every edge of a histogram.

use crate::axis::{Axis, Part};
use crate::error::{Error, Result};
use crate::hist::Hist;
use crate::slots::strides;

/// What a cut keeps.
///
/// ```
/// # use hist::{Axis, Hist, Merit, Side, cut_scan};
/// # let axis = Axis::regular(4, 0.0, 4.0)?.named("x");
/// # let (mut signal, mut background) = (Hist::new(axis.clone())?, Hist::new(axis)?);
/// # signal.fill(&[vec![2.5; 60], vec![3.5; 40]].concat())?;
/// # background.fill(&[vec![0.5; 900], vec![1.5; 90], vec![2.5; 10]].concat())?;
/// let scan = cut_scan(&signal, &background)?.sides([Side::Above]);
/// assert_eq!(scan.best()?.cut, "x >= 2");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Values from the cut on: `x >= cut`, overflow included.
    Above,
    /// Values below the cut: `x < cut`, underflow included.
    Below,
}

/// The sums of weights and of their squares for each combination of edges; the last axis varies fastest. Missing values
/// are never kept, as by a selection.
pub(crate) fn kept(hist: &Hist, sides: &[Side]) -> Result<Vec<[f64; 2]>> {
    if hist.is_profile() {
        return Err(Error::Different("a cut needs counts, and the bins of this histogram are means".to_owned()));
    }
    let cell = |at: usize| [hist.parts.cells.count(at), hist.parts.cells.square(at)];
    let mut sums: Vec<[f64; 2]> = (0..hist.parts.cells.len()).map(cell).collect();
    let mut strides = strides(&hist.parts.axes);
    for (at, (axis, side)) in hist.parts.axes.iter().zip(sides).enumerate() {
        sums = along(&sums, axis, strides[at], *side);
        // Cells of this axis are now edges; those before it are further apart.
        let (old, new) = (axis.extent(), axis.bins() + 1);
        strides[..at].iter_mut().for_each(|stride| *stride = *stride / old * new);
    }
    Ok(sums)
}

/// Sums over the kept cells of one axis, for each of its edges.
fn along(sums: &[[f64; 2]], axis: &Axis, stride: usize, side: Side) -> Vec<[f64; 2]> {
    let (extent, edges) = (axis.extent(), axis.bins() + 1);
    let mut out = vec![[0.0; 2]; sums.len() / extent * edges];
    let block = extent * stride;
    for (outer, cells) in sums.chunks_exact(block).enumerate() {
        for inner in 0..stride {
            let mut running = [0.0; 2];
            let mut add = |slots: &mut dyn Iterator<Item = usize>| {
                for slot in slots {
                    let [sum, square] = cells[slot * stride + inner];
                    running = [running[0] + sum, running[1] + square];
                }
                running
            };
            let is = |wanted: Part| (0..extent).filter(move |&slot| axis.part(slot) == wanted);
            for step in 0..edges {
                let (edge, outside, bin) = match side {
                    Side::Below => (step, Part::Under, step.wrapping_sub(1)),
                    Side::Above => (edges - 1 - step, Part::Over, edges - 1 - step),
                };
                let kept = match step {
                    0 => add(&mut is(outside)),
                    _ => add(&mut is(Part::Bin(bin))),
                };
                out[(outer * edges + edge) * stride + inner] = kept;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Storage;

    #[test]
    fn a_cut_keeps_what_a_selection_keeps() {
        let axes = [Axis::regular(4, 0.0, 4.0).unwrap(), Axis::variable([0.0, 1.0, 3.0]).unwrap()];
        let mut hist = Hist::with(axes.clone(), Storage::Weight).unwrap();
        let values = |seed: u64, count: usize| -> Vec<f64> {
            let word = |at: usize| segment::random::lot(seed, at as u64) as f64 / u64::MAX as f64;
            (0..count).map(|at| if word(at) > 0.97 { f64::NAN } else { 6.0 * word(at) - 1.0 }).collect()
        };
        let (x, y, w) = (values(1, 500), values(2, 500), values(3, 500));
        let w: Vec<f64> = w.into_iter().map(|w| if w.is_nan() { 0.0 } else { w }).collect();
        hist.fill_slices(&[&x, &y], Some(&w), None).unwrap();
        for sides in [[Side::Above, Side::Below], [Side::Below, Side::Above]] {
            let sums = kept(&hist, &sides).unwrap();
            let mut at = 0;
            for a in axes[0].edges() {
                for b in axes[1].edges() {
                    let passes = |value: f64, cut: f64, side: Side| match side {
                        Side::Above => value >= cut,
                        Side::Below => value < cut,
                    };
                    let rows = (0..x.len()).filter(|&row| passes(x[row], a, sides[0]) && passes(y[row], b, sides[1]));
                    let (sum, square) = rows.fold((0.0, 0.0), |all, row| (all.0 + w[row], all.1 + w[row] * w[row]));
                    assert!(
                        (sums[at][0] - sum).abs() < 1e-9 && (sums[at][1] - square).abs() < 1e-9,
                        "{sides:?} {a} {b}"
                    );
                    at += 1;
                }
            }
            assert_eq!(at, sums.len());
        }
    }
}
