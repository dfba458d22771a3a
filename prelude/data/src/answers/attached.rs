//! A group as the table whose rows another group attaches.

use crate::error::{Error, Result};
use crate::group::Group;
use crate::lower::pass::GroupPlan;
use crate::steps::chain::Other;
use polars::prelude::{DataFrame, Schema};
use std::sync::Arc;

impl Other for Group {
    fn of(&self, process: &str) -> Result<Arc<dyn Other>> {
        self.members()?;
        let named = |at: &&usize| &*self.parts.catalog.processes[**at].name == process;
        match (self.parts.members.iter().find(named), &*self.parts.members) {
            (Some(&at), _) | (None, &[at]) => Ok(Arc::new(self.of_member(at).unweighted())),
            _ => Err(Error::request(format!(
                "attach: the other group has no process `{process}`; it has {}",
                self.process_names().join(", ")
            ))),
        }
    }

    fn schema(&self) -> Result<Schema> {
        Ok(GroupPlan::of_everything(self)?.1)
    }

    fn rows(&self, columns: &[String]) -> Result<DataFrame> {
        self.select(columns.to_vec()).collect()
    }
}
