//! Rows whose columns hold lists: each value becomes a row of its own.

use super::Entries;
use crate::error::{Error, Result};
use polars::prelude::*;
use segment::lists::{self, Lists};

/// A row per object, with what its row had.
pub(super) struct Objects {
    columns: Vec<Series>,
    weight: Option<Series>,
    sample: Option<Series>,
    mask: Option<BooleanChunked>,
}

impl Objects {
    /// The objects of rows; `None` where no column holds lists.
    pub(super) fn of(entries: &Entries<'_>) -> Result<Option<Self>> {
        let columns = entries.columns.iter().copied();
        let Some(lists) = lists::common(columns.chain(entries.sample))? else { return Ok(None) };
        if let Some(weight) = entries.weight.filter(|weight| lists::inner(weight.dtype()).is_some()) {
            let name = weight.name();
            return Err(Error::fill(format!("the weight `{name}` is a list: a weight is one number per row")));
        }
        let each = |column: &Series| Ok::<_, Error>(lists.per_object(column)?);
        Ok(Some(Self {
            columns: entries.columns.iter().map(|column| each(column)).collect::<Result<_>>()?,
            weight: entries.weight.map(each).transpose()?,
            sample: entries.sample.map(each).transpose()?,
            mask: entries.mask.map(|mask| marked(mask, &lists)).transpose()?,
        }))
    }

    pub(super) fn columns(&self) -> Vec<&Series> {
        self.columns.iter().collect()
    }

    /// The same as entries.
    pub(super) fn entries<'a>(&'a self, columns: &'a [&'a Series]) -> Entries<'a> {
        Entries { columns, weight: self.weight.as_ref(), sample: self.sample.as_ref(), mask: self.mask.as_ref() }
    }
}

fn marked(mask: &BooleanChunked, lists: &Lists) -> Result<BooleanChunked> {
    if mask.len() != lists.rows() {
        let (rows, bits) = (lists.rows(), mask.len());
        return Err(Error::fill(format!("a mask of {bits} rows for {rows} rows of lists")));
    }
    Ok(lists.per_object(&mask.clone().into_series())?.bool()?.clone())
}

#[cfg(test)]
mod tests {
    use crate::{Axis, Entries, Hist, RangeFinder, Storage};
    use polars::prelude::*;

    fn lists(name: &str, lists: &[&[f64]]) -> Series {
        let lists: ListChunked = lists.iter().map(|list| Some(Series::new("".into(), *list))).collect();
        lists.into_series().with_name(name.into())
    }

    fn axis(bins: usize) -> Axis {
        Axis::regular(bins, 0.0, bins as f64).unwrap()
    }

    #[test]
    fn each_object_is_an_entry_with_the_weight_of_its_row() {
        let pt = lists("pt", &[&[0.5, 1.5, f64::NAN], &[], &[1.25, 9.0]]);
        let weight = Series::new("w".into(), [2.0, 100.0, 3.0]);
        let mut hist = Hist::with(vec![axis(2)], Storage::Weight).unwrap();
        hist.fill_entries(&Entries { columns: &[&pt], weight: Some(&weight), ..Entries::default() }).unwrap();
        assert_eq!((hist.values(), hist.nan(), hist.overflow(), hist.entries()), (vec![2.0, 5.0], 2.0, 3.0, 5));
        assert_eq!(hist.variances(), [4.0, 13.0]);
        let mut finder = RangeFinder::new();
        finder.see_series(&pt).unwrap();
        assert_eq!(finder.range(), Some((0.5, 9.0)));
    }

    #[test]
    fn columns_of_rows_stand_beside_lists() {
        let pt = lists("pt", &[&[0.5, 1.5], &[], &[1.25]]);
        let eta = lists("eta", &[&[0.5, 0.5], &[], &[1.5]]);
        let number = Series::new("n".into(), [0_i32, 0, 1]);
        let mask = BooleanChunked::from_slice("".into(), &[true, true, false]);
        let mut hist = Hist::with(vec![axis(2), axis(2)], Storage::Count).unwrap();
        hist.fill_entries(&Entries { columns: &[&pt, &number], ..Entries::default() }).unwrap();
        assert_eq!(hist.values(), [1.0, 0.0, 1.0, 1.0]);
        hist.fill_entries(&Entries { columns: &[&pt, &eta], mask: Some(&mask), ..Entries::default() }).unwrap();
        assert_eq!(hist.values(), [2.0, 0.0, 2.0, 1.0]);
        let mut profile = Hist::with(vec![axis(2)], Storage::Mean).unwrap();
        profile.fill_entries(&Entries { columns: &[&number], sample: Some(&pt), ..Entries::default() }).unwrap();
        assert_eq!(profile.values(), [1.0, 1.25]);
    }

    #[test]
    fn lists_of_different_lengths_are_no_pairs() {
        let (one, two) = (lists("Jet_pt", &[&[1.0], &[1.0, 2.0]]), lists("Muon_pt", &[&[1.0], &[1.0]]));
        let mut hist = Hist::with(vec![axis(2), axis(2)], Storage::Count).unwrap();
        let error = hist.fill_entries(&Entries { columns: &[&one, &two], ..Entries::default() }).unwrap_err();
        assert!(error.to_string().starts_with("row 1: `Jet_pt` has 2 values and `Muon_pt` 1"), "{error}");
        assert_eq!(hist.entries(), 0);
        let entries =
            Entries { columns: &[&one.list().unwrap().get_inner()], weight: Some(&two), ..Entries::default() };
        assert!(hist.fill_entries(&entries).is_err());
    }
}
