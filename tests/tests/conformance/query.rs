//! Selections on a table with every trap: all right in all three evaluations.

use cut::Value;
use polars::prelude::*;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

/// Refused by pandas; meant by our language, as its page says.
const WIDER: [&str; 7] = [
    "i8 << 1 == 2",
    "min(mu1P, mu2P) > 1",
    "where(flag, mu1P, mu2P) > 1",
    "max(mu1P, mu2P) > 1",
    "hypot(mu1Px, mu1Py) > 1",
    "pRecoil > 2 &\nmu1P < 5",
    "(pRecoil > 2 &\n mu1P < 5)",
];

#[test]
fn query() {
    let Some(folder) = recoil_tests::cases::folder("query") else { return };
    let text = std::fs::read_to_string(folder.join("queries.json")).expect("queries.json");
    let cases: Json = serde_json::from_str(&text).expect("queries.json is JSON");
    let file = std::fs::File::open(folder.join("oracle_vpho.parquet")).expect("oracle_vpho.parquet");
    let frame = ParquetReader::new(file).finish().expect("a parquet file");
    let mut differ = Vec::new();
    let cases = cases["queries"].as_array().expect("queries");
    for case in cases {
        let query = case["query"].as_str().expect("a query");
        if let Err(why) = check(query, &case["expected"], &frame) {
            differ.push(format!("{query:?}: {why}"));
        }
    }
    assert!(differ.is_empty(), "{} of {} queries differ:\n{}", differ.len(), cases.len(), differ.join("\n"));
}

fn check(query: &str, expected: &Json, frame: &DataFrame) -> Result<(), String> {
    let typed = locals(query).and_then(|cut| cut.check(frame.schema())?.selection());
    if expected["ok"] != Json::Bool(true) {
        return match typed {
            Ok(_) if !WIDER.contains(&query) => Err("should be refused".to_owned()),
            _ => Ok(()),
        };
    }
    let typed = typed.map_err(|error| error.to_string())?;
    let mask = typed.mask(frame).map_err(|error| error.to_string())?;
    same("block evaluation", &rows(&mask), expected)?;
    let lazy = frame.clone().lazy().with_row_index("row of the case", None).filter(typed.expr()).collect();
    let kept = lazy.map_err(|error| error.to_string())?;
    let column = kept.column("row of the case").and_then(|column| Ok(column.u32()?.clone()));
    let kept: Vec<usize> =
        column.map_err(|error| error.to_string())?.iter().flatten().map(|row| row as usize).collect();
    same("Polars expression", &kept, expected)?;
    // The third evaluation is over the schema: it gave no error, and its type is right.
    (typed.dtype() == DataType::Boolean).then_some(()).ok_or_else(|| format!("type {}", typed.dtype()))
}

fn locals(query: &str) -> cut::Result<cut::Cut> {
    let locals = [
        ("cut", Value::from(2.0)),
        ("lst", Value::from([1, 3])),
        ("pi", Value::from(std::f64::consts::PI)),
        ("cuts", Value::map([("pmin", 1.5)])),
        ("box", Value::map([("pmin", 1.5)])),
        ("f", Value::function(|x| x[0])),
    ];
    Ok(locals.into_iter().fold(cut::parse(query)?, |cut, (name, value)| cut.bind(name, value)))
}

fn rows(mask: &BooleanChunked) -> Vec<usize> {
    mask.iter().enumerate().filter(|(_, kept)| *kept == Some(true)).map(|(row, _)| row).collect()
}

fn same(which: &str, rows: &[usize], expected: &Json) -> Result<(), String> {
    let joined = rows.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let hash: String = Sha256::digest(joined).iter().map(|byte| format!("{byte:02x}")).collect();
    if expected["sha256"] == Json::String(hash) {
        return Ok(());
    }
    Err(format!("{which} keeps {} rows, not the {} wanted", rows.len(), expected["n"]))
}
