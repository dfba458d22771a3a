//! A file that the page cache does not have: how fast what the cores do and what the disk does go on side by side.

use super::*;
use std::os::fd::AsRawFd;

/// A table whose disk is not told what comes next.
#[derive(Debug)]
struct Untold(Arc<dyn Source>);

impl Source for Untold {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn schema(&self) -> &SchemaRef {
        self.0.schema()
    }

    fn segments(&self) -> &[SegmentInfo] {
        self.0.segments()
    }

    fn read(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) -> segment::Result<DataFrame> {
        self.0.read(segment, columns, rows)
    }

    fn pick(&self, segment: usize, columns: &[PlSmallStr], rows: &[IdxSize]) -> segment::Result<DataFrame> {
        self.0.pick(segment, columns, rows)
    }

    fn stored(&self, segment: usize, columns: &[PlSmallStr]) -> u64 {
        self.0.stored(segment, columns)
    }
}

/// Takes a file out of the page cache.
fn evict(path: &Path) {
    let file = std::fs::File::open(path).expect("the file");
    file.sync_all().expect("its bytes on the disk");
    // SAFETY: no memory is handed over, and the descriptor belongs to the file.
    let done = unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
    assert_eq!(done, 0, "the page cache forgets it");
}

pub fn cold(rows: usize) {
    println!("\n## The same cut and histogram, {rows} rows, not in the page cache, {} threads\n", threads());
    println!(
        "| file | ours Mrows/s | ours, not read ahead | Polars streaming | DuckDB | ours / not ahead | ours / best | from the page cache: ours | not read ahead |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for (name, path) in six_files(rows) {
        let source: Arc<dyn Source> = Arc::new(sources::parquet::open(&path).expect("a parquet file"));
        let fill = Fill::one("x", Some("w"), 0.0, 10.0);
        let scan = |source| {
            let query = Query::new().filter(cut::parse(SIX).expect("a cut"));
            with_columns(query.over(source), &["x", "w"]).engine(Streaming)
        };
        let (told, untold) = (scan(source.clone()), scan(Arc::new(Untold(source))));
        let mut duckdb = Peer::start("six", "duckdb", &path);
        let [mut ours, mut alone, mut polars, mut warm, mut warm_alone] = [const { Vec::new() }; 5];
        let (mut counts, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..7 {
            // Who comes first changes from round to round.
            let mut turns = [(&told, &mut ours, &mut warm), (&untold, &mut alone, &mut warm_alone)];
            turns.rotate_left(round % 2);
            for (scan, cold, _) in &mut turns {
                evict(&path);
                timed(cold, || counts = scan.run(&fill).expect("a pass").0[0].counts());
            }
            for _ in 0..4 {
                turns.rotate_left(1);
                for (scan, _, warm) in &mut turns {
                    timed(warm, || drop(scan.run(&fill).expect("a pass")));
                }
            }
            evict(&path);
            timed(&mut polars, || theirs = polars_six(&path));
            assert!(near(&counts, &theirs), "both fill the same histogram");
            evict(&path);
            duckdb.iter_mut().for_each(|peer| peer.round(&counts));
        }
        let duckdb = duckdb.as_ref().map_or(f64::NAN, |peer| middle(&peer.seconds));
        let [ours, alone, polars] = [ours, alone, polars].map(|seconds| middle(&seconds));
        let [warm, warm_alone] = [warm, warm_alone].map(|seconds| rows as f64 / middle(&seconds) / 1e6);
        let rate = |seconds: f64| rows as f64 / seconds / 1e6;
        println!(
            "| {name} | {:.0} | {:.0} | {:.0} | {:.0} | {:.2} | {:.2} | {warm:.0} | {warm_alone:.0} |",
            rate(ours),
            rate(alone),
            rate(polars),
            rate(duckdb),
            alone / ours,
            polars.min(duckdb) / ours
        );
    }
}
