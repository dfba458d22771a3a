//! Systematic variations and the workspace, against the worked example of numpy, pyhf and cabinetry.

use data::{Data, Down, Findings, Group, Histogram, Norm, Up, Workspace, workspace};
use polars::prelude::*;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(super) const SOURCES: [&str; 5] = ["id", "trig", "pileup", "muscale", "metscale"];
/// Luminosity of the data over that of a sample of 10 million rows.
const SCALES: [(&str, f64); 3] = [("dy", 0.05), ("ttbar", 0.01), ("higgs", 0.002)];

pub(super) fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).expect("the case is there")).expect("JSON")
}

pub(super) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|number| number.as_f64().expect("a number")).collect()
}

/// Every number of one document against the other, within a share of it; lists of names go by their names.
fn same(what: &str, ours: &Value, theirs: &Value, wrong: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            if a.keys().ne(b.keys()) {
                wrong.push(format!("{what}: {:?} and {:?}", a.keys(), b.keys()));
            }
            for (key, theirs) in b {
                same(&format!("{what}.{key}"), &a[key], theirs, wrong);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let key = |value: &Value| format!("{}/{}", value["name"], value["type"]);
            for (at, theirs) in b.iter().enumerate() {
                let ours = if theirs.is_object() { a.iter().find(|ours| key(ours) == key(theirs)) } else { a.get(at) };
                match ours {
                    Some(ours) => same(&format!("{what}[{at}]"), ours, theirs, wrong),
                    None => wrong.push(format!("{what}: no {}", key(theirs))),
                }
            }
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            if (a - b).abs() > 1e-9 * b.abs().max(1.0) {
                wrong.push(format!("{what}: {a} and {b}"));
            }
        }
        (a, b) if a == b => {}
        (a, b) => wrong.push(format!("{what}: {a} and {b}")),
    }
}

fn assert_same(ours: &Value, theirs: &Value) {
    let mut wrong = Vec::new();
    same("workspace", ours, theirs, &mut wrong);
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
}

/// Weights of rows with this sum and this sum of squares, as few as there can be.
fn weights(sum: f64, squares: f64) -> Vec<f64> {
    if squares == 0.0 {
        return Vec::new();
    }
    let many = (sum * sum / squares * (1.0 - 1e-12)).ceil().max(2.0);
    let m = many - 1.0;
    let root = (m * (squares * many - sum * sum)).max(0.0).sqrt();
    let each = (sum * m - root) / (m * many);
    let mut weights = vec![each; m as usize];
    weights.push(sum - m * each);
    weights
}

/// Rows that have exactly the templates of a process: a weight for each universe.
fn rows(templates: &Value, process: &str) -> DataFrame {
    let (mut m, mut region) = (Vec::new(), Vec::new());
    let mut columns: Vec<(String, Vec<f64>)> = vec![("w".to_owned(), Vec::new())];
    let universes = SOURCES.iter().flat_map(|source| ["up", "down"].map(|end| format!("{source}:{end}")));
    columns.extend(universes.map(|name| (name, Vec::new())));
    for (at, name) in ["SR", "CR"].into_iter().enumerate() {
        let template = &templates[name][process];
        let (nominal, squares) = (numbers(&template["nominal"]), numbers(&template["sumw2"]));
        let width = 30.0 / nominal.len() as f64;
        for (bin, (sum, squares)) in nominal.iter().zip(&squares).enumerate() {
            let own = weights(*sum, *squares);
            let count = own.len().max(1);
            m.extend(std::iter::repeat_n(110.0 + width * (bin as f64 + 0.5), count));
            region.extend(std::iter::repeat_n(at as i32, count));
            for (universe, values) in &mut columns {
                let varied = template.get(universe.as_str()).map_or(*sum, |sums| numbers(sums)[bin]);
                // A row without a weight in nominal stands for those that come in.
                let from = values.len();
                values.extend(own.iter().map(|w| w * if *sum == 0.0 { 0.0 } else { varied / sum }));
                if own.is_empty() {
                    values.push(varied);
                }
                assert_eq!(values.len() - from, count);
            }
        }
    }
    let mut frame = df!("m" => m, "region" => region).unwrap();
    for (name, values) in columns {
        frame.with_column(Column::new(name.replace(':', "_").into(), values)).unwrap();
    }
    frame
}

fn observed(templates: &Value) -> DataFrame {
    let (mut m, mut region) = (Vec::new(), Vec::new());
    for (at, name) in ["SR", "CR"].into_iter().enumerate() {
        let counts = numbers(&templates[name]["data"]["nominal"]);
        let width = 30.0 / counts.len() as f64;
        for (bin, count) in counts.iter().enumerate() {
            m.extend(std::iter::repeat_n(110.0 + width * (bin as f64 + 0.5), *count as usize));
            region.extend(std::iter::repeat_n(at as i32, *count as usize));
        }
    }
    df!("m" => m, "region" => region).unwrap()
}

pub(super) fn of_templates(templates: &Value) -> Workspace {
    let processes = ["dy", "ttbar", "higgs"];
    let data = Data::from_frames(processes.map(|name| (name, rows(templates, name)))).unwrap();
    let seen = Data::from_frames([("data", observed(templates))]).unwrap();
    let mut mc: Group = data.all().clone();
    for source in SOURCES {
        mc = mc.vary(source, ("w", format!("{source}_up"), format!("{source}_down")));
    }
    let mc = mc.vary("lumi", Norm(1.017)).weight("w");
    let hist = |group: &Group, region: &str, bins: usize| {
        group.query(format!("region == {region}")).hist("m", (bins, 110.0, 140.0)).unwrap()
    };
    model((&hist(&mc, "0", 30), &hist(&seen, "0", 30)), Some((&hist(&mc, "1", 5), &hist(&seen, "1", 5))))
}

fn model(signal: (&Histogram, &Histogram), control: Option<(&Histogram, &Histogram)>) -> Workspace {
    let model = workspace().channel("SR", signal.0, signal.1);
    let model = match control {
        Some(control) => model.channel("CR", control.0, control.1),
        None => model,
    };
    model.signal("mu", "higgs").free("k_ttbar", "ttbar")
}

fn has(findings: &Findings, text: &str) {
    let all: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(all.iter().any(|one| one.contains(text)), "no `{text}` in\n{}", all.join("\n"));
}

#[test]
fn the_workspace_of_the_worked_example_is_that_of_pyhf_and_cabinetry() {
    let Some(folder) = recoil_tests::cases::folder("systematics") else { return };
    let model = of_templates(&read(&folder.join("templates.json")));
    assert_same(&model.to_json().unwrap(), &read(&folder.join("workspace.json")));
    let findings = model.check().unwrap();
    has(&findings, "SR higgs: no rows in bins 0-4, 25-29");
    has(&findings, "CR dy: no rows in bin 4");
    has(&findings, "CR dy: 13 effective rows behind 0.60 events");
    has(&findings, "CR dy metscale: changes the yield by +38.3 %, -7.7 %");
    has(&findings, "CR higgs: no rows in bins 0, 4");
    has(&findings, "CR higgs metscale: changes the yield by +51.2 %, -31.0 %");
    let odd: Vec<_> = findings.iter().filter(|one| one.channel == "SR" && one.process == "dy").collect();
    assert!(odd.is_empty(), "{odd:?}");
}

pub(super) fn python(test: &str) -> Option<PathBuf> {
    let packages = ["numpy", "pyarrow", "uproot", "pyhf==0.7.6", "iminuit==2.33.0"];
    recoil_tests::python::environment(test, "pyhf", &packages)
}

/// What Python prints, given something to read.
pub(super) fn run(python: &Path, folder: &Path, arguments: &[&str], input: &str) -> String {
    let mut command = Command::new(python);
    command.args(arguments).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("Python runs");
    // One that ends early says why itself.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("Python ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// Fits `workspace.json` with interpolation code4 and code4p, and prints what is free, as JSON.
const FIT: &str = r#"
import json, pyhf
pyhf.set_backend("numpy", pyhf.optimize.minuit_optimizer(tolerance=1e-3))
spec = json.load(open("workspace.json"))
pyhf.schema.validate(spec, "workspace.json")
w = pyhf.Workspace(spec)
m = w.model(modifier_settings={"normsys": {"interpcode": "code4"}, "histosys": {"interpcode": "code4p"}})
best, value = pyhf.infer.mle.fit(w.data(m), m, return_uncertainties=True, return_fitted_val=True)
free = {n: [float(x) for x in best[m.config.par_slice(n)][0]] for n in m.config.par_order if not n.startswith("stat")}
print(json.dumps({"2nll": float(value), **free}))
"#;

#[test]
fn pyhf_fits_the_workspace_as_it_fits_its_own() {
    let (Some(folder), Some(python)) = (recoil_tests::cases::folder("systematics"), python("pyhf")) else { return };
    let here = tempfile::tempdir().unwrap();
    of_templates(&read(&folder.join("templates.json"))).pyhf(here.path().join("workspace.json")).unwrap();
    let fit: Value = serde_json::from_str(&run(&python, here.path(), &["-c", FIT], "")).unwrap();
    let near = |name: &str, value: f64, error: f64| {
        let got = numbers(&fit[name]);
        assert!((got[0] - value).abs() < 2e-3 * error.max(0.05) + 1e-4, "{name}: {got:?}, not {value}");
        assert!((got[1] - error).abs() < 2e-3 * error + 1e-4, "{name}: {got:?}, not {error}");
    };
    near("mu", 1.2883, 0.0826);
    near("k_ttbar", 1.2016, 0.0657);
    near("muscale", 0.731, 0.501);
    assert!((fit["2nll"].as_f64().unwrap() - 55.762).abs() < 2e-3, "{fit}");
}

/// The chain of the worked example over the files of `gen_flat.py`, in f64 as numpy's templates are.
fn chain(folder: &Path) -> (Histogram, Histogram, Histogram, Histogram) {
    let data = data::Loader::new(folder.join("flat")).ending("parquet").load().unwrap();
    let selected = |group: &Group| {
        group
            .define_with(["eta1", "eta2", "phi1", "phi2"], "apart", |eta1: f64, eta2: f64, phi1: f64, phi2: f64| {
                (eta1 - eta2).cosh() - (phi1 - phi2).cos()
            })
            .define_with(["pt1", "pt2", "apart"], "m", |pt1: f64, pt2: f64, apart: f64| {
                (2.0 * pt1 * pt2 * apart).sqrt()
            })
            .query("pt1 > 25 & pt2 > 20 & abs(eta1) < 2.4 & abs(eta2) < 2.4")
    };
    let mc = data.difference(&data.group("data"));
    let mc = mc
        .vary("id", ("sf_id", "sf_id_up", "sf_id_dn"))
        .vary("trig", ("sf_trig", "sf_trig_up", "sf_trig_dn"))
        .vary("pileup", ("pu", "pu_up", "pu_dn"))
        .vary("muscale", [("pt1", "pt1 * 1.002", "pt1 * 0.998"), ("pt2", "pt2 * 1.002", "pt2 * 0.998")])
        .vary("metscale", ("met", "met * 1.05", "met * 0.95"))
        .vary("lumi", Norm(1.017))
        .define_with(["w", "sf_id", "sf_trig", "pu"], "whole", |w: f64, id: f64, trig: f64, pu: f64| w * id * trig * pu)
        .weight("whole");
    let (mc, seen) = (selected(&mc), selected(&data.group("data")));
    let sr = |group: &Group| group.query("met < 60").hist("m", (30, 110.0, 140.0)).unwrap();
    let cr = |group: &Group| group.query("met > 80 & njet >= 2").hist("m", (5, 110.0, 140.0)).unwrap();
    (sr(&mc), sr(&seen), cr(&mc), cr(&seen))
}

/// That all templates are those of numpy, which are weighted by luminosity as for 10 million rows.
fn assert_templates(h: &Histogram, theirs: &Value) {
    for (process, lumi) in SCALES {
        let near = |ours: &[f64], universe: &str| {
            let theirs = numbers(&theirs[process][universe]);
            for (bin, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
                let scale = if universe == "sumw2" { lumi * lumi } else { lumi };
                let off = (ours * scale - theirs).abs();
                assert!(
                    off <= 1e-9 * theirs.abs().max(1e-3),
                    "{process} {universe}, bin {bin}: {} and {theirs}",
                    ours * scale
                );
            }
        };
        let nominal = &h.by_process()[process];
        near(&nominal.counts(), "nominal");
        near(&nominal.variances(), "sumw2");
        for source in SOURCES {
            for (direction, end) in [(Up, "up"), (Down, "down")] {
                let varied = h.varied(source, direction).unwrap();
                near(&varied.by_process()[process].counts(), &format!("{source}:{end}"));
            }
        }
    }
}

#[test]
fn templates_from_files_are_those_of_numpy_in_every_universe() {
    let (Some(folder), Some(python)) = (recoil_tests::cases::folder("systematics"), python("numpy templates")) else {
        return;
    };
    let large = std::env::var_os("RECOIL_WORKED_EXAMPLE").map(PathBuf::from);
    let made = tempfile::tempdir().unwrap();
    let here = large.clone().unwrap_or_else(|| made.path().to_owned());
    if large.is_none() {
        let script = |name: &str| folder.join(name).display().to_string();
        run(&python, &here, &[&script("gen_flat.py"), "300000"], "");
        // What it prints at the end divides by yields, of which some are 0 in so small a sample.
        let templates = "import sys; exec(open(sys.argv[1]).read().split('\\nfor r in out:\\n')[0])";
        run(&python, &here, &["-c", templates, &script("templates.py")], "");
    }
    let (sr, sr_data, cr, cr_data) = chain(&here);
    let theirs = read(&here.join("templates.json"));
    assert_templates(&sr, &theirs["SR"]);
    assert_templates(&cr, &theirs["CR"]);
    assert_eq!(sr_data.counts(), numbers(&theirs["SR"]["data"]["nominal"]));
    assert_eq!(cr_data.counts(), numbers(&theirs["CR"]["data"]["nominal"]));
}
