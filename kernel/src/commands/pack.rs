//! `recoil pack` and `unpack`.

use super::{PackArguments, Problem, verify};
use crate::ro_crate::{self, Missing, Wishes};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(super) fn pack(arguments: &PackArguments) -> Result<ExitCode, Problem> {
    let url = |pair: &String| match pair.split_once('=') {
        Some((path, address)) => Ok((path.to_owned(), address.to_owned())),
        None => Err(format!("--url {pair}: write PATH=ADDRESS")),
    };
    let wishes = Wishes {
        title: arguments.title.clone(),
        description: arguments.description.clone(),
        authors: arguments.authors.clone(),
        license: arguments.license.clone(),
        urls: arguments.urls.iter().map(url).collect::<Result<_, _>>()?,
        largest: Some(arguments.largest),
    };
    let packed = ro_crate::pack(&arguments.notebook, &arguments.output, &wishes)?;
    packed.notes.iter().for_each(|note| eprintln!("note: {note}"));
    println!("wrote {} ({} files, {} bytes)", arguments.output.display(), packed.files, packed.bytes);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn unpack(archive: &Path, folder: Option<&Path>, most: Option<u64>, run: bool) -> Result<ExitCode, Problem> {
    let folder = folder.map_or_else(|| PathBuf::from(archive.file_stem().unwrap_or_default()), Path::to_path_buf);
    let unpacked = ro_crate::unpack(archive, &folder, most)?;
    println!("unpacked {} files to {}, all as described", unpacked.checked, folder.display());
    let mut complete = true;
    for missing in unpacked.missing.iter().filter(|missing| !missing.path.is_file()) {
        complete = false;
        let Missing { path, url, sha256 } = missing;
        let from = url.as_deref().map_or_else(String::new, |url| format!(" from {url}"));
        println!("not in the archive: put {}{from} (sha256 {sha256})", path.display());
    }
    if !run {
        println!("run it: recoil verify {:?}", unpacked.notebook.display().to_string());
        return Ok(ExitCode::SUCCESS);
    }
    if !complete {
        return Err("the notebook cannot run without these inputs: bring them, then say `recoil verify`".into());
    }
    Ok(verify::tell_one(&unpacked.notebook))
}
