//! Histograms of one column against numpy and boost-histogram.

use hist::{Bins, Hist, IntoBins, RangeFinder, Storage};
use polars::prelude::*;
use serde_json::Value;

#[test]
fn hist() {
    let (Some(folder), Some(data)) = (recoil_tests::cases::folder("hist"), recoil_tests::cases::folder("query")) else {
        return;
    };
    let text = std::fs::read_to_string(folder.join("cases.json")).expect("cases.json");
    let cases: Value = serde_json::from_str(&text).expect("cases.json is JSON");
    let file = std::fs::File::open(data.join("oracle_vpho.parquet")).expect("oracle_vpho.parquet");
    let frame = ParquetReader::new(file).finish().expect("a parquet file");
    let cases = cases.as_array().expect("a list of cases");
    let mut differ = Vec::new();
    for case in cases {
        if let Err(why) = check(case, &frame) {
            let say = |key: &str| case[key].to_string();
            differ.push(format!("{} of {}, bins {}: {why}", say("column"), say("query"), say("bins")));
        }
    }
    assert!(differ.is_empty(), "{} of {} histograms differ:\n{}", differ.len(), cases.len(), differ.join("\n"));
}

fn check(case: &Value, frame: &DataFrame) -> Result<(), String> {
    let say = |error: &dyn std::fmt::Display| error.to_string();
    let column = case["column"].as_str().ok_or("no column")?;
    let weight = case["weight"].as_str();
    let chosen = match case["query"].as_str() {
        None => frame.clone(),
        Some(query) => {
            let typed = cut::parse(query).and_then(|cut| cut.check(frame.schema())).map_err(|error| say(&error))?;
            frame.filter(&typed.mask(frame).map_err(|error| say(&error))?).map_err(|error| say(&error))?
        }
    };
    let automatic = case["auto_range"] == Value::Bool(true);
    let axis = match bins(case, automatic)? {
        Bins::Axis(axis) => axis,
        automatic => {
            let mut finder = RangeFinder::new();
            let series = chosen.column(column).map_err(|error| say(&error))?.as_materialized_series();
            finder.see_series(series).map_err(|error| say(&error))?;
            automatic.resolve(&finder).map_err(|error| say(&error))?
        }
    };
    let storage = if weight.is_some() { Storage::Weight } else { Storage::Count };
    let mut h = Hist::with([axis], storage).map_err(|error| say(&error))?;
    h.fill_frame(&chosen, &[column], weight).map_err(|error| say(&error))?;
    number("rows", h.entries() as f64, &case["n_rows"])?;
    if weight.is_none() {
        number("nan", h.nan(), &case["n_nan"])?;
    }
    if automatic {
        return list("counts of numpy", &h.counts(), &case["numpy_counts"]);
    }
    list("counts", &h.counts(), &case["bh_counts"])?;
    list("variances", &h.variances(), &case["bh_variances"])?;
    number("underflow", h.underflow(), &case["bh_underflow"])?;
    // boost-histogram counts missing values as overflow.
    number("overflow with missing", h.overflow() + h.nan(), &case["bh_overflow"])
}

fn bins(case: &Value, automatic: bool) -> Result<Bins, String> {
    let floats = |value: &Value| -> Option<Vec<f64>> { value.as_array()?.iter().map(Value::as_f64).collect() };
    let bins = match (case["bins"].as_u64(), floats(&case["bins"]), floats(&case["range"])) {
        (Some(count), _, _) if automatic => count.into_bins(),
        (Some(count), _, Some(range)) if range.len() == 2 => (count, range[0], range[1]).into_bins(),
        (None, Some(edges), _) => edges.into_bins(),
        _ => return Err("the case has no bins".to_owned()),
    };
    bins.map_err(|error| error.to_string())
}

fn number(what: &str, have: f64, wanted: &Value) -> Result<(), String> {
    match wanted.as_f64() {
        Some(wanted) if near(have, wanted) => Ok(()),
        Some(wanted) => Err(format!("{what}: {have}, not {wanted}")),
        None => Err(format!("the case has no {what}")),
    }
}

fn list(what: &str, have: &[f64], wanted: &Value) -> Result<(), String> {
    let wanted = wanted.as_array().ok_or_else(|| format!("the case has no {what}"))?;
    if wanted.len() != have.len() {
        return Err(format!("{what}: {} bins, not {}", have.len(), wanted.len()));
    }
    have.iter()
        .zip(wanted)
        .enumerate()
        .try_for_each(|(bin, (&have, wanted))| number(&format!("{what}, bin {bin}"), have, wanted))
}

/// Whole numbers exactly; sums of weights up to the order of their summation.
fn near(have: f64, wanted: f64) -> bool {
    have == wanted || (wanted.fract() != 0.0 && (have - wanted).abs() <= 1e-12 * wanted.abs())
}
