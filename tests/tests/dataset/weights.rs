//! Weights: every terminal against plain loops over the rows, for random chains of steps.

use data::{Data, Group, TOTAL_WEIGHT};
use flow::{count, max, mean, min, std, sum};
use polars::prelude::*;

const MC: &str = "P16M16rd_mc_mumu_p16_v1";
const DATA: &str = "P16M16rd_data_p16_v2";
const LUMINOSITY: &str = "[data.\"4S_on\"]\nproc = 300.0\n[simulation.\"4S_on\"]\nmumu = 1200.0\n";
const CASES: usize = 500;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn number(&mut self) -> f64 {
        (self.below(401) as f64 - 200.0) / 100.0
    }
}

/// A row, and what the steps have made of it.
#[derive(Debug, Clone)]
struct Row {
    event: i64,
    k: i32,
    x: f64,
    y: f64,
    w: f64,
    z: f64,
    weight: f64,
    passes: Vec<bool>,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    QueryX(f64),
    QueryY(f64),
    QueryZ(f64),
    DefineZ(f64),
    DoubleY,
    WeightW,
    WeightHalf,
    WeightZ,
    WeightY,
    OneCandidate,
    Head(u64),
}
use Step::{DefineZ, DoubleY, Head, OneCandidate, QueryX, QueryY, QueryZ, WeightHalf, WeightW, WeightY, WeightZ};

fn rows(random: &mut Random) -> Vec<Row> {
    let mut event = 0;
    (0..40 + random.below(60))
        .map(|_| {
            event += i64::from(random.below(3) == 0);
            let x = if random.below(9) == 0 { f64::NAN } else { random.number() };
            let (y, w) = (random.number(), random.number().abs() + 0.1);
            Row { event, k: random.below(4) as i32, x, y, w, z: f64::NAN, weight: 1.0, passes: Vec::new() }
        })
        .collect()
}

fn frame(rows: &[Row]) -> DataFrame {
    df!(
        "__experiment__" => vec![7_i32; rows.len()],
        "__run__" => vec![1_i32; rows.len()],
        "__event__" => rows.iter().map(|row| row.event).collect::<Vec<_>>(),
        "k" => rows.iter().map(|row| row.k).collect::<Vec<_>>(),
        "x" => rows.iter().map(|row| row.x).collect::<Vec<_>>(),
        "y" => rows.iter().map(|row| row.y).collect::<Vec<_>>(),
        "w" => rows.iter().map(|row| row.w).collect::<Vec<_>>(),
    )
    .expect("columns of one length")
}

fn steps(random: &mut Random) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for _ in 0..2 + random.below(6) {
        let has_z = steps.iter().any(|step| matches!(step, DefineZ(_)));
        steps.push(match random.below(11) {
            0 => QueryX(random.number()),
            1 => QueryY(random.number()),
            2 if has_z => QueryZ(random.number()),
            3 => DefineZ(random.number()),
            4 => DoubleY,
            5 => WeightW,
            6 => WeightHalf,
            7 if has_z => WeightZ,
            8 => WeightY,
            9 => OneCandidate,
            _ => Head(random.below(80)),
        });
    }
    steps
}

fn chain(group: &Group, steps: &[Step]) -> Group {
    steps.iter().fold(group.clone(), |group, step| match step {
        QueryX(cut) => group.query(format!("x > {cut}")),
        QueryY(cut) => group.query(format!("y <= {cut}")),
        QueryZ(cut) => group.query(format!("z > {cut}")),
        DefineZ(factor) => group.define("z", format!("x + {factor} * y")),
        DoubleY => group.define("y", "2 * y"),
        WeightW => group.weight("w"),
        WeightHalf => group.weight(0.5),
        WeightZ => group.weight("z * z"),
        WeightY => group.weight("y"),
        OneCandidate => group.one_cand_only(),
        Head(rows) => group.head(*rows),
    })
}

/// Takes every row through all steps, whether it passes or not.
fn make(rows: &mut [Row], steps: &[Step]) {
    for row in rows {
        for step in steps {
            let mut passes = true;
            match step {
                QueryX(cut) => passes = row.x > *cut,
                QueryY(cut) => passes = row.y <= *cut,
                QueryZ(cut) => passes = row.z > *cut,
                DefineZ(factor) => row.z = row.x + factor * row.y,
                DoubleY => row.y *= 2.0,
                WeightW => row.weight *= row.w,
                WeightHalf => row.weight *= 0.5,
                WeightZ => row.weight *= row.z * row.z,
                WeightY => row.weight *= row.y,
                OneCandidate | Head(_) => {}
            }
            row.passes.push(passes);
        }
    }
}

/// The rows that are left after the first `count` steps.
fn left<'a>(rows: &'a [Row], steps: &[Step], count: usize) -> Vec<&'a Row> {
    let mut left: Vec<&Row> = rows.iter().collect();
    for (at, step) in steps[..count].iter().enumerate() {
        match step {
            OneCandidate => left.dedup_by_key(|row| row.event),
            Head(rows) => left.truncate(*rows as usize),
            _ => left.retain(|row| row.passes[at]),
        }
    }
    left
}

fn close(a: f64, b: f64) -> bool {
    a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
}

#[test]
fn random_chains_of_weights_and_cuts_count_in_every_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = folder.path().join("lumi.toml");
    std::fs::write(&table, LUMINOSITY).expect("a file");
    let (mut weighted_cases, mut late) = (0, 0);
    for case in 0..CASES {
        let random = &mut Random(case as u64);
        let mut both = [(DATA, rows(random), 1.0), (MC, rows(random), 0.25)];
        let steps = steps(random);
        let data = Data::from_frames(both.iter().map(|(name, rows, _)| (*name, frame(rows)))).unwrap();
        let data = data.chunk_size(1 + random.below(30) as usize);
        let by_luminosity = random.below(2) == 0;
        let data = if by_luminosity { data.luminosity(&table).unwrap() } else { data };
        let group = chain(&data, &steps);
        for (_, rows, scale) in &mut both {
            make(rows, &steps);
            let scale = if by_luminosity { *scale } else { 1.0 };
            rows.iter_mut().for_each(|row| row.weight *= scale);
        }
        let place = format!("case {case}: {steps:?}, luminosity {by_luminosity}");
        let is_weighted =
            by_luminosity || steps.iter().any(|step| matches!(step, WeightW | WeightHalf | WeightZ | WeightY));
        weighted_cases += usize::from(is_weighted);
        let is_tap = |step: &Step| matches!(step, QueryX(_) | QueryY(_) | QueryZ(_) | OneCandidate | Head(_));
        late += usize::from(is_tap(&steps[0]) && is_weighted);
        let ends: Vec<usize> =
            std::iter::once(0).chain((1..=steps.len()).filter(|end| is_tap(&steps[end - 1]))).collect();

        let cutflow = group.cutflow().unwrap();
        for ((name, taps), (own, rows, _)) in cutflow.by_process().iter().zip(&both) {
            assert_eq!((name.as_str(), taps.len()), (*own, ends.len()), "{place}");
            for (tap, end) in taps.iter().zip(&ends) {
                let left = left(rows, &steps, *end);
                let sum: f64 = left.iter().map(|row| row.weight).sum();
                let squares: f64 = left.iter().map(|row| row.weight * row.weight).sum();
                assert_eq!(tap.candidates as usize, left.len(), "{place}, after {end}");
                assert!(
                    close(tap.weighted, sum) && close(tap.variance, squares),
                    "{place}, after {end}: {tap:?} {sum}"
                );
            }
        }
        let all: Vec<&Row> = both.iter().flat_map(|(_, rows, _)| left(rows, &steps, steps.len())).collect();
        let total: f64 = all.iter().map(|row| row.weight).sum();
        let (found, error) = group.sum_of_weights().unwrap();
        let squares: f64 = all.iter().map(|row| row.weight * row.weight).sum();
        assert!(close(found, total) && close(error, squares.sqrt()), "{place}: {found} {total}");

        let frame = group.collect().unwrap();
        assert_eq!(frame.get_column_names().iter().any(|name| *name == TOTAL_WEIGHT), is_weighted, "{place}");
        if is_weighted {
            let carried = frame.column(TOTAL_WEIGHT).unwrap().f64().unwrap();
            assert!(carried.iter().zip(&all).all(|(w, row)| close(w.unwrap(), row.weight)), "{place}");
        }
        grouped(&group, &all, is_weighted, &place);
    }
    assert!(weighted_cases > CASES / 2 && late > CASES / 10, "{weighted_cases} {late}");
}

/// `group_by` and `agg` against sums over the rows.
fn grouped(group: &Group, all: &[&Row], is_weighted: bool, place: &str) {
    let aggregations =
        || [sum("x").alias("s"), mean("x").alias("m"), count("x").alias("n"), min("x").alias("a"), max("x").alias("b")];
    let there = |k: Option<i32>| -> Vec<&Row> {
        all.iter().copied().filter(|row| k.is_none_or(|k| row.k == k) && !row.x.is_nan()).collect()
    };
    let check = |frame: &DataFrame, at: usize, k: Option<i32>| {
        let number = |name: &str| {
            let column = frame.column(name).unwrap().cast(&DataType::Float64).unwrap();
            column.f64().unwrap().get(at).unwrap_or(f64::NAN)
        };
        let rows = there(k);
        let weight = |row: &&Row| if is_weighted { row.weight } else { 1.0 };
        let sum: f64 = rows.iter().map(|row| weight(row) * row.x).sum();
        let n: f64 = rows.iter().map(weight).sum();
        assert!(close(number("s"), sum) && close(number("n"), n), "{place}, k = {k:?}: {frame}");
        // Positive and negative weights may cancel; then the mean is as uncertain as their sum.
        if rows.is_empty() {
            assert!(number("m").is_nan() && number("a").is_nan(), "{place}, k = {k:?}: {frame}");
        } else {
            assert!(close(number("m"), sum / n) || n.abs() < 1e-6, "{place}, k = {k:?}: {frame}");
            let least = rows.iter().map(|row| row.x).fold(f64::INFINITY, f64::min);
            let most = rows.iter().map(|row| row.x).fold(f64::NEG_INFINITY, f64::max);
            assert!(number("a") == least && number("b") == most, "{place}, k = {k:?}: {frame}");
        }
    };
    let by_key = group.group_by("k").agg(aggregations()).unwrap();
    let keys: Vec<i32> = by_key.column("k").unwrap().i32().unwrap().iter().flatten().collect();
    let mut expected: Vec<i32> = all.iter().map(|row| row.k).collect();
    expected.sort_unstable();
    expected.dedup();
    assert_eq!(keys, expected, "{place}");
    keys.iter().enumerate().for_each(|(at, k)| check(&by_key, at, Some(*k)));
    let whole = group.agg(aggregations()).unwrap();
    assert_eq!(whole.height(), 1, "{place}");
    check(&whole, 0, None);
}

#[test]
fn what_is_not_defined_for_weights_is_refused_and_can_be_asked_without() {
    let frame = df!("k" => [1, 1, 2], "x" => [1.0, 2.0, 3.0], "w" => [Some(2.0), None, Some(0.5)]).unwrap();
    let data = Data::from_frames([("p", frame)]).unwrap();
    let weighted = data.weight("w");
    let refused = weighted.query("w > 0").group_by("k").agg(std("x")).unwrap_err().to_string();
    assert!(refused.contains("`std` of the column `x`") && refused.contains(".unweighted()"), "{refused}");
    assert_eq!(weighted.unweighted().group_by("k").agg(std("x")).unwrap().height(), 2);
    let missing = weighted.agg(sum("x")).unwrap_err().to_string();
    assert!(missing.contains("the weight of 1 rows") && missing.contains("`x`"), "{missing}");
    assert!(weighted.sum_of_weights().unwrap().0.is_nan());
    assert_eq!(weighted.unweighted().sum_of_weights().unwrap(), (3.0, 3.0_f64.sqrt()));
    // Two of one column are called apart; the same twice is said.
    let names = data.group_by("k").agg([mean("x"), std("x"), count("k")]).unwrap();
    assert_eq!(names.get_column_names(), ["k", "x_mean", "x_std", "k_count"]);
    let twice = data.group_by("k").agg([mean("x"), mean("x")]).unwrap_err().to_string();
    assert!(twice.contains("x_mean") && twice.contains("alias"), "{twice}");
}

#[test]
fn weights_of_other_rows_or_tables_are_not_made_up_before_their_step() {
    let frame = df!("k" => [1, 2, 3, 4], "x" => [1.0, 2.0, 3.0, 4.0]).unwrap();
    let data = Data::from_frames([("p", frame)]).unwrap();
    let factors = df!("k" => [1, 2, 3, 4], "f" => [10.0, 20.0, 30.0, 40.0]).unwrap();
    let joined = data.query("x > 1").join(&factors, "k").query("x > 2").weight("f").cutflow().unwrap();
    let weighted: Vec<f64> = joined.total().iter().map(|left| left.weighted).collect();
    assert!(weighted[0].is_nan() && weighted[1].is_nan() && weighted[2..] == [90.0, 70.0], "{weighted:?}");
    let mean = data.query("x > 1").weight("x / x.mean()").query("x > 2").cutflow().unwrap();
    let weighted: Vec<f64> = mean.total().iter().map(|left| left.weighted).collect();
    assert!(weighted[0].is_nan() && (weighted[2] - 7.0 / 3.0).abs() < 1e-12, "{weighted:?}");
}

#[test]
fn written_weights_come_back_and_the_listing_shows_those_of_processes() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("lumi.toml");
    std::fs::write(&table, LUMINOSITY).unwrap();
    let frame = || df!("x" => [1.0, 2.0, 3.0], "w" => [1.0, 2.0, 3.0]).unwrap();
    let data = Data::from_frames([(DATA, frame()), (MC, frame())]).unwrap().luminosity(&table).unwrap();
    let weighted = data.query("x > 1").weight("w");
    let path = folder.path().join("skim");
    assert_eq!(weighted.write_parquet(&path).unwrap(), 4);
    let again = data::load(&path).unwrap();
    let sums = weighted.sum_of_weights().unwrap();
    assert_eq!(sums.0, 5.0 + 5.0 / 4.0);
    assert_eq!(again.weight(TOTAL_WEIGHT).sum_of_weights().unwrap(), sums);
    assert_eq!(again.weight(TOTAL_WEIGHT).select(["x"]).collect().unwrap().width(), 3);
    let twice = again.weight("w").collect().unwrap_err().to_string();
    assert!(twice.contains(TOTAL_WEIGHT) && twice.contains("select"), "{twice}");
    // A step that Polars cannot express and that keeps all rows: our engine runs when Polars collects.
    let lazy = weighted.sample(1.0, 1).lazy().collect().unwrap();
    assert!(lazy.equals_missing(&weighted.collect().unwrap()), "{lazy}");
    let listing = show::Display::bundle(&data.processes());
    let text = listing.get("text/plain").unwrap().to_string();
    assert!(text.contains("weight") && text.contains("0.25"), "{text}");
}

#[test]
fn units_are_assumed_unless_the_data_are_of_belle_ii() {
    let frame = || df!("E" => [1.0, 2.0], "mine" => [1.0, 2.0]).unwrap();
    let unit = |name: &str, frame: DataFrame, column: &str| {
        let data = Data::from_frames([(name, frame)]).unwrap();
        data.hist(column, 2).unwrap().axes()[0].unit.clone()
    };
    let columns = |names: [&str; 2]| {
        let mut frame = frame();
        for name in names {
            frame.with_column(Column::new(name.into(), [1, 2])).unwrap();
        }
        frame
    };
    assert_eq!(unit("run 7", frame(), "E"), "GeV, assumed");
    assert_eq!(unit("run 7", columns(["__event__", "__tag__"]), "E"), "GeV, assumed");
    assert_eq!(unit(MC, frame(), "E"), "GeV");
    assert_eq!(unit("run 7", columns(["__event__", "__run__"]), "E"), "GeV");
    assert_eq!(unit("run 7", frame(), "mine"), "");
}
