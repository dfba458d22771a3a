//! The commands of the program `recoil`, one function each; all printing to the user happens here.

mod kernel;
mod notebook;
mod setup;
mod start;

use crate::install::kernelspec::{NAME, Place};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Rust notebooks with frames, histograms and cuts in every cell.
#[derive(Debug, Parser)]
#[command(name = "recoil", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build what is missing, install the kernel and open JupyterLab.
    Lab {
        /// A notebook or folder to open.
        path: Option<PathBuf>,
        /// Only print the address.
        #[arg(long)]
        no_browser: bool,
        /// More arguments for JupyterLab, after `--`.
        #[arg(last = true)]
        more: Vec<String>,
    },
    /// Run the tutorial without any Python and write it as notebook and HTML.
    Demo {
        /// Folder to write to.
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
    /// Run a notebook without a front end.
    Run(RunArguments),
    /// Install the kernel for Jupyter.
    Install {
        #[command(flatten)]
        place: PlaceArguments,
        /// Environment variable for the kernel, NAME=VALUE; may be repeated.
        #[arg(long = "env", value_name = "NAME=VALUE")]
        environment: Vec<String>,
    },
    /// Remove the kernel from Jupyter.
    Uninstall {
        #[command(flatten)]
        place: PlaceArguments,
    },
    /// Look at everything a cell needs and say what mends it.
    Doctor {
        /// Build the prelude first.
        #[arg(long)]
        build: bool,
    },
    /// Make a Python wheel whose installation needs no build: the program, the prelude and the kernelspec.
    Package {
        /// Folder to write to.
        #[arg(short, long, default_value = "dist")]
        output: PathBuf,
        /// Level of compression; 19 takes minutes and is for distribution.
        #[arg(long, default_value_t = 19)]
        level: i32,
    },
    /// Serve one front end (Jupyter runs this).
    Kernel {
        /// The connection file.
        #[arg(short = 'f', long)]
        file: PathBuf,
    },
    /// Show, check, salvage and convert HIPO files; `recoil hipo --help` says how.
    #[command(disable_help_flag = true)]
    Hipo {
        /// The command of the tool and what it takes.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Write a made-up analysis of a few processes as parquet files.
    Toy {
        /// Folder to write to.
        folder: PathBuf,
        /// Events of each process, about.
        #[arg(long, default_value_t = 100_000)]
        events: u64,
        /// Same seed, same events.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

/// What `run` takes.
#[derive(Debug, Args)]
struct RunArguments {
    /// The notebook.
    notebook: PathBuf,
    /// Where to write the notebook with its outputs.
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// Where to write it as one HTML file.
    #[arg(long)]
    html: Option<PathBuf>,
    /// A variable for the notebook, NAME=VALUE; may be repeated.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    parameters: Vec<String>,
}

#[derive(Debug, Args)]
struct PlaceArguments {
    /// For this user (the default).
    #[arg(long, conflicts_with_all = ["sys_prefix", "prefix"])]
    user: bool,
    /// Into the active Python environment.
    #[arg(long, conflicts_with = "prefix")]
    sys_prefix: bool,
    /// Under this folder.
    #[arg(long)]
    prefix: Option<PathBuf>,
    /// Name of the kernel.
    #[arg(long, default_value = NAME)]
    name: String,
}

impl PlaceArguments {
    fn place(&self) -> Place {
        match &self.prefix {
            Some(prefix) => Place::Prefix(prefix.clone()),
            None if self.sys_prefix => Place::SysPrefix,
            None => Place::User,
        }
    }
}

/// A problem, said to the user; ends the program with exit code 1.
type Problem = Box<dyn std::error::Error>;

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log();
    let done = match arguments.command {
        Command::Lab { path, no_browser, more } => setup::lab(path.as_deref(), no_browser, more),
        Command::Demo { folder } => notebook::demo(&folder),
        Command::Run(arguments) => notebook::run(&arguments),
        Command::Install { place, environment } => setup::install(&place.place(), &place.name, &environment),
        Command::Uninstall { place } => setup::uninstall(&place.place(), &place.name),
        Command::Doctor { build } => setup::doctor(build),
        Command::Package { output, level } => setup::package(&output, level),
        Command::Kernel { file } => kernel::serve(&file),
        Command::Hipo { arguments } => {
            let (mut out, mut messages) = (std::io::stdout().lock(), std::io::stderr().lock());
            Ok(ExitCode::from(hipo::tools::run(&arguments, &mut out, &mut messages)))
        }
        Command::Toy { folder, events, seed } => notebook::toy(&folder, events, seed),
    };
    match done {
        Ok(code) => code,
        Err(problem) => {
            eprintln!("recoil: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// `RECOIL_LOG` says what is logged (`debug`, `recoil_kernel::wire=trace`), `RECOIL_LOG_FILE` where to.
fn log() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("RECOIL_LOG").unwrap_or_else(|_| EnvFilter::new("recoil_kernel=warn"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter);
    let file = std::env::var_os("RECOIL_LOG_FILE")
        .and_then(|path| std::fs::OpenOptions::new().create(true).append(true).open(path).ok());
    match file {
        Some(file) => builder.with_ansi(false).with_writer(std::sync::Mutex::new(file)).init(),
        None => builder.with_writer(std::io::stderr).init(),
    }
}
