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

/// Topologies and links after a first read with others.
#[test]
fn every_topology_and_link_is_another_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.hipo");
    // Event n has an electron, n % 2 protons and n % 3 negative pions.
    let particles = |n: i64| [vec![11], vec![2212; (n % 2) as usize], vec![-211; (n % 3) as usize]].concat();
    let rows: Vec<(i64, i32)> = (0..60).flat_map(|n| particles(n).into_iter().map(move |pid: i32| (n, pid))).collect();
    let charge = |pid: i32| if pid == 2212 { 1_i8 } else { -1 };
    let mut first = std::collections::BTreeMap::new();
    rows.iter().enumerate().for_each(|(at, (n, _))| _ = first.entry(*n).or_insert(at));
    let frame = df!(
        "__event__" => rows.iter().map(|(n, _)| *n).collect::<Vec<_>>(),
        "pid" => rows.iter().map(|(_, pid)| *pid).collect::<Vec<_>>(),
        "charge" => rows.iter().map(|(_, pid)| charge(*pid)).collect::<Vec<_>>(),
        "before" => rows.iter().enumerate().map(|(at, (n, _))| (at - first[n]) as i16 - 1).collect::<Vec<_>>(),
        "last" => rows.iter().map(|(n, _)| particles(*n).len() as i16 - 1).collect::<Vec<_>>(),
    );
    write_hipo(&frame.unwrap(), &path, "A::p", 1, 1).unwrap();
    let file = hipo(path.to_str().unwrap()).unwrap();
    let pids = |bank: &data::Group, column: &str| {
        let mut found = bank.column(column).unwrap();
        found.retain(|pid| !pid.is_nan());
        found.sort_unstable_by(f64::total_cmp);
        let hist = bank.hist(column, (5000, -2500.0, 2500.0)).unwrap();
        assert_eq!(hist.sum() as usize, found.len(), "{column}");
        found
    };
    let expected = |keep: &dyn Fn(i64) -> bool, of: &dyn Fn(&[i32]) -> Vec<i32>| {
        let all = (0..60).filter(|n| keep(*n)).flat_map(|n| of(&particles(n)));
        let mut all: Vec<f64> = all.map(f64::from).collect();
        all.sort_unstable_by(f64::total_cmp);
        all
    };
    let whole = |all: &[i32]| all.to_vec();
    for _ in 0..2 {
        for (topology, keep) in [
            ("11", (|n| n % 6 == 0) as fn(i64) -> bool),
            ("11:2212", |n| n % 2 == 1 && n % 3 == 0),
            ("11:2212:-211", |n| n % 2 == 1 && n % 3 == 1),
            ("11:X-", |n| n % 2 == 0),
            ("11:X+:X-", |_| true),
        ] {
            let bank = file.reaction_in("A::p", topology).bank("A::p");
            assert_eq!(pids(&bank, "pid"), expected(&keep, &whole), "{topology}");
        }
        let linked = |index: &str| pids(&file.bank("A::p").linked("A::p", index), "p_pid");
        assert_eq!(linked("before"), expected(&|_| true, &|all| all[..all.len() - 1].to_vec()));
        assert_eq!(linked("last"), expected(&|_| true, &|all| vec![all[all.len() - 1]; all.len()]));
        assert_eq!(pids(&file.bank("A::p"), "pid"), expected(&|_| true, &whole));
    }
}
