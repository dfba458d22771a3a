//! Every display there is, as JupyterLab and paper show it: a notebook is written whose outputs are bundles of ours, so no
//! kernel is needed; pictures of all are kept in `target/pictures/displays`.

use super::{Server, chromium, playwright};
use recoil::*;
use recoil_tests::cases::project;
use recoil_tests::kernel::{notebooks, said, without_news};
use recoil_tests::{python, skipped};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const TEST: &str = "displays in a browser";

type Shown = Vec<(&'static str, Bundle)>;
type Anything<T> = Result<T, Box<dyn std::error::Error>>;

fn frames(data: &Data) -> Anything<Shown> {
    let mumu = &data["mumu"];
    let odd = df!(
        "text" => [Some("<b>&amp;</b>"), None, Some("µ→eγ")], "number" => [1e-12, f64::NAN, 1.5e9],
        "truth" => [Some(true), None, Some(false)], "list" => [Series::new("".into(), [1, 2]), Series::new("".into(), [3, 4]), Series::new_empty("".into(), &DataType::Int32)]
    )?;
    let wide = mumu.head(40).collect()?;
    Ok(vec![
        ("data", data.bundle()),
        ("group", mumu.query("mu1P > 2").one_cand_only().bundle()),
        ("group-misspelt", data.group("mumuu").bundle()),
        ("processes", data.processes().bundle()),
        ("groups", data.groups().bundle()),
        ("columns", data.columns().bundle()),
        ("frame", mumu.select(["mu1P", "pRecoil", "__event__"]).show()?.bundle()),
        ("frame-wide-and-long", wide.bundle()),
        ("frame-odd", odd.bundle()),
        ("frame-empty", DataFrame::empty().bundle()),
        ("lazy-frame", mumu.query("mu1P > 2").lazy().bundle()),
        ("series", wide.column("mu1P")?.as_materialized_series().bundle()),
        ("describe", mumu.describe()?.bundle()),
        ("cutflow", data.query("mu1P > 1").one_cand_only().query("pRecoil > 2").cutflow()?.bundle()),
        ("explain", mumu.query("mu1P > 2").explain()?.bundle()),
    ])
}

fn plots(data: &Data) -> Anything<Shown> {
    let simulation = data.all().clone() - &data["data"];
    let h = simulation.hist("mu1P", (40, 0.0, 6.0))?;
    let measured = data["data"].hist("mu1P", (40, 0.0, 6.0))?;
    let single = data["mumu"].hist("pRecoil", (40, 0.0, 6.0))?;
    let plane = data["mumu"].hist2d("mu1P", (30, 0.0, 6.0), "mu1Theta", (30, 0.0, 3.2))?;
    let column = |name: &str| -> Anything<Vec<f64>> {
        let frame = data["mumu"].select(name).head(800).collect()?;
        Ok(frame.column(name)?.f64()?.iter().map(|value| value.unwrap_or(f64::NAN)).collect())
    };
    let (x, y) = (column("mu1P")?, column("pRecoil")?);
    let passed = data["mumu"].query("isSignal == 1").hist("pRecoil", (40, 0.0, 6.0))?;
    let drawn = figure(300, 150, |root| {
        use recoil::plotters::prelude::*;
        root.draw(&Rectangle::new([(20, 20), (280, 130)], BLUE.filled()))?;
        Ok(())
    });
    let mut shown = vec![
        ("histogram", single.bundle()),
        ("histogram-log", histogram(&single).log_y().bundle()),
        ("stack-ratio", stack(&h).data(&measured).ratio().luminosity(100.0).bundle()),
        ("overlay", overlay(&h).bundle()),
        ("map", plane.bundle()),
        ("profile", data["mumu"].profile("mu1P", (20, 0.0, 6.0), "pRecoil")?.bundle()),
        ("scatter", scatter(("mu1P", &x), ("pRecoil", &y)).bundle()),
        ("points", points(&[(1.0, 2.0, 0.5), (2.0, 3.0, 0.4), (3.0, 2.5, 0.6)]).bundle()),
        ("efficiency", efficiency(&passed, &single).bundle()),
        (
            "correlation",
            correlation(&["mu1P", "pRecoil", "mu2P"], &[1.0, -0.4, 0.1, -0.4, 1.0, 0.3, 0.1, 0.3, 1.0]).bundle(),
        ),
        ("interactive-stack", stack(&h).data(&measured).interactive().bundle()),
        ("interactive-map", histogram(&plane).interactive().bundle()),
        ("impossible", stack(Vec::<Hist>::new()).bundle()),
    ];
    shown.extend(drawn.ok().map(|figure| ("figure", figure.bundle())));
    let mut peak = Hist::weighted(Axis::regular(40, 80.0, 100.0)?)?;
    let middles = peak.centres();
    let heights: Vec<f64> = middles.iter().map(|x| 20.0 + 300.0 * (-0.5 * ((x - 91.0) / 2.0).powi(2)).exp()).collect();
    peak.fill_weighted(&middles, &heights)?;
    shown.push(("fit", peak.fit(Gaussian + Line)?.bundle()));
    Ok(shown)
}

fn reports(data: &Data) -> Anything<Shown> {
    let data = data.profiling(true);
    let h = data["mumu"].query("mu1P > 2").one_cand_only().hist("mu1P", 50)?;
    let tick = |done: u64, finished: bool| segment::work::Progress {
        id: 1,
        label: "hist mu1P".into(),
        done,
        total: Some(3_000_000),
        unit: "rows",
        bytes: 24_000_000,
        seconds: 0.7,
        finished,
    };
    Ok(vec![
        ("performance-report", h.performance_report().bundle()),
        ("profiling-report", data.profiling_report().bundle()),
        ("progress", show::progress(&tick(1_200_000, false), Some((1 << 30, 4 << 30)))),
        ("progress-done", show::progress(&tick(3_000_000, true), None)),
        ("html", Html("<h4>Own <em>HTML</em></h4><p>with a <code>word</code></p>").bundle()),
        ("latex", Latex("$m_{\\mu\\mu} = 91.2$").bundle()),
        ("markdown", Markdown("**bold** and `code`").bundle()),
        ("svg", Svg("<svg xmlns='http://www.w3.org/2000/svg' width='120' height='40'><rect width='120' height='40' fill='#fff'/><circle cx='20' cy='20' r='15' fill='#06c'/></svg>").bundle()),
        ("text", Bundle::text("plain words")),
    ])
}

/// A notebook with one cell for each display. Trust is in what a notebook holds, so each holds its own name.
fn notebook(name: &str, shown: &Shown) -> Value {
    let cell = |(at, (name, bundle)): (usize, &(&str, Bundle))| {
        let output = json!({ "output_type": "execute_result", "execution_count": at + 1, "data": bundle.data, "metadata": bundle.metadata });
        json!({ "cell_type": "code", "id": format!("cell-{at}"), "execution_count": at + 1, "metadata": {}, "source": format!("// {name}"), "outputs": [output] })
    };
    let kernelspec = json!({ "name": "python3", "display_name": "Python 3", "language": "python" });
    json!({
        "cells": shown.iter().enumerate().map(cell).collect::<Vec<_>>(),
        "metadata": { "kernelspec": kernelspec, "title": name }, "nbformat": 4, "nbformat_minor": 5,
    })
}

/// A Jupyter command with folders of its own.
fn jupyter(python: &Path, home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(python);
    command.args(["-m", "jupyter"]).args(arguments).current_dir(home).stdin(Stdio::null());
    for (name, folder) in [
        ("HOME", "home"),
        ("JUPYTER_CONFIG_DIR", "config"),
        ("JUPYTER_DATA_DIR", "share"),
        ("JUPYTER_RUNTIME_DIR", "runtime"),
        ("IPYTHONDIR", "ipython"),
    ] {
        command.env(name, home.join(folder));
    }
    command
}

fn serve(python: &Path, home: &Path, port: u16) -> Server {
    let log = std::fs::File::create(home.join("lab.log")).expect("a log");
    let port_said = format!("--port={port}");
    let mut command = jupyter(
        python,
        home,
        &[
            "lab",
            "--no-browser",
            "--allow-root",
            "--expose-app-in-browser",
            "--IdentityProvider.token=browser-test",
            "--ServerApp.port_retries=0",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            &port_said,
        ],
    );
    let mut server = Server(command.stdout(Stdio::null()).stderr(log).spawn().expect("starts"));
    let until = Instant::now() + Duration::from_secs(180);
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        let ended = server.0.try_wait().expect("can be asked");
        let log = || std::fs::read_to_string(home.join("lab.log")).unwrap_or_default();
        assert!(ended.is_none() && Instant::now() < until, "JupyterLab did not start:\n{}", log());
        std::thread::sleep(Duration::from_millis(200));
    }
    server
}

/// What a tutorial is on paper: its page, where the PDF goes, and the words of its pictures.
struct Paper {
    html: PathBuf,
    pdf: PathBuf,
    words: Vec<String>,
}

fn papers(python: &Path, home: &Path, kept: &Path) -> Vec<Paper> {
    let paper = |path: &PathBuf| {
        let stem = path.file_stem().expect("a name").to_string_lossy().replace(' ', "-");
        let html = home.join(format!("{stem}.html"));
        let output = home.to_str().expect("a path of text");
        let mut convert =
            jupyter(python, home, &["nbconvert", "--to", "html", "--output-dir", output, "--output", &stem]);
        let converted = convert.arg(path).output().expect("starts");
        assert!(converted.status.success(), "{}", said(&converted));
        let text = std::fs::read_to_string(path).expect("reads");
        let notebook: Value = serde_json::from_str(&text).expect("a notebook is JSON");
        Paper { html, pdf: kept.join(format!("{stem}.pdf")), words: titles(&notebook) }
    };
    notebooks().iter().map(paper).collect()
}

/// One text of each picture of a notebook: its longest, which stands at an axis or in the header.
fn titles(notebook: &Value) -> Vec<String> {
    let outputs =
        notebook["cells"].as_array().into_iter().flatten().filter_map(|cell| cell["outputs"].as_array()).flatten();
    let svg = outputs.filter_map(|output| match &output["data"]["image/svg+xml"] {
        Value::Array(lines) => Some(lines.iter().filter_map(Value::as_str).collect::<String>()),
        Value::String(text) => Some(text.clone()),
        _ => None,
    });
    let words = regex::Regex::new("<text[^>]*>([^<]+)</text>").expect("a pattern");
    svg.filter_map(|svg| {
        // A text that was cut short may be split on paper.
        let all = words.captures_iter(&svg).map(|found| found[1].to_owned()).filter(|text| !text.contains('…'));
        all.max_by_key(String::len).map(|text| text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">"))
    })
    .collect()
}

#[test]
fn every_display_can_be_read_in_both_themes_trusted_or_not_and_on_paper() {
    let Some(chromium) = chromium() else { return skipped(TEST, "there is no chromium in the search path") };
    let Some(modules) = playwright() else { return skipped(TEST, "npm could not install playwright-core") };
    let Some(python) = python::environment(TEST, "jupyter", recoil_tests::JUPYTER) else { return };
    let Some(reader) = python::environment(TEST, "pdf", &["pypdf==6.1.1"]) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    toy::toy(home.join("toy"), 4_000, 1).expect("toy data");
    let data = load(home.join("toy")).expect("opens");
    let mut shown = frames(&data).expect("frames");
    shown.extend(plots(&data).expect("plots"));
    shown.extend(reports(&data).expect("reports"));
    for name in ["trusted", "untrusted"] {
        std::fs::write(home.join(format!("{name}.ipynb")), notebook(name, &shown).to_string()).expect("writes");
    }
    without_news(&home.join("config"));
    let trust = jupyter(&python, home, &["trust", "trusted.ipynb"]).output().expect("starts");
    assert!(trust.status.success(), "{}", said(&trust));
    let kept = project().join("target/pictures/displays");
    std::fs::create_dir_all(&kept).expect("a folder");
    let papers = papers(&python, home, &kept);
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
    let _server = serve(&python, home, port);
    let is_picture = |bundle: &Bundle| bundle.get("image/svg+xml").is_some();
    let settings = json!({
        "url": format!("http://127.0.0.1:{port}"), "token": "browser-test", "profile": home.join("profile"),
        "chromium": chromium, "pictures": kept,
        "displays": shown.iter().map(|(name, bundle)| json!({ "name": name, "picture": is_picture(bundle) })).collect::<Vec<_>>(),
        "pages": papers.iter().map(|paper| json!({ "html": paper.html, "pdf": paper.pdf, "pictures": paper.words.len() })).collect::<Vec<_>>(),
    });
    let mut script = Command::new("node");
    script.arg(project().join("tests/tests/browser/displays.cjs")).arg(settings.to_string());
    let output = script.env("NODE_PATH", modules).stdin(Stdio::null()).output().expect("node starts");
    assert!(output.status.success() && said(&output).contains("all steps done"), "{}", said(&output));
    for paper in &papers {
        on_paper(&reader, paper);
    }
}

/// Every picture of a notebook is on its paper: the words in it are text of the PDF.
fn on_paper(reader: &Path, paper: &Paper) {
    const READ: &str =
        "import sys, pypdf; print('\\n'.join(page.extract_text() for page in pypdf.PdfReader(sys.argv[1]).pages))";
    let output = Command::new(reader).args(["-c", READ]).arg(&paper.pdf).output().expect("Python runs");
    assert!(output.status.success(), "{}", said(&output));
    // The font of the paper may have one sign for two letters.
    let squeeze = |text: &str| {
        let text = text.replace('ﬁ', "fi").replace('ﬂ', "fl").replace('ﬀ', "ff");
        text.chars().filter(|c| !c.is_whitespace()).collect::<String>()
    };
    let text = squeeze(&String::from_utf8_lossy(&output.stdout));
    let missing: Vec<&String> = paper.words.iter().filter(|words| !text.contains(&squeeze(words))).collect();
    assert!(missing.is_empty(), "{}: pictures without these words: {missing:?}", paper.pdf.display());
}
