//! What a histogram holds, bit for bit: so that another process can go on filling it.

use crate::cells::{Cells, Profile};
use crate::error::{Error, Result};
use crate::hist::Hist;
use crate::moments::Moments;

impl Hist {
    /// The number of entries, all cells and the moments as bytes, without axes and without parts by process.
    ///
    /// ```
    /// use hist::{Axis, Hist};
    /// let empty = Hist::weighted(Axis::regular(3, 0.0, 3.0)?)?;
    /// let mut h = empty.clone();
    /// h.fill(&[0.5, 1.5])?;
    /// assert_eq!(empty.with_contents(&h.contents())?, h);
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn contents(&self) -> Vec<u8> {
        let profile = |cell: &Profile| [cell.weights, cell.squares, cell.mean, cell.spread];
        let numbers: Vec<f64> = match &self.parts.cells {
            Cells::Count(cells) => cells.clone(),
            Cells::Weight(cells) => cells.iter().flatten().copied().collect(),
            Cells::Mean(cells) | Cells::WeightedMean(cells) => cells.iter().flat_map(profile).collect(),
        };
        let entries = self.parts.entries.to_le_bytes();
        // As many numbers for every axis, known or not: the length says nothing but what the axes say.
        let moments =
            self.parts.moments.iter().flat_map(|known| known.map_or([f64::NAN; 7], |moments| moments.numbers()));
        let numbers = numbers.into_iter().chain(moments);
        entries.into_iter().chain(numbers.flat_map(f64::to_le_bytes)).collect()
    }

    /// The histogram with what [`contents`](Hist::contents) of one with the same axes and storage gave.
    ///
    /// # Errors
    /// Bytes that are not of as many cells of this kind.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!(hist.empty_like().with_contents(&hist.contents())?, hist);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_contents(mut self, bytes: &[u8]) -> Result<Self> {
        let wrong = || Error::Different(format!("{} bytes are not the contents of this one", bytes.len()));
        let (entries, cells) = bytes.split_first_chunk::<8>().ok_or_else(wrong)?;
        let (numbers, rest) = cells.as_chunks::<8>();
        let mut numbers = numbers.iter().map(|bytes| f64::from_le_bytes(*bytes));
        let mut next = || numbers.next().ok_or_else(wrong);
        match &mut self.parts.cells {
            Cells::Count(cells) => {
                for cell in cells {
                    *cell = next()?;
                }
            }
            Cells::Weight(cells) => {
                for number in cells.iter_mut().flatten() {
                    *number = next()?;
                }
            }
            Cells::Mean(cells) | Cells::WeightedMean(cells) => {
                for cell in cells {
                    *cell = Profile { weights: next()?, squares: next()?, mean: next()?, spread: next()? };
                }
            }
        }
        for moments in &mut self.parts.moments {
            let mut read = [0.0; 7];
            for number in &mut read {
                *number = next()?;
            }
            // An origin is finite; where there is none, the moments were not known.
            *moments = (!read[0].is_nan()).then(|| Moments::from_numbers(read));
        }
        if numbers.next().is_some() || !rest.is_empty() {
            return Err(wrong());
        }
        self.parts.entries = u64::from_le_bytes(*entries);
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axis::Axis;
    use crate::cells::Storage;

    #[test]
    fn every_storage_comes_back_bit_for_bit() {
        let axis = || Axis::regular(4, 0.0, 1.0).unwrap();
        for storage in [Storage::Count, Storage::Weight, Storage::Mean, Storage::WeightedMean] {
            let empty = Hist::with(vec![axis(), axis()], storage).unwrap();
            let mut bytes = empty.contents();
            // Numbers whose last bits count; a mean that is not one is one, too.
            for (at, number) in bytes[8..].chunks_exact_mut(8).enumerate() {
                number.copy_from_slice(&(1.0 / (3.0 + at as f64)).to_le_bytes());
            }
            bytes[0] = 9;
            let full = empty.clone().with_contents(&bytes).unwrap();
            assert_eq!((full.contents(), full.entries()), (bytes.clone(), 9));
            assert!(empty.clone().with_contents(&bytes[1..]).is_err(), "cut short");
            bytes.push(0);
            assert!(empty.with_contents(&bytes).is_err(), "too long");
        }
    }
}
