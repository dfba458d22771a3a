//! Our histograms against boost-histogram, and our fits against iminuit.

use hist::{Axis, Fit, Fitting, Gaussian, Hist, Line, Storage};
use polars::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const HISTOGRAMS: usize = 2000;

fn python(test: &str) -> Option<PathBuf> {
    let packages =
        ["boost-histogram==1.8.1", "hist==2.12.1", "uhi==1.2.1", "iminuit==2.33.0", "scipy", "numpy", "uproot"];
    recoil_tests::python::environment(test, "hist", &packages)
}

/// What the script says to these arguments.
fn reference(python: &Path, arguments: &[&str], input: &str) -> String {
    let script = recoil_tests::cases::project().join("tests/tests/differential/histograms.py");
    let mut command = Command::new(python);
    command.arg(script).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("Python runs");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("Python reads");
    let output = child.wait_with_output().expect("Python ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// A random histogram: how it is made, and what is filled.
struct Case {
    axes: Vec<(Value, Axis)>,
    storage: Storage,
    columns: Vec<Vec<f64>>,
    weight: Option<Vec<f64>>,
    sample: Option<Vec<f64>>,
}

fn random_axis(random: &mut StdRng, alone: bool) -> (Value, Axis) {
    let most = if alone && random.random_bool(0.1) { 300 } else { 12 };
    let bins = random.random_range(1..most);
    let lower = (random.random_range(-500..500) as f64) / 100.0;
    let upper = lower + (random.random_range(1..2000) as f64) / 70.0;
    let (kind, numbers, axis) = match random.random_range(0..16) {
        0..6 => ("regular", json!([bins, lower, upper]), Axis::regular(bins, lower, upper)),
        6..8 => ("circular", json!([bins, lower, upper]), Axis::circular(bins, lower, upper)),
        8..10 => {
            let low = random.random_range(0.001..10.0);
            let high = low * random.random_range(1.5..1e4);
            ("log", json!([bins, low, high]), Axis::log(bins, low, high))
        }
        10..13 => {
            let mut edges = vec![lower];
            (0..bins).for_each(|at| edges.push(edges[at] + random.random_range(0.01..2.0)));
            ("variable", json!(edges), Axis::variable(edges))
        }
        13 => {
            let from = random.random_range(-5..5);
            ("integer", json!([from, from + bins as i64]), Axis::integer(from, from + bins as i64))
        }
        14 if random.random_bool(0.5) => {
            let names: Vec<String> = (0..bins.min(9)).map(|at| format!("process {at}")).collect();
            return (json!({ "kind": "texts", "texts": names }), Axis::category(names).expect("names differ"));
        }
        14 => {
            let codes: Vec<i64> = (0..bins as i64).map(|at| (at * 7 + 3) % 311 - 20).collect();
            ("integers", json!(codes), Axis::integer_category(codes))
        }
        _ => ("boolean", Value::Null, Ok(Axis::boolean())),
    };
    (json!({ "kind": kind, "numbers": numbers }), axis.expect("a good axis"))
}

/// Values around the axis, on its edges too.
fn random_column(random: &mut StdRng, kind: &str, axis: &Axis, rows: usize, missing: bool) -> Vec<f64> {
    let edges = axis.edges();
    let (low, high) = (edges[0], edges[edges.len() - 1]);
    let width = high - low;
    let number = |random: &mut StdRng| match random.random_range(0..100) {
        0..5 => edges[random.random_range(0..edges.len())],
        // On a circle boost-histogram counts what rounds to a whole turn as overflow; for us there is no such thing.
        5..7 if !axis.is_circular() => edges[random.random_range(0..edges.len())].next_down(),
        // On a circle infinite and missing values are the same.
        7 => [f64::INFINITY, if kind == "log" { 0.0 } else { f64::NEG_INFINITY }][random.random_range(0..2)],
        8..12 if missing => f64::NAN,
        // Below 0 a logarithm is missing for boost-histogram and underflow for us.
        _ if kind == "log" => low * (high / low).powf(random.random_range(-0.2..1.2)),
        _ => low + width * random.random_range(-0.2..1.2),
    };
    let whole = |random: &mut StdRng| match kind {
        "texts" => random.random_range(0..=axis.bins()) as f64,
        "integers" => random.random_range(-20..300) as f64,
        "boolean" => random.random_range(0..2) as f64,
        _ => random.random_range(low as i64 - 3..high as i64 + 3) as f64,
    };
    let integers = matches!(kind, "texts" | "integers" | "integer" | "boolean");
    (0..rows).map(|_| if integers { whole(random) } else { number(random) }).collect()
}

fn random_case(random: &mut StdRng) -> Case {
    let dimensions = [1, 1, 1, 2, 2, 3][random.random_range(0..6)];
    let axes: Vec<_> = (0..dimensions).map(|_| random_axis(random, dimensions == 1)).collect();
    let storage = [Storage::Count, Storage::Weight, Storage::Weight, Storage::Mean, Storage::WeightedMean]
        [random.random_range(0..5)];
    let most = if random.random_bool(0.1) { 5000 } else { 300 };
    let rows = random.random_range(0..most);
    // With more than one axis boost-histogram cannot tell missing from overflow in the cells of the other axes.
    let missing = axes.len() == 1;
    let columns = axes
        .iter()
        .map(|(kind, axis)| random_column(random, kind["kind"].as_str().unwrap_or(""), axis, rows, missing))
        .collect();
    let mut floats = |from: f64, to: f64| -> Vec<f64> { (0..rows).map(|_| random.random_range(from..to)).collect() };
    let weight = matches!(storage, Storage::Weight | Storage::WeightedMean).then(|| floats(0.1, 3.0));
    let sample = matches!(storage, Storage::Mean | Storage::WeightedMean).then(|| floats(-5.0, 20.0));
    Case { axes, storage, columns, weight, sample }
}

impl Case {
    fn fill(&self) -> Hist {
        let axes: Vec<Axis> = self.axes.iter().map(|(_, axis)| axis.clone()).collect();
        let mut h = Hist::with(axes, self.storage).expect("a histogram");
        let series: Vec<Series> = self
            .axes
            .iter()
            .zip(&self.columns)
            .map(|((kind, axis), column)| {
                if kind["kind"] != "texts" {
                    return Series::new("x".into(), column);
                }
                let names = axis.categories().expect("texts");
                let name = |&code: &f64| names.get(code as usize).map_or("someone else", String::as_str);
                Series::new("x".into(), column.iter().map(name).collect::<Vec<_>>())
            })
            .collect();
        let series: Vec<&Series> = series.iter().collect();
        let wrap = |values: &Option<Vec<f64>>| values.as_ref().map(|values| Series::new("w".into(), values));
        let (weight, sample) = (wrap(&self.weight), wrap(&self.sample));
        let entries = hist::Entries { columns: &series, weight: weight.as_ref(), sample: sample.as_ref(), mask: None };
        h.fill_entries(&entries).expect("rows fit");
        h
    }
}

fn near(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * b.abs().max(1.0) || (a.is_nan() && b.is_nan())
}

fn same_lists(what: &str, a: &[f64], b: &[f64]) -> Result<(), String> {
    // Counts are whole numbers far below the tolerance: they are equal or differ by one.
    match a.iter().zip(b).position(|(&a, &b)| !near(a, b, 1e-10)) {
        _ if a.len() != b.len() => Err(format!("{what}: {} cells, not {}", a.len(), b.len())),
        Some(at) => Err(format!("{what}: cell {at} is {}, not {}", a[at], b[at])),
        None => Ok(()),
    }
}

/// All cells of all fields, flow included.
fn cells(h: &Hist) -> Vec<f64> {
    fn flatten(value: &Value, out: &mut Vec<f64>) {
        match value {
            Value::Array(list) => list.iter().for_each(|value| flatten(value, out)),
            Value::Object(fields) => fields.values().for_each(|value| flatten(value, out)),
            Value::String(_) => {}
            number => out.push(number.as_f64().unwrap_or(f64::NAN)),
        }
    }
    let mut out = Vec::new();
    flatten(&h.to_uhi()["storage"], &mut out);
    out
}

fn compare(ours: &Hist, theirs: &Hist) -> Result<(), String> {
    same_lists("counts", &ours.counts(), &theirs.counts())?;
    same_lists("values", &ours.values(), &theirs.values())?;
    same_lists("variances", &ours.variances(), &theirs.variances())?;
    if ours.nan() == 0.0 {
        return same_lists("cells", &cells(ours), &cells(theirs));
    }
    same_lists("underflow", &[ours.underflow()], &[theirs.underflow()])?;
    same_lists("beyond", &[ours.overflow() + ours.nan()], &[theirs.overflow() + theirs.nan()])
}

#[test]
fn boost_histogram_agrees_on_random_histograms() {
    let Some(python) = python("differential histograms") else { return };
    let mut random = StdRng::seed_from_u64(20_261_120);
    let cases: Vec<Case> = (0..HISTOGRAMS).map(|_| random_case(&mut random)).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let described: Vec<Value> = cases
        .iter()
        .map(|case| {
            json!({
                "axes": case.axes.iter().map(|(kind, _)| kind).collect::<Vec<_>>(), "rows": case.columns[0].len(),
                "storage": format!("{:?}", case.storage), "weight": case.weight.is_some(), "sample": case.sample.is_some(),
            })
        })
        .collect();
    std::fs::write(at("cases.json"), Value::Array(described).to_string()).expect("a file");
    let columns = cases.iter().flat_map(|case| case.columns.iter().chain(&case.weight).chain(&case.sample));
    let bytes: Vec<u8> = columns.flatten().flat_map(|value| value.to_le_bytes()).collect();
    std::fs::write(at("data.bin"), bytes).expect("a file");
    let path = folder.path().to_str().expect("a path of text");
    reference(&python, &["fill", path], "");
    let filled = std::fs::read_to_string(at("filled.json")).expect("the answers");
    let mut differ = Vec::new();
    let mut ours = String::new();
    assert_eq!(filled.lines().count(), HISTOGRAMS);
    for (case, line) in cases.iter().zip(filled.lines()) {
        let h = case.fill();
        let answer = Hist::from_json(line).map_err(|error| error.to_string());
        if let Err(why) = answer.and_then(|theirs| compare(&h, &theirs)) {
            let axes: Vec<String> = case.axes.iter().map(|(_, axis)| axis.to_string()).collect();
            differ.push(format!("{} with {:?}: {why}", axes.join(" x "), case.storage));
        }
        ours += &(h.to_json() + "\n");
    }
    let shown = differ.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(differ.is_empty(), "{} of {HISTOGRAMS} histograms differ, the first:\n{shown}", differ.len());
    // And what we write, boost-histogram reads.
    std::fs::write(at("ours.json"), ours).expect("a file");
    assert_eq!(reference(&python, &["read", path], "").trim(), HISTOGRAMS.to_string());
}

/// Something to do with a histogram, as the script reads it, and our answer.
fn random_operation(random: &mut StdRng, h: &Hist) -> Option<(Value, Hist)> {
    let axis = random.random_range(0..h.dimensions());
    let this = &h.axes()[axis];
    let bins = this.bins();
    let cut = |random: &mut StdRng| {
        let start = random.random_range(0..bins);
        (start, random.random_range(start + 1..=bins))
    };
    let (said, answer) = match random.random_range(0..8) {
        0 => {
            let (start, stop) = cut(random);
            (json!(["slice", axis, start, stop]), h.slice(axis, start..stop))
        }
        1 => {
            // In the middle of bins: on an edge the two sides may round to different bins. Integers are whole.
            let (start, stop) = cut(random);
            let whole = matches!(this.kind(), hist::Kind::Integer { .. });
            let middle = |at: usize| if whole { this.edges() } else { this.centres() }[at.min(bins - 1)];
            if middle(start) >= middle(stop) {
                return None;
            }
            let (low, high) = (middle(start), middle(stop));
            (json!(["loc", axis, low, high]), h.slice(axis, hist::loc(low)..hist::loc(high)))
        }
        2 => {
            let factor = random.random_range(1..=bins);
            (json!(["rebin", axis, factor]), h.rebin_axis(axis, factor))
        }
        3 => (json!(["sum", axis]), h.sum_over(axis)),
        4 => {
            let at = random.random_range(0..bins);
            (json!(["pick", axis, at]), h.pick(axis, at))
        }
        5 => {
            let mut axes: Vec<usize> = (0..h.dimensions()).collect();
            axes.rotate_left(axis);
            axes.truncate(random.random_range(1..=h.dimensions()));
            (json!(["project", axes]), h.project(axes))
        }
        // A profile that is scaled has heavier entries for us; boost-histogram scales its means.
        6 if h.storage() == Storage::Weight => (json!(["scale", 2.5]), Ok(h.scaled(2.5))),
        _ => (json!(["twice"]), h + h),
    };
    // What we refuse (a circle has no outside, categories do not join) is not compared.
    answer.ok().map(|answer| (said, answer))
}

#[test]
fn boost_histogram_agrees_on_slices_and_sums() {
    let Some(python) = python("differential operations on histograms") else { return };
    let mut random = StdRng::seed_from_u64(20_261_121);
    let (mut lines, mut said, mut answers) = (String::new(), Vec::new(), Vec::new());
    while answers.len() < HISTOGRAMS {
        let case = random_case(&mut random);
        // Counts that are scaled become sums of weights for us; boost-histogram keeps whole numbers.
        if case.storage == Storage::Count || case.columns.iter().flatten().any(|x| x.is_nan()) {
            continue;
        }
        let h = case.fill();
        if let Some((operation, answer)) = random_operation(&mut random, &h) {
            lines += &(h.to_json() + "\n");
            said.push(operation);
            answers.push(answer);
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("ours.json"), lines).expect("a file");
    std::fs::write(at("operations.json"), json!(said).to_string()).expect("a file");
    reference(&python, &["operate", folder.path().to_str().expect("a path of text")], "");
    let operated = std::fs::read_to_string(at("operated.json")).expect("the answers");
    let (mut differ, mut compared) = (Vec::new(), 0);
    for ((answer, said), line) in answers.iter().zip(&said).zip(operated.lines()).filter(|(_, line)| *line != "null") {
        compared += 1;
        let theirs = Hist::from_json(line).map_err(|error| error.to_string());
        if let Err(why) = theirs.and_then(|theirs| compare(answer, &theirs)) {
            let axes: Vec<String> = answer.axes().iter().map(ToString::to_string).collect();
            differ.push(format!("{said} to {} with {:?}: {why}", axes.join(" x "), answer.storage()));
        }
    }
    let shown = differ.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(differ.is_empty(), "{} of {compared} operations differ, the first:\n{shown}", differ.len());
    assert!(compared * 4 > 3 * HISTOGRAMS, "boost-histogram answered only {compared} of {HISTOGRAMS}");
}

/// The mass spectrum of opposite-sign muon pairs from 80 to 100 GeV in real CMS data.
fn z_peak() -> Option<Hist> {
    let file = recoil_tests::cases::project().join("../shared/samples/Zmumu_Run2011A.csv");
    if !file.exists() {
        recoil_tests::skipped("Z fit against iminuit", &format!("no file {}", file.display()));
        return None;
    }
    let frame = CsvReadOptions::default().try_into_reader_with_file_path(Some(file)).expect("a file");
    let frame = frame.finish().expect("a table");
    let of = |name: &str| frame.column(name).expect("a column").cast(&DataType::Float64).expect("numbers");
    let column = |name: &str| of(name).f64().expect("numbers").iter().map(|value| value.unwrap_or(f64::NAN)).collect();
    let [pt1, pt2, eta1, eta2, phi1, phi2, q1, q2]: [Vec<f64>; 8] =
        ["pt1", "pt2", "eta1", "eta2", "phi1", "phi2", "Q1", "Q2"].map(column);
    let masses: Vec<f64> = (0..frame.height())
        .filter(|&at| q1[at] * q2[at] < 0.0)
        .map(|at| (2.0 * pt1[at] * pt2[at] * ((eta1[at] - eta2[at]).cosh() - (phi1[at] - phi2[at]).cos())).sqrt())
        .collect();
    let mut h = Hist::new(Axis::regular(20, 80.0, 100.0).expect("an axis")).expect("a histogram");
    h.fill(&masses).expect("numbers fit");
    Some(h)
}

#[test]
fn the_z_fit_agrees_with_iminuit() {
    let Some(h) = z_peak() else { return };
    let fits: [Fit; 4] = [
        (Gaussian + Line).chi_square().at_middles(),
        (Gaussian + Line).at_middles(),
        (Gaussian + Line).chi_square(),
        (Gaussian + Line).into(),
    ];
    let found = fits.map(|fit| h.fit(fit).expect("a minimum"));
    // What the notes beside the sample say iminuit gives.
    let (mean, sigma) = (&found[0]["mean"], &found[0]["sigma"]);
    assert!((mean.value - 90.826).abs() < 0.2 * 0.031 && (sigma.value - 2.070).abs() < 0.2 * 0.033, "{}", found[0]);
    let Some(python) = python("Z fit against iminuit") else { return };
    let answers = reference(&python, &["fit"], &h.to_json());
    assert_eq!(answers.lines().count(), found.len());
    for (fit, answer) in found.iter().zip(answers.lines()) {
        let numbers: Vec<f64> = answer.split(' ').map(|number| number.parse().expect("a number")).collect();
        for (name, [value, error]) in [("mean", [numbers[0], numbers[1]]), ("sigma", [numbers[2], numbers[3]])] {
            let parameter = &fit[name];
            assert!((parameter.value - value).abs() < 0.02 * error, "{name} {value} in iminuit:\n{fit}");
            assert!((parameter.error / error - 1.0).abs() < 0.02, "{name} ± {error} in iminuit:\n{fit}");
        }
    }
}

#[test]
fn root_files_of_histograms_are_read_by_uproot() {
    let Some(python) = python("ROOT files of histograms") else { return };
    let mut h = Hist::weighted(Axis::regular(2, 0.0, 1.0).expect("an axis").named("x")).expect("a histogram");
    h.fill_weighted(&[0.1, 0.7, 5.0], &[1.0, 2.0, 3.0]).expect("numbers fit");
    let folder = tempfile::tempdir().expect("a folder");
    h.write_root(folder.path().join("h.root"), "h").expect("a file");
    let path = folder.path().to_str().expect("a path of text");
    assert_eq!(reference(&python, &["root", path], "").trim(), "TH1D 0.0 1.0 2.0 3.0 0.0 1.0 4.0 9.0");
}
