//! One candidate per event, against pandas.

use flow::{Best, Candidates, Query};
use polars::prelude::*;
use recoil_tests::{cases, python};
use serde_json::Value as Json;
use sources::Source;
use sources::memory::{Cutting, Memory};
use std::path::Path;
use std::sync::Arc;

#[test]
fn candidates() {
    let (Some(folder), Some(query)) = (cases::folder("candidates"), cases::folder("query")) else { return };
    let table = sources::open(query.join("oracle_vpho.parquet")).unwrap();
    let names: Vec<PlSmallStr> = table.schema().iter_names_cloned().collect();
    let frame = table.read(0, &names, 0..table.rows() as usize).unwrap();
    let text = std::fs::read_to_string(folder.join("cases.json")).unwrap();
    let all: Vec<Json> = serde_json::from_str(&text).unwrap();
    for case in &all {
        let name = format!("{} / {}", case["input"], case["rule"]);
        let Some((input, start)) = input(case["input"].as_str().unwrap(), &frame, &query) else { continue };
        for rows in [1, 3, 100, usize::MAX] {
            let cutting = Cutting { rows, ..Cutting::default() };
            let source: Arc<dyn Source> = Arc::new(Memory::cut("oracle", input.clone(), None, &cutting).unwrap());
            let entering = start.over(source.clone()).count().unwrap().0;
            assert_eq!(Some(entering), case["n_in"].as_u64(), "{name}: rows in");
            let (defined, best) = rule(case["rule"].as_str().unwrap());
            let query = start.clone().then(&defined).candidates(Candidates::new(best));
            let (kept, _) = query.over(source).collect().unwrap();
            assert_eq!(Some(kept.height() as u64), case["n_out"].as_u64(), "{name}: rows out");
            for (key, column) in [("sum_mu1P", "mu1P"), ("sum_mu2P", "mu2P"), ("sum_candidate", "__candidate__")] {
                let ours = kept.column(column).unwrap().cast(&DataType::Float64).unwrap();
                let ours: f64 = ours.f64().unwrap().iter().flatten().filter(|value| !value.is_nan()).sum();
                let theirs = case[key].as_f64().unwrap();
                assert!(
                    (ours - theirs).abs() <= 1e-9 * theirs.abs().max(1.0),
                    "{name}: {key} {ours}, expected {theirs}"
                );
            }
        }
    }
}

/// The rows that enter, and the clauses before the choice.
fn input(name: &str, frame: &DataFrame, folder: &Path) -> Option<(DataFrame, Query)> {
    if let Some(cut) = name.strip_prefix("after ") {
        return Some((frame.clone(), Query::new().filter(cut::parse(cut).unwrap())));
    }
    if name.starts_with("shuffled") {
        // The order is that of pandas' own generator.
        let seed: u32 = name.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap();
        let python =
            python::environment("conformance candidates shuffled", "pandas", &["pandas", "numexpr", "pyarrow"])?;
        let script = format!(
            "import pandas as pd; print(*pd.DataFrame(range({})).sample(frac=1, random_state={seed}).index, sep=',')",
            frame.height()
        );
        let output = std::process::Command::new(python).args(["-c", &script]).current_dir(folder).output().unwrap();
        let rows: Vec<IdxSize> =
            String::from_utf8_lossy(&output.stdout).trim().split(',').map(|row| row.parse().unwrap()).collect();
        return Some((frame.take(&IdxCa::from_vec("rows".into(), rows)).unwrap(), Query::new()));
    }
    assert_eq!(name, "all", "the case has an unknown input");
    Some((frame.clone(), Query::new()))
}

/// The rule, and the column it needs that is not in the table.
fn rule(rule: &str) -> (Query, Best) {
    let rule = rule.trim_end_matches("(NaN last)").trim();
    let (order, column) = match rule.split_once(' ') {
        Some(("first", _)) => return (Query::new(), Best::First),
        Some((order, column)) => (order, column),
        None => panic!("the case has an unknown rule {rule}"),
    };
    let (query, column) = match column.strip_prefix('|').and_then(|column| column.strip_suffix('|')) {
        Some(inner) => (Query::new().define("_absolute", cut::parse(&format!("abs({inner})")).unwrap()), "_absolute"),
        None => (Query::new(), column),
    };
    match order {
        "lowest" => (query, Best::Lowest(column.into())),
        "highest" => (query, Best::Highest(column.into())),
        other => panic!("the case has an unknown rule {other}"),
    }
}
