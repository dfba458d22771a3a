//! Counting rows of all banks, record by record.

use std::collections::HashMap;
use std::sync::Arc;

use crate::content::bank::rows_of;
use crate::content::dictionary::Dictionary;
use crate::model::error::Result;
use crate::model::schema::Schema;
use crate::model::threads::ordered;
use crate::read::query::ColumnQuery;
use crate::read::reader::Reader;
use crate::read::scan::Plan;
use crate::read::scratch::Scratch;

/// How many events and rows of each bank a record has, of the wanted events.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// let counted = reader.count_rows(&hipo::ColumnQuery::new(), reader.dictionary(), || Ok(()))?;
/// let second: &hipo::RecordRows = &counted[1];
/// assert_eq!((second.events, &second.rows), (1, &vec![1]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordRows {
    /// Number of wanted events.
    pub events: u64,
    /// Rows of each bank of the dictionary, in its order.
    pub rows: Vec<u64>,
}

impl Reader {
    /// Counts the rows of all banks of `dictionary` (the file's own or its chain's), record by record, in one pass over
    /// the events that `query` wants; its banks do not matter. Records that are not touched count nothing.
    ///
    /// # Errors
    /// As [`Reader::scan`].
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let counted = reader.count_rows(&hipo::ColumnQuery::new(), reader.dictionary(), || Ok(()))?;
    /// assert_eq!((counted[0].events, &counted[0].rows), (2, &vec![3]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn count_rows(
        &self,
        query: &ColumnQuery,
        dictionary: &Dictionary,
        mut progress: impl FnMut() -> Result<()>,
    ) -> Result<Vec<RecordRows>> {
        let choice = ColumnQuery { banks: Vec::new(), ..query.clone() };
        let plan = Plan::new(self, &choice, dictionary)?;
        let schemas = dictionary.schemas();
        let present = |schema: &Arc<Schema>| self.dictionary().get(schema.name()).is_ok();
        let mut by_number: HashMap<(u16, u8), Vec<usize>> = HashMap::new();
        for (at, schema) in schemas.iter().enumerate().filter(|(_, schema)| present(schema)) {
            by_number.entry((schema.group(), schema.item())).or_default().push(at);
        }
        let nothing = RecordRows { events: 0, rows: vec![0; schemas.len()] };
        let mut all = vec![nothing.clone(); self.index().records().len()];
        let work = |scratch: &mut Scratch, task: usize| {
            let number = plan.records[task];
            let mut counts = nothing.clone();
            let mut seen = vec![u64::MAX; schemas.len()];
            plan.wanted_events(number, scratch, |_, event, _| {
                counts.events += 1;
                for found in event.structures() {
                    let found = found.map_err(|fault| event.locate(fault))?;
                    for at in by_number.get(&(found.group, found.item)).into_iter().flatten() {
                        // The first of the same numbers is the bank.
                        if seen[*at] != counts.events {
                            seen[*at] = counts.events;
                            counts.rows[*at] += rows_of(found.payload.len(), schemas[*at].row_length()) as u64;
                        }
                    }
                }
                Ok(())
            })?;
            Ok((number, counts))
        };
        ordered(plan.records.len(), query.threads, Scratch::default, work, |(number, counts)| {
            all[number] = counts;
            progress()
        })?;
        Ok(all)
    }
}
