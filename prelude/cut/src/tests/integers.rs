//! Integers near the ends of 64 bits against whole numbers without ends, as Python has them: what fits is right digit for
//! digit, what does not fit is an error, and nothing wraps around or stops at the largest number.

use super::{kept, text, typed, values};
use crate::{Value, col, lit};
use polars::prelude::*;
use segment::random::SplitMix64;

/// Rows of values near the ends of each type, some missing.
fn frame(random: &mut SplitMix64, rows: usize) -> DataFrame {
    let mut column = |bits: u32, signed: bool| -> Vec<Option<i128>> {
        let (low, high) = match signed {
            true => (-(1_i128 << (bits - 1)), (1_i128 << (bits - 1)) - 1),
            false => (0, (1_i128 << bits) - 1),
        };
        let value = |random: &mut SplitMix64| {
            let near = i128::from(random.next() % 5);
            match random.next() % 5 {
                0 => low + near,
                1 => high - near,
                2 => (near - 2).clamp(low, high),
                3 => (i128::from(random.next()) >> (random.next() % 64)).clamp(low, high),
                _ => (low + high) / 2 + near,
            }
        };
        (0..rows).map(|_| (!random.next().is_multiple_of(9)).then(|| value(random))).collect()
    };
    let whole = |name: &str, values: Vec<Option<i128>>, dtype: &DataType| {
        let wide = Int128Chunked::from_iter_options(name.into(), values.into_iter()).into_series();
        wide.strict_cast(dtype).unwrap().into_column()
    };
    let columns = vec![
        whole("i", column(64, true), &DataType::Int64),
        whole("j", column(64, true), &DataType::Int64),
        whole("u", column(64, false), &DataType::UInt64),
        whole("v", column(64, false), &DataType::UInt64),
        whole("s", column(32, true), &DataType::Int32),
        whole("b", column(8, false), &DataType::UInt8),
        whole("w", column(80, true), &DataType::Int128),
        Column::new("yes".into(), (0..rows).map(|row| row % 3 == 0).collect::<Vec<_>>()),
    ];
    DataFrame::new(rows, columns).unwrap()
}

/// An expression and what it is for each row; `None`: missing. `Err`: it does not fit in 128 bits.
type Truth = Result<Vec<Option<i128>>, ()>;

struct Draw<'a> {
    random: &'a mut SplitMix64,
    frame: &'a DataFrame,
}

impl Draw<'_> {
    fn column(&self, name: &str) -> Vec<Option<i128>> {
        let series = self.frame.column(name).unwrap().cast(&DataType::Int128).unwrap();
        series.as_materialized_series().i128().unwrap().to_vec()
    }

    fn expression(&mut self, depth: u32) -> (String, Truth) {
        if depth == 0 || self.random.next().is_multiple_of(6) {
            let name = ["i", "j", "u", "v", "s", "b", "w"][(self.random.next() % 7) as usize];
            return (name.to_owned(), Ok(self.column(name)));
        }
        let (a, x) = self.expression(depth - 1);
        match self.random.next() % 12 {
            0 => (format!("-({a})"), each(&x, i128::checked_neg)),
            1 => (format!("abs({a})"), each(&x, i128::checked_abs)),
            2 => {
                let power = 2 + (self.random.next() % 2) as u32;
                (format!("({a}) ** {power}"), each(&x, |x| x.checked_pow(power)))
            }
            3 | 4 => {
                let divisor = [7, -3, 1 << 40, -1, 2][(self.random.next() % 5) as usize];
                let floor =
                    |x: i128| Some(x.checked_div(divisor)? - i128::from(x % divisor != 0 && (x < 0) != (divisor < 0)));
                match self.random.next() % 2 {
                    0 => (format!("({a}) // {divisor}"), each(&x, floor)),
                    _ => (format!("({a}) % {divisor}"), each(&x, |x| Some(x - floor(x)? * divisor))),
                }
            }
            5 => {
                let (b, y) = self.expression(depth - 1);
                let yes: Vec<bool> = self.frame.column("yes").unwrap().bool().unwrap().iter().flatten().collect();
                let truth = x.and_then(|x| y.map(|y| (x, y)));
                let chosen = |(x, y): (Vec<Option<i128>>, Vec<Option<i128>>)| {
                    yes.iter().enumerate().map(|(row, yes)| if *yes { x[row] } else { y[row] }).collect()
                };
                (format!("where(yes, {a}, {b})"), truth.map(chosen))
            }
            6 => {
                let (b, y) = self.expression(depth - 1);
                (format!("max({a}, {b})"), both(&x, &y, |x, y| Some(x.max(y))))
            }
            number => {
                let (b, y) = self.expression(depth - 1);
                match number % 3 {
                    0 => (format!("({a}) + ({b})"), both(&x, &y, i128::checked_add)),
                    1 => (format!("({a}) - ({b})"), both(&x, &y, i128::checked_sub)),
                    _ => (format!("({a}) * ({b})"), both(&x, &y, i128::checked_mul)),
                }
            }
        }
    }
}

fn each(x: &Truth, apply: impl Fn(i128) -> Option<i128>) -> Truth {
    let Ok(x) = x else { return Err(()) };
    x.iter().map(|x| x.map_or(Ok(None), |x| apply(x).map(Some).ok_or(()))).collect()
}

fn both(x: &Truth, y: &Truth, apply: impl Fn(i128, i128) -> Option<i128>) -> Truth {
    let (Ok(x), Ok(y)) = (x, y) else { return Err(()) };
    let one = |(x, y): (&Option<i128>, &Option<i128>)| match (x, y) {
        (Some(x), Some(y)) => apply(*x, *y).map(Some).ok_or(()),
        _ => Ok(None),
    };
    x.iter().zip(y).map(one).collect()
}

fn lazily(typed: &crate::Typed, frame: &DataFrame) -> PolarsResult<DataFrame> {
    frame.clone().lazy().select([typed.expr().alias("v")]).collect()
}

#[test]
fn integers_are_those_of_python_or_an_error() {
    let mut random = SplitMix64::new(13);
    let (mut right, mut refused, mut compared) = (0, 0, 0);
    for _ in 0..1_500 {
        let frame = frame(&mut random, 23);
        let (written, truth) = Draw { random: &mut random, frame: &frame }.expression(3);
        let expression = typed(text(&written), &frame);
        if expression.dtype().is_float() {
            continue;
        }
        let (low, high) = match expression.dtype() {
            DataType::UInt64 => (0, u64::MAX.into()),
            DataType::Int64 => (i64::MIN.into(), i64::MAX.into()),
            _ => (i128::MIN, i128::MAX),
        };
        let fits = truth.as_ref().is_ok_and(|all| all.iter().flatten().all(|x| (low..=high).contains(x)));
        match fits {
            true => {
                let found = values(text(&written), &frame).cast(&DataType::Int128).unwrap();
                assert_eq!(found.i128().unwrap().to_vec(), truth.clone().unwrap(), "{written}");
                right += 1;
            }
            false if expression.is_column() => {}
            false => {
                let error = expression.values(&frame).expect_err(&written).to_string();
                assert!(error.contains("does not fit in") && error.contains("1.0"), "{error}");
                assert!(lazily(&expression, &frame).is_err(), "Polars gives something for {written}");
                refused += 1;
            }
        }
        // A comparison needs no column, so that 128 bits are enough for it.
        let Ok(truth) = truth else { continue };
        let bound = truth.iter().flatten().copied().nth(3).unwrap_or(0) + i128::from(random.next() % 2);
        for (symbol, holds) in [("<", i128::lt as fn(&i128, &i128) -> bool), (">=", i128::ge), ("==", i128::eq)] {
            let rows = (0..truth.len()).filter(|row| truth[*row].is_some_and(|x| holds(&x, &bound)));
            assert_eq!(
                kept(text(&format!("({written}) {symbol} {bound}")), &frame),
                rows.collect::<Vec<_>>(),
                "{written} {symbol} {bound}"
            );
            compared += 1;
        }
        let rows = (0..truth.len()).filter(|row| truth[*row] == Some(bound));
        assert_eq!(
            kept(text(&format!("({written}) in [{bound}, 3.5]")), &frame),
            rows.collect::<Vec<_>>(),
            "{written} in {bound}"
        );
    }
    assert!(right > 300 && refused > 200 && compared > 1_000, "{right} {refused} {compared}");
}

#[test]
fn what_does_not_fit_says_so() {
    let frame = df!("u" => [1u64 << 63, 3], "i" => [i64::MIN, 4]).unwrap();
    let error = |cut: &str| typed(text(cut), &frame).values(&frame).unwrap_err().to_string();
    assert_eq!(
        error("u * 2"),
        "u * 2: `18446744073709551616` does not fit in 64 bits; multiply by 1.0 first to go on with floating point numbers"
    );
    assert!(error("-i").contains("`9223372036854775808` does not fit in 64 bits"));
    let mask = typed(text("u ** 3 > 5"), &frame).mask(&frame).unwrap_err().to_string();
    assert!(mask.contains("`9223372036854775808 ** 3` does not fit in 128 bits"), "{mask}");
    assert_eq!(kept(text("u * 2 == 18446744073709551616"), &frame), [0]);
    assert_eq!(kept(text("u * 1.0 * 2 > 10"), &frame), [0]);
    assert_eq!(kept(text("-i > 9223372036854775807"), &frame), [0]);
    assert_eq!(kept((col("u") + col("u")).eq(lit(6)), &frame), [1]);
    let folded = text("u < 10 ** 30 * 10 ** 30").check(frame.schema()).unwrap_err().to_string();
    assert!(folded.contains("does not fit in 128 bits") && folded.contains("with a point"), "{folded}");
}

/// `//` and `%` by a column, whose zeros have no integer answer.
#[test]
fn division_by_a_column_is_of_whole_numbers() {
    let frame = df!("i" => [i64::MAX, i64::MIN, -7, 5, 5], "j" => [2_i64, -1, 2, 0, -3]).unwrap();
    let quotient = values(text("i // j"), &frame);
    assert_eq!(
        quotient.f64().unwrap().to_vec(),
        [4611686018427387903.0, 9223372036854775808.0, -4.0, f64::INFINITY, -2.0].map(Some)
    );
    let rest: Vec<f64> = values(text("i % j"), &frame).f64().unwrap().iter().flatten().collect();
    assert_eq!((&rest[..3], rest[3].is_nan(), rest[4]), (&[1.0, 0.0, 1.0][..], true, -1.0));
}

#[test]
fn decimals_are_added_and_multiplied_by_their_digits() {
    let digits = |values: [i128; 3]| Int128Chunked::from_vec("d".into(), values.to_vec()).into_decimal_unchecked(38, 2);
    let frame = digits([10, 1_234_567_890_123_456_789_012, -5]).into_series().into_frame();
    let sum = values(text("d + d"), &frame);
    assert_eq!(sum.dtype(), &DataType::Decimal(38, 2));
    assert_eq!(sum.decimal().unwrap().physical().to_vec(), [Some(20), Some(2_469_135_780_246_913_578_024), Some(-10)]);
    assert_eq!(values(text("d * d"), &frame.head(Some(1))).decimal().unwrap().physical().to_vec(), [Some(100)]);
    assert_eq!(kept(text("d * 3 == 0.3"), &frame), [0]);
    assert_eq!(kept(text("d * 3 == 37037036703703703670.36"), &frame), [1]);
    assert_eq!(kept(text("d % 1 == 0.95"), &frame), [2], "the sign of the divisor");
    assert_eq!(kept(text("where(d > 0, d, 1) == 1"), &frame), [2]);
    assert!(typed(text("d * d"), &frame).values(&frame).unwrap_err().to_string().contains("does not fit in 128 bits"));
}

#[test]
fn unsigned_integers_of_128_bits() {
    let values = [1_u128 << 100, 7, 0];
    let frame = UInt128Chunked::from_vec("u".into(), values.to_vec()).into_series().into_frame();
    assert_eq!(kept(text("u > 7"), &frame), [0]);
    assert_eq!(kept(text("u == 1267650600228229401496703205376"), &frame), [0]);
    assert_eq!(kept(text("u in [7, 0]"), &frame), [1, 2]);
    assert_eq!(kept(text("u + 1 == 8"), &frame), [1]);
    let beyond = UInt128Chunked::from_vec("u".into(), vec![u128::MAX]).into_series().into_frame();
    assert!(typed(text("u > 7"), &beyond).mask(&beyond).is_err(), "refused, not null");
    assert!(lazily(&typed(text("u > 7"), &beyond), &beyond).is_err());
}

#[test]
fn times_that_leave_nanoseconds_are_errors_and_compare() {
    let far = |days: [i64; 2]| Int64Chunked::from_vec("t".into(), days.map(|day| day * 86_400_000_000).to_vec());
    let times = far([2_932_896, 19_723]).into_datetime(TimeUnit::Microseconds, None).into_series();
    let frame = times.into_frame();
    assert!(
        typed(text("where(t > '2000-01-01', t, t)"), &frame)
            .values(&frame)
            .unwrap_err()
            .to_string()
            .contains("64 bits")
    );
    let since = text("t - @start > @wait").bind("start", Value::Time(0)).bind("wait", Value::Duration(i64::MAX));
    assert_eq!(kept(since, &frame), [0], "8029 years are more than 292");
}
