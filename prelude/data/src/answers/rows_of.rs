//! The rows of a bin of a histogram: the chain is run once more, with a filter that asks the axes as filling does.

use crate::error::{Error, Result};
use crate::group::Group;
use crate::steps::chain::Step;
use hist::Axis;
use polars::prelude::{DataFrame, IntoSeries, Series};
use segment::Error as SegmentError;
use std::sync::Arc;

/// What a histogram was filled from.
#[derive(Clone)]
pub(crate) struct Origin {
    pub group: Group,
    /// The columns or expressions of the axes.
    pub columns: Vec<String>,
}

impl std::fmt::Debug for Origin {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} of {}", self.columns.join(", "), self.group.name())
    }
}

/// A bin: its number on each axis, counted from 0; of one axis the number alone.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// let hist = data.hist2d("x", (2, 0.5, 4.5), "x", (2, 0.5, 4.5))?;
/// assert_eq!(hist.rows_of((0, 0))?.height(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait IntoBin {
    /// The numbers, one for each axis.
    ///
    /// ```
    /// use data::IntoBin;
    /// assert_eq!((3, 1).into_bin(), [3, 1]);
    /// ```
    fn into_bin(self) -> Vec<usize>;
}

impl IntoBin for usize {
    fn into_bin(self) -> Vec<usize> {
        vec![self]
    }
}

impl IntoBin for (usize, usize) {
    fn into_bin(self) -> Vec<usize> {
        vec![self.0, self.1]
    }
}

impl<const N: usize> IntoBin for [usize; N] {
    fn into_bin(self) -> Vec<usize> {
        self.to_vec()
    }
}

impl Origin {
    /// The rows of a bin, with all their columns.
    pub(crate) fn rows(&self, axes: &[Axis], bin: &[usize]) -> Result<DataFrame> {
        if bin.len() != axes.len() {
            let text = format!("rows_of: the histogram has {} axes, and the bin {} numbers", axes.len(), bin.len());
            return Err(Error::request(text));
        }
        let mut group = self.group.clone();
        let mut made = Vec::new();
        for (at, ((axis, column), &bin)) in axes.iter().zip(&self.columns).zip(bin).enumerate() {
            let (value, inside) = (format!("__recoil_filled_{at}__"), format!("__recoil_inside_{at}__"));
            let axis = axis.clone();
            let holds = move |columns: &[Series]| {
                let held = axis.holds(&columns[0], bin).map_err(|error| SegmentError::request(error.to_string()))?;
                Ok(held.into_series())
            };
            group = group.and_own(Step::Define { name: value.clone(), value: column.as_str().into() });
            let (name, inputs) = (inside.clone(), vec![value.clone()]);
            group = group.and_own(Step::DefineWith { name, inputs, function: Arc::new(holds) }).query(&inside);
            made.extend([value, inside]);
        }
        group.drop(made).collect()
    }
}
