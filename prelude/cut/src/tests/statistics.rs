use super::{text, typed};
use crate::{Counts, Verdict, lint};
use polars::prelude::df;
use segment::{ColumnStatistics, Scalar, Statistics};

fn known(min: f64, max: f64, nans: u64) -> ColumnStatistics {
    ColumnStatistics { min: Some(Scalar::Float(min)), max: Some(Scalar::Float(max)), nulls: Some(0), nans: Some(nans) }
}

#[test]
fn statistics_answer_in_three_values() {
    let frame = df!("x" => [1.0], "y" => [1.0], "n" => [1i64], "s" => ["a"], "gone" => [1.0], "f" => [0.1f32]).unwrap();
    let int = ColumnStatistics { min: Some(Scalar::Int(0)), max: Some(Scalar::Int(4)), nulls: Some(0), nans: Some(0) };
    let word = |word: &str| Some(Scalar::Text(word.into()));
    let text_known = ColumnStatistics { min: word("ee"), max: word("mumu"), nulls: Some(1), nans: Some(0) };
    let gone = ColumnStatistics { nulls: Some(0), nans: Some(10), ..Default::default() };
    let columns = [
        ("x", known(0.0, 4.0, 0)),
        ("y", known(5.0, 9.0, 2)),
        ("n", int),
        ("s", text_known),
        ("gone", gone),
        ("f", known(f64::from(0.1f32), f64::from(0.1f32), 0)),
    ];
    let columns = columns.into_iter().map(|(name, known)| (name.to_owned(), known)).collect();
    let statistics = Statistics { rows: 10, columns };
    for (cut, expected) in [
        ("x > 4", Verdict::None),
        ("x >= 0", Verdict::All),
        ("x > 2", Verdict::Unknown),
        ("not x > 4", Verdict::All),
        ("y > 4", Verdict::Unknown),
        ("y < 5", Verdict::None),
        ("x < y", Verdict::Unknown),
        ("x > y", Verdict::None),
        ("x <= n + 9", Verdict::Unknown),
        ("n in [7, 9]", Verdict::None),
        ("n not in [7, 9]", Verdict::All),
        ("n in [1, 9]", Verdict::Unknown),
        ("n == 2.5", Verdict::Unknown),
        ("s == 'zz'", Verdict::None),
        ("s != 'zz'", Verdict::All),
        ("s != 'ee'", Verdict::Unknown),
        ("gone > 1 | gone == 2", Verdict::None),
        ("gone != 1", Verdict::All),
        ("gone.isna()", Verdict::All),
        ("x.isna()", Verdict::None),
        ("x > 4 | n < 9", Verdict::All),
        ("x > 2 & n > 9", Verdict::None),
        ("f == 0.1", Verdict::All),
        ("f > 0.1", Verdict::None),
    ] {
        assert_eq!(typed(text(cut), &frame).verdict(&statistics), expected, "{cut}");
    }
    assert_eq!(typed(text("x > 1"), &frame).verdict(&Statistics::default()), Verdict::Unknown);
}

#[test]
fn a_run_is_judged_by_its_numbers() {
    let odd = |total, kept, missing| lint("x > 1", Counts { total, kept, missing });
    assert_eq!(odd(10, 5, 0), None);
    assert_eq!(odd(0, 0, 0), None);
    assert!(odd(10, 10, 0).unwrap().contains("removed nothing"));
    assert!(odd(10, 0, 1).unwrap().contains("removed everything"));
    assert!(odd(10, 8, 2).unwrap().contains("only rows with missing values"));
}
