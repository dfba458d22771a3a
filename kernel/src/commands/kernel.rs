//! `recoil kernel -f CONNECTION_FILE`.

use super::{Problem, start};
use crate::session::{self, Options, default_history_path};
use crate::wire::Connection;
use std::path::Path;
use std::process::ExitCode;

pub(super) fn serve(file: &Path) -> Result<ExitCode, Problem> {
    let connection = Connection::read(file)?;
    let options = Options { history: default_history_path(), signals: true };
    session::serve(connection, Box::new(start::evaluator), &options)?;
    Ok(ExitCode::SUCCESS)
}
