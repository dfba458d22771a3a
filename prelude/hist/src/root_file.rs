//! Histograms in ROOT files: TH1D, TH2D and TProfile.

use crate::axis::{Axis, Kind, Part};
use crate::cells::Cells;
use crate::error::{Error, Result};
use crate::hist::Hist;
use crate::slots::strides;
use root::{Compression, Writer};
use std::path::Path;

impl Hist {
    /// Writes the histogram into a ROOT file as TH1D or TH2D, or as TProfile, with underflow, overflow, variances and
    /// entries. Missing values have no place in ROOT and are left out; categories become bins at 0, 1, 2... Other objects of
    /// a file that is there stay in it; one of the same name is replaced.
    ///
    /// # Errors
    /// More than two axes, or a profile of more than one; a file that cannot be written.
    ///
    /// ```no_run
    /// # use hist::{Axis, Hist};
    /// let h = Hist::new(Axis::regular(50, 0.0, 5.0)?)?;
    /// h.write_root("h.root", "momentum")?;
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn write_root(&self, path: impl AsRef<Path>, name: &str) -> Result<()> {
        write_root(path, [(name, self)])
    }

    fn add_to(&self, file: &mut Writer, name: &str) -> root::Result<()> {
        let cells = self.root_cells();
        let title = self.parts.axes.iter().map(Axis::title).collect::<Vec<_>>().join(", ");
        let axes: Vec<root::Axis> = self.parts.axes.iter().map(root_axis).collect();
        let entries = self.parts.entries as f64;
        let of = |value: &dyn Fn(usize) -> f64| cells.iter().map(|cell| cell.map_or(0.0, value)).collect::<Vec<f64>>();
        if let Cells::Mean(profiles) | Cells::WeightedMean(profiles) = &self.parts.cells {
            let mut axes = axes.into_iter();
            let (Some(axis), None) = (axes.next(), axes.next()) else {
                return file
                    .hist(name, &root::Hist { title, axes: Vec::new(), values: Vec::new(), variances: None, entries });
            };
            let sums = of(&|cell| profiles[cell].weights * profiles[cell].mean);
            let squares = of(&|cell| profiles[cell].spread + profiles[cell].weights * profiles[cell].mean.powi(2));
            let weights = of(&|cell| profiles[cell].weights);
            let weights2 = of(&|cell| profiles[cell].squares);
            return file.profile(name, &root::Profile { title, axis, sums, squares, weights, weights2, entries });
        }
        let values = of(&|cell| self.parts.cells.count(cell));
        let weighted = matches!(self.parts.cells, Cells::Weight(_));
        let variances = weighted.then(|| of(&|cell| self.parts.cells.square(cell)));
        file.hist(name, &root::Hist { title, axes, values, variances, entries })
    }

    /// The cells in the order of ROOT: underflow, bins and overflow of the first axis, which runs fastest. None where
    /// an axis has no such cell.
    fn root_cells(&self) -> Vec<Option<usize>> {
        let mut cells = vec![Some(0)];
        for (axis, stride) in self.parts.axes.iter().zip(strides(&self.parts.axes)) {
            let mut along = vec![None; axis.bins() + 2];
            for slot in 0..axis.extent() {
                match axis.part(slot) {
                    Part::Under => along[0] = Some(slot * stride),
                    Part::Bin(bin) => along[bin + 1] = Some(slot * stride),
                    Part::Over => along[axis.bins() + 1] = Some(slot * stride),
                    Part::Missing => {}
                }
            }
            let add = |one: &Option<usize>| cells.iter().map(|cell| Some((*cell)? + (*one)?)).collect::<Vec<_>>();
            cells = along.iter().flat_map(add).collect();
        }
        cells
    }
}

/// Writes several histograms into one ROOT file, each under its name. Other objects of a file that is there stay in it.
///
/// # Errors
/// See [`Hist::write_root`].
///
/// ```
/// # use hist::{Axis, Hist};
/// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
/// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
/// let path = std::env::temp_dir().join(format!("recoil-example-{}-write_root.root", std::process::id()));
/// hist::write_root(&path, [("before", &hist), ("after", &hist)])?;
/// assert!(std::fs::read(&path)?.starts_with(b"root"));
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_root<'a>(path: impl AsRef<Path>, hists: impl IntoIterator<Item = (&'a str, &'a Hist)>) -> Result<()> {
    let path = path.as_ref();
    let hists: Vec<(&str, &Hist)> = hists.into_iter().collect();
    let write = || {
        let names: Vec<&str> = hists.iter().map(|(name, _)| *name).collect();
        let mut file = Writer::add(path, &names, Compression::default())?;
        for (name, hist) in &hists {
            hist.add_to(&mut file, name)?;
        }
        file.finish()
    };
    write().map_err(|error: root::Error| Error::Export(format!("cannot write {}: {error}", path.display())))
}

fn root_axis(axis: &Axis) -> root::Axis {
    root::Axis { title: axis.title(), edges: axis.edges(), regular: matches!(axis.kind(), Kind::Regular { .. }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_in_the_order_of_root() {
        let hist =
            Hist::with(vec![Axis::regular(2, 0.0, 2.0).unwrap(), Axis::boolean()], crate::Storage::Count).unwrap();
        let cells = hist.root_cells();
        assert_eq!(cells.len(), 4 * 4);
        // The second axis has neither underflow nor overflow, and two bins and a cell for missing values.
        assert_eq!(cells[..4], [None; 4]);
        assert_eq!(cells[4..8], [Some(0), Some(3), Some(6), Some(9)]);
        assert_eq!(cells[8..12], [Some(1), Some(4), Some(7), Some(10)]);
        let three = Hist::with(vec![Axis::boolean(), Axis::boolean(), Axis::boolean()], crate::Storage::Count).unwrap();
        let path = std::env::temp_dir().join("three-axes.root");
        let error = three.write_root(&path, "h").unwrap_err().to_string();
        assert!(error.contains("3 axes") && !path.exists(), "{error}");
    }
}
