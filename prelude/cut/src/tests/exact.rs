//! Numbers beyond 64 bits, decimals and times: compared digit for digit, in blocks and by Polars.

use super::{kept, text};
use crate::{Value, col, lit};
use polars::prelude::*;

fn decimals(digits: &[Option<i128>], scale: usize) -> Series {
    Int128Chunked::from_iter_options("d".into(), digits.iter().copied()).into_decimal_unchecked(38, scale).into_series()
}

fn frame(columns: Vec<Series>) -> DataFrame {
    DataFrame::new(columns[0].len(), columns.into_iter().map(IntoColumn::into_column).collect()).unwrap()
}

#[test]
fn decimals_compare_digit_for_digit() {
    let digits = [Some(10), Some(1_234_567_890_123_456_789_012), Some(1_234_567_890_123_456_789_013), Some(20), None];
    let frame = frame(vec![decimals(&digits, 2)]);
    for (cut, rows) in [
        ("d == 12345678901234567890.12", vec![1]),
        ("d != 12345678901234567890.12", vec![0, 2, 3, 4]),
        ("d > 12345678901234567890.12", vec![2]),
        ("d >= 12345678901234567890.125", vec![2]),
        ("d in [12345678901234567890.13, 0.1]", vec![0, 2]),
        ("d not in [0.10]", vec![1, 2, 3, 4]),
        ("d < 0.15", vec![0]),
        ("0.1 == d", vec![0]),
        ("d == 0.105", vec![]),
        ("-d < -0.15", vec![1, 2, 3]),
        ("d > -99999999999999999999999999999999999999999", vec![0, 1, 2, 3]),
        ("d + 0.1 > 0.25 & d < 1", vec![3]),
        ("d < inf", vec![0, 1, 2, 3]),
        ("d.isna()", vec![4]),
        ("d == d", vec![0, 1, 2, 3]),
    ] {
        assert_eq!(kept(text(cut), &frame), rows, "{cut}");
    }
    assert_eq!(kept(text("d == @x").bind("x", 0.1), &frame), [0], "the shortest digits of a bound number");
    assert_eq!(kept(text("d == @x").bind("x", Value::Decimal(1_234_567_890_123_456_789_013, 2)), &frame), [2]);
    assert_eq!(kept(col("d").eq(lit(0.2)), &frame), [3]);
}

/// Against integers, over scales on both sides.
#[test]
fn decimals_of_any_scale_compare_as_integers_do() {
    let mut random = segment::random::SplitMix64::new(5);
    for (left, right) in [(0, 3), (2, 2), (3, 1), (5, 0)] {
        let mut draw = |scale: u32| -> Vec<Option<i128>> {
            let near = |word: u64| i128::from(word % 7) - 3 + i128::from(word >> 8 & 1) * 10_i128.pow(scale);
            (0..200).map(|row| (row % 11 != 0).then(|| near(random.next()))).collect()
        };
        let (a, b) = (draw(left), draw(right));
        let (one, other) = (decimals(&a, left as usize), decimals(&b, right as usize).with_name("e".into()));
        let frame = frame(vec![one, other]);
        let common = |value: Option<i128>, scale: u32| value.map(|value| value * 10_i128.pow(5 - scale));
        let expected = |holds: fn(&i128, &i128) -> bool| -> Vec<usize> {
            let pair = |row: &usize| common(a[*row], left).zip(common(b[*row], right));
            (0..200).filter(|row| pair(row).is_some_and(|(a, b)| holds(&a, &b))).collect()
        };
        assert_eq!(kept(text("d < e"), &frame), expected(i128::lt));
        assert_eq!(kept(text("d >= e"), &frame), expected(i128::ge));
        assert_eq!(kept(text("d == e"), &frame), expected(i128::eq));
    }
}

#[test]
fn integers_at_the_ends_of_their_types() {
    let wide = Int128Chunked::from_vec("w".into(), vec![i128::MAX, -1, i128::from(u64::MAX) + 1]).into_series();
    let frame = frame(vec![
        Series::new("i".into(), [i64::MIN, -1, i64::MAX]),
        Series::new("u".into(), [0, u64::MAX - 1, u64::MAX]),
        wide,
    ]);
    for (cut, rows) in [
        ("i == -9223372036854775808", vec![0]),
        ("i in [-9223372036854775808]", vec![0]),
        ("i > -9223372036854775808", vec![1, 2]),
        ("i == 9223372036854775807", vec![2]),
        ("i < 9223372036854775808", vec![0, 1, 2]),
        ("i >= -9223372036854775809", vec![0, 1, 2]),
        ("u == 18446744073709551615", vec![2]),
        ("u > 9223372036854775807", vec![1, 2]),
        ("u < w", vec![0, 2]),
        ("i < w", vec![0, 2]),
        ("w == 18446744073709551616", vec![2]),
        ("w > 18446744073709551616", vec![0]),
        ("w == 170141183460469231731687303715884105727", vec![0]),
        ("w in [18446744073709551616, -1]", vec![1, 2]),
    ] {
        assert_eq!(kept(text(cut), &frame), rows, "{cut}");
    }
}

#[test]
fn times_beyond_nanoseconds_compare() {
    // 2024-01-01, 9999-12-31, 0001-01-01.
    let days = [Some(19_723), Some(2_932_896), Some(-719_162), None];
    let date = Int32Chunked::from_iter_options("day".into(), days.iter().copied()).into_date().into_series();
    let unit = |name: &str, unit: TimeUnit, per_day: i64| {
        let values = days.iter().map(|day| day.map(|day| i64::from(day) * per_day));
        Int64Chunked::from_iter_options(name.into(), values).into_datetime(unit, None).into_series()
    };
    let micro = unit("t", TimeUnit::Microseconds, 86_400_000_000);
    let frame = frame(vec![date, micro, unit("m", TimeUnit::Milliseconds, 86_400_000)]);
    for name in ["day", "t", "m"] {
        for (cut, rows) in [
            ("> '2500-01-01'", vec![1]),
            ("< '1500-01-01'", vec![2]),
            ("<= '9999-12-31'", vec![0, 1, 2]),
            ("== '9999-12-31'", vec![1]),
            ("!= '9999-12-31'", vec![0, 2, 3]),
            ("in ['0001-01-01', '9999-12-31']", vec![1, 2]),
            (">= '2024-01-01'", vec![0, 1]),
            ("> '2023-12-31 23:59:59.999999999'", vec![0, 1]),
            ("== '2024-01-01 00:00:00.000000001'", vec![]),
        ] {
            assert_eq!(kept(text(&format!("{name} {cut}")), &frame), rows, "{name} {cut}");
        }
    }
    assert_eq!(kept(text("t == m & day == t"), &frame), [0, 1, 2], "units differ");
}

#[test]
fn a_time_without_a_zone_is_of_the_zone_of_its_column() {
    // As pandas compares: midnight of New York is 05:00 UTC.
    let hours: Vec<i64> = (0..12).map(|hour| hour * 3_600_000_000).collect();
    let zone = TimeZone::opt_try_new(Some("America/New_York")).unwrap();
    let times = Int64Chunked::from_vec("t".into(), hours).into_datetime(TimeUnit::Microseconds, zone).into_series();
    let frame = frame(vec![times]);
    assert_eq!(kept(text("t < '1970-01-01 01:00'"), &frame), (0..6).collect::<Vec<_>>());
    assert_eq!(kept(text("t < '1970-01-01T01:00Z'"), &frame), [0]);
    assert_eq!(kept(text("t == '1970-01-01 01:00-05:00'"), &frame), [6]);
    assert_eq!(kept(text("t in ['1970-01-01 00:00']"), &frame), [5]);
    assert_eq!(kept(text("t == '1970-01-01 05:30'").in_zone("t", "+05:30"), &frame), [0]);
    assert_eq!(kept(text("t in ['1970-01-01 06:30']").in_zone("t", "+05:30"), &frame), [1]);
    let unnamed = frame.clone().lazy().select([polars::prelude::col("t").cast(DataType::Datetime(
        TimeUnit::Microseconds,
        TimeZone::opt_try_new(Some(segment::UNNAMED_ZONE)).unwrap(),
    ))]);
    let unnamed = unnamed.collect().unwrap();
    let error = text("t > '1970-01-01 01:00'").check(unnamed.schema()).unwrap_err().to_string();
    assert!(error.contains("no zone with a name") && error.contains("+01:00"), "{error}");
    assert!(text("t in ['1970-01-01 01:00']").check(unnamed.schema()).is_err());
    assert_eq!(kept(text("t < '1970-01-01 01:00+00:00'"), &unnamed), [0]);
    let error = |cut: &str| text(cut).check(frame.schema()).unwrap_err().to_string();
    assert!(error("t > '2024-03-10 02:30'").contains("skip"));
    assert!(error("t > '2024-11-03 01:30'").contains("twice"));
}

/// Beside a floating point column a decimal is the number nearest to it, as it is when its digits are read as a text: rounded
/// once, however many digits it has.
#[test]
fn beside_floating_point_columns_decimals_are_the_nearest_numbers() {
    let mut random = segment::random::SplitMix64::new(11);
    for scale in [0, 1, 2, 9, 23, 37] {
        let mut draw = || {
            let wide = i128::from(random.next()) << 40 ^ i128::from(random.next());
            (wide >> (random.next() % 100)) * if random.next().is_multiple_of(2) { 1 } else { -1 }
        };
        let digits: Vec<i128> = (0..300).map(|_| draw()).collect();
        let nearest: Vec<f64> = digits.iter().map(|digits| format!("{digits}e-{scale}").parse().unwrap()).collect();
        let moved = |by: fn(f64) -> f64| nearest.iter().map(|value| by(*value)).collect::<Vec<_>>();
        let column = decimals(&digits.iter().copied().map(Some).collect::<Vec<_>>(), scale);
        let frame = frame(vec![
            column,
            Series::new("x".into(), nearest.clone()),
            Series::new("above".into(), moved(f64::next_up)),
            Series::new("below".into(), moved(f64::next_down)),
        ]);
        let all: Vec<usize> = (0..300).collect();
        for cut in ["d == x", "x == d", "d <= x", "d >= x", "d < above", "d > below", "below < d", "d != above"] {
            assert_eq!(kept(text(cut), &frame), all, "{cut} with {scale} digits behind the point");
        }
        for cut in ["d != x", "d < x", "d > x", "d >= above", "d == below"] {
            assert_eq!(kept(text(cut), &frame), [0; 0], "{cut} with {scale} digits behind the point");
        }
    }
}
