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

const COLUMNS: [&str; 3] = ["pRecoilTheta", "absdPhi", "mu1clusterE"];

/// The three histograms of the study, over a billion rows.
fn fill() -> Fill<'static> {
    let empty = Hist::new(Axis::regular(BINS, 0.0, 3.0).expect("an axis")).expect("a histogram");
    Fill { empty: vec![empty; 3], columns: COLUMNS.to_vec(), weight: None }
}

fn study_of(source: Arc<dyn Source>, candidates: Candidates, options: Options) -> Scan {
    let query = Query::new().filter(cut::parse(STUDY).expect("a cut")).candidates(candidates);
    with_columns(query.over(source).options(options.memory_budget_gb(4.0)), &COLUMNS)
}

/// The file of twenty million rows read as fifty files, because no disk here holds fifty of it. The same events come back
/// fifty times in a row: every run of equal keys is an event of its own.
fn fifty_files(options: Options) -> Scan {
    let path = file("study", 20_000_000, Compression::Zstd, study_columns);
    let open = || -> Arc<dyn Source> { Arc::new(sources::parquet::open(&path).expect("a parquet file")) };
    let files = sources::chain((0..50).map(|_| open()).collect()).expect("one schema");
    study_of(files, Candidates::new(Best::First).by_runs(), options)
}

/// A billion rows: killed in the middle, run to the end, killed again and continued.
pub fn billion() {
    let folder = tempfile::tempdir().expect("a folder");
    kill(folder.path(), "spilled");
    nothing_left(folder.path(), &[]);
    println!("killed 20 M rows after most of them were spilled: nothing left in the folder for temporary files");
    println!("\n## A billion rows: cut, one candidate per event, three histograms; budget 4 GB\n");
    println!("| what | rows read | seconds | Mrows/s | rows kept | peak memory, GB |");
    println!("|---|---|---|---|---|---|");
    let seconds = kill(folder.path(), "billion");
    nothing_left(folder.path(), &[]);
    println!("| zstd parquet, 20 M rows fifty times: killed | half | {seconds:.1} | | nothing left | |");
    let wanted = run("run again to its end", &fifty_files(Options::default())).0;
    let seconds = kill(folder.path(), "billion-kept");
    nothing_left(folder.path(), &["pass.checkpoint"]);
    println!("| the same with a checkpoint: killed | half | {seconds:.1} | | the checkpoint left | |");
    let kept = Options::default().checkpoint(folder.path().join("pass.checkpoint"));
    let (answer, report) = run("continued to its end", &fifty_files(kept));
    nothing_left(folder.path(), &[]);
    let bits = |hists: &[Hist]| hists.iter().flat_map(Hist::contents).collect::<Vec<u8>>();
    assert!(bits(&answer) == bits(&wanted), "the same histograms bit for bit");
    assert!(report.resumed_rows > 300_000_000, "{} rows were done", report.resumed_rows);
}

/// A billion rows that are all different, made as they are read.
pub fn toy() {
    println!("\n## The same, made as they are read\n");
    println!("| what | rows read | seconds | Mrows/s | rows kept | peak memory, GB |");
    println!("|---|---|---|---|---|---|");
    let toy = Arc::new(Toy::new(1_000_000_000));
    run("toy", &study_of(toy, Candidates::new(Best::First), Options::default()));
}

/// Starts this program in another role, kills it when it says that it is in the middle, and gives the seconds until then.
fn kill(folder: &Path, role: &str) -> f64 {
    let own = std::env::current_exe().expect("this program");
    let start = Instant::now();
    let mut child = Command::new(own)
        .args(["killed", role])
        .env("TMPDIR", folder)
        .env("RECOIL_BENCH_FILES", std::env::temp_dir())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let told = lines.next().expect("it says when it is in the middle").expect("text");
    let open = std::fs::read_dir(format!("/proc/{}/fd", child.id())).expect("its open files").flatten();
    let spills =
        |file: &Path| std::fs::read_link(file).is_ok_and(|path| path.to_string_lossy().contains("recoil-spill"));
    assert!(role != "spilled" || open.into_iter().any(|file| spills(&file.path())), "it has spilled by then");
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
    assert!(told.starts_with("at "), "it was killed in the middle: {told}");
    start.elapsed().as_secs_f64()
}

/// Only these files are in the folder for temporary files of whoever was killed.
fn nothing_left(folder: &Path, but: &[&str]) {
    let left = std::fs::read_dir(folder).expect("the folder").map(|file| file.expect("a file").file_name());
    let left: Vec<_> = left.filter(|name| !but.iter().any(|but| name == *but)).collect();
    assert!(left.is_empty(), "something is left of a query that was killed: {left:?}");
}

/// Does what is going to be killed, and says when it is in the middle.
pub fn run_until_killed(role: &str) {
    let middle = if role == "spilled" { 0.7 } else { 0.5 };
    let said = std::sync::atomic::AtomicBool::new(false);
    let say = move |done: f64| {
        if done > middle && !said.swap(true, std::sync::atomic::Ordering::Relaxed) {
            println!("at {:.0} % of the rows", done * 100.0);
        }
    };
    let options = Options::default().progress_callback(say);
    let folder = std::env::temp_dir();
    let fill = fill();
    let hists = match role {
        // All rows between two stages, far more than half the budget, so that most lie on the spill disk.
        "spilled" => {
            let query =
                Query::new().filter(cut::parse("absdPhi > 0.0").expect("a cut")).head(15_000_000).sample(0.5, 1);
            let scan = query.over(Arc::new(Toy::new(20_000_000))).options(options.memory_budget_gb(0.2));
            with_columns(scan, &COLUMNS).run(&fill)
        }
        "billion" => fifty_files(options).run(&fill),
        _ => fifty_files(options.checkpoint(folder.join("pass.checkpoint"))).run(&fill),
    };
    let text: Vec<String> = hists.expect("a pass").0.iter().map(Hist::to_json).collect();
    std::fs::write(folder.join("results.json"), text.join("\n")).expect("room on the disk");
    println!("it was not killed");
}

fn run(what: &str, scan: &Scan) -> (Vec<Hist>, flow::Report) {
    forget_peak();
    let start = Instant::now();
    let (hists, report) = scan.run(&fill()).expect("a pass");
    let seconds = start.elapsed().as_secs_f64();
    let memory = peak();
    let (rows, kept) = (report.rows_in, report.rows_out);
    let rate = rows as f64 / seconds / 1e6;
    println!("| {what} | {rows} | {seconds:.1} | {rate:.1} | {kept} | {:.2} |", memory as f64 / 1e9);
    assert!(memory < 5_000_000_000, "the budget holds");
    (hists, report)
}
