//! A billion rows.

use super::*;

/// The photon study of any size, made as it is read: no disk holds a billion of its rows here.
#[derive(Debug)]
struct Toy {
    schema: SchemaRef,
    segments: Vec<SegmentInfo>,
}

impl Toy {
    fn new(rows: usize) -> Self {
        let part = 262_144;
        let segment = |(number, start): (usize, usize)| {
            let rows = start as u64..(start + part).min(rows) as u64;
            SegmentInfo {
                columns: 0..15,
                statistics: segment::Statistics { rows: rows.end - rows.start, ..Default::default() },
                bytes: 0,
                place: Arc::new(segment::Place::memory()),
                identity: sources::Identity::of(&("toy", number)),
                rows,
            }
        };
        Self { schema: Arc::new(study_schema()), segments: (0..rows).step_by(part).enumerate().map(segment).collect() }
    }
}

impl Source for Toy {
    fn name(&self) -> &str {
        "toy"
    }

    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn segments(&self) -> &[SegmentInfo] {
        &self.segments
    }

    fn read(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) -> segment::Result<DataFrame> {
        let start = self.segments[segment].rows.start as usize;
        let made = columns.iter().map(|name| study_column(name, start + rows.start..start + rows.end));
        Ok(DataFrame::new(rows.len(), made.collect())?)
    }
}

/// A billion rows: the file of twenty million read as fifty files, because no disk here holds fifty of it, and a toy
/// whose rows are all different, made as they are read.
pub fn billion() {
    let rows = 20_000_000;
    let path = file("study", rows, Compression::Zstd, study_columns);
    let folder = tempfile::tempdir().expect("a folder");
    kill(folder.path());
    println!("\n## A billion rows: cut, one candidate per event, three histograms; budget 4 GB\n");
    println!("| what | rows | seconds | Mrows/s | rows kept | peak memory, GB |\n|---|---|---|---|---|---|");
    let open = || -> Arc<dyn Source> { Arc::new(sources::parquet::open(&path).expect("a parquet file")) };
    let files = sources::chain((0..50).map(|_| open()).collect()).expect("one schema");
    // The same events come back fifty times in a row: every run of equal keys is an event of its own.
    run_billion("zstd parquet, 20 M rows fifty times", files, Candidates::new(Best::First).by_runs());
    run_billion("toy, made as it is read", Arc::new(Toy::new(50 * rows)), Candidates::new(Best::First));
}

/// Kills a query of twenty million rows that has spilled to disk: nothing of it is left.
fn kill(folder: &Path) {
    let own = std::env::current_exe().expect("this program");
    let mut child = Command::new(own).arg("killed").arg(folder).stdout(Stdio::piped()).spawn().expect("it runs");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let told = lines.next().expect("it says when it is in the middle").expect("text");
    let open = std::fs::read_dir(format!("/proc/{}/fd", child.id())).expect("its open files").flatten();
    let spills =
        |file: &Path| std::fs::read_link(file).is_ok_and(|path| path.to_string_lossy().contains("recoil-spill"));
    assert!(open.into_iter().any(|file| spills(&file.path())), "it has spilled by then");
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
    let left: Vec<_> = std::fs::read_dir(folder).expect("the folder").collect();
    assert!(left.is_empty(), "nothing is left of a query that was killed: {left:?}");
    println!("\nkilled {told}: nothing left in the folder it spills to");
}

/// All rows between two stages, far more than half the budget, so that most lie on the spill disk; says when it is there.
pub fn run_until_killed(folder: &Path) {
    let said = std::sync::atomic::AtomicBool::new(false);
    let say = move |done: f64| {
        if done > 0.7 && !said.swap(true, std::sync::atomic::Ordering::Relaxed) {
            println!("at {:.0} % of the rows", done * 100.0);
        }
    };
    let options = Options { spill: Some(folder.to_owned()), ..Options::default().memory_budget_gb(0.2) };
    let query = Query::new().filter(cut::parse("absdPhi > 0.0").expect("a cut")).head(15_000_000).sample(0.5, 1);
    let scan = query.over(Arc::new(Toy::new(20_000_000))).options(options.progress_callback(say));
    let scan = with_columns(scan, &["pRecoilTheta"]);
    let fill = Fill::one("pRecoilTheta", None, 0.0, 3.0);
    scan.run(&fill).expect("a pass");
    println!("it was not killed");
}

fn run_billion(what: &str, source: Arc<dyn Source>, candidates: Candidates) {
    let query = Query::new().filter(cut::parse(STUDY).expect("a cut")).candidates(candidates);
    let columns = ["pRecoilTheta", "absdPhi", "mu1clusterE"];
    let empty = Hist::new(Axis::regular(BINS, 0.0, 3.0).expect("an axis")).expect("a histogram");
    let fill = Fill { empty: vec![empty; 3], columns: columns.to_vec(), weight: None };
    let scan = with_columns(query.over(source).options(Options::default().memory_budget_gb(4.0)), &columns);
    forget_peak();
    let start = Instant::now();
    let (_, report) = scan.run(&fill).expect("a pass");
    let seconds = start.elapsed().as_secs_f64();
    let rate = report.rows_in as f64 / seconds / 1e6;
    let memory = peak();
    let (rows, kept) = (report.rows_in, report.rows_out);
    println!("| {what} | {rows} | {seconds:.1} | {rate:.1} | {kept} | {:.2} |", memory as f64 / 1e9);
    assert!(memory < 5_000_000_000, "the budget holds");
}
