//! Clauses over sliced frames: every case as it is cut, and cut into slices of one row, of three and not at all; each
//! through every engine.

use flow::{
    Aggregation, Clause, Closed, Define, Function, InMemory, Integrated, Join, Options, Origin, Part, Query, ReadRange,
    Resample, Scan, Streaming, time,
};
use polars::prelude::*;
use recoil_tests::cases;
use serde_json::Value as Json;
use sources::memory::{Cutting, Memory};
use sources::{Identity, Index, SegmentInfo, Source};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

type Outcome<T> = Result<T, String>;

#[test]
fn pipeline() {
    let Some(folder) = cases::folder("pipeline") else { return };
    let text = std::fs::read_to_string(folder.join("cases.json")).unwrap();
    let all: Json = serde_json::from_str(&text).unwrap();
    let all = all["cases"].as_array().unwrap();
    let differ: Vec<String> =
        all.iter().filter_map(|case| check(case).err().map(|why| format!("{}: {why}", case["name"]))).collect();
    assert!(differ.is_empty(), "{} of {} differ:\n{}", differ.len(), all.len(), differ.join("\n"));
}

fn check(case: &Json) -> Outcome<()> {
    for rows in [None, Some(1), Some(3), Some(usize::MAX)] {
        for engine in 0..3 {
            // Only the large frames are worth several workers, and one row per segment of them is not worth the time.
            let large = case["plan"]["inputs"]["s"]["rows"].as_u64().unwrap_or(0) > 1_000;
            if large && rows.is_some_and(|rows| rows < 10) {
                continue;
            }
            run(case, rows, engine).map_err(|why| format!("{why} (rows {rows:?}, engine {engine})"))?;
        }
    }
    Ok(())
}

fn run(case: &Json, rows: Option<usize>, engine: usize) -> Outcome<()> {
    let plan = &case["plan"];
    let mut inputs = Inputs::default();
    for (name, frame) in plan["inputs"].as_object().unwrap() {
        inputs.0.insert(name.clone(), Counting::new(table(name, frame, &plan["segments"][name], rows)?));
    }
    let answer = scan(plan, &inputs).and_then(|scan| {
        let options = Options { chunk_size: rows.unwrap_or(100_000).clamp(1, 1 << 40), ..Options::default() };
        let scan = scan.options(options);
        let scan = match engine {
            0 => scan.engine(InMemory),
            1 => scan.engine(Streaming),
            _ => scan.engine(Integrated),
        };
        scan.collect().map_err(|error| error.to_string())
    });
    if let Some(wanted) = case.get("expected_error") {
        let message = match answer {
            Ok(_) => return Err("was not refused".into()),
            Err(message) => message,
        };
        let words = std::iter::once(&wanted["culprit"]).chain(wanted["or"].as_array().into_iter().flatten());
        let named = words.filter_map(Json::as_str).any(|word| has_word(&message, word));
        let read = inputs.reads();
        return match (named, read) {
            (false, _) => Err(format!("the message names no culprit: {message}")),
            (true, 0) => Ok(()),
            (true, read) => Err(format!("refused after {read} segments were read")),
        };
    }
    let (answer, report) = answer?;
    compare(&answer, &case["expected"])?;
    if let (Some(most), None) = (case["segments_read"].as_u64(), rows)
        && (inputs.segments() > most || report.segments_read > most)
    {
        return Err(format!(
            "{} segments were read, {} reported; {most} are enough",
            inputs.segments(),
            report.segments_read
        ));
    }
    Ok(())
}

/// The frames of a case.
#[derive(Default)]
struct Inputs(BTreeMap<String, Arc<Counting>>);

impl Inputs {
    fn source(&self, name: &str) -> Outcome<Arc<dyn Source>> {
        self.0
            .get(name)
            .map(|source| source.clone() as Arc<dyn Source>)
            .ok_or_else(|| format!("there is no frame `{name}`"))
    }

    fn reads(&self) -> usize {
        self.0.values().map(|source| source.reads.load(Ordering::Relaxed)).sum()
    }

    /// Different segments that were read.
    fn segments(&self) -> u64 {
        self.0.values().map(|source| source.segments.lock().unwrap().len() as u64).sum()
    }
}

/// A source that counts what is read of it.
#[derive(Debug)]
struct Counting {
    inner: Memory,
    reads: AtomicUsize,
    segments: std::sync::Mutex<std::collections::HashSet<Identity>>,
}

impl Counting {
    fn new(inner: Memory) -> Arc<Self> {
        Arc::new(Self { inner, reads: AtomicUsize::new(0), segments: Default::default() })
    }
}

impl Source for Counting {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn schema(&self) -> &SchemaRef {
        self.inner.schema()
    }

    fn segments(&self) -> &[SegmentInfo] {
        self.inner.segments()
    }

    fn index(&self) -> Option<&Index> {
        self.inner.index()
    }

    fn in_memory(&self) -> bool {
        true
    }

    fn read(&self, segment: usize, columns: &[PlSmallStr], rows: std::ops::Range<usize>) -> segment::Result<DataFrame> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.segments.lock().unwrap().insert(self.inner.segments()[segment].identity);
        self.inner.read(segment, columns, rows)
    }
}

fn has_word(text: &str, word: &str) -> bool {
    let (text, word) = (text.to_lowercase(), word.to_lowercase());
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(&word).any(|(at, _)| {
        let before = text[..at].chars().next_back().is_some_and(is_part);
        let after = text[at + word.len()..].chars().next().is_some_and(is_part);
        !before && !after
    })
}

fn table(name: &str, frame: &Json, segments: &Json, rows: Option<usize>) -> Outcome<Memory> {
    let number = |key: &str| segments[key].as_u64().map(|number| number as usize);
    let appends: Vec<usize> = segments["appends"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|rows| rows.as_u64().map(|rows| rows as usize))
        .collect();
    let cutting = Cutting {
        rows: rows.or(number("rows_per_segment")).unwrap_or(100_000),
        columns: if segments["dynamic_schema"] == true {
            usize::MAX
        } else {
            number("columns_per_segment").unwrap_or(127)
        },
        appends: if rows.is_some() { Vec::new() } else { appends },
        statistics: segments["statistics"] == true,
    };
    let sorted = Some(segments["sorted"] != false);
    let error = |error: segment::Error| error.to_string();
    if let Some(pieces) = frame["pieces"].as_array() {
        let mut schema = Schema::default();
        let mut frames = Vec::new();
        let mut index = None;
        for piece in pieces {
            let (frame, levels) = frame_of(piece)?;
            for (name, dtype) in frame.schema().iter() {
                let common = schema
                    .get(name)
                    .map_or(dtype.clone(), |have| if have == dtype { dtype.clone() } else { DataType::Float64 });
                schema.with_column(name.clone(), common);
            }
            index = levels;
            let step = cutting.rows.min(frame.height().max(1));
            let starts = (0..frame.height()).step_by(step);
            frames.extend(starts.map(|start| frame.slice(start as i64, step)));
        }
        let index = index.map(|columns| Index { columns, sorted });
        return Memory::pieces(name, Arc::new(schema), frames, index, &cutting).map_err(error);
    }
    let (frame, levels) = frame_of(frame)?;
    Memory::cut(name, frame, levels.map(|columns| Index { columns, sorted }), &cutting).map_err(error)
}

/// A frame and the columns of its index.
fn frame_of(frame: &Json) -> Outcome<(DataFrame, Option<Vec<PlSmallStr>>)> {
    let rows = frame["rows"].as_u64();
    let mut columns = Vec::new();
    let mut index = None;
    if frame["index"].is_object() {
        let inner = frame["inner_levels"].as_array().into_iter().flatten();
        let levels = std::iter::once(&frame["index"]).chain(inner);
        let levels = levels.map(|level| column(level, rows)).collect::<Outcome<Vec<_>>>()?;
        index = Some(levels.iter().map(|level| level.name().clone()).collect());
        columns.extend(levels);
    }
    for one in frame["columns"].as_array().into_iter().flatten() {
        columns.push(column(one, rows)?);
    }
    let height = columns.first().map_or(0, Column::len);
    Ok((DataFrame::new(height, columns).map_err(|error| error.to_string())?, index))
}

fn dtype(column: &Json) -> Outcome<DataType> {
    Ok(match column["dtype"].as_str().unwrap_or_default() {
        "i8" => DataType::Int8,
        "i16" => DataType::Int16,
        "i32" => DataType::Int32,
        "i64" => DataType::Int64,
        "u8" => DataType::UInt8,
        "u16" => DataType::UInt16,
        "u32" => DataType::UInt32,
        "u64" => DataType::UInt64,
        "f32" => DataType::Float32,
        "f64" => DataType::Float64,
        "bool" => DataType::Boolean,
        "str" => DataType::String,
        "time" => {
            let zone = column["tz"].as_str().map(|zone| TimeZone::opt_try_new(Some(zone)));
            let zone = zone.transpose().map_err(|error| error.to_string())?.flatten();
            DataType::Datetime(TimeUnit::Nanoseconds, zone)
        }
        "duration" => DataType::Duration(TimeUnit::Nanoseconds),
        other => return Err(format!("the case has an unknown type {other}")),
    })
}

fn column(column: &Json, rows: Option<u64>) -> Outcome<Column> {
    let name: PlSmallStr = column["name"].as_str().unwrap_or_default().into();
    let dtype = dtype(column)?;
    let fail = |error: PolarsError| error.to_string();
    let physical = if let Some(rows) = rows {
        formula(column, &dtype, rows as i64)?
    } else {
        let values = column["values"].as_array().ok_or("a column without values")?;
        series(values, &dtype)?
    };
    let series = physical.cast(&dtype.to_physical()).map_err(fail)?.cast(&dtype).map_err(fail)?;
    Ok(series.with_name(name).into_column())
}

fn formula(column: &Json, dtype: &DataType, rows: i64) -> Outcome<Series> {
    let number = |key: &str| column[key].as_i64();
    if let Some(start) = column["start"].as_str() {
        let (start, step) = (time(start).map_err(|error| error.to_string())?, number("step_ns").unwrap_or(1));
        return Ok((0..rows).map(|row| start + row * step).collect());
    }
    let (factor, modulus) = (number("mul").unwrap_or(1), number("mod").unwrap_or(i64::MAX));
    let value = |row: i64| ((i128::from(row) * i128::from(factor)) % i128::from(modulus)) as i64;
    if dtype.is_float() {
        let divisor = column["div"].as_f64().unwrap_or(1.0);
        let missing = |row: i64| number("nan_every").is_some_and(|every| row % every == 0);
        return Ok((0..rows).map(|row| if missing(row) { f64::NAN } else { value(row) as f64 / divisor }).collect());
    }
    Ok((0..rows).map(value).collect())
}

fn float(value: &Json) -> Option<f64> {
    match value.as_str() {
        Some("NaN") => Some(f64::NAN),
        Some("inf") => Some(f64::INFINITY),
        Some("-inf") => Some(f64::NEG_INFINITY),
        _ => value.as_f64(),
    }
}

fn series(values: &[Json], dtype: &DataType) -> Outcome<Series> {
    let nothing = PlSmallStr::EMPTY;
    Ok(match dtype {
        DataType::Float32 | DataType::Float64 => Series::new(nothing, values.iter().map(float).collect::<Vec<_>>()),
        DataType::Boolean => Series::new(nothing, values.iter().map(Json::as_bool).collect::<Vec<_>>()),
        DataType::String => Series::new(nothing, values.iter().map(Json::as_str).collect::<Vec<_>>()),
        DataType::UInt64 => Series::new(nothing, values.iter().map(Json::as_u64).collect::<Vec<_>>()),
        DataType::Datetime(..) => {
            let one = |value: &Json| match value.as_str() {
                None | Some("NaT") => Ok(None),
                Some(text) => time(text).map(Some).map_err(|error| error.to_string()),
            };
            Series::new(nothing, values.iter().map(one).collect::<Outcome<Vec<_>>>()?)
        }
        _ => Series::new(nothing, values.iter().map(Json::as_i64).collect::<Vec<_>>()),
    })
}

fn scan(plan: &Json, inputs: &Inputs) -> Outcome<Scan> {
    let query = query(&plan["clauses"], inputs)?;
    let source = match plan["input"].as_str() {
        Some(name) => inputs.source(name)?,
        // A plan that begins by joining has no input of its own.
        None => Arc::new(Memory::new(DataFrame::empty()).map_err(|error| error.to_string())?),
    };
    Ok(query.over(source).read(read(&plan["read"])?))
}

fn read(read: &Json) -> Outcome<ReadRange> {
    let pair = |key: &str| read[key].as_array();
    let date = |value: &Json| value.as_str().map(time).transpose().map_err(|error| error.to_string());
    Ok(ReadRange {
        columns: pair("columns").map(|all| all.iter().filter_map(Json::as_str).map(PlSmallStr::from).collect()),
        dates: pair("date_range").map(|pair| Ok::<_, String>((date(&pair[0])?, date(&pair[1])?))).transpose()?,
        rows: pair("row_range").map(|pair| (pair[0].as_i64(), pair[1].as_i64())),
    })
}

fn query(clauses: &Json, inputs: &Inputs) -> Outcome<Query> {
    let mut query = Query::new();
    for clause in clauses.as_array().into_iter().flatten() {
        let (kind, body) = clause.as_object().and_then(|clause| clause.iter().next()).ok_or("an empty clause")?;
        query = query.clause(self::clause(kind, body, inputs)?);
    }
    Ok(query)
}

fn clause(kind: &str, body: &Json, inputs: &Inputs) -> Outcome<Clause> {
    let date = |value: &Json| value.as_str().map(time).transpose().map_err(|error| error.to_string());
    Ok(match kind {
        "filter" => Clause::Filter(expr(body)?.into()),
        "project" => Clause::Define(Define::Expression {
            name: body["name"].as_str().unwrap_or_default().into(),
            value: expr(&body["expr"])?.into(),
            strict: true,
        }),
        "head" => Clause::Head(body.as_i64().unwrap_or_default()),
        "tail" => Clause::Tail(body.as_i64().unwrap_or_default()),
        "row_range" => Clause::RowRange(body[0].as_i64(), body[1].as_i64()),
        "date_range" => Clause::DateRange(date(&body[0])?, date(&body[1])?),
        "groupby" => Clause::GroupBy {
            by: vec![body["by"].as_str().unwrap_or_default().into()],
            aggregations: aggregations(&body["agg"])?,
        },
        "agg" => Clause::Aggregate(aggregations(body)?),
        "resample" => Clause::Resample(resample(body)?),
        "concat" => Clause::Concat(join(body, inputs)?),
        "merge_sorted" => Clause::MergeSorted(join(body, inputs)?),
        other => return Err(format!("the case has an unknown clause {other}")),
    })
}

fn join(body: &Json, inputs: &Inputs) -> Outcome<Join> {
    let part = |part: &Json| -> Outcome<Part> {
        let name = part["input"].as_str().unwrap_or_default();
        Ok(Part {
            name: name.into(),
            source: inputs.source(name)?,
            read: read(&part["read"])?,
            query: query(&part["clauses"], inputs)?,
            sort: part["sort"] == true,
        })
    };
    let parts = body["parts"].as_array().into_iter().flatten().map(part).collect::<Outcome<_>>()?;
    let append_to = body.get("append_to").map(part).transpose()?.map(Box::new);
    Ok(Join { parts, inner: body["join"] == "inner", append_to })
}

fn aggregations(all: &Json) -> Outcome<Vec<Aggregation>> {
    let one = |one: &Json| {
        let function = Function::parse(one["fn"].as_str().unwrap_or_default()).map_err(|error| error.to_string())?;
        Ok(Aggregation::new(one["in"].as_str().unwrap_or_default(), function)
            .alias(one["out"].as_str().unwrap_or_default()))
    };
    all.as_array().into_iter().flatten().map(one).collect()
}

fn resample(body: &Json) -> Outcome<Resample> {
    let side = |key: &str| match body[key].as_str() {
        Some("left") => Some(Closed::Left),
        Some("right") => Some(Closed::Right),
        _ => None,
    };
    let origin = match body["origin"].as_str() {
        None | Some("epoch") => Origin::Epoch,
        Some("start") => Origin::Start,
        Some("start_day") => Origin::StartDay,
        Some("end") => Origin::End,
        Some("end_day") => Origin::EndDay,
        Some(text) => Origin::At(time(text).map_err(|error| error.to_string())?),
    };
    Ok(Resample {
        rule: body["rule"].as_str().unwrap_or_default().into(),
        closed: side("closed"),
        label: side("label"),
        offset: body["offset"].as_str().map(Into::into),
        origin,
        aggregations: aggregations(&body["agg"])?,
    })
}

fn literal(value: &Json, kind: &str, sized: bool) -> Outcome<cut::Value> {
    use cut::Value;
    Ok(match kind {
        "str" => value.as_str().map_or(Value::Null, |text| Value::Text(text.into())),
        "bool" => Value::Bool(value.as_bool().unwrap_or_default()),
        "time" => Value::Time(time(value.as_str().unwrap_or_default()).map_err(|error| error.to_string())?),
        "duration" => Value::Duration(value.as_i64().unwrap_or_default()),
        "f32" | "f64" => Value::Float(float(value).ok_or("a float that is none")?),
        _ => {
            let number = value
                .as_i64()
                .map(i128::from)
                .or_else(|| value.as_u64().map(i128::from))
                .ok_or("an integer that is none")?;
            match (sized, kind.split_at(1)) {
                (true, (sign, bits)) => {
                    let bits: u8 = bits.parse().map_err(|_| format!("the case has an unknown type {kind}"))?;
                    Value::Sized(number, cut::Width { signed: sign == "i", bytes: bits / 8 })
                }
                _ => Value::Int(number),
            }
        }
    })
}

fn expr(node: &Json) -> Outcome<cut::Expr> {
    if let Some(name) = node["col"].as_str() {
        return Ok(cut::col(name));
    }
    if let Some(value) = node.get("lit") {
        return Ok(cut::lit(literal(value, node["type"].as_str().unwrap_or("i64"), node["sized"] == true)?));
    }
    let args = node["args"].as_array().ok_or("an operator without arguments")?;
    let of = |at: usize| expr(&args[at]);
    let first = of(0)?;
    let op = node["op"].as_str().unwrap_or_default();
    Ok(match op {
        "eq" => first.eq(of(1)?),
        "ne" => first.ne(of(1)?),
        "lt" => first.lt(of(1)?),
        "le" => first.le(of(1)?),
        "gt" => first.gt(of(1)?),
        "ge" => first.ge(of(1)?),
        "and" => first.and(of(1)?),
        "or" => first.or(of(1)?),
        "xor" => first.xor(of(1)?),
        "not" => first.not(),
        "isnull" => first.is_null(),
        "notnull" => first.is_not_null(),
        "isin" | "isnotin" => {
            let set = args[1]["set"].as_array().ok_or("isin without a set")?;
            let kind = |value: &Json| match args[1]["type"].as_str() {
                Some("mixed") | None if value.is_f64() => "f64",
                Some("mixed") | None if value.is_string() => "str",
                Some("mixed") | None => "i64",
                Some("i64" | "u64" | "i32") => "i64",
                Some("str") => "str",
                Some("time") => "time",
                Some("bool") => "bool",
                Some(_) => "f64",
            };
            let values = set.iter().map(|value| literal(value, kind(value), false)).collect::<Outcome<Vec<_>>>()?;
            let list = cut::Value::List(values);
            if op == "isin" { first.is_in(list) } else { first.is_not_in(list) }
        }
        "regex" => first.regex(of(1)?),
        "add" => first.add(of(1)?),
        "sub" => first.sub(of(1)?),
        "mul" => first.mul(of(1)?),
        "div" => first.div(of(1)?),
        "pow" => first.pow(of(1)?),
        "neg" => first.neg(),
        "abs" => first.abs(),
        "where" => cut::where_(first, of(1)?, of(2)?),
        other => return Err(format!("the case has an unknown operator {other}")),
    })
}

fn compare(answer: &DataFrame, expected: &Json) -> Outcome<()> {
    let lists = std::iter::once(&expected["columns"]).chain(expected["also_accepted"].as_array().into_iter().flatten());
    let mut first = Ok(());
    for columns in lists {
        match compare_columns(answer, expected, columns) {
            Ok(()) => return Ok(()),
            Err(why) if first.is_ok() => first = Err(why),
            Err(_) => {}
        }
    }
    first
}

fn compare_columns(answer: &DataFrame, expected: &Json, columns: &Json) -> Outcome<()> {
    let columns = columns.as_array().ok_or("the case expects no columns")?;
    let names: Vec<&str> = columns.iter().filter_map(|column| column["name"].as_str()).collect();
    let have: Vec<&str> = answer.columns().iter().map(|column| column.name().as_str()).collect();
    let (mut sorted_names, mut sorted_have) = (names.clone(), have.clone());
    sorted_names.sort_unstable();
    sorted_have.sort_unstable();
    if sorted_names != sorted_have || expected["column_order"] == "exact" && names != have {
        return Err(format!("columns {have:?}, expected {names:?}"));
    }
    let rows = columns.first().and_then(|column| column["values"].as_array()).map_or(0, Vec::len);
    let any_rows = expected["any_rows"].as_u64().map(|rows| rows as usize);
    if answer.height() != any_rows.unwrap_or(rows) {
        return Err(format!("{} rows, expected {}", answer.height(), any_rows.unwrap_or(rows)));
    }
    let mut tables = (Vec::new(), Vec::new());
    for wanted in columns {
        let name = wanted["name"].as_str().unwrap_or_default();
        let ours = answer.column(name).map_err(|error| error.to_string())?.as_materialized_series();
        let accepted = std::iter::once(&wanted["dtype"]).chain(wanted["dtype_or"].as_array().into_iter().flatten());
        let mut types =
            accepted.filter_map(|dtype| self::dtype(&serde_json::json!({"dtype": dtype, "tz": wanted["tz"]})).ok());
        if !types.any(|dtype| dtype == *ours.dtype()) {
            return Err(format!("`{name}` is {}, expected {}", ours.dtype(), wanted["dtype"]));
        }
        let theirs = column(wanted, None)?;
        tables.0.push(cells(ours)?);
        tables.1.push(cells(theirs.as_materialized_series())?);
    }
    let mut ours = transpose(&tables.0, answer.height());
    let mut theirs = transpose(&tables.1, rows);
    if let Some(rows) = any_rows {
        let mut left = theirs.clone();
        for row in &ours {
            let at =
                left.iter().position(|other| same_row(row, other)).ok_or(format!("row {row:?} is not expected"))?;
            left.remove(at);
        }
        return if ours.len() == rows { Ok(()) } else { Err("rows".into()) };
    }
    match expected["row_order"].as_str() {
        Some("any") => {
            // By the index, or by all cells where there is none.
            ours.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
            theirs.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
        }
        Some("time") => {
            let times = ours.iter().map(|row| row[0].clone());
            if times.clone().zip(times.skip(1)).any(|(a, b)| a > b) {
                return Err("times do not ascend".into());
            }
            ours.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
            theirs.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
        }
        _ => {}
    }
    match ours.iter().zip(&theirs).find(|(a, b)| !same_row(a, b)) {
        Some((ours, theirs)) => Err(format!("{names:?}: {ours:?}, expected {theirs:?}")),
        None => Ok(()),
    }
}

/// A value as it is compared; missing is the least.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
enum Cell {
    Missing,
    Integer(i128),
    Float(f64),
    Text(String),
}

fn cells(column: &Series) -> Outcome<Vec<Cell>> {
    let physical = column.to_physical_repr();
    let fail = |error: PolarsError| error.to_string();
    Ok(match physical.dtype() {
        DataType::Float32 | DataType::Float64 => {
            let values = physical.cast(&DataType::Float64).map_err(fail)?;
            let one = |value: Option<f64>| value.filter(|value| !value.is_nan()).map_or(Cell::Missing, Cell::Float);
            values.f64().map_err(fail)?.iter().map(one).collect()
        }
        DataType::String => {
            let one = |text: Option<&str>| text.map_or(Cell::Missing, |text| Cell::Text(text.into()));
            physical.str().map_err(fail)?.iter().map(one).collect()
        }
        DataType::UInt64 => {
            let one = |value: Option<u64>| value.map_or(Cell::Missing, |value| Cell::Integer(value.into()));
            physical.u64().map_err(fail)?.iter().map(one).collect()
        }
        _ => {
            let values = physical.cast(&DataType::Int64).map_err(fail)?;
            let one = |value: Option<i64>| value.map_or(Cell::Missing, |value| Cell::Integer(value.into()));
            values.i64().map_err(fail)?.iter().map(one).collect()
        }
    })
}

fn transpose(columns: &[Vec<Cell>], rows: usize) -> Vec<Vec<Cell>> {
    (0..rows).map(|row| columns.iter().map(|column| column[row].clone()).collect()).collect()
}

fn same_row(a: &[Cell], b: &[Cell]) -> bool {
    a.iter().zip(b).all(|pair| match pair {
        (Cell::Float(a), Cell::Float(b)) => a == b || (a - b).abs() <= 1e-12 * a.abs().max(b.abs()),
        (a, b) => a == b,
    })
}
