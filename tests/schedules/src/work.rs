//! Whether the user has interrupted: never here.

use crate::error::Result;

pub fn check() -> Result<()> {
    Ok(())
}
