use super::{kept, text, values};
use crate::{Cut, Value, col, lit, where_};
use polars::prelude::{DataFrame, DataType, IntoLazy, NamedFrom, Series, TimeUnit, df};

/// The columns with nulls of the pipeline's rules.
fn nulls() -> DataFrame {
    df!(
        "i" => [Some(1i64), None, Some(3), None, Some(5), Some(6), None, Some(8)],
        "b" => [Some(true), None, Some(false), Some(true), None, None, Some(false), Some(true)],
        "s" => [Some("x"), None, Some("y"), Some("x"), None, Some("z"), Some(""), Some("x")],
        "f" => [Some(1.0), None, Some(f64::NAN), Some(4.0), None, Some(6.0), Some(7.0), Some(f64::NAN)]
    )
    .unwrap()
}

#[test]
fn a_missing_value_compares_false_and_differs() {
    let frame = nulls();
    assert_eq!(kept(col("i").ne(3), &frame), [0, 1, 3, 4, 5, 6, 7]);
    assert_eq!(kept(col("i").is_in([3, 5]), &frame), [2, 4]);
    assert_eq!(kept(col("i").is_not_in([3, 5]), &frame), [0, 1, 3, 5, 6, 7]);
    assert_eq!(kept(col("i").is_null(), &frame), [1, 3, 6]);
    assert_eq!(kept(col("f").is_null(), &frame), [1, 2, 4, 7]);
    assert_eq!(kept(col("f").is_not_null(), &frame), [0, 3, 5, 6]);
    assert_eq!(kept(col("s").is_null(), &frame), [1, 4]);
    assert_eq!(kept(col("s").ne("x"), &frame), [1, 2, 4, 5, 6]);
    assert_eq!(kept(col("s").regex("^[xy]$"), &frame), [0, 2, 3, 7]);
    assert_eq!(kept(col("i").eq(col("f")), &frame), [0, 5]);
    // Beside a float literal too, where a missing integer is no zero.
    assert_eq!(kept("i > -0.5", &frame), [0, 2, 4, 5, 7]);
    assert_eq!(kept("0.5 > i or -0.0 >= i", &frame), [0usize; 0]);
    assert_eq!(kept(col("b"), &frame), [0, 3, 7]);
    assert_eq!(kept(!col("b"), &frame), [1, 2, 4, 5, 6]);
    assert_eq!(kept(!col("f").lt(5), &frame), [1, 2, 4, 5, 6, 7]);
    assert_eq!(kept(col("b") ^ col("i").gt(2), &frame), [0, 2, 3, 4, 5]);
}

#[test]
fn both_dialects_give_the_same_rows() {
    let frame = nulls();
    for (written, built) in [
        ("i > 2 & f < 7", col("i").gt(2) & col("f").lt(7)),
        ("not (b | s == 'x')", !(col("b") | col("s").eq("x"))),
        ("i * 2 + f >= 5", (col("i") * 2 + col("f")).ge(5)),
        ("where(b, i > 2, f > 2)", where_(col("b"), col("i").gt(2), col("f").gt(2))),
    ] {
        assert_eq!(kept(text(written), &frame), kept(built, &frame), "{written}");
    }
}

#[test]
fn integers_widen_and_divisions_are_f64() {
    let frame = df!(
        "i8" => [100i8, -100, 127, -128], "u8" => [0u8, 255, 200, 1], "u8b" => [1u8, 255, 100, 2],
        "i32" => [1i32, -2, 3, 0], "i64" => [10i64, -20, 30, 0], "f32" => [0.5f32, 1.5, f32::NAN, 0.0],
        "f64" => [1.0, -2.0, f64::NAN, 0.0]
    )
    .unwrap();
    let of = |expr: crate::Expr| values(expr, &frame);
    let series =
        |name: &str, dtype: DataType, expected: [f64; 4]| Series::new(name.into(), expected).cast(&dtype).unwrap();
    for (expr, dtype, expected) in [
        (col("i8") + col("i8"), DataType::Int16, [200.0, -200.0, 254.0, -256.0]),
        (col("u8") * col("u8b"), DataType::UInt16, [0.0, 65025.0, 20000.0, 2.0]),
        (col("u8") - col("u8b"), DataType::Int16, [-1.0, 0.0, 100.0, -1.0]),
        (col("i8") + col("u8"), DataType::Int16, [100.0, 155.0, 327.0, -127.0]),
        (col("u8") / 2, DataType::Float64, [0.0, 127.5, 100.0, 0.5]),
        (col("i8").abs(), DataType::Int16, [100.0, 100.0, 127.0, 128.0]),
        (-col("u8"), DataType::Int16, [0.0, -255.0, -200.0, -1.0]),
        (col("i64").abs(), DataType::Int64, [10.0, 20.0, 30.0, 0.0]),
        (col("u8").pow(2), DataType::UInt64, [0.0, 65025.0, 40000.0, 1.0]),
        (col("i32").pow(2), DataType::Int64, [1.0, 4.0, 9.0, 0.0]),
        (col("i32").pow(-1), DataType::Float64, [1.0, -0.5, 1.0 / 3.0, f64::INFINITY]),
        (col("f64").pow(2), DataType::Float64, [1.0, 4.0, f64::NAN, 0.0]),
        (-col("f32"), DataType::Float32, [-0.5, -1.5, f64::NAN, -0.0]),
        (col("f32") / col("f32"), DataType::Float64, [1.0, 1.0, f64::NAN, f64::NAN]),
    ] {
        let got = of(expr.clone());
        assert_eq!(got.dtype(), &dtype, "{expr}");
        assert!(got.equals_missing(&series("v", dtype, expected)), "{expr}: {got:?}");
    }
}

#[test]
fn sixty_four_bits_are_left_where_they_are_too_few() {
    let frame = df!("n" => [i64::MAX, i64::MIN], "u" => [u64::MAX, 0]).unwrap();
    let difference = values(col("u") - col("u"), &frame);
    assert_eq!(difference.i64().unwrap().get(0), Some(0));
    assert_eq!(kept(col("n").add(1).gt(0), &frame), [0]);
    assert_eq!(kept((-col("n")).gt(0), &frame), [1]);
    assert_eq!(kept(col("u").gt(-1), &frame), [0, 1]);
    assert_eq!(kept(col("u").gt(col("n")), &frame), [0, 1]);
    assert_eq!(kept(col("n").lt(col("u")), &frame), [0, 1]);
}

#[test]
fn where_keeps_what_is_missing_in_the_branch_it_takes() {
    let frame = nulls();
    let taken = values(where_(col("i").gt(2), col("i"), -1), &frame);
    assert_eq!(taken.dtype(), &DataType::Int64);
    assert_eq!(taken.i64().unwrap().to_vec(), [-1, -1, 3, -1, 5, 6, -1, 8].map(Some));
    let mixed = values(where_(col("s").eq("x"), col("i"), col("f")), &frame);
    assert_eq!(mixed.dtype(), &DataType::Float64);
    let missing = crate::tests::meaning::missing(&mixed);
    assert_eq!(missing, [1, 2, 3, 4]);
}

fn missing(series: &Series) -> Vec<usize> {
    let values = series.f64().unwrap();
    values.iter().enumerate().filter(|(_, x)| x.is_none_or(f64::is_nan)).map(|(row, _)| row).collect()
}

#[test]
fn times_compare_with_times_and_with_text() {
    let days = Series::new("t".into(), [Some(0i64), None, Some(2 * 86_400_000)]);
    let times = days.cast(&DataType::Datetime(TimeUnit::Milliseconds, None)).unwrap();
    let frame = DataFrame::new(3, vec![times.into()]).unwrap();
    assert_eq!(kept(text("t >= '1970-01-02'"), &frame), [2]);
    assert_eq!(kept(text("t != '1970-01-03 00:00:00'"), &frame), [0, 1]);
    assert_eq!(kept(text("t in ['1970-01-01', '1970-01-03']"), &frame), [0, 2]);
    assert_eq!(kept(col("t").lt(lit(Value::Time(1))), &frame), [0]);
    let later = values(col("t") + lit(Value::Duration(3_600_000_000_000)), &frame);
    assert_eq!(later.dtype(), &DataType::Datetime(TimeUnit::Nanoseconds, None));
    let since = values(col("t") - lit(Value::Time(0)), &frame);
    assert_eq!(since.dtype(), &DataType::Duration(TimeUnit::Nanoseconds));
    assert_eq!(since.null_count(), 1);
}

#[test]
fn a_literal_beside_f32_is_f32() {
    let frame = df!("f" => [0.1f32, 0.5, f32::NAN]).unwrap();
    assert_eq!(kept(text("f == 0.1"), &frame), [0]);
    assert_eq!(kept(text("f == -0.1 | f <= 0.1"), &frame), [0]);
    assert_eq!(kept(text("f in [0.1, 7]"), &frame), [0]);
    assert_eq!(kept(text("f * 2 == 0.2"), &frame), [0]);
}

#[test]
fn whole_columns_become_one_number() {
    let frame = df!("x" => [1.0, 2.0, f64::NAN, 6.0], "n" => [1, 2, 3, 4]).unwrap();
    let cut = text("x > x.mean()");
    assert!(cut.check(frame.schema()).unwrap().needs_whole_table());
    assert_eq!(kept(cut, &frame), [3]);
    assert_eq!(kept(text("n == n.max() | n < n.median()"), &frame), [0, 1, 3]);
    assert_eq!(kept(text("x - x.mean() < x.std()"), &frame), [0, 1]);
    assert!(text("x.mean() > 1").check(frame.schema()).is_err());
}

#[test]
fn texts_have_their_methods() {
    let frame = df!("s" => [Some("Mumu"), Some("taupair"), None, Some("ee")]).unwrap();
    for (cut, rows) in [
        ("s.str.contains('u')", vec![0, 1]),
        ("s.str.contains('M', case=False)", vec![0]),
        (r"s.str.match(r'\w{2}$')", vec![3]),
        ("s.str.fullmatch('e+')", vec![3]),
        ("s.str.startswith(('M', 'e'))", vec![0, 3]),
        ("s.str.endswith('r')", vec![1]),
        ("s.str.lower() == 'mumu'", vec![0]),
        ("s.str.len() > 3", vec![0, 1]),
        ("~s.str.contains('e.', regex=False)", vec![0, 1, 2, 3]),
        ("s.isin(['ee', 'x'])", vec![3]),
        ("s.fillna('none') == 'none'", vec![2]),
        ("s in ('ee',) or s.isna()", vec![2, 3]),
    ] {
        assert_eq!(kept(text(cut), &frame), rows, "{cut}");
    }
}

#[test]
fn patterns_that_differ_in_case_only_are_two() {
    let frame = df!("s" => ["ab", "AB", "x"]).unwrap();
    let cut = "s.str.contains('a.', case=False) & ~s.str.contains('a.')";
    assert_eq!(kept(text(cut), &frame), [1]);
}

#[test]
fn the_superset_is_read_with_a_hint() {
    let frame = df!("a" => [1.0, 3.0], "b" => [2.0, 0.5]).unwrap();
    let cut = text("a > 2 && !(b > 1)\n || a < 0");
    assert_eq!(cut.hints(), ["`&&` is read as `&`", "`!` is read as `~`", "`||` is read as `|`"]);
    assert_eq!(kept(cut, &frame), [1]);
    for (cut, rows) in [
        ("[a > 2 and b < 1]", vec![1]),
        ("min(a, b) > 0.9", vec![0]),
        ("hypot(a, b) < pi", vec![0, 1]),
        ("round(b) == 0", vec![1]),
        ("atan2(a, b) > 1 & isfinite(a)", vec![1]),
        ("a.clip(0, 2) == 2", vec![1]),
        ("a in [3] # a comment", vec![1]),
    ] {
        assert_eq!(kept(text(cut), &frame), rows, "{cut}");
    }
}

#[test]
fn names_in_both_spellings_and_variables() {
    let frame = df!("useCMSFrame__boE__bc" => [1.0, 3.0], "my var" => [1, 2], "__event__" => [7u32, 8]).unwrap();
    assert_eq!(kept(text("`useCMSFrame(E)` > 2"), &frame), [1]);
    assert_eq!(kept(text("useCMSFrame__boE__bc > 2"), &frame), [1]);
    assert_eq!(kept(text("`my var` + 1 == 2 & __event__ - 8 < 0"), &frame), [0]);
    let bound = |cut: &str| text(cut).bind("cut", 2.0).bind("box", Value::map([("low", 1), ("high", 2)]));
    assert_eq!(kept(bound("`my var` >= @cut"), &frame), [1]);
    assert_eq!(kept(bound("@box.low < `my var` <= @box['high']"), &frame), [1]);
    assert_eq!(kept(bound("@f(`my var`, 1) == 3").bind("f", Value::function(|x| x[0] + x[1])), &frame), [1]);
    assert_eq!(kept(text("`my var` < @np.pi / 2"), &frame), [0]);
    assert_eq!(text("a > @cut & b < @low").unbound(), ["cut", "low"]);
}

#[test]
fn columns_of_any_plain_type_are_read() {
    let frame = df!("s" => ["a", "b", "a"], "d" => [1, 2, 3], "n" => [1.0, 2.0, 3.0]).unwrap().lazy();
    use polars::prelude::{col as column, lit as literal};
    let frame = frame
        .with_columns([
            column("s").cast(DataType::from_categories(polars::prelude::Categories::global())).alias("c"),
            column("d").cast(DataType::Date).alias("day"),
            literal(polars::prelude::NULL).alias("nothing"),
        ])
        .collect()
        .unwrap();
    assert_eq!(kept(text("c == 'a' & day > '1970-01-02'"), &frame), [2]);
    assert_eq!(kept(text("not nothing > 1"), &frame), [0, 1, 2]);
    assert_eq!(kept(text("nothing.isna() & nothing != 3"), &frame), [0, 1, 2]);
    assert_eq!(values(text("nothing + n"), &frame).null_count(), 3);
}

#[test]
fn printed_expressions_read_back() {
    let frame = nulls();
    for built in [
        col("i").gt(2) & !col("b") | col("s").is_in(["x", "it's"]),
        (-col("i") + 2.5).abs().le(col("f").pow(2)),
        col("s").regex("x|\"y\"") & col("f").is_null(),
    ] {
        let cut = Cut::from(built.clone());
        assert_eq!(kept(text(cut.text()), &frame), kept(built, &frame), "{cut}");
    }
}

#[test]
fn sums_and_products_of_truth_values_are_those_of_pandas() {
    let frame = df!("a" => [true, true, false], "b" => [true, false, false], "x" => [1.0, 2.0, 3.0]).unwrap();
    assert_eq!(kept("a + b", &frame), [0, 1]);
    assert_eq!(kept("a * b", &frame), [0]);
    assert_eq!(kept("a + b == 2", &frame), [0usize; 0]);
    assert_eq!(kept("a * 1 + b * 1 == 2", &frame), [0]);
    assert_eq!(kept("a + (x > 1.5)", &frame), [0, 1, 2]);
    let error = crate::parse("a - b == 0").unwrap().check(frame.schema()).unwrap_err().to_string();
    assert!(error.contains("`-` of two truth values") && error.contains("multiply each by 1"), "{error}");
}
