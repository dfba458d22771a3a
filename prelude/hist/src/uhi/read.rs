//! From a document in the UHI format to a histogram.

use super::{axes, fields};
use crate::axis::Axis;
use crate::cells::{Cells, Profile, Storage};
use crate::error::{Error, Result};
use crate::hist::{Hist, Sample};
use crate::moments::Moments;
use crate::slots::strides;
use serde_json::Value;

pub(super) fn hist(document: &Value) -> Result<Hist> {
    match document.get("uhi_schema") {
        Some(version) if version.as_u64() == Some(1) => {}
        Some(version) => return Err(Error::format("uhi_schema", format!("is {version}; only version 1 is known"))),
        None => return Err(Error::format("uhi_schema", "is not there")),
    }
    let list = document.get("axes").and_then(Value::as_array);
    let list = list.ok_or_else(|| Error::format("axes", "is not there, or not a list"))?;
    let mut sizes = Vec::new();
    let mut axes = Vec::new();
    for (at, value) in list.iter().enumerate() {
        let (axis, under, over) = axes::read(value, &format!("axes[{at}]"))?;
        sizes.push(Written { under, bins: axis.bins(), over });
        axes.push(axis);
    }
    let storage = document.get("storage").ok_or_else(|| Error::format("storage", "is not there"))?;
    let kind = match storage.get("type").and_then(Value::as_str) {
        Some("int" | "double") => Storage::Count,
        Some("weighted") => Storage::Weight,
        Some("mean") => Storage::Mean,
        Some("weighted_mean") => Storage::WeightedMean,
        Some(other) => return Err(Error::format("storage.type", format!("`{other}` is not known"))),
        None => return Err(Error::format("storage.type", "is not there, or not a text")),
    };
    let mut hist = Hist::with(axes, kind).map_err(|error| Error::format("axes", error))?;
    // Sizes are compared before anything as large as they say is made; a storage without values has none to set.
    if let Some(columns) = columns(storage, &hist, &sizes)? {
        for (row, &cell) in positions(&hist.parts.axes, &sizes).iter().enumerate() {
            let fields: Vec<f64> = columns.iter().map(|column| column[row]).collect();
            set(&mut hist.parts.cells, cell, &fields);
        }
    }
    let recoil = &document["writer_info"]["recoil"];
    read_missing(&mut hist, &recoil["nan_cells"])?;
    let word = |key: &str| recoil[format!("sample_{key}")].as_str().unwrap_or_default().to_owned();
    hist.parts.sample = Sample { name: word("name"), label: word("label"), unit: word("unit") };
    let counted = hist.total().max(0.0).round() as u64;
    hist.parts.entries = recoil["entries"].as_u64().unwrap_or(counted);
    hist.parts.moments = moments(&recoil["moments"], hist.parts.axes.len())?;
    Ok(hist)
}

/// Which cells of an axis a document holds.
struct Written {
    under: bool,
    bins: usize,
    over: bool,
}

impl Written {
    fn len(&self) -> usize {
        self.bins + usize::from(self.under) + usize::from(self.over)
    }
}

/// For each cell of the document the cell here. A circle has no overflow here: what boost-histogram counts there
/// (NaN and infinite values) is counted as missing.
fn positions(axes: &[Axis], sizes: &[Written]) -> Vec<usize> {
    let mut cells = vec![0];
    for ((axis, size), stride) in axes.iter().zip(sizes).zip(strides(axes)) {
        let slots: Vec<usize> = (0..size.len())
            .map(|at| match at.checked_sub(usize::from(size.under)) {
                None if axis.has_underflow() => 0,
                None => axis.missing(),
                Some(bin) if bin < size.bins => axis.first() + bin,
                Some(_) if axis.has_overflow() => axis.first() + size.bins,
                Some(_) => axis.missing(),
            })
            .collect();
        cells = cells.iter().flat_map(|&at| slots.iter().map(move |slot| at + slot * stride)).collect();
    }
    cells
}

/// The fields of the storage, one number per cell of the document; `None` when the storage is empty.
fn columns(storage: &Value, hist: &Hist, sizes: &[Written]) -> Result<Option<Vec<Vec<f64>>>> {
    let names = fields(&hist.parts.cells).1;
    if storage.get("index").is_some() {
        return Err(Error::format("storage.index", "sparse storage is not read; write it dense"));
    }
    if names.iter().all(|name| storage.get(name).is_none()) {
        return Ok(None);
    }
    let mut columns = Vec::new();
    for name in names {
        let place = format!("storage.{name}");
        let value = storage.get(name).ok_or_else(|| Error::format(&place, "is not there"))?;
        let mut column = Vec::new();
        flatten(value, sizes, &place, &mut column)?;
        columns.push(column);
    }
    Ok(Some(columns))
}

fn flatten(value: &Value, sizes: &[Written], place: &str, out: &mut Vec<f64>) -> Result<()> {
    let [size, rest @ ..] = sizes else {
        // Null is how JSON writes what is no number.
        let number = if value.is_null() { Some(f64::NAN) } else { value.as_f64() };
        out.push(number.ok_or_else(|| Error::format(place, "holds something that is not a number"))?);
        return Ok(());
    };
    let list = value.as_array().ok_or_else(|| Error::format(place, "is not a list of cells"))?;
    if list.len() != size.len() {
        return Err(Error::format(place, format!("has {} cells where the axis has {}", list.len(), size.len())));
    }
    list.iter().enumerate().try_for_each(|(at, value)| flatten(value, rest, &format!("{place}[{at}]"), out))
}

fn set(cells: &mut Cells, at: usize, fields: &[f64]) {
    match (cells, fields) {
        (Cells::Count(counts), &[count]) => counts[at] += count,
        (Cells::Weight(sums), &[sum, square]) => sums[at] = [sums[at][0] + sum, sums[at][1] + square],
        (Cells::Mean(profiles), &[count, mean, variance]) => {
            profiles[at].merge(&Profile::from_moments(count, count, mean, variance));
        }
        (Cells::WeightedMean(profiles), &[weights, squares, mean, variance]) => {
            profiles[at].merge(&Profile::from_moments(weights, squares, mean, variance));
        }
        // `columns` reads exactly the fields of the storage.
        _ => {}
    }
}

/// Moments of each axis, which only our own documents have.
fn moments(value: &Value, axes: usize) -> Result<Vec<Option<Moments>>> {
    let Some(text) = value.as_str() else { return Ok(vec![None; axes]) };
    let place = "writer_info.recoil.moments";
    let lists: Vec<Option<[Option<f64>; 7]>> =
        serde_json::from_str(text).map_err(|error| Error::format(place, error))?;
    if lists.len() != axes {
        return Err(Error::format(place, format!("{} lists for {axes} axes", lists.len())));
    }
    let one = |numbers: [Option<f64>; 7]| Moments::from_numbers(numbers.map(|number| number.unwrap_or(f64::NAN)));
    Ok(lists.into_iter().map(|list| list.map(one)).collect())
}

fn read_missing(hist: &mut Hist, cells: &Value) -> Result<()> {
    let Some(text) = cells.as_str() else { return Ok(()) };
    let place = "writer_info.recoil.nan_cells";
    let rows: Vec<Vec<Option<f64>>> = serde_json::from_str(text).map_err(|error| Error::format(place, error))?;
    let wanted = fields(&hist.parts.cells).1.len();
    for row in rows {
        let Some((&Some(cell), fields)) = row.split_first() else {
            return Err(Error::format(place, "a row without a cell"));
        };
        let cell = cell as usize;
        if cell >= hist.parts.cells.len() || fields.len() != wanted {
            return Err(Error::format(place, format!("cell {cell} does not fit the axes and the storage")));
        }
        let fields: Vec<f64> = fields.iter().map(|field| field.unwrap_or(f64::NAN)).collect();
        set(&mut hist.parts.cells, cell, &fields);
    }
    Ok(())
}
