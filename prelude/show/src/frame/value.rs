use crate::table::Cell;
use crate::text::{number, one_line};
use polars::prelude::*;

/// Columns of text one value may take: a list or a long string must not push its neighbours away.
const WIDEST: usize = 40;

/// Values of a list, and fields of an object, that are shown: the rest is counted.
const SHOWN: usize = 3;
/// Significant digits of a number among others in one cell.
const DIGITS: usize = 4;

/// A value as a cell. Whole numbers are written in full, because run and event numbers are names.
pub(super) fn cell(value: &AnyValue) -> Cell {
    match value {
        AnyValue::Null => Cell::Missing("null"),
        AnyValue::Float64(x) => float(*x, 7),
        AnyValue::Float32(x) => float(f64::from(*x), 7),
        AnyValue::String(text) => Cell::text(one_line(text, WIDEST)),
        AnyValue::StringOwned(text) => Cell::text(one_line(text, WIDEST)),
        AnyValue::List(_) | AnyValue::Array(..) | AnyValue::Struct(..) | AnyValue::StructOwned(_) => {
            Cell::text(one_line(&words(value), WIDEST))
        }
        value if value.is_integer() => Cell::Number(value.to_string()),
        value => Cell::text(one_line(&value.to_string(), WIDEST)),
    }
}

/// A list as `[45.1, 32, 18.7] … 5`, where the last number says how many values there are; an object as `{pt 45.1, eta
/// 0.52, …}`; any other value as itself.
fn words(value: &AnyValue) -> String {
    match value {
        AnyValue::List(values) | AnyValue::Array(values, _) => {
            let shown: Vec<_> = values.iter().take(SHOWN).map(|value| words(&value)).collect();
            let rest = if values.len() > SHOWN { format!(" … {}", values.len()) } else { String::new() };
            format!("[{}]{rest}", shown.join(", "))
        }
        AnyValue::Struct(_, _, fields) => object(fields, value._iter_struct_av()),
        AnyValue::StructOwned(owned) => object(&owned.1, owned.0.iter().cloned()),
        AnyValue::Float64(x) => number(*x, DIGITS),
        AnyValue::Float32(x) => number(f64::from(*x), DIGITS),
        AnyValue::String(text) => (*text).to_owned(),
        value => value.to_string(),
    }
}

fn object<'a>(fields: &[Field], values: impl Iterator<Item = AnyValue<'a>>) -> String {
    let shown = fields.iter().zip(values).take(SHOWN).map(|(field, value)| format!("{} {}", field.name, words(&value)));
    let rest = if fields.len() > SHOWN { ", …" } else { "" };
    format!("{{{}{rest}}}", shown.collect::<Vec<_>>().join(", "))
}

fn float(value: f64, digits: usize) -> Cell {
    if value.is_nan() { Cell::Missing("NaN") } else { Cell::Number(number(value, digits)) }
}

/// `f64 · GeV/c`, or the type alone.
pub(super) fn type_and_unit(name: &str, dtype: &DataType) -> String {
    match crate::variables::unit(name) {
        Some(unit) => format!("{dtype} · {unit}"),
        None => dtype.to_string(),
    }
}

/// A physical 64-bit value of a time type in the words of that type.
pub(super) fn of_physical(value: i64, dtype: &DataType) -> Cell {
    let series = Series::new("".into(), [value]).cast(dtype);
    series.ok().and_then(|series| series.get(0).ok().map(|value| cell(&value))).unwrap_or(Cell::Missing(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_objects_are_short_and_say_what_is_left_out() {
        let list = |values: &[f32]| words(&AnyValue::List(Series::new("".into(), values)));
        assert_eq!(list(&[]), "[]");
        assert_eq!(list(&[45.1, 32.0]), "[45.1, 32]");
        assert_eq!(list(&[45.1, 32.0, f32::NAN, 4.0, 123.456]), "[45.1, 32, NaN] … 5");
        let jets =
            df!("pt" => [45.1_f32, 2.0], "eta" => [0.52, 1.0], "id" => [1_i32, 2], "tag" => [true, false]).unwrap();
        let jets = jets.into_struct("Jet".into()).into_series();
        let jet = words(&jets.get(0).unwrap());
        assert_eq!(jet, "{pt 45.1, eta 0.52, id 1, …}");
        assert_eq!(words(&jets.get(0).unwrap().into_static()), jet);
        assert_eq!(words(&AnyValue::List(jets)), format!("[{jet}, {{pt 2, eta 1, id 2, …}}]"));
    }
}
