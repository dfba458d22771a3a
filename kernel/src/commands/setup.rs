//! `recoil lab`, `install`, `uninstall` and `doctor`.

use super::{Problem, start};
use crate::install::doctor;
use crate::install::kernelspec::{self, Place};
use crate::install::lab as jupyterlab;
use crate::install::package;
use std::path::Path;
use std::process::ExitCode;

pub(super) fn lab(path: Option<&Path>, no_browser: bool, more: Vec<String>) -> Result<ExitCode, Problem> {
    start::prelude()?;
    let found = match jupyterlab::existing() {
        Some(lab) => lab,
        None => jupyterlab::private(&mut |line| eprintln!("{line}"))?,
    };
    let arguments: Vec<String> = no_browser.then(|| "--no-browser".to_owned()).into_iter().chain(more).collect();
    match jupyterlab::open(&found, path, &arguments)? {}
}

pub(super) fn install(place: &Place, name: &str, environment: &[String]) -> Result<ExitCode, Problem> {
    let folder = kernelspec::install(place, name, environment)?;
    println!("installed {}", folder.display());
    if let Err(error) = crate::install::prelude::find() {
        println!("note: {error}");
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn uninstall(place: &Place, name: &str) -> Result<ExitCode, Problem> {
    match kernelspec::uninstall(place, name)? {
        Some(folder) => println!("removed {}", folder.display()),
        None => println!("there is no kernel `{name}` in {}", place.folder()?.display()),
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn package(folder: &Path, level: u32) -> Result<ExitCode, Problem> {
    let prelude = start::prelude()?;
    // Completion reads an index that is made of sources, which an installed program does not have.
    crate::assist::prepare(&prelude);
    eprintln!("compressing the prelude (level {level})");
    let made = package::make(&prelude, folder, level)?;
    println!("wrote {} ({} MB, {} crates)", made.wheel.display(), made.bytes / 1_000_000, made.crates);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn doctor(build: bool) -> Result<ExitCode, Problem> {
    if build {
        start::prelude()?;
    }
    let mut healthy = true;
    for check in doctor::examine() {
        match &check.found {
            Ok(found) => println!("ok       {}: {found}", check.name),
            Err(why) => {
                healthy &= !check.needed;
                println!("{}  {}: {why}", if check.needed { "missing" } else { "absent " }, check.name);
                println!("         mend: {}", check.mend);
            }
        }
    }
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
