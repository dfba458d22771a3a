//! Columns of lists through chains: histograms of objects, objects as rows, events as rows, another table's rows as objects.
//! References are numpy over uproot's arrays for the real files, and plain loops for random rows.

use data::{Data, Lowest, load};
use polars::prelude::*;
use std::collections::BTreeMap;

fn repository(file: &str) -> String {
    format!("{}/data/{file}", env!("CARGO_MANIFEST_DIR"))
}

/// 1000 events of CMS with 2372 muons, in an RNTuple.
fn muons() -> Data {
    load(repository("Run2012BC_DoubleMuParked_Muons_1000evts_rntuple_v1-0-0-0.root")).unwrap()
}

fn list(values: &[f64]) -> Option<Series> {
    Some(Series::new("".into(), values))
}

fn column(name: &str, lists: impl IntoIterator<Item = Option<Series>>) -> Column {
    let lists: ListChunked = lists.into_iter().collect();
    lists.into_series().with_name(name.into()).into_column()
}

fn floats(frame: &DataFrame, name: &str) -> Vec<f64> {
    values(frame.column(name).unwrap().as_materialized_series())
}

fn values(series: &Series) -> Vec<f64> {
    let series = series.cast(&DataType::Float64).unwrap();
    series.f64().unwrap().iter().map(|value| value.unwrap_or(f64::NAN)).collect()
}

#[test]
fn every_object_is_an_entry_in_root_and_in_parquet_as_numpy_counts() {
    let data = muons();
    let expected = [315, 609, 574, 323, 152, 103, 72, 68, 54, 39, 19, 12, 10, 5, 3, 5, 0, 0, 2, 0].map(f64::from);
    let folder = tempfile::tempdir().unwrap();
    data.write_parquet(folder.path().join("muons.parquet")).unwrap();
    for data in [data, load(folder.path().join("muons.parquet")).unwrap()] {
        let pt = data.hist("Muon_pt", (20, 0.0, 100.0)).unwrap();
        assert_eq!((pt.values(), pt.entries(), pt.overflow()), (expected.to_vec(), 2372, 7.0));
        let both = data.hist2d("Muon_pt", (3, 0.0, 60.0), "Muon_eta", (2, -2.0, 2.0)).unwrap();
        assert_eq!(both.values(), [771.0, 807.0, 186.0, 169.0, 57.0, 56.0]);
        let weighted = data.weight("nMuon").hist("Muon_pt", (4, 0.0, 40.0)).unwrap();
        assert_eq!(weighted.values(), [3099.0, 2410.0, 684.0, 372.0]);
        let all = data.hists((("Muon_pt", (20, 0.0, 100.0)), ("nMuon", (5, 0.0, 5.0)), ("Muon_pt", 7))).unwrap();
        assert_eq!((all[0].values(), all[1].entries(), all[2].sum()), (expected.to_vec(), 1000, 2372.0));
        let profile = data.profile("Muon_pt", (3, 0.0, 60.0), "Muon_eta").unwrap().values();
        let means = [0.04121817585046336, -0.011226082641831775, 0.10339885758942054];
        assert!(profile.iter().zip(means).all(|(have, mean)| (have - mean).abs() < 1e-12), "{profile:?}");
        let small = data.chunk_size(7).threads(2);
        assert_eq!(small.each("Muon").query("Muon_pt > 20").count().unwrap(), 551);
        let three = small.query("nMuon > 2");
        assert_eq!((three.count().unwrap(), three.each("Muon").count().unwrap()), (318, 1159));
    }
}

#[test]
fn jagged_branches_of_a_tree_are_lists() {
    let data = load(repository("uproot-small-dy-withoffsets.root")).unwrap();
    let jets = data.hist("Jet_pt", (10, 0.0, 100.0)).unwrap();
    assert_eq!(jets.values(), [0, 812, 538, 286, 198, 154, 77, 43, 19, 14].map(f64::from));
    assert_eq!(jets.entries(), 2165);
    let objects = data.each("Jet");
    assert_eq!(objects.count().unwrap(), 2165);
    assert_eq!(objects.hist("Jet_pt", (10, 0.0, 100.0)).unwrap().values(), jets.values());
    let text = show::Display::bundle(&data.columns()).plain().to_owned();
    assert!(text.contains("2 collections") && text.contains("jetId pt"), "{text}");
    assert!(data.columns().contains(&"Jet_pt".to_owned()));
}

#[test]
fn objects_that_become_rows_repeat_what_the_event_has() {
    let frame = DataFrame::new(
        3,
        vec![
            Column::new("event".into(), [7_i64, 8, 9]),
            Column::new("w".into(), [2.0, 3.0, 5.0]),
            column("Jet_pt", [list(&[10.0, 20.0]), None, list(&[30.0])]),
            column("Jet_eta", [list(&[0.1, 0.2]), list(&[]), list(&[0.3])]),
            column("Muon_pt", [list(&[1.0]), list(&[2.0, 3.0]), list(&[])]),
        ],
    )
    .unwrap();
    let data = Data::from_frames([("p", frame)]).unwrap();
    let rows = data.each("Jet").collect().unwrap();
    assert_eq!((floats(&rows, "event"), floats(&rows, "Jet_eta")), (vec![7.0, 7.0, 9.0], vec![0.1, 0.2, 0.3]));
    assert_eq!(rows.column("Muon_pt").unwrap().list().unwrap().get_as_series(1).unwrap().len(), 1);
    let weighted = data.weight("w").each("Jet").hist("Jet_pt", (3, 5.0, 35.0)).unwrap();
    assert_eq!(weighted.values(), [2.0, 2.0, 5.0]);
    assert_eq!(weighted.values(), data.weight("w").hist("Jet_pt", (3, 5.0, 35.0)).unwrap().values());
    let left = data.weight("w").query("event > 6").each("Jet").query("Jet_pt > 15").cutflow().unwrap().total();
    let told: Vec<_> = left.iter().map(|left| (left.candidates, left.events, left.weighted)).collect();
    assert_eq!(told, [(3, 3, 10.0), (3, 3, 10.0), (3, 2, 9.0), (2, 2, 7.0)]);
    let pairs = data.each("a, b in pairs(Jet) if a.pt < b.pt").define("both", "a.pt + b.pt").select(["event", "both"]);
    let pairs = pairs.collect().unwrap();
    assert_eq!((floats(&pairs, "event"), floats(&pairs, "both")), (vec![7.0], vec![30.0]));
    let values = data.each("Jet").query("Jet.pt > 15").hist("Jet.pt", (3, 5.0, 35.0)).unwrap();
    assert_eq!(values.values(), [0.0, 1.0, 1.0]);
    let error = data.each("Jets").count().unwrap_err().to_string();
    assert!(error.contains("no collection `Jets`; did you mean `Jet`?"), "{error}");
    let by_rows = data.define_with(["Jet_pt"], "ht", |pt: &[f64]| pt.iter().sum::<f64>());
    assert_eq!(floats(&by_rows.collect().unwrap(), "ht"), [30.0, 0.0, 30.0]);
    let halved =
        data.define_with(["Jet_pt", "w"], "half", |pt: &[f64], w: f64| pt.iter().map(|pt| pt * w).collect::<Vec<_>>());
    assert_eq!(halved.hist("half", (2, 0.0, 200.0)).unwrap().values(), [2.0, 1.0]);
}

#[test]
fn lists_of_different_lengths_are_told_with_file_and_event() {
    let frame = |rows: usize, wrong: Option<usize>| {
        let pt = |row: usize| list(&vec![1.0; row % 4]);
        let eta = |row: usize| list(&vec![1.0; if Some(row) == wrong { 3 } else { row % 4 }]);
        DataFrame::new(
            rows,
            vec![
                Column::new("n".into(), (0..rows as i64).collect::<Vec<_>>()),
                column("Jet_pt", (0..rows).map(pt)),
                column("Jet_eta", (0..rows).map(eta)),
            ],
        )
        .unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    for (name, mut frame) in [("a", frame(500, None)), ("b", frame(9_000, Some(8_126)))] {
        let file = std::fs::File::create(folder.path().join(format!("{name}.parquet"))).unwrap();
        ParquetWriter::new(file).with_row_group_size(Some(1000)).finish(&mut frame).unwrap();
    }
    let data = data::Loader::new(folder.path()).one_process("all").load().unwrap();
    for data in [data.clone(), data.chunk_size(64).threads(2)] {
        let error = data.hist2d("Jet_pt", (2, 0.0, 2.0), "Jet_eta", (2, 0.0, 2.0)).unwrap_err().to_string();
        let told = "event 8126 (counted from 0): `Jet_pt` has 2 values and `Jet_eta` 3";
        assert!(error.contains("b.parquet") && error.contains(told), "{error}");
        let error = data.query("any(Jet.pt > Jet.eta)").count().unwrap_err().to_string();
        assert!(error.contains("b.parquet") && error.contains(told), "{error}");
        let error = data.query("n > 5000").each("Jet").select(["Jet_pt", "Jet_eta"]).collect().unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Candidates of events, the rows of an event side by side or not.
fn candidates(random: &mut Random, events: u64, side_by_side: bool) -> DataFrame {
    let mut rows: Vec<(i64, i32)> = Vec::new();
    for event in 0..events {
        rows.extend((0..1 + random.below(4)).map(|_| (event as i64 / 5, event as i32)));
    }
    if !side_by_side {
        let count = rows.len() as u64;
        (0..rows.len()).for_each(|at| rows.swap(at, random.below(count) as usize));
    }
    let (run, event): (Vec<i64>, Vec<i32>) = rows.into_iter().unzip();
    let number = |random: &mut Random| if random.below(9) == 0 { f64::NAN } else { random.below(8) as f64 / 4.0 };
    let chi2: Vec<f64> = event.iter().map(|_| number(random)).collect();
    let x: Vec<i64> = (0..event.len() as i64).collect();
    df!("__run__" => run, "__event__" => event, "chi2" => chi2, "x" => x).unwrap()
}

/// Rows of each event, in the order in which events first come.
fn events(frame: &DataFrame) -> Vec<Vec<usize>> {
    let (run, event) = (floats(frame, "__run__"), floats(frame, "__event__"));
    let mut places: BTreeMap<(u64, u64), usize> = BTreeMap::new();
    let mut events: Vec<Vec<usize>> = Vec::new();
    for row in 0..frame.height() {
        let at = *places.entry((run[row].to_bits(), event[row].to_bits())).or_insert(events.len());
        if at == events.len() {
            events.push(Vec::new());
        }
        events[at].push(row);
    }
    events
}

#[test]
fn an_event_is_a_row_with_its_candidates_whatever_the_pieces() {
    let mut random = Random(5);
    for case in 0..40 {
        let (many, side_by_side) = (1 + random.below(60), case % 3 > 0);
        let frame = candidates(&mut random, many, side_by_side);
        let x = floats(&frame, "x");
        let data = Data::from_frames([("p", frame.clone())]).unwrap().chunk_size(1 + random.below(9) as usize);
        let data = data.threads(1 + case % 2);
        let gathered = data.by_event("cand").collect().unwrap();
        let expected = events(&frame);
        assert_eq!(gathered.height(), expected.len(), "case {case}");
        let lists = gathered.column("cand_x").unwrap().list().unwrap();
        for (row, event) in expected.iter().enumerate() {
            let own = values(&lists.get_as_series(row).unwrap());
            let rows: Vec<f64> = event.iter().map(|&row| x[row]).collect();
            assert_eq!(own, rows, "case {case}, row {row}");
            assert_eq!(floats(&gathered, "ncand")[row], rows.len() as f64);
        }
        assert_eq!(data.by_event("cand").count().unwrap(), expected.len() as u64);
        // The rows again, as many as there were and in the order of events.
        let again = data.by_event("cand").each("cand").collect().unwrap();
        let order: Vec<f64> = expected.iter().flatten().map(|&row| x[row]).collect();
        assert_eq!(floats(&again, "cand_x"), order);
    }
}

#[test]
fn one_candidate_is_the_first_or_the_best_of_its_collection() {
    let mut random = Random(11);
    let first = |x: &[i64]| x[0];
    let best = |chi2: &[f64], x: &[i64]| {
        let known = chi2.iter().zip(x).filter(|(chi2, _)| !chi2.is_nan());
        known.min_by(|a, b| a.0.total_cmp(b.0)).map_or(x[0], |(_, x)| *x)
    };
    for case in 0..20 {
        let frame = candidates(&mut random, 30, case % 2 == 0);
        let data = Data::from_frames([("p", frame)]).unwrap().chunk_size(1 + random.below(9) as usize);
        let gathered = data.by_event("cand");
        let sorted = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values
        };
        let one = floats(&gathered.define_with(["cand_x"], "one", first).collect().unwrap(), "one");
        assert_eq!(sorted(one), sorted(floats(&data.oneCandOnly().collect().unwrap(), "x")));
        let one = gathered.define_with(["cand_chi2", "cand_x"], "one", best).collect().unwrap();
        let kept = data.best_candidate("chi2", Lowest).collect().unwrap();
        assert_eq!(sorted(floats(&one, "one")), sorted(floats(&kept, "x")), "case {case}");
        // The same in the language of selections.
        let first = gathered.define("one", "cand[0].x").select(["one"]).collect().unwrap();
        assert_eq!(sorted(floats(&first, "one")), sorted(floats(&data.oneCandOnly().collect().unwrap(), "x")));
        let best = gathered.define("best", "argmin(c.chi2 for c in cand)").query("has(best)").define("one", "best.x");
        let known = data.best_candidate("chi2", Lowest).query("chi2 > -1").collect().unwrap();
        assert_eq!(
            sorted(floats(&best.select(["one"]).collect().unwrap(), "one")),
            sorted(floats(&known, "x")),
            "case {case}"
        );
    }
}

#[test]
fn weights_of_candidates_are_none_of_the_event() {
    let data = Data::from_frames([("p", candidates(&mut Random(3), 9, true))]).unwrap();
    let error = data.weight("chi2").by_event("cand").count().unwrap_err().to_string();
    assert!(error.contains("put .weight(..) behind it"), "{error}");
    let error = data.by_event("a b").count().unwrap_err().to_string();
    assert!(error.contains("letters, digits"), "{error}");
    let left = data.by_event("cand").query("ncand > 1").cutflow().unwrap().total();
    assert_eq!((left[0].events, left[1].candidates), (9, 9));
}

#[test]
fn rows_of_another_table_are_attached_by_their_events() {
    let mut random = Random(23);
    let frame = candidates(&mut random, 40, true);
    let photons = candidates(&mut random, 60, false).lazy().with_column(col("chi2").alias("E")).collect().unwrap();
    let photons = photons.drop("chi2").unwrap();
    let other = Data::from_frames([("photons", photons.clone())]).unwrap().chunk_size(7);
    let data = Data::from_frames([("p", frame.clone())]).unwrap().chunk_size(5);
    let rows = data.attach("gamma", &other.query("x > 20")).collect().unwrap();
    assert_eq!(floats(&rows, "x"), floats(&frame, "x"));
    let lists = rows.column("gamma_x").unwrap().list().unwrap();
    let (keys, theirs) = (floats(&frame, "__event__"), floats(&photons, "__event__"));
    let x = floats(&photons, "x");
    for (row, key) in keys.iter().enumerate() {
        let expected: Vec<f64> =
            (0..x.len()).filter(|&at| theirs[at] == *key && x[at] > 20.0).map(|at| x[at]).collect();
        assert_eq!(values(&lists.get_as_series(row).unwrap()), expected, "row {row}");
        assert_eq!(floats(&rows, "ngamma")[row], expected.len() as f64);
    }
    let energies = data.attach("gamma", &other).oneCandOnly().hist("gamma_E", (4, 0.0, 2.0)).unwrap();
    assert!(energies.entries() > 0);
    let error = data.attach("gamma", &other["nobody"]).count().unwrap_err().to_string();
    assert!(error.contains("nobody"), "{error}");
}

#[test]
fn lists_are_described_and_shown() {
    let data = muons();
    let described = show::Display::bundle(&data.describe().unwrap()).plain().to_owned();
    assert!(described.contains("Muon_pt") && described.contains("nMuon"), "{described}");
    let shown = show::Display::bundle(&data.select(["Muon_pt"]).collect().unwrap()).plain().to_owned();
    assert!(shown.contains("] … "), "{shown}");
}

/// A table of structs in lists without a counter, in one row group.
fn jets(path: &std::path::Path) -> Vec<usize> {
    let lengths: Vec<usize> = (0..20_000).map(|event| event * 7 % 5).collect();
    let shape = segment::lists::Lists::of_lengths("Jet", lengths.iter().copied()).unwrap();
    let number = |step: usize| (0..shape.objects()).map(|at| (at * step % 1009) as f64).collect::<Vec<_>>();
    let objects = df!("pt" => number(3), "eta" => number(5)).unwrap().into_struct("".into()).into_series();
    let event = Column::new("event".into(), (0..20_000_i64).collect::<Vec<_>>());
    let mut frame = DataFrame::new(20_000, vec![shape.column("Jet", &objects).unwrap().into_column(), event]).unwrap();
    let file = std::fs::File::create(path).unwrap();
    ParquetWriter::new(file).with_compression(ParquetCompression::Zstd(None)).finish(&mut frame).unwrap();
    lengths
}

#[test]
fn lengths_are_read_without_values() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lists.parquet");
    let lengths: Vec<usize> = (0..20_000).map(|event| event * 7 % 5).collect();
    let shape = segment::lists::Lists::of_lengths("x", lengths.iter().copied()).unwrap();
    let values = Series::new("".into(), (0..shape.objects()).map(|at| at as f64 * 0.37).collect::<Vec<_>>());
    let event = Column::new("event".into(), (0..20_000_i64).collect::<Vec<_>>());
    let mut frame = DataFrame::new(20_000, vec![event, shape.column("x", &values).unwrap().into_column()]).unwrap();
    let file = std::fs::File::create(&path).unwrap();
    let writer = ParquetWriter::new(file).with_compression(ParquetCompression::Zstd(None));
    writer.with_data_page_size(Some(1 << 20)).finish(&mut frame).unwrap();
    let said = |text: &str| load(&path).unwrap().query(text).select(["event"]).explain().unwrap().0;
    assert!(said("len(x) > 2").contains("columns  2 of 2: event, len(x)"), "{}", said("len(x) > 2"));
    assert!(
        said("len(x) > 2 & max(x) > 3").contains("columns  2 of 2: event, x"),
        "{}",
        said("len(x) > 2 & max(x) > 3")
    );
    let whole = load(&path).unwrap().query("len(x) > 2").explain().unwrap().0;
    assert!(whole.contains("columns  2 of 2: event, x"), "the lists are wanted in the answer: {whole}");
    // The last values, before the footer, are no Zstandard any more: whoever decodes them fails.
    let mut bytes = std::fs::read(&path).unwrap();
    let footer =
        bytes.len() - 8 - u32::from_le_bytes(bytes[bytes.len() - 8..bytes.len() - 4].try_into().unwrap()) as usize;
    bytes[footer - footer / 3..footer - 16].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    for data in [load(&path).unwrap(), load(&path).unwrap().chunk_size(999).threads(2)] {
        for least in [0, 2, 3] {
            let expected = lengths.iter().filter(|length| **length > least).count() as u64;
            assert_eq!(data.query(format!("len(x) > {least} & event >= 0")).count().unwrap(), expected);
        }
        let h = data.query("len(x) > 2").define("n", "len(x)").hist("n", (5, 0.0, 5.0)).unwrap();
        assert_eq!(h.counts(), [0.0, 0.0, 0.0, 4_000.0, 4_000.0]);
        assert!(data.query("max(x) > 3").count().is_err(), "the values are damaged");
    }
}

#[test]
fn lengths_of_an_ntuple_and_of_a_tree_are_those_of_their_lists() {
    for (file, list) in [
        ("Run2012BC_DoubleMuParked_Muons_1000evts_rntuple_v1-0-0-0.root", "Muon_pt"),
        ("uproot-small-dy-withoffsets.root", "Jet_pt"),
    ] {
        let source = sources::root::open(repository(file), None).unwrap();
        use sources::Source;
        let name: PlSmallStr = list.into();
        for (at, info) in source.segments().iter().enumerate() {
            let rows = info.len() / 3..info.len();
            let frame = source.read(at, std::slice::from_ref(&name), rows.clone()).unwrap();
            let expected = segment::lists::Lists::count(frame.columns()[0].as_materialized_series()).unwrap();
            assert_eq!(source.lengths(at, &name, rows).unwrap().as_materialized_series(), &expected, "{file}");
        }
        let data = load(repository(file)).unwrap();
        let direct = data.query(format!("len({list}) > 2")).count().unwrap();
        assert_eq!(direct, data.query(format!("count({list} == {list}) > 2")).count().unwrap());
        assert!(direct > 0, "{file}");
    }
}

#[test]
fn explain_shows_what_is_done_with_lists() {
    let muons = muons();
    let z = "any(60 < mass(a, b) < 120 & a.charge != b.charge for a, b in pairs(Muon))";
    let told = muons.query(z).explain().unwrap().0;
    assert!(told.contains("lists Muon: charge, eta, mass, phi, pt"), "{told}");
    assert!(told.contains("expand pairs(Muon): gather ") && told.contains("fold any to events"), "{told}");
    let far = "[m for m in Muon if m.pt > 5 & all(dR(m, o) > 0.4 for o in Muon[pt > 20])]";
    let told = muons.define("far", far).query("len(far) > 0").explain().unwrap().0;
    for line in ["filter Muon", "expand Muon x Muon: gather ", "fold all to Muon", "fold len to events"] {
        assert!(told.contains(line), "{line}: {told}");
    }
}

#[test]
fn a_lazy_frame_says_what_of_lists_stays_on_our_engine() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jets.parquet");
    jets(&path);
    let data = load(&path).unwrap();
    let chain = data.query("max(Jet.pt) > 900").define("n", "len(Jet)").select(["event", "n"]);
    let plan = chain.lazy().explain(true).unwrap().to_lowercase();
    // Polars scans the file, and asks our evaluator for what it has no expression of.
    assert!(plan.matches(".recoil()").count() == 2 && plan.contains("parquet scan"), "{plan}");
    assert!(chain.lazy().collect().unwrap().equals(&chain.collect().unwrap()));
    let each = data.each("Jet").query("Jet.pt > 900").select(["event"]);
    assert!(each.lazy().explain(true).unwrap().to_lowercase().contains("anonymous"));
    assert!(each.lazy().collect().unwrap().equals(&each.collect().unwrap()));
}

#[test]
fn functions_of_rust_take_lists_of_f32() {
    let data = muons().chunk_size(77);
    let sum = |pt: &[f32]| pt.iter().map(|pt| f64::from(*pt)).sum::<f64>();
    let hardest = |pt: &[f32], n: u32| if n > 1 { pt.iter().copied().fold(0.0, f32::max) } else { -1.0 };
    let made = data.define_with(["Muon_pt"], "ht", sum).define_with(["Muon_pt", "nMuon"], "top", hardest);
    let made = made.define("same", "sum(Muon.pt)").define("most", "where(nMuon > 1, max(Muon.pt), -1)");
    let frame = made.select(["ht", "same", "top", "most"]).collect().unwrap();
    assert_eq!(floats(&frame, "ht"), floats(&frame, "same"));
    assert_eq!(floats(&frame, "top"), floats(&frame, "most"));
    assert!(floats(&frame, "top").iter().any(|top| *top > 20.0));
}

#[test]
fn the_photon_nearest_to_the_recoil_is_one_word() {
    let mut random = Random(31);
    let momentum = |random: &mut Random| [0; 3].map(|_| random.below(4001) as f64 / 1000.0 - 2.0);
    let recoil: Vec<[f64; 3]> = (0..60).map(|_| momentum(&mut random)).collect();
    let photons: Vec<(i32, [f64; 3])> = (0..200).map(|_| (random.below(60) as i32, momentum(&mut random))).collect();
    let energy = |p: &[f64; 3]| p.iter().map(|x| x * x).sum::<f64>().sqrt();
    let part = |at: usize| recoil.iter().map(|p| p[at]).collect::<Vec<_>>();
    let theirs = |at: usize| photons.iter().map(|(_, p)| p[at]).collect::<Vec<_>>();
    let frame = df!(
        "__run__" => vec![1_i64; 60], "__event__" => (0..60).collect::<Vec<i32>>(),
        "recoil_px" => part(0), "recoil_py" => part(1), "recoil_pz" => part(2)
    );
    let other = df!(
        "__run__" => vec![1_i64; 200], "__event__" => photons.iter().map(|(event, _)| *event).collect::<Vec<_>>(),
        "px" => theirs(0), "py" => theirs(1), "pz" => theirs(2),
        "E" => photons.iter().map(|(_, p)| energy(p)).collect::<Vec<_>>()
    );
    let data = Data::from_frames([("p", frame.unwrap())]).unwrap().chunk_size(7);
    let other = Data::from_frames([("photons", other.unwrap())]).unwrap();
    let nearest = "argmin(angle(g, recoil) for g in gamma if g.E > 1.5)";
    let found = data.attach("gamma", &other).define("g", nearest).define("E", "g.E").select(["E"]).collect().unwrap();
    let angle = |a: &[f64; 3], b: &[f64; 3]| {
        let dot: f64 = a.iter().zip(b).map(|(x, y)| x * y).sum();
        (dot / (energy(a) * energy(b))).acos()
    };
    let expected = recoil.iter().enumerate().map(|(event, recoil)| {
        let own = photons.iter().filter(|(of, p)| *of == event as i32 && energy(p) > 1.5);
        let best = own.min_by(|(_, a), (_, b)| angle(a, recoil).total_cmp(&angle(b, recoil)));
        best.map_or(f64::NAN, |(_, p)| energy(p))
    });
    let expected: Vec<u64> = expected.map(f64::to_bits).collect();
    assert_eq!(floats(&found, "E").into_iter().map(f64::to_bits).collect::<Vec<_>>(), expected);
    assert!(expected.iter().any(|bits| f64::from_bits(*bits).is_nan()), "events without such a photon");
}
