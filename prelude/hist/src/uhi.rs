//! The UHI format, version 1: JSON that boost-histogram, hist and uproot read, and that is read back.
//!
//! The format has no cell for missing values. They are kept under `writer_info.recoil`, and so is what else the
//! format cannot say (the number of rows, logarithmic axes), so that what is written reads back the same.

mod axes;
mod read;

use crate::axis::Axis;
use crate::cells::{Cells, Profile};
use crate::error::{Error, Result};
use crate::hist::Hist;
use crate::slots::strides;
use serde_json::{Map, Value, json};

/// What is kept per cell, by the names of the format, in the order in which they are read.
fn fields(cells: &Cells) -> (&'static str, &'static [&'static str]) {
    match cells {
        // Counts that are no whole numbers come from subtraction or files.
        Cells::Count(counts) if counts.iter().all(|count| count.fract() == 0.0 && count.abs() < 9.0e15) => {
            ("int", &["values"])
        }
        Cells::Count(_) => ("double", &["values"]),
        Cells::Weight(_) => ("weighted", &["values", "variances"]),
        Cells::Mean(_) => ("mean", &["counts", "values", "variances"]),
        Cells::WeightedMean(_) => {
            ("weighted_mean", &["sum_of_weights", "sum_of_weights_squared", "values", "variances"])
        }
    }
}

fn field(cells: &Cells, name: &str, at: usize) -> f64 {
    let of = |profile: &Profile| match name {
        "counts" | "sum_of_weights" => profile.weights,
        "sum_of_weights_squared" => profile.squares,
        "values" => profile.mean,
        _ => profile.variance(),
    };
    match cells {
        Cells::Count(counts) => counts[at],
        Cells::Weight(sums) => sums[at][usize::from(name == "variances")],
        Cells::Mean(profiles) | Cells::WeightedMean(profiles) => of(&profiles[at]),
    }
}

impl Hist {
    /// The histogram as text in the UHI format (JSON, version 1), which boost-histogram, hist and uproot read.
    /// Parts by process: [`Hist::to_json_by_process`].
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!(Hist::from_json(&hist.to_json())?.values(), hist.values());
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn to_json(&self) -> String {
        self.to_uhi().to_string()
    }

    /// The parts by process as one JSON object: a histogram in the UHI format under the name of each process.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let of = |value: f64| -> hist::Result<Hist> {
    /// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
    /// #     hist.fill(&[value])?;
    /// #     Ok(hist)
    /// # };
    /// # let hist = Hist::from_processes([("mumu", of(0.5)?), ("taupair", of(1.5)?)])?;
    /// assert!(hist.to_json_by_process().contains("\"taupair\""));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_json_by_process(&self) -> String {
        let parts: Map<String, Value> =
            self.by_process().iter().map(|(name, part)| (name.to_owned(), part.to_uhi())).collect();
        Value::Object(parts).to_string()
    }

    /// The histogram in the UHI format.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!(hist.to_uhi()["axes"][0]["bins"], 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_uhi(&self) -> Value {
        let (kind, names) = fields(&self.parts.cells);
        let mut storage = json!({ "type": kind });
        for name in names {
            storage[*name] = self.nested(kind == "int", &|at| field(&self.parts.cells, name, at));
        }
        let mut recoil = json!({ "version": env!("CARGO_PKG_VERSION"), "entries": self.parts.entries });
        let sample =
            [("name", &self.parts.sample.name), ("label", &self.parts.sample.label), ("unit", &self.parts.sample.unit)];
        for (key, word) in sample.into_iter().filter(|(_, word)| !word.is_empty()) {
            recoil[format!("sample_{key}")] = Value::from(word.as_str());
        }
        if self.parts.moments.iter().any(Option::is_some) {
            let numbers =
                self.parts.moments.iter().map(|known| known.map(|moments| moments.numbers().map(Value::from)));
            let lists: Value =
                numbers.map(|known| known.map_or(Value::Null, |list| list.into_iter().collect())).collect();
            recoil["moments"] = Value::String(lists.to_string());
        }
        let missing = self.missing_cells(names);
        if !missing.is_empty() {
            recoil["nan"] = number(self.nan(), false);
            recoil["nan_variance"] = number(self.nan_variance(), false);
            // The format allows texts and numbers here, no lists.
            recoil["nan_cells"] = Value::String(Value::Array(missing).to_string());
        }
        json!({
            "uhi_schema": 1,
            "writer_info": { "recoil": recoil },
            "axes": self.parts.axes.iter().map(axes::write).collect::<Vec<_>>(),
            "storage": storage,
        })
    }

    /// Reads a histogram from text in the UHI format (JSON, version 1).
    ///
    /// # Errors
    /// When the text is not JSON, or not a histogram: the error names the place in the document.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!(Hist::from_json(&hist.to_json())?, hist);
    /// assert!(Hist::from_json("{}").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_json(text: &str) -> Result<Self> {
        let document = serde_json::from_str(text).map_err(|error| Error::format("document", error))?;
        read::hist(&document)
    }

    /// The cells the format has, as lists of lists.
    fn nested(&self, integers: bool, value: &dyn Fn(usize) -> f64) -> Value {
        fn level(left: &[Axis], strides: &[usize], at: usize, integers: bool, value: &dyn Fn(usize) -> f64) -> Value {
            let ([axis, left @ ..], [stride, strides @ ..]) = (left, strides) else {
                return number(value(at), integers);
            };
            let slots = 0..axes::written(axis);
            slots.map(|slot| level(left, strides, at + slot * stride, integers, value)).collect()
        }
        level(&self.parts.axes, &strides(&self.parts.axes), 0, integers, value)
    }

    /// Cells for which the format has no place, and which hold something: `[cell, fields...]`.
    fn missing_cells(&self, names: &[&str]) -> Vec<Value> {
        let strides = strides(&self.parts.axes);
        let missing = |cell: usize| {
            let mut pairs = self.parts.axes.iter().zip(&strides);
            pairs.any(|(axis, stride)| cell / stride % axis.extent() >= axes::written(axis))
        };
        let filled = |cell: &usize| names.iter().any(|name| field(&self.parts.cells, name, *cell) != 0.0);
        (0..self.parts.cells.len())
            .filter(|&cell| missing(cell))
            .filter(filled)
            .map(|cell| {
                let fields = names.iter().map(|name| number(field(&self.parts.cells, name, cell), false));
                std::iter::once(Value::from(cell)).chain(fields).collect()
            })
            .collect()
    }
}

/// A number; what JSON has no number for (a weight was NaN or infinite) becomes null.
fn number(value: f64, integer: bool) -> Value {
    if integer { Value::from(value as i64) } else { Value::from(value) }
}

#[cfg(test)]
mod tests;
