//! Folds of lists against numpy: random lists with empty and missing ones, NaN and nulls, of numbers and of objects that may be
//! null themselves, over objects, pairs and triples; read from a file of pyarrow in units of several sizes and on several
//! threads.

use polars::prelude::*;
use serde_json::Value;

const EVENTS: usize = 3000;

fn bits(value: f64) -> u64 {
    // One missing value is as good as another, and -0 is 0.
    if value.is_nan() { f64::NAN.to_bits() } else { (value + 0.0).to_bits() }
}

fn floats(column: &Column) -> Vec<f64> {
    let values = column.cast(&DataType::Float64).expect("numbers");
    values.f64().expect("floats").iter().map(|value| value.unwrap_or(f64::NAN)).collect()
}

#[test]
fn numpy_folds_random_lists_to_the_same_bits() {
    let test = "differential lists";
    let Some(python) = recoil_tests::python::environment(test, "lists", &["numpy", "pyarrow"]) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let script = recoil_tests::cases::project().join("tests/tests/differential/lists.py");
    for seed in ["5", "6"] {
        let mut command = std::process::Command::new(&python);
        let command = command.arg("-B").arg(&script).args([&EVENTS.to_string(), seed]).arg(folder.path());
        let output = command.output().expect("Python runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8(output.stdout).expect("text");
        let answers: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert!(answers.len() > 45);
        let data = data::load(folder.path().join("lists.parquet")).expect("the file");
        for (threads, unit) in [(1, 1_000_000), (2, 64), (3, 257), (8, 1)] {
            let mut chain = data.threads(threads).chunk_size(unit).all().clone();
            for (at, answer) in answers.iter().enumerate() {
                chain = chain.define(format!("v{at}"), answer["text"].as_str().expect("a text"));
            }
            let names: Vec<String> = (0..answers.len()).map(|at| format!("v{at}")).collect();
            let frame = chain.select(&names).collect().expect("values");
            for (name, answer) in names.iter().zip(&answers) {
                let values = floats(frame.column(name).expect("a column"));
                let expected = answer["values"].as_array().expect("a list").iter();
                let expected: Vec<f64> = expected.map(|value| value.as_f64().unwrap_or(f64::NAN)).collect();
                assert_eq!(values.len(), expected.len());
                let wrong = (0..values.len()).find(|row| bits(values[*row]) != bits(expected[*row]));
                let told = wrong.map(|row| format!("event {row}: {} and {}", values[row], expected[row]));
                assert_eq!(told, None, "{} in units of {unit} on {threads} threads", answer["text"]);
            }
        }
    }
}
