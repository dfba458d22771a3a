//! `recoil run`, `demo` and `toy`: cells without a front end.

use super::{Problem, RunArguments, start};
use crate::evaluator::{Cell, Evaluator, Failure, Outcome};
use crate::headless::{self, Collector, Failed, NotebookError, Progress};
use crate::install::prelude;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

pub(super) fn run(arguments: &RunArguments) -> Result<ExitCode, Problem> {
    let mut notebook = headless::read(&arguments.notebook)?;
    // Cells find files beside their notebook, as they do under Jupyter; outputs go where the caller stands.
    let absolute = |path: &PathBuf| std::path::absolute(path).map_err(at(path));
    let output = arguments.output.as_ref().map(absolute).transpose()?;
    let html = arguments.html.as_ref().map(absolute).transpose()?;
    if let Some(folder) = arguments.notebook.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::env::set_current_dir(folder).map_err(at(folder))?;
    }
    headless::inject(&mut notebook, &arguments.parameters)?;
    let Running { evaluator, collector } = evaluator()?;
    let ran = headless::run(&mut notebook, &*evaluator, &collector, &mut tell);
    evaluator.shutdown();
    if let Some(path) = &output {
        write(path, &headless::to_text(&notebook)?)?;
    }
    if let Some(path) = &html {
        let title = arguments.notebook.file_stem().unwrap_or_default().to_string_lossy();
        write(path, &headless::export(&notebook, &title))?;
    }
    match ran {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(Failed { cell, failure }) => {
            eprintln!("{}", failure.traceback.join("\n"));
            Err(format!("cell {cell} of {} failed: {}: {}", arguments.notebook.display(), failure.name, failure.value)
                .into())
        }
    }
}

/// Runs the first tutorial in a folder of its own, with its data beside it, so that nothing is left elsewhere.
pub(super) fn demo(folder: &Path) -> Result<ExitCode, Problem> {
    let tutorial = tutorial()?;
    let folder = std::path::absolute(folder).map_err(at(folder))?;
    let data = tutorial.with_file_name("data");
    std::fs::create_dir_all(folder.join("data")).map_err(at(&folder))?;
    for file in std::fs::read_dir(&data).map_err(at(&data))?.flatten().map(|entry| entry.path()) {
        let copy = folder.join("data").join(file.file_name().unwrap_or_default());
        std::fs::copy(&file, &copy).map_err(at(&copy))?;
    }
    let name = tutorial.file_stem().unwrap_or_default().to_string_lossy().replace(' ', "-");
    let notebook = folder.join(format!("{name}.ipynb"));
    std::fs::copy(&tutorial, &notebook).map_err(at(&notebook))?;
    let html = folder.join(format!("{name}.html"));
    let (output, html) = (Some(notebook.clone()), Some(html));
    let ran = run(&RunArguments { notebook, output, html: html.clone(), parameters: Vec::new() })?;
    println!("open this in a browser: file://{}", html.unwrap_or_default().display().to_string().replace(' ', "%20"));
    Ok(ran)
}

/// Answers mdBook: whether a renderer is served, or the book with the tutorials in it.
pub(super) fn chapters(arguments: &[String]) -> Result<ExitCode, Problem> {
    if let [_, renderer] = arguments {
        return Ok(if renderer == "html" { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let input = std::io::read_to_string(std::io::stdin())?;
    println!("{}", headless::with_tutorials(&input, &prelude::home()?.join("notebooks"))?);
    Ok(ExitCode::SUCCESS)
}

/// The first notebook of the project.
fn tutorial() -> Result<PathBuf, Problem> {
    let folder = prelude::home()?.join("notebooks");
    let files = std::fs::read_dir(&folder).map_err(at(&folder))?.flatten().map(|entry| entry.path());
    let mut notebooks: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|e| e == "ipynb")).collect();
    notebooks.sort();
    notebooks.into_iter().next().ok_or_else(|| format!("no notebook in {}", folder.display()).into())
}

/// The kernel knows no frames: a cell writes the files.
pub(super) fn toy(folder: &Path, events: u64, seed: u64) -> Result<ExitCode, Problem> {
    let Running { evaluator, collector } = evaluator()?;
    let folder = std::path::absolute(folder).map_err(at(folder))?;
    let code = format!("recoil::toy({:?}, {events}, {seed})?", folder.display().to_string());
    let cell = Cell { token: 1, number: 1, code, allow_stdin: false, expressions: Vec::new() };
    let outcome = evaluator.execute(cell);
    evaluator.shutdown();
    drop(collector);
    match outcome {
        Outcome::Done { result, .. } => {
            let rows = result.and_then(|bundle| bundle.data.get("text/plain")?.as_str().map(str::to_owned));
            println!("wrote {} rows to {}", rows.unwrap_or_default(), folder.display());
            Ok(ExitCode::SUCCESS)
        }
        Outcome::Failed(failure) => Err(failure.value.into()),
    }
}

/// An evaluator, and what collects its outputs.
pub(super) struct Running {
    pub evaluator: Arc<dyn Evaluator>,
    pub collector: Collector,
}

pub(super) fn evaluator() -> Result<Running, Problem> {
    start::prelude()?;
    let collector = Collector::default();
    let evaluator = start::patient(collector.sink()).map_err(|Failure { value, .. }| value)?;
    interrupt_on_signal(evaluator.clone());
    Ok(Running { evaluator, collector })
}

/// Control-C interrupts the running cell, which ends the run as any failure does.
fn interrupt_on_signal(evaluator: Arc<dyn Evaluator>) {
    std::thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            while tokio::signal::ctrl_c().await.is_ok() {
                evaluator.interrupt();
            }
        });
    });
}

fn tell(progress: &Progress<'_>) {
    let Progress { cell, cells, code, took } = progress;
    let Some(took) = took else { return };
    let first = code.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let short: String = first.chars().take(60).collect();
    eprintln!("[{cell}/{cells}] {:>8.2} s  {short}", took.as_secs_f64());
}

fn write(path: &Path, text: &str) -> Result<(), Problem> {
    std::fs::write(path, text).map_err(at(path))?;
    println!("wrote {}", path.display());
    Ok(())
}

pub(super) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> NotebookError {
    let path = path.to_path_buf();
    move |source| NotebookError::File { path, source }
}
