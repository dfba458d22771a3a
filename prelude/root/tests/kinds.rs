//! Kinds of columns that few files have, as ROOT 6.40 reads them.

use root::{File, Table, Values};
use std::path::PathBuf;

fn table(file: &str, name: &str) -> Table {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
    File::open(path).and_then(|file| file.table(name)).expect("the table")
}

fn read(table: &Table, name: &str) -> Values {
    let at = table.columns().iter().position(|column| column.name == name);
    let at = at.unwrap_or_else(|| panic!("no column {name}: {:?}", table.columns()));
    let mut values = table.read(&[at], 0..table.rows()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(values[0].of(), table.columns()[at].of);
    // Rows of the middle are those of the whole.
    let some = table.read(&[at], 2..5).expect("rows").remove(0);
    assert_eq!(some.len(), 3);
    values.remove(0)
}

/// The numbers of each row of a list.
fn floats(values: &Values) -> Vec<Vec<f64>> {
    let Values::List { offsets, values } = values else { panic!("no list: {}", values.of()) };
    let (all, each) = match &**values {
        Values::F32(all) => (all.iter().map(|one| f64::from(*one)).collect::<Vec<_>>(), 1),
        Values::I32(all) => (all.iter().map(|one| f64::from(*one)).collect(), 1),
        Values::F64(all) => (all.clone(), 1),
        Values::Fixed { size, values, .. } => match &**values {
            Values::F64(all) => (all.clone(), *size),
            other => panic!("arrays of {}", other.of()),
        },
        other => panic!("lists of {}", other.of()),
    };
    offsets.windows(2).map(|pair| all[pair[0] as usize * each..pair[1] as usize * each].to_vec()).collect()
}

#[test]
fn leaves_that_count_others_in_one_branch() {
    let table = table("leaf_lists.root", "t");
    assert_eq!(read(&table, "h.n"), Values::I32(vec![0, 1, 2, 3, 0, 1, 2]));
    let x = [&[][..], &[1.0], &[2.0, 2.25], &[3.0, 3.25, 3.5], &[], &[5.0], &[6.0, 6.25]];
    assert_eq!(floats(&read(&table, "h.x")), x);
    // Counted by a leaf of another branch, which is one of several itself for `w`.
    assert_eq!(read(&table, "p.b"), Values::I32((0..7).map(|row| -row).collect()));
    let a = [&[0.0][..], &[10.0, 11.0], &[], &[30.0], &[40.0, 41.0], &[], &[60.0]];
    assert_eq!(floats(&read(&table, "p.a")), a);
    let w = [&[][..], &[-1.0], &[-2.0, -3.0], &[-3.0, -4.0, -5.0], &[], &[-5.0], &[-6.0, -7.0]];
    assert_eq!(floats(&read(&table, "w")), w);
    // Counted arrays.
    assert_eq!(read(&table, "q.k"), Values::I64(vec![0, 2, 0, 2, 0, 2, 0]));
    let of = |first: f64| vec![first, first + 1.0, first + 10.0, first + 11.0];
    let y = [vec![], of(100.0), vec![], of(300.0), vec![], of(500.0), vec![]];
    assert_eq!(floats(&read(&table, "q.y")), y);
}

#[test]
fn an_unsplit_clones_array_is_listed_with_its_reason() {
    let table = table("leaf_lists.root", "t");
    let [clones] = table.skipped() else { panic!("one branch is none: {:?}", table.skipped()) };
    assert_eq!((clones.name.as_str(), clones.type_name.as_str()), ("clones", "TClonesArray"));
    assert!(clones.reason.contains("split level"), "{}", clones.reason);
    // The same, split.
    let x = [&[][..], &[1.0], &[2.0, 2.0], &[], &[4.0], &[5.0, 5.0], &[]];
    assert_eq!(floats(&read(&table, "split.fX")), x);
}

#[test]
fn a_variant_is_a_list_for_each_of_its_types() {
    let table = table("variants.root", "t");
    assert!(table.skipped().is_empty(), "{:?}", table.skipped());
    let rows = 0..30;
    let expected = |chosen: fn(usize) -> Option<f64>| -> Vec<Vec<f64>> {
        rows.clone().map(|row| chosen(row).into_iter().collect()).collect()
    };
    let integers = expected(|row| match row % 4 {
        0 => Some(row as f64),
        3 => Some(-(row as f64)),
        _ => None,
    });
    assert_eq!(floats(&read(&table, "v._0")), integers);
    assert_eq!(floats(&read(&table, "v._2")), expected(|row| (row % 4 == 2).then_some(row as f64 / 8.0)));
    let Values::List { offsets, values } = read(&table, "v._1") else { panic!("a list") };
    let Values::Text(text) = *values else { panic!("texts") };
    let texts: Vec<_> = (0..text.offsets.len() - 1).map(|at| text.text(at)).collect();
    let with: Vec<_> = rows.clone().filter(|row| row % 4 == 1).map(|row| format!("s{row}")).collect();
    assert_eq!(texts, with);
    let counts: Vec<_> = offsets.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(counts, rows.clone().map(|row| i64::from(row % 4 == 1)).collect::<Vec<_>>());
    // In a vector: per element a list of one value or none.
    let Values::List { offsets, values } = read(&table, "w._0") else { panic!("a list") };
    assert_eq!(
        offsets.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>(),
        (0..30).map(|row| row % 3).collect::<Vec<i64>>()
    );
    let first: Vec<Vec<f64>> = (0..30)
        .flat_map(|row| (0..row % 3).map(move |at| if at == 0 { vec![f64::from(row) / 2.0] } else { vec![] }))
        .collect();
    assert_eq!(floats(&values), first);
    let Values::List { values, .. } = read(&table, "w._1") else { panic!("a list") };
    let Values::List { values, .. } = *values else { panic!("a list of lists") };
    assert_eq!(
        floats(&values),
        (0..30).filter(|row| row % 3 == 2).map(|row| vec![f64::from(row), 1.0]).collect::<Vec<_>>()
    );
}

/// Columns that were added when rows were written already: these have zeros, and nothing in lists.
#[test]
fn columns_that_came_later_are_zero_before() {
    let table = table("deferred.root", "t");
    assert_eq!((table.rows(), table.clusters()), (30, vec![0, 10, 25]));
    assert_eq!(read(&table, "n"), Values::I32((0..30).collect()));
    let later = |row: i32| row >= 15;
    assert_eq!(
        read(&table, "x"),
        Values::F64((0..30).map(|row| if later(row) { f64::from(row) / 4.0 } else { 0.0 }).collect())
    );
    assert_eq!(read(&table, "b"), Values::Bool((0..30).map(|row| later(row) && row % 2 == 1).collect()));
    let lists: Vec<Vec<f64>> =
        (0..30).map(|row| if later(row) { vec![f64::from(row); row as usize % 3] } else { Vec::new() }).collect();
    assert_eq!(floats(&read(&table, "v")), lists);
    let Values::Text(text) = read(&table, "s") else { panic!("texts") };
    for row in 0..30 {
        let letter =
            if later(row) && row % 2 == 1 { char::from(b'a' + row as u8 - 15).to_string() } else { String::new() };
        assert_eq!(text.text(row as usize), letter, "row {row}");
    }
}

/// Header and lists of pages above the largest size of a record are stored in parts.
#[test]
fn an_ntuple_in_parts_is_put_together() {
    let table = table("parts.root", "t");
    assert_eq!((table.rows(), table.columns().len()), (50, 40));
    for column in [0, 17, 39] {
        let values = read(&table, &format!("a_column_with_a_long_name_{column}"));
        assert_eq!(values, Values::F32((0..50).map(|row| (row + 100 * column) as f32).collect()));
    }
}

#[test]
fn trees_with_index_aliases_friends_and_user_info_are_read() {
    let events = table("index.root", "events");
    assert_eq!(read(&events, "x"), Values::F64((0..20).map(|row| f64::from(row) / 2.0).collect()));
    assert_eq!(events.index().expect("no index"), None);
    let scores = table("index.root", "scores");
    let index = scores.index().expect("an index").expect("an index");
    assert_eq!((index.major.as_str(), index.minor.as_str(), index.keys().len()), ("run", "event", 15));
    // What ROOT's GetEntryNumberWithIndex says; two rows are of run 1 and event 7.
    let rows = [(1, 0, Some(14)), (1, 2, None), (1, 7, Some(8)), (1, 9, Some(7)), (2, 0, Some(6)), (2, 9, Some(0))];
    rows.iter().for_each(|(run, event, row)| assert_eq!(index.row(*run, *event), *row, "run {run}, event {event}"));
    assert_eq!([index.row(0, 0), index.row(3, 0), index.row(2, i64::MAX)], [None; 3]);
    let by_event = table("index.root", "by_event");
    let index = by_event.index().expect("an index").expect("an index");
    assert_eq!((index.major.as_str(), index.minor.as_str(), index.row(7, 0)), ("event", "0", Some(2)));
}
