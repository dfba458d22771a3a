//! The card and the shapes for combine, read anew by the rules of its manual: every template is found under its name, rates
//! and observations are the sums of theirs, and the model that they make is evaluated as combine does it.

use super::systematics::{SOURCES, numbers, of_templates, python, read, run};
use serde_json::Value;

#[test]
fn the_card_for_combine_is_read_by_its_rules_and_means_the_templates() {
    let Some(folder) = recoil_tests::cases::folder("systematics") else { return };
    let Some(python) = python("combine card") else { return };
    let templates = read(&folder.join("templates.json"));
    let here = tempfile::tempdir().unwrap();
    of_templates(&templates).combine(here.path().join("cards")).unwrap();
    // Nominal, signal and free background moved, and every source a standard deviation up and down.
    let mut asked = vec![serde_json::json!([{}, {}]), serde_json::json!([{}, { "r": 1.5, "k_ttbar": 0.8 }])];
    for source in SOURCES {
        asked.extend([1.0, -1.0].map(|theta| serde_json::json!([{ source: theta }, {}])));
    }
    asked.push(serde_json::json!([{ "lumi": 1.0 }, {}]));
    let script = recoil_tests::cases::project().join("tests/tests/peers/combine.py").display().to_string();
    let told = run(&python, here.path(), &[&script], &Value::Array(asked).to_string());
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["wrong"], serde_json::json!([]), "{told}");
    let expected = told["expected"].as_array().unwrap();
    let near = |at: usize, what: &str, wanted: &dyn Fn(&Value, &str, usize) -> f64| {
        for region in ["SR", "CR"] {
            for (bin, got) in numbers(&expected[at][region]).into_iter().enumerate() {
                let sum = |process: &str| wanted(&templates[region][process], process, bin);
                let want: f64 = ["dy", "ttbar", "higgs"].map(sum).iter().sum();
                assert!(
                    (got - want).abs() < 1e-9 * want.abs().max(1e-6),
                    "{what}, {region}, bin {bin}: {got}, not {want}"
                );
            }
        }
    };
    let of = |template: &Value, universe: &str, bin: usize| template[universe][bin].as_f64().unwrap();
    near(0, "nominal", &|template, _, bin| of(template, "nominal", bin));
    near(1, "moved", &|template, process, bin| {
        let factor = match process {
            "higgs" => 1.5,
            "ttbar" => 0.8,
            _ => 1.0,
        };
        factor * of(template, "nominal", bin)
    });
    for (at, source) in SOURCES.iter().enumerate() {
        for (side, end) in ["up", "down"].into_iter().enumerate() {
            let universe = format!("{source}:{end}");
            near(2 + 2 * at + side, &universe, &|template, _, bin| of(template, &universe, bin));
        }
    }
    near(2 + 2 * SOURCES.len(), "lumi", &|template, _, bin| 1.017 * of(template, "nominal", bin));
}
