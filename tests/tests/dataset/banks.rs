//! HIPO files as tables: what caches may take for what.

use banks::{hipo, write_hipo};
use polars::prelude::*;

const EVENTS: i64 = 200;

/// Event `n` has `1 + n % 3` rows; `x` is the number of the event plus that of the row.
fn frame() -> DataFrame {
    let rows: Vec<(i64, i32)> = (0..EVENTS).flat_map(|n| (0..1 + n % 3).map(move |row| (n, row as i32))).collect();
    df!(
        "__event__" => rows.iter().map(|(n, _)| *n).collect::<Vec<_>>(),
        "__tag__" => rows.iter().map(|(n, _)| (2 * (*n % 2)) as i32).collect::<Vec<_>>(),
        "n" => rows.iter().map(|(n, _)| *n as i32).collect::<Vec<_>>(),
        "x" => rows.iter().map(|(n, row)| *n as f32 + *row as f32).collect::<Vec<_>>(),
    )
    .expect("columns of one length")
}

/// The caches of the engine keep decoded columns under the identity of a table: a second reading must not give the first's.
#[test]
fn every_bound_value_and_tag_is_another_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.hipo");
    write_hipo(&frame(), &path, "A::b", 1, 1).unwrap();
    let file = hipo(path.to_str().unwrap()).unwrap();
    let numbers = |file: &banks::Hipo| {
        let bank = file.bank("A::b");
        let mut n: Vec<i64> = bank.column("n").unwrap().into_iter().map(|n| n as i64).collect();
        n.sort_unstable();
        let hist = bank.hist("n", (EVENTS as usize, 0.0, EVENTS as f64)).unwrap();
        assert_eq!(hist.sum() as usize, n.len());
        n
    };
    let expected = |keep: &dyn Fn(i64) -> bool| -> Vec<i64> {
        (0..EVENTS).filter(|n| keep(*n)).flat_map(|n| std::iter::repeat_n(n, 1 + (n % 3) as usize)).collect()
    };
    let with =
        |text: &str, name: &str, value: i64| numbers(&file.keep("A::b", data::Selection::new(text).bind(name, value)));
    for value in [7, 11, 150, 3, 7] {
        assert_eq!(with("n == @n", "n", value), expected(&|n| n == value), "n == {value}");
        assert_eq!(with("n >= @low", "low", value), expected(&|n| n >= value), "n >= {value}");
        // The same text with another name behind it.
        assert_eq!(with("x == @n", "n", value), expected(&|n| n <= value && value <= n + n % 3), "x == {value}");
    }
    for list in [vec![1, 2], vec![2, 5, 8], vec![1, 2, 3]] {
        let cut = data::Selection::new("n in @wanted").bind("wanted", list.clone());
        assert_eq!(numbers(&file.keep("A::b", cut)), expected(&|n| list.contains(&n)), "{list:?}");
    }
    for tag in [0, 2, 0] {
        assert_eq!(numbers(&file.tags([tag])), expected(&|n| 2 * (n % 2) == i64::from(tag)), "tag {tag}");
        assert_eq!(
            numbers(&file.tags([tag]).keep("A::b", "n < 9")),
            expected(&|n| n < 9 && 2 * (n % 2) == i64::from(tag))
        );
    }
    assert_eq!(numbers(&file), expected(&|_| true));
}
