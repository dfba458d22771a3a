//! The same bits, however the work is done: for the twelve commonest chains, every way to run them gives the same answer
//! bit for bit. What is left out, as the documentation says: fits (to 1e-9), and weighted sums in the last digits when the
//! user fixes other units of work (`chunk_size`).

use data::{Data, Lowest, load};
use flow::memory::Cache;
use flow::{count, max, mean, median, min, std as deviation, sum};
use hist::{Constant, Fitting, Gaussian};
use polars::prelude::*;
use recoil_vectors::{Width, limit};
use std::path::Path;

/// An answer as numbers whose bits are compared.
type Bits = Vec<u64>;

fn of_floats(values: impl IntoIterator<Item = f64>) -> Bits {
    values.into_iter().map(f64::to_bits).collect()
}

fn of_histogram(hist: &hist::Hist) -> Bits {
    let edges = (0..hist.dimensions()).flat_map(|axis| hist.axes()[axis].edges());
    let bytes = hist.contents();
    let parts = hist.by_process().iter().flat_map(|(_, part)| part.contents()).collect::<Vec<_>>();
    let words =
        |bytes: Vec<u8>| bytes.chunks(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect::<Vec<_>>();
    of_floats(edges).into_iter().chain(words(bytes)).chain(words(parts)).collect()
}

/// Every value of a frame, floats by their bits, others by their text.
fn of_frame(frame: &DataFrame) -> Bits {
    let mut bits = vec![frame.height() as u64];
    for column in frame.columns() {
        match column.dtype() {
            DataType::Float64 => bits.extend(column.f64().unwrap().iter().map(|v| v.map_or(u64::MAX, f64::to_bits))),
            DataType::Float32 => {
                bits.extend(column.f32().unwrap().iter().map(|v| v.map_or(u64::MAX, |v| u64::from(v.to_bits()))));
            }
            _ => {
                let text = column.cast(&DataType::String).unwrap();
                let hash = |text: Option<&str>| segment::random::digest(text.unwrap_or("\0").bytes().map(u64::from));
                bits.extend(text.str().unwrap().iter().map(hash));
            }
        }
    }
    bits
}

/// The twelve commonest chains, each with its terminal.
const CHAINS: [(&str, fn(&Data) -> Bits); 12] = [
    ("query, histogram", |data| {
        of_histogram(&data.query("pRecoil > 2.0 & 2.6 > pRecoilTheta > 0.3").hist("mu1P", (50, 0.0, 6.0)).unwrap())
    }),
    ("one candidate, weights, histogram with a found range", |data| {
        of_histogram(&data.oneCandOnly().weight("pRecoil / 3").hist("mu1Theta", 50).unwrap())
    }),
    ("define, two dimensions", |data| {
        let rows = data.define("pt1", "mu1P * sin(mu1Theta)").weight("mu2P");
        of_histogram(&rows.hist2d("pt1", (20, 0.0, 5.0), "pRecoil", (20, 0.0, 6.0)).unwrap())
    }),
    ("many histograms in one pass", |data| {
        let bins = (40, 0.0, 6.0);
        let hists = data.query("mu1P > 1").hists([("mu1P", bins), ("mu2P", bins), ("pRecoil", bins)]).unwrap();
        hists.iter().flat_map(|hist| of_histogram(hist)).collect()
    }),
    ("profile", |data| of_histogram(&data.oneCandOnly().profile("pRecoil", (30, 0.0, 6.0), "m2Recoil").unwrap())),
    ("best candidate, count, row numbers", |data| {
        let best = data.best_candidate("abs(m2Recoil)", Lowest);
        [best.count().unwrap()].into_iter().chain(best.row_numbers().unwrap()).collect()
    }),
    ("sample, frame", |data| {
        let rows = data["mumu"].sample(0.3, 7).define("x", "sqrt(mu1P) + E").select(["mu1P", "x", "__run__"]);
        of_frame(&rows.collect().unwrap())
    }),
    ("groups", |data| {
        let of = ["mu1P"];
        let all = [sum(of[0]), mean(of[0]), deviation(of[0]), median(of[0]), min(of[0]), max(of[0]), count(of[0])];
        of_frame(&data.oneCandOnly().group_by("nTracks").agg(all).unwrap())
    }),
    ("numbers", |data| {
        let rows = data.query("E > 0.05").weight("mu1P / 7");
        let (sum, error) = rows.sum_of_weights().unwrap();
        let plain = rows.unweighted();
        let numbers =
            [plain.mean("pRecoil"), plain.std("pRecoil"), plain.sum("pRecoil"), plain.quantile("pRecoil", 0.3)];
        of_floats(numbers.map(Result::unwrap).into_iter().chain([sum, error]))
    }),
    ("cutflow", |data| {
        let flow = data.query("nTracks == 2").oneCandOnly().query("mu1P > 1").weight("mu2P").cutflow().unwrap();
        of_frame(&flow.to_frame().unwrap())
    }),
    ("order", |data| {
        let rows = data["mumu"].select(["pRecoil", "mu1P", "__event__"]);
        let unique = data["mumu"].unique("nTracks").unwrap();
        [of_frame(&rows.top(50, "pRecoil").unwrap()), of_frame(&unique)].concat()
    }),
    ("join, define, histogram", |data| {
        let names = df!("__run__" => (0..400).collect::<Vec<i32>>(), "scale" => (0..400).map(|run| 1.0 + f64::from(run) / 3e3).collect::<Vec<_>>());
        let runs = data["mumu"].select(["__run__"]).head(1_u64).collect().unwrap();
        let kind = runs.column("__run__").unwrap().dtype().clone();
        let names = names.unwrap().lazy().with_column(col("__run__").cast(kind)).collect().unwrap();
        let rows = data["mumu"].join(&names, ["__run__"]).define("p", "mu1P * scale");
        of_histogram(&rows.weight("scale").hist("p", (40, 0.0, 6.0)).unwrap())
    }),
];

/// A way to run a chain.
struct Way {
    name: &'static str,
    threads: usize,
    /// In gigabytes.
    budget: f64,
    cached: bool,
    checkpoints: bool,
    vectors: Width,
}

const WAY: Way = Way { name: "", threads: 2, budget: 4.0, cached: false, checkpoints: false, vectors: Width::Avx512 };

const WAYS: [Way; 9] = [
    Way { name: "two threads", ..WAY },
    Way { name: "eight threads", threads: 8, ..WAY },
    Way { name: "cached", cached: true, ..WAY },
    Way { name: "little memory", budget: 0.002, ..WAY },
    Way { name: "little memory, eight threads, cached", budget: 0.002, threads: 8, cached: true, ..WAY },
    Way { name: "checkpoints", checkpoints: true, ..WAY },
    Way { name: "AVX2", vectors: Width::Avx2, ..WAY },
    Way { name: "no wide vectors", vectors: Width::None, ..WAY },
    Way { name: "no wide vectors, one thread, little memory", vectors: Width::None, threads: 1, budget: 0.002, ..WAY },
];

impl Way {
    fn run(&self, root: &Path, chain: fn(&Data) -> Bits) -> Bits {
        limit(self.vectors);
        let folder = root.join("passes");
        let data = load(root.join("toy")).unwrap().threads(self.threads).memory_budget_gb(self.budget);
        let data = if self.checkpoints { data.checkpoint(&folder) } else { data };
        Cache::shared().clear();
        if self.cached {
            chain(&data);
            Cache::shared().settle();
        }
        let bits = chain(&data);
        limit(Width::Avx512);
        bits
    }
}

#[test]
fn every_way_to_run_a_chain_gives_the_same_bits() {
    let root = tempfile::tempdir().unwrap();
    toy::toy(root.path().join("toy"), 40_000, 3).unwrap();
    let first = Way { name: "one thread", threads: 1, ..WAY };
    let mut differing = Vec::new();
    for (name, chain) in CHAINS {
        let expected = first.run(root.path(), chain);
        assert!(expected.len() > 5 && expected.iter().any(|word| *word != expected[0]), "{name} answers nothing");
        // A pass with a join is refused where there are checkpoints: another session would not know its table.
        for way in WAYS.iter().filter(|way| !(way.checkpoints && name.starts_with("join"))) {
            let bits = way.run(root.path(), chain);
            if bits != expected {
                let at = bits.iter().zip(&expected).position(|(a, b)| a != b);
                let pair = at.map(|at| (f64::from_bits(expected[at]), f64::from_bits(bits[at])));
                differing.push(format!("{name}, {}: word {at:?} of {}: {pair:?}", way.name, expected.len()));
            }
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn fits_are_the_same_to_a_billionth() {
    let root = tempfile::tempdir().unwrap();
    toy::toy(root.path().join("toy"), 40_000, 3).unwrap();
    let fitted = |way: &Way| {
        let chain = |data: &Data| {
            let peak = data["mumu"].query("E > 0.1").hist("m2Recoil", (40, -1.0, 1.0)).unwrap();
            let fit = peak.fit((Gaussian + Constant).range(-1.0, 1.0)).unwrap();
            of_floats(["mean", "sigma"].map(|name| fit[name].value))
        };
        way.run(root.path(), chain).into_iter().map(f64::from_bits).collect::<Vec<_>>()
    };
    let expected = fitted(&Way { name: "one thread", threads: 1, ..WAY });
    for way in WAYS.iter().filter(|way| !way.checkpoints) {
        for (was, is) in expected.iter().zip(fitted(way)) {
            assert!((was - is).abs() <= 1e-9 * was.abs(), "{}: {was} and {is}", way.name);
        }
    }
}
