//! The commands of the program `recoil`, one function each; all printing to the user happens here.

mod kernel;
mod notebook;
mod pack;
mod setup;
mod start;
mod verify;

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
        /// Folder to write to; made if it is not there.
        #[arg(default_value = "recoil-demo")]
        folder: PathBuf,
    },
    /// Run a notebook without a front end.
    Run(RunArguments),
    /// Run notebooks again, from top to bottom, and say for each cell whether it gives the same; if not, why. Exit code 0:
    /// all the same, 1: not, 2: could not be compared.
    Verify(VerifyArguments),
    /// Make one archive of a notebook, its inputs, its lock and its outputs: an RO-Crate, which Zenodo and others take.
    Pack(PackArguments),
    /// Unpack such an archive and check its files.
    Unpack {
        /// The archive.
        archive: PathBuf,
        /// Folder to unpack to; otherwise one named after the archive.
        folder: Option<PathBuf>,
        /// Bytes that it may unpack to; otherwise a hundred times those of the archive and 1 GB.
        #[arg(long)]
        most: Option<u64>,
        /// Run the notebook and say for each cell whether it gives the same.
        #[arg(long)]
        run: bool,
    },
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
        /// Level of compression, 0 to 9; 9 takes minutes and is for distribution.
        #[arg(long, default_value_t = 9)]
        level: u32,
    },
    /// Serve one front end (Jupyter runs this).
    Kernel {
        /// The connection file.
        #[arg(short = 'f', long)]
        file: PathBuf,
        /// What `jupyter run` hands on of its own arguments: not the kernel's business.
        #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
        ignored: Vec<String>,
    },
    /// The tutorials as chapters of the book, for mdBook, which starts this.
    #[command(hide = true)]
    Mdbook {
        /// `supports html`, or nothing.
        arguments: Vec<String>,
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

/// What `verify` takes.
#[derive(Debug, Args)]
struct VerifyArguments {
    /// The notebooks, with their outputs.
    #[arg(required = true)]
    notebooks: Vec<PathBuf>,
    /// The folder that paths in cells are taken from, in place of the notebook's own.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What `pack` takes.
#[derive(Debug, Args)]
struct PackArguments {
    /// The notebook, as `recoil run -o` or the kernel has left it.
    notebook: PathBuf,
    /// The archive.
    #[arg(short, long)]
    output: PathBuf,
    /// Title; otherwise the notebook's first heading.
    #[arg(long)]
    title: Option<String>,
    /// What it is about.
    #[arg(long)]
    description: Option<String>,
    /// An author, NAME or "NAME <ORCID>"; may be repeated.
    #[arg(long = "author", value_name = "NAME")]
    authors: Vec<String>,
    /// The licence: an SPDX identifier such as CC-BY-4.0, or an address.
    #[arg(long)]
    license: Option<String>,
    /// Where an input can be had that is not to come along, PATH=ADDRESS; may be repeated.
    #[arg(long = "url", value_name = "PATH=ADDRESS")]
    urls: Vec<String>,
    /// Inputs of so many bytes do not come along.
    #[arg(long, default_value_t = 1_000_000_000)]
    largest: u64,
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
        Command::Verify(arguments) => Ok(verify::run(&arguments)),
        Command::Pack(arguments) => pack::pack(&arguments),
        Command::Unpack { archive, folder, most, run } => pack::unpack(&archive, folder.as_deref(), most, run),
        Command::Install { place, environment } => setup::install(&place.place(), &place.name, &environment),
        Command::Uninstall { place } => setup::uninstall(&place.place(), &place.name),
        Command::Doctor { build } => setup::doctor(build),
        Command::Package { output, level } => setup::package(&output, level),
        Command::Kernel { file, ignored: _ } => kernel::serve(&file),
        Command::Hipo { arguments } => {
            let (mut out, mut messages) = (std::io::stdout().lock(), std::io::stderr().lock());
            Ok(ExitCode::from(hipo::tools::run(&arguments, &mut out, &mut messages)))
        }
        Command::Mdbook { arguments } => notebook::chapters(&arguments),
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
