//! Ratios, differences, pulls, efficiencies, intervals, chi-square and Kolmogorov distances of random histograms against hist,
//! boost-histogram and SciPy.

use crate::numbers::{floats, python, said, same};
use hist::{Comparison, Hist, Values, compare, pair};
use serde_json::Value;

/// What they said to 500 pairs (`compared.py 500 20261129`), for where there is no Python.
const PINNED: &[u8] = include_bytes!("compared.jsonl.zst");
const CASES: usize = 500;

/// Values and both ends of their errors.
fn three(values: &Values) -> [Vec<f64>; 3] {
    let (low, high) = values.intervals().into_iter().unzip();
    [values.values(), low, high]
}

/// One line of `compared.py`.
fn check(case: &Value) -> Result<(), String> {
    let said = |error: hist::Error| error.to_string();
    let read = |name: &str| Hist::from_json(&case[name].to_string()).map_err(said);
    let (a, b, passed) = (read("a")?, read("b")?, read("passed")?);
    let answers = &case["answers"];
    let lists = |what: &str, ours: &[Vec<f64>]| -> Result<(), String> {
        let theirs = answers[what].as_array().expect("lists");
        ours.iter().zip(theirs).try_for_each(|(ours, theirs)| same(what, ours, &floats(theirs)))
    };
    let (low, high) = a.intervals().into_iter().unzip();
    lists("intervals", &[low, high])?;
    let both = pair(&a, &b);
    lists("ratio", &three(&(&a / &b).map_err(said)?))?;
    lists("difference", &three(&both.difference().map_err(said)?))?;
    lists("relative_difference", &three(&both.relative_difference().map_err(said)?))?;
    lists("asymmetry", &three(&both.asymmetry().map_err(said)?))?;
    lists("pull", &three(&both.pull().map_err(said)?))?;
    let split = compare(&a, &b, Comparison::SplitRatio).map_err(said)?;
    let of = |number: fn(&hist::Compared) -> f64| split.iter().map(number).collect::<Vec<f64>>();
    lists("split_ratio", &[of(|bin| bin.value), of(|bin| bin.low), of(|bin| bin.high)])?;
    lists("efficiency", &three(&passed.efficiency(&a).map_err(said)?))?;
    if answers["wilson"].is_array() {
        let ours = three(&pair(&passed, &a).wilson().map_err(said)?).concat();
        same("wilson", &ours, &floats(&answers["wilson"]))?;
    }
    let found = a.chi2(&b).map_err(said)?;
    same("chi2", &[found.chi2, found.bins as f64, found.p_value], &floats(&answers["chi2"]))?;
    if answers["kolmogorov"].is_array() {
        let found = a.kolmogorov(&b).map_err(said)?;
        same("kolmogorov", &[found.distance, found.p_value], &floats(&answers["kolmogorov"]))?;
    }
    Ok(())
}

fn agree(lines: &str) {
    let cases: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(cases.len(), CASES);
    let numbered = cases.iter().enumerate();
    let wrong: Vec<String> =
        numbered.filter_map(|(at, case)| check(case).err().map(|why| format!("{at}: {why}"))).collect();
    assert!(wrong.is_empty(), "{} of {CASES} differ:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
}

#[test]
fn pinned_answers_of_hist_and_scipy_are_ours() {
    let lines = zstd::decode_all(PINNED).expect("Zstandard");
    agree(&String::from_utf8(lines).expect("text"));
}

#[test]
fn hist_and_scipy_agree_on_random_pairs_of_histograms() {
    let Some(python) = python("differential ratios and efficiencies") else { return };
    agree(&said(&python, "compared.py", &[&CASES.to_string(), "7"]));
}
