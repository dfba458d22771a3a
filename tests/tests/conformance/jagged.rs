//! Selections over lists of objects: each case in all spellings of a collection, and in tables of one row and of several.

use polars::prelude::*;
use serde_json::{Map, Value as Json};

#[test]
fn jagged() {
    let Some(folder) = recoil_tests::cases::folder("jagged") else { return };
    let text = std::fs::read_to_string(folder.join("cases.json")).expect("cases.json");
    let all: Json = serde_json::from_str(&text).expect("cases.json is JSON");
    let events = all["events"].as_object().expect("events");
    let cases = all["cases"].as_array().expect("cases");
    let mut differ = Vec::new();
    for case in cases {
        let (name, text) = (case["event"].as_str().expect("an event"), case["text"].as_str().expect("a text"));
        for spelling in [Spelling::Columns, Spelling::Dots, Spelling::Structs] {
            for rows in [1, 3] {
                let frame = frame(events, name, spelling, rows);
                if let Err(why) = check(text, case, &frame) {
                    differ.push(format!("{name} as {spelling:?}, {rows} rows: {text}: {why}"));
                }
            }
        }
    }
    assert!(differ.is_empty(), "{} of {} differ:\n{}", differ.len(), cases.len() * 6, differ.join("\n"));
}

/// How the fields of a collection are called in a table.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Spelling {
    /// `Jet_pt`, with `nJet`
    Columns,
    /// `Jet.pt`
    Dots,
    /// `Jet`, a list of structs
    Structs,
}

/// A table whose rows are all one event.
fn frame(events: &Map<String, Json>, name: &str, spelling: Spelling, rows: usize) -> DataFrame {
    let mut columns = Vec::new();
    for (collection, value) in events[name].as_object().expect("an event") {
        match value {
            Json::Array(objects) => columns.extend(lists(events, collection, objects, spelling)),
            Json::Object(fields) => {
                let fields = fields.iter().map(|(field, value)| series(field, std::slice::from_ref(value)));
                columns.extend(spelled(collection, fields.collect(), spelling));
            }
            other => columns.push(series(collection, std::slice::from_ref(other))),
        }
    }
    let columns = columns.into_iter().map(|column| column.new_from_index(0, rows).into_column()).collect();
    DataFrame::new(rows, columns).expect("columns of one length")
}

/// The fields of a collection; what an empty one would have is told by the other events.
fn lists(events: &Map<String, Json>, name: &str, objects: &[Json], spelling: Spelling) -> Vec<Series> {
    let known = events.values().filter_map(|event| event[name].as_array()?.first()?.as_object());
    let own = objects.first().and_then(Json::as_object);
    let fields = own.or(known.into_iter().next()).expect("an object somewhere");
    let values = fields.keys().map(|field| {
        let values: Vec<Json> = objects.iter().map(|object| object[field].clone()).collect();
        match values.is_empty() {
            true => series(field, std::slice::from_ref(&fields[field])).head(Some(0)),
            false => series(field, &values),
        }
    });
    let values: Vec<Series> = values.collect();
    match spelling {
        Spelling::Structs => {
            let objects = StructChunked::from_series(name.into(), objects.len(), values.iter()).expect("fields");
            vec![objects.into_series().implode().expect("a list").into_series()]
        }
        _ => {
            let lists = values.iter().map(|values| values.implode().expect("a list").into_series());
            let mut made = spelled(name, lists.collect(), spelling);
            if spelling == Spelling::Columns {
                made.push(Series::new(format!("n{name}").into(), [objects.len() as u32]));
            }
            made
        }
    }
}

fn spelled(name: &str, fields: Vec<Series>, spelling: Spelling) -> Vec<Series> {
    let sign = match spelling {
        Spelling::Columns => "_",
        Spelling::Dots => ".",
        Spelling::Structs => {
            let object = StructChunked::from_series(name.into(), 1, fields.iter()).expect("fields");
            return vec![object.into_series()];
        }
    };
    fields
        .into_iter()
        .map(|field| {
            let name = format!("{name}{sign}{}", field.name());
            field.with_name(name.into())
        })
        .collect()
}

/// Whole numbers where all are; null is NaN.
fn series(name: &str, values: &[Json]) -> Series {
    if values.iter().all(Json::is_i64) {
        return Series::new(name.into(), values.iter().filter_map(Json::as_i64).collect::<Vec<_>>());
    }
    Series::new(name.into(), values.iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect::<Vec<_>>())
}

fn check(text: &str, case: &Json, frame: &DataFrame) -> Result<(), String> {
    let typed = cut::parse(text).and_then(|cut| cut.check(frame.schema()));
    if let Some(wanted) = case["error"].as_str() {
        return match typed {
            Ok(_) => Err(format!("should be refused: {wanted}")),
            Err(error) if error.to_string().contains(wanted) => Ok(()),
            Err(error) => Err(format!("should say {wanted:?}, not {error}")),
        };
    }
    let typed = typed.map_err(|error| error.to_string())?;
    let values = typed.values(frame).map_err(|error| error.to_string())?;
    if values.dtype() != &typed.dtype() {
        return Err(format!("{} was announced, not {}", typed.dtype(), values.dtype()));
    }
    for row in 0..frame.height() {
        let value = values.get(row).map_err(|error| error.to_string())?;
        let value = json(&value);
        if !equal(&value, &case["value"]) {
            return Err(format!("row {row} is {value}, not {}", case["value"]));
        }
    }
    Ok(())
}

fn json(value: &AnyValue<'_>) -> Json {
    match value {
        AnyValue::List(values) => values.iter().map(|value| json(&value)).collect(),
        AnyValue::Boolean(value) => Json::from(*value),
        AnyValue::String(value) => Json::from(*value),
        AnyValue::StringOwned(value) => Json::from(value.as_str()),
        AnyValue::Null => Json::Null,
        other => other.extract::<f64>().map_or(Json::Null, Json::from),
    }
}

/// Numbers to the last digits but two: four-vectors add up in an order of their own.
fn equal(value: &Json, expected: &Json) -> bool {
    match (value, expected) {
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Json::Number(a), Json::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            (a - b).abs() <= 1e-13 * b.abs().max(1.0)
        }
        (a, b) => a == b,
    }
}
