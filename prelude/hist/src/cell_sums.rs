//! Histograms whose sums another program has made: an engine on a server fills bins, and sends them.

use crate::cells::Cells;
use crate::error::{Error, Result};
use crate::hist::Hist;
use crate::moments::Moments;

/// The sums of the rows of one cell.
///
/// ```
/// use hist::CellSums;
/// let cell = CellSums { cell: 1, rows: 2, weights: 3.0, ..CellSums::default() };
/// assert_eq!(cell.squares, 0.0);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CellSums {
    /// The cell, the last axis varying fastest; along each axis underflow, bins, overflow, missing, as far as there are.
    pub cell: usize,
    /// How many rows.
    pub rows: u64,
    /// The sum of their weights.
    pub weights: f64,
    /// The sum of the squared weights.
    pub squares: f64,
}

impl Hist {
    /// How many cells there are along each axis.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!(hist.cells_along(), [7], "underflow, 4 bins, overflow, missing");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn cells_along(&self) -> Vec<usize> {
        self.parts.axes.iter().map(crate::axis::Axis::extent).collect()
    }

    /// From which value the distances of [`Hist::with_cell_sums`] are measured along each axis; `None` where values are no numbers.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!(hist.origins(), [Some(2.0)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn origins(&self) -> Vec<Option<f64>> {
        self.parts.axes.iter().map(|axis| Moments::new(axis).map(|moments| moments.numbers()[0])).collect()
    }

    /// The histogram filled with sums. `moments` are for each axis the sums over rows with a finite value of the weight, of
    /// weight times distance from the origin, and of weight times that distance squared.
    ///
    /// ```
    /// use hist::{Axis, CellSums, Hist};
    /// let empty = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
    /// let mut filled = empty.clone();
    /// filled.fill(&[0.5, 0.5, 7.0])?;
    /// let cell = |cell, rows| CellSums { cell, rows, ..CellSums::default() };
    /// // Distances from 1: -0.5, -0.5, 6.
    /// let summed = empty.with_cell_sums(&[cell(1, 2), cell(3, 1)], &[[3.0, 5.0, 36.5]])?;
    /// assert_eq!((summed.counts(), summed.mean()), (filled.counts(), filled.mean()));
    /// # Ok::<(), hist::Error>(())
    /// ```
    ///
    /// # Errors
    /// A profile; cells or axes that are not there.
    pub fn with_cell_sums(mut self, sums: &[CellSums], moments: &[[f64; 3]]) -> Result<Self> {
        if moments.len() != self.parts.axes.len() {
            let (axes, given) = (self.parts.axes.len(), moments.len());
            return Err(Error::fill(format!("the histogram has {axes} axes, but moments of {given} were given")));
        }
        let cells = self.parts.cells.len();
        for sum in sums {
            if sum.cell >= cells {
                return Err(Error::fill(format!("there is no cell {}: the histogram has {cells}", sum.cell)));
            }
            match &mut self.parts.cells {
                Cells::Count(cells) => cells[sum.cell] += sum.rows as f64,
                Cells::Weight(cells) => {
                    let [weights, squares] = &mut cells[sum.cell];
                    *weights += sum.weights;
                    *squares += sum.squares;
                }
                Cells::Mean(_) | Cells::WeightedMean(_) => {
                    return Err(Error::fill("a profile is not made of sums of weights"));
                }
            }
            self.parts.entries += sum.rows;
        }
        for (own, [weights, first, second]) in self.parts.moments.iter_mut().zip(moments) {
            *own = own.map(|own| Moments::from_numbers([own.numbers()[0], *weights, 0.0, *first, 0.0, *second, 0.0]));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axis::Axis;
    use crate::cells::Storage;

    #[test]
    fn sums_make_the_histogram_that_filling_makes() {
        let axes = || vec![Axis::regular(2, 0.0, 2.0).unwrap(), Axis::boolean()];
        let empty = Hist::with(axes(), Storage::Weight).unwrap();
        let mut filled = empty.clone();
        filled.fill_slices(&[&[0.5, f64::NAN], &[1.0, 0.0]], Some(&[2.0, 3.0]), None).unwrap();
        assert_eq!((empty.cells_along(), empty.origins()), (vec![5, 3], vec![Some(1.0), Some(0.0)]));
        let one = |cell, weight: f64| CellSums { cell, rows: 1, weights: weight, squares: weight * weight };
        let sums = [one(3 + 1, 2.0), one(4 * 3, 3.0)];
        let summed = empty.clone().with_cell_sums(&sums, &[[2.0, -1.0, 0.5], [5.0, 2.0, 2.0]]).unwrap();
        assert_eq!(summed, filled);
        assert_eq!(summed.mean_of(0).unwrap(), filled.mean_of(0).unwrap());
        assert_eq!(summed.mean_of(1).unwrap(), filled.mean_of(1).unwrap());
        assert!(empty.clone().with_cell_sums(&[one(15, 1.0)], &[[0.0; 3]; 2]).is_err(), "no such cell");
        assert!(empty.with_cell_sums(&[], &[]).is_err(), "no moments");
    }
}
