//! A cache of columns that is too small by a fifth, with and without a disk for what it has no room for.

use super::*;
use std::sync::OnceLock;

/// A table whose columns cost so many nanoseconds per byte to decode, however they are stored.
#[derive(Debug)]
struct Costly(Arc<dyn Source>, f64, Vec<SegmentInfo>);

impl Costly {
    fn new(source: Arc<dyn Source>, cost: f64) -> Self {
        // Columns of another cost are other columns to the cache.
        let own = |info: &SegmentInfo| SegmentInfo { identity: info.identity.part(cost.to_bits()), ..info.clone() };
        let segments = source.segments().iter().map(own).collect();
        Self(source, cost, segments)
    }
}

impl Source for Costly {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn schema(&self) -> &SchemaRef {
        self.0.schema()
    }

    fn segments(&self) -> &[SegmentInfo] {
        &self.2
    }

    fn read(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) -> segment::Result<DataFrame> {
        let start = Instant::now();
        let frame = self.0.read(segment, columns, rows)?;
        work(frame.estimated_size() as f64 * self.1 - start.elapsed().as_nanos() as f64);
        Ok(frame)
    }
}

/// Works for so many nanoseconds of a core that has nothing else to do; longer where others are at work on it.
fn work(nanoseconds: f64) {
    static PACE: OnceLock<f64> = OnceLock::new();
    let rounds = |count: u64| {
        let word = (0..count).fold(1_u64, |word, at| (word ^ at).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        std::hint::black_box(word);
    };
    let pace = PACE.get_or_init(|| {
        let start = Instant::now();
        rounds(std::hint::black_box(100_000_000));
        1e8 / start.elapsed().as_nanos() as f64
    });
    rounds((nanoseconds.max(0.0) * pace) as u64);
}

pub fn tiers(rows: usize) {
    println!("\n## Six columns of {rows} rows, a cache for four fifths of them, {} threads\n", threads());
    println!(
        "| decoding, ns/byte | first pass Mrows/s: no disk | with a disk | ratio | second pass: no disk | with a disk | ratio | on disk, MB |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let path = file("six", rows, Compression::None, six_columns);
    let folder = tempfile::tempdir().expect("a folder");
    for cost in [3.5, 5.0, 20.0] {
        let file: Arc<dyn Source> = Arc::new(sources::parquet::open(&path).expect("a parquet file"));
        let source = Arc::new(Costly::new(file, cost));
        let fill = Fill::one("x", Some("w"), 0.0, 10.0);
        // A file is no folder: what refuses is no disk.
        let scan = |spill: &Path| {
            let options =
                Options { spill: Some(spill.to_owned()), ..Options::default().memory_budget_gb(rows as f64 * 40e-9) };
            with_columns(Query::new().over(source.clone()).options(options), &["x", "y", "z", "a", "b", "w"])
        };
        let scans = [scan(&path), scan(folder.path())];
        let [mut first, mut second] = [const { [const { Vec::new() }; 2] }; 2];
        let mut on_disk = 0;
        for round in 0..5 {
            for turn in 0..2 {
                let at = (turn + round) % 2;
                Cache::shared().clear();
                timed(&mut first[at], || drop(scans[at].run(&fill).expect("a pass")));
                timed(&mut second[at], || on_disk = on_disk.max(scans[at].run(&fill).expect("a pass").1.disk_bytes));
                Cache::shared().settle();
            }
        }
        Cache::shared().clear();
        let rate = |seconds: &[f64]| rows as f64 / middle(seconds) / 1e6;
        let ([a, b], [c, d]) = ([0, 1].map(|at| rate(&first[at])), [0, 1].map(|at| rate(&second[at])));
        println!(
            "| {cost} | {a:.1} | {b:.1} | {:.2} | {c:.1} | {d:.1} | {:.2} | {:.0} |",
            b / a,
            d / c,
            on_disk as f64 / 1e6
        );
    }
}
