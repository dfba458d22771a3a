use super::{text, typed};
use polars::prelude::*;

/// More rows than several threads share, in chunks of odd lengths, with missing values.
fn large() -> DataFrame {
    let chunk = |start: usize, rows: usize| {
        let value = |row: usize| if row % 11 == 3 { None } else { Some((row * 7919 % 1000) as f64 / 10.0) };
        let rows = start..start + rows;
        let x: Vec<Option<f64>> = rows.clone().map(value).collect();
        let n: Vec<i32> = rows.clone().map(|row| (row * 31 % 17) as i32).collect();
        let u: Vec<Option<u32>> = rows.clone().map(|row| (row % 5 > 0).then_some((row % 100) as u32)).collect();
        let b: Vec<bool> = rows.map(|row| row % 3 == 0).collect();
        df!("x" => x, "n" => n, "u" => u, "b" => b).unwrap()
    };
    let mut frame = chunk(0, 700_001);
    frame.vstack_mut(&chunk(700_001, 99_999)).unwrap();
    frame.vstack_mut(&chunk(800_000, 300_007)).unwrap();
    frame
}

#[test]
fn threads_chunks_and_sparse_blocks_change_nothing() {
    let frame = large();
    for cut in [
        "x > 50",
        "x > 95 & n == 3 & u < 50 & b",
        "n in [1, 2, 3, 5, 7, 9, 11, 12, 13] & not u > 50 & (x < 20 | x.isna())",
        "abs(x - 50) < 1 & sqrt(x) > 7 & abs(x - 50) > 0.2 & b",
    ] {
        let typed = typed(text(cut), &frame);
        let whole = typed.mask(&frame).unwrap();
        let expected = frame.clone().lazy().select([typed.expr().alias("m")]).collect().unwrap();
        let expected = expected.column("m").unwrap().bool().unwrap().clone();
        assert!(whole.iter().eq(expected.iter()), "{cut}");
        let part = typed.mask(&frame.slice(699_000, 5000)).unwrap();
        assert!(part.iter().eq(whole.slice(699_000, 5000).iter()), "{cut}, sliced");
    }
    let sum = typed(text("x * 2 + n"), &frame);
    let whole = sum.values(&frame).unwrap();
    assert_eq!(whole.len(), frame.height());
    assert!(whole.slice(800_000, 100).equals_missing(&sum.values(&frame.slice(800_000, 100)).unwrap()));
}

#[test]
fn a_frame_without_rows_keeps_none() {
    let frame = large().slice(0, 0);
    assert_eq!(typed(text("x > 1 & b"), &frame).mask(&frame).unwrap().len(), 0);
    let values = typed(text("n + 1"), &frame).values(&frame).unwrap();
    assert_eq!((values.len(), values.dtype()), (0, &DataType::Int64));
}

#[test]
fn another_frame_than_the_checked_one_is_refused() {
    let typed = typed(text("x > 1 & n > 1"), &large());
    let other = df!("x" => [1.0]).unwrap();
    assert!(typed.mask(&other).unwrap_err().to_string().contains("no column `n`"));
    let other = df!("x" => [1], "n" => [1]).unwrap();
    assert_eq!(typed.mask(&other).unwrap_err().to_string(), "column `x` is i32 here, and was f64 in the schema");
}

#[test]
fn equal_parts_are_one_node() {
    let frame = large();
    let typed = typed(text("sqrt(x) > 2 & sqrt(x) < 3 | sqrt(x) == 9"), &frame);
    let roots =
        typed.program.nodes.iter().filter(|node| matches!(node.op, crate::check::program::Op::Function(..))).count();
    assert_eq!(roots, 1);
    assert_eq!(typed.columns(), ["x"]);
}

#[test]
fn a_fingerprint_is_what_is_computed() {
    let frame = df!("x" => [1.0, 2.0], "y" => [1.0, 2.0], "n" => [1, 2]).unwrap();
    let of = |cut: &str| typed(text(cut), &frame).fingerprint();
    assert_eq!(of("x > 1"), of("(x>1)"), "the same, written in another way");
    let all = ["x > 1", "x > 1.5", "x >= 1", "y > 1", "n > 1", "x + y > 1", "x in [1, 2]", "x in [1, 3]"];
    for (at, cut) in all.iter().enumerate() {
        assert!(all[..at].iter().all(|other| of(other) != of(cut)), "{cut}");
    }
    assert_eq!(of("x > x.mean()"), None, "depends on the other rows");
    let bound = |value: f64| typed(text("x > @v").bind("v", value), &frame).fingerprint();
    assert_ne!(bound(1.0), bound(2.0));
}

#[test]
fn several_ask_only_for_the_columns_of_those_that_are_asked() {
    let frame = df!("x" => [1.0, 2.0, 3.0], "y" => [1.0, 2.0, 3.0]).unwrap();
    let cuts = [typed(text("x > 1"), &frame), typed(text("y > 2"), &frame), typed(text("x < 3"), &frame)];
    let several = crate::FusedCuts::new(&cuts);
    let narrow = frame.select(["x"]).unwrap();
    assert_eq!(several.mask(&narrow, &[0, 2]).unwrap().1, [2, 1]);
    assert_eq!(several.mask(&frame, &[0, 1]).unwrap().1, [2, 1]);
    assert!(several.mask(&narrow, &[1]).unwrap_err().to_string().contains('y'));
}
