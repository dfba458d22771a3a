//! Answers of correctionlib 2.9.0 to the corrections of its own tests, written down while these ran: each line of
//! `reference/cases.jsonl` is a text with inputs and answers (null: an error), or a text that it refuses. The texts are
//! correctionlib's, under the licence beside them.

use crate::{Input, Set};
use serde_json::Value;

const CASES: &str = include_str!("../reference/cases.jsonl");

fn input(value: &Value) -> Input<'_> {
    match value {
        Value::String(text) => Input::Text(text),
        Value::Object(real) => Input::Real(real["real"].as_f64().expect("a number")),
        other => Input::Integer(other.as_i64().expect("a whole number")),
    }
}

#[test]
fn answers_are_those_of_the_reference() {
    let (mut answered, mut failed, mut refused) = (0, 0, 0);
    for line in CASES.lines() {
        let case: Value = serde_json::from_str(line).expect("JSON");
        let text = case["text"].as_str().expect("a text");
        let Some(answers) = case["answers"].as_array() else {
            let set = Set::read(text.as_bytes());
            // A correction with a neural network is an error only when it is asked for.
            let used = set.as_ref().is_ok_and(|set| set.names().all(|name| set.get(name).is_ok()));
            assert!(!used, "this is refused there: {text}");
            refused += 1;
            continue;
        };
        let set = Set::read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
        for answer in answers {
            let correction = set.get(answer[0].as_str().expect("a name")).expect("it is there");
            let inputs: Vec<Input<'_>> = answer[1].as_array().expect("a list").iter().map(input).collect();
            let ours = correction.value(&inputs);
            match (answer[2].as_f64(), ours) {
                (Some(theirs), Ok(ours)) => {
                    let near = (ours - theirs).abs() <= 4e-16 * theirs.abs();
                    assert!(near || ours == theirs, "{inputs:?} give {ours}, not {theirs}: {text}");
                    answered += 1;
                }
                (None, Err(_)) => failed += 1,
                (theirs, ours) => panic!("{inputs:?} give {ours:?}, not {theirs:?}: {text}"),
            }
        }
    }
    assert_eq!((answered, failed, refused), (410, 23, 45));
}

#[test]
fn a_fault_says_where_it_is() {
    let say = |text: &str| Set::read(text.as_bytes()).unwrap_err().to_string();
    let with = |data: &str| {
        format!(
            r#"{{"schema_version": 2, "corrections": [{{"name": "sf", "version": 1, "inputs": [{{"name": "p", "type": "real"}}],
            "output": {{"name": "w", "type": "real"}}, "data": {data}}}]}}"#
        )
    };
    let bins = r#"{"nodetype": "binning", "input": "p", "edges": [0, 2, 1], "content": [1, 2], "flow": "clamp"}"#;
    assert_eq!(say(&with(bins)), "corrections[0] (`sf`).data.edges: edges must increase, and 1 does not follow 2");
    let formula = r#"{"nodetype": "formula", "parser": "TFormula", "variables": ["p"], "expression": "x + y"}"#;
    assert_eq!(say(&with(formula)), "corrections[0] (`sf`).data.expression: it has 2 variables, and 1 are named");
    let other = r#"{"nodetype": "formula", "parser": "TFormula", "variables": ["q"], "expression": "x"}"#;
    assert_eq!(say(&with(other)), "corrections[0] (`sf`).data.variables[0]: there is no input `q`, there is `p`");
    assert!(say("{").starts_with("no table of corrections: EOF"));
    assert!(say(r#"{"schema_version": 1}"#).contains("version 1 of the format is not known"));
    let set = Set::read(with("1.5").as_bytes()).unwrap();
    assert_eq!(set.get("ff").unwrap_err().to_string(), "no correction `ff`; the file has `sf`");
    let sf = set.get("sf").unwrap();
    assert_eq!(sf.value(&[]).unwrap_err().to_string(), "the table takes (p), not 0 inputs");
    assert!(sf.value(&[Input::Text("a")]).unwrap_err().to_string().contains("takes a number there"));
}

#[test]
fn a_gzipped_file_is_read() {
    use std::io::Write;
    let text = CASES.lines().next().and_then(|line| serde_json::from_str::<Value>(line).ok()).expect("a line");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text["text"].as_str().expect("a text").as_bytes()).unwrap();
    let bytes = gzip.finish().unwrap();
    assert!(Set::read(&bytes).is_ok());
    assert!(Set::read(&bytes[..bytes.len() / 2]).unwrap_err().to_string().contains("damaged gzip"));
}

proptest::proptest! {
    #[test]
    fn any_text_is_refused_or_read(text in ".{0,200}") {
        let _ = Set::read(text.as_bytes());
        let formula = crate::formula::Formula::parse(&text);
        if let Ok(formula) = formula {
            let (inputs, variables) = (vec![Input::Real(1.0); formula.variables], (0..formula.variables).collect::<Vec<_>>());
            let _ = formula.value(&inputs, &variables, &vec![1.0; formula.parameters]);
        }
    }
}
