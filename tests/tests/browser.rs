//! JupyterLab in a headless Chromium: run the tutorial, see plots and tables, interrupt, complete, both themes.
//! `cargo test --release --test browser`; pictures are kept in `target/pictures`.

#[path = "browser/displays.rs"]
mod displays;

use recoil_tests::cases::project;
use recoil_tests::kernel::{Home, notebooks, said, turn, without_news};
use recoil_tests::{python, skipped};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const TEST: &str = "JupyterLab in a browser";
const PLAYWRIGHT: &str = "playwright-core@1.65.1";

/// A server that ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // SAFETY: the process is our child and not yet waited for, so the id is its own.
        unsafe { libc::kill(i32::try_from(self.0.id()).unwrap_or(i32::MAX), libc::SIGTERM) };
        let _ = self.0.wait();
    }
}

#[test]
fn the_tutorial_runs_in_jupyterlab() {
    let Some(chromium) = chromium() else { return skipped(TEST, "there is no chromium in the search path") };
    let Some(modules) = playwright() else { return skipped(TEST, "npm could not install playwright-core") };
    let Some(python) = python::environment(TEST, "jupyter", recoil_tests::JUPYTER) else { return };
    let _turn = turn();
    let home = Home::new();
    without_news(&home.path().join("config"));
    let folder = home.path().join("work");
    let tutorial = notebooks().remove(0);
    let name = tutorial.file_name().expect("a name").to_string_lossy().into_owned();
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::copy(&tutorial, folder.join(&name)).expect("copies");
    std::fs::create_dir_all(folder.join("data")).expect("a folder");
    for file in std::fs::read_dir(project().join("notebooks/data")).expect("data").flatten() {
        std::fs::copy(file.path(), folder.join("data").join(file.file_name())).expect("copies");
    }
    std::fs::write(folder.join("scratch.ipynb"), scratch().to_string()).expect("writes");
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
    let _server = serve(&home, &python, &folder, port);
    let pictures = project().join("target/pictures");
    std::fs::create_dir_all(&pictures).expect("a folder");
    let settings = json!({
        "url": format!("http://127.0.0.1:{port}"), "token": "browser-test", "tutorial": name,
        "scratch": "scratch.ipynb", "pictures": pictures, "profile": home.path().join("profile"),
        "chromium": chromium,
        "load": "recoil::toy(\"toy\", 2_000, 1)?;\nlet data = load(\"toy\")?;",
        "completeCode": "data.hist(\"mu1", "completeName": "mu1P",
    });
    let mut script = Command::new("node");
    script.arg(project().join("tests/tests/browser/lab.cjs")).arg(settings.to_string());
    let output = script.env("NODE_PATH", modules).stdin(Stdio::null()).output().expect("node starts");
    assert!(output.status.success() && said(&output).contains("all steps done"), "{}", said(&output));
}

/// The notebook that the README shows: real cells with their outputs, in both themes. The pictures in `docs` are copies
/// of the ones that this test makes.
#[test]
fn the_notebook_of_the_readme_is_drawn_in_both_themes() {
    let Some(chromium) = chromium() else { return skipped(TEST, "there is no chromium in the search path") };
    let Some(modules) = playwright() else { return skipped(TEST, "npm could not install playwright-core") };
    let Some(python) = python::environment(TEST, "jupyter", recoil_tests::JUPYTER) else { return };
    let _turn = turn();
    let home = Home::new();
    without_news(&home.path().join("config"));
    let folder = home.path().join("work");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::copy(project().join("notebooks/data/luminosity.toml"), folder.join("luminosity.toml")).expect("copies");
    std::fs::write(folder.join("analysis.ipynb"), readme().to_string()).expect("writes");
    let mut toy = home.command(&recoil_tests::kernel::prepared());
    let output = toy.arg("toy").arg(folder.join("toy")).args(["--events", "200000"]).output().expect("starts");
    assert!(output.status.success(), "{}", said(&output));
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
    let _server = serve(&home, &python, &folder, port);
    let pictures = project().join("target/pictures");
    std::fs::create_dir_all(&pictures).expect("a folder");
    let settings = json!({
        "url": format!("http://127.0.0.1:{port}"), "token": "browser-test", "notebook": "analysis.ipynb",
        "pictures": pictures, "profile": home.path().join("profile"), "chromium": chromium,
    });
    let mut script = Command::new("node");
    script.arg(project().join("tests/tests/browser/readme.cjs")).arg(settings.to_string());
    let output = script.env("NODE_PATH", modules).stdin(Stdio::null()).output().expect("node starts");
    assert!(output.status.success() && said(&output).contains("all steps done"), "{}", said(&output));
    for theme in ["light", "dark"] {
        let size = std::fs::metadata(pictures.join(format!("notebook-{theme}.png"))).expect("a picture").len();
        assert!(size > 20_000, "notebook-{theme}.png has {size} bytes");
    }
}

fn readme() -> serde_json::Value {
    let cell = |code: &str| json!({"cell_type": "code", "execution_count": null, "metadata": {}, "outputs": [], "source": code});
    let cells = [
        cell(concat!(
            "let data = load(\"toy\")?.luminosity(\"luminosity.toml\")?;\n",
            "let photons = data.oneCandOnly().query(\"pRecoil > 0.2 & abs(m2Recoil) < 0.3\");",
        )),
        cell(concat!(
            "let simulation = photons.difference(&photons.group(\"data\")).hist(\"pRecoil\", (40, 0.0, 6.0))?;\n",
            "let measured = photons.group(\"data\").hist(\"pRecoil\", (40, 0.0, 6.0))?;\n",
            "stack(&simulation).data(&measured).ratio().luminosity(100.0)",
        )),
    ];
    let kernelspec = json!({"name": "recoil", "display_name": "Recoil (Rust)", "language": "rust"});
    json!({"cells": cells, "metadata": {"kernelspec": kernelspec}, "nbformat": 4, "nbformat_minor": 5})
}

fn scratch() -> serde_json::Value {
    let kernelspec = json!({"name": "recoil", "display_name": "Recoil (Rust)", "language": "rust"});
    json!({"cells": [], "metadata": {"kernelspec": kernelspec}, "nbformat": 4, "nbformat_minor": 5})
}

fn serve(home: &Home, python: &Path, folder: &Path, port: u16) -> Server {
    let log = std::fs::File::create(home.path().join("lab.log")).expect("a log");
    let mut command = home.command(python);
    command
        .args(["-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser"])
        .args([
            "--IdentityProvider.token=browser-test",
            "--ServerApp.port_retries=0",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ])
        .arg(format!("--port={port}"))
        .arg("--ServerApp.root_dir=.")
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(log);
    let mut server = Server(command.spawn().expect("starts"));
    let until = Instant::now() + Duration::from_secs(180);
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        let ended = server.0.try_wait().expect("can be asked");
        let log = || std::fs::read_to_string(home.path().join("lab.log")).unwrap_or_default();
        assert!(ended.is_none() && Instant::now() < until, "JupyterLab did not start:\n{}", log());
        std::thread::sleep(Duration::from_millis(200));
    }
    server
}

fn chromium() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let candidates = folders.into_iter().flatten().flat_map(|folder| names.map(|name| folder.join(name)));
    candidates.into_iter().find(|program| program.is_file())
}

/// The folder of node modules with Playwright, installed at the first call.
fn playwright() -> Option<PathBuf> {
    let folder = project().join("target/node");
    let modules = folder.join("node_modules");
    if modules.join("playwright-core/package.json").is_file() {
        return Some(modules);
    }
    std::fs::create_dir_all(&folder).ok()?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--silent", "--prefix"]).arg(&folder).arg(PLAYWRIGHT);
    let installed = npm.stdin(Stdio::null()).status().is_ok_and(|status| status.success());
    installed.then_some(modules)
}
