//! Tables of corrections against correctionlib: random ones, of all kinds of nodes.

use corrections::{Input, Set};
use serde_json::Value;

const CORRECTIONS: usize = 1000;

/// What differs in one line of `corrections.py`.
fn differs(case: &Value) -> Option<String> {
    let text = case["text"].as_str().expect("a text");
    let set = match Set::read(text.as_bytes()) {
        Ok(set) => set,
        Err(error) => return Some(format!("{error}: {text}")),
    };
    let sf = set.get("sf").expect("it is there");
    case["answers"].as_array().expect("a list").iter().find_map(|row| {
        let number = |at: usize| row[at].as_f64().expect("a number");
        let inputs = [
            Input::Real(number(0)),
            Input::Real(number(1)),
            Input::Integer(row[2].as_i64().expect("a whole number")),
            Input::Text(row[3].as_str().expect("a text")),
        ];
        // Texts, because JSON has no NaN.
        let theirs: Option<f64> = row[4].as_str().map(|value| value.parse().expect("a number"));
        let ours = sf.value(&inputs);
        let same = match (&theirs, &ours) {
            (Some(theirs), Ok(ours)) if theirs.is_nan() || ours.is_nan() => theirs.is_nan() && ours.is_nan(),
            // Functions of two mathematical libraries differ in the last digit, and formulas lose some more.
            (Some(theirs), Ok(ours)) => ours == theirs || (ours - theirs).abs() <= 1e-11 * theirs.abs().max(1e-3),
            (None, Err(_)) => true,
            _ => false,
        };
        (!same).then(|| format!("{inputs:?} give {ours:?}, not {theirs:?}: {text}"))
    })
}

#[test]
fn correctionlib_agrees_on_random_corrections() {
    let packages = ["correctionlib==2.9.0", "numpy"];
    let test = "differential corrections";
    let Some(python) = recoil_tests::python::environment(test, "corrections", &packages) else { return };
    let script = recoil_tests::cases::project().join("tests/tests/differential/corrections.py");
    let mut command = std::process::Command::new(python);
    let output = command.arg("-B").arg(script).args([&CORRECTIONS.to_string(), "11"]).output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).expect("text");
    let cases: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(cases.len(), CORRECTIONS);
    let wrong: Vec<String> = cases.iter().filter_map(differs).collect();
    assert!(wrong.is_empty(), "{} of {CORRECTIONS} differ, the first:\n{}", wrong.len(), wrong[0]);
}
