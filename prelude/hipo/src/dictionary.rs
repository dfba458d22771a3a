//! Dictionaries: the schemas of a file, and its user configuration.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use crate::error::{Fault, Result};
use crate::event::{Event, EventBuilder};
use crate::schema::Schema;

/// Group of the two forms of a schema.
const SCHEMA_GROUP: u16 = 120;
/// Item of the JSON form, which Java reads.
const JSON_ITEM: u8 = 1;
/// Item of the text form, which C++ reads.
const TEXT_ITEM: u8 = 2;
/// Group of a user configuration's key (item 1) and value (item 2).
const CONFIG_GROUP: u16 = 32555;

/// The schemas of a file in its order, found by name or by numbers.
#[derive(Clone, Debug, Default)]
pub struct Dictionary {
    schemas: Vec<Arc<Schema>>,
    by_name: HashMap<String, usize>,
    by_number: HashMap<(u16, u8), usize>,
}

impl Dictionary {
    /// Adds a schema. The same again is nothing; two names may share numbers.
    ///
    /// # Errors
    /// When the name is taken by another layout.
    pub fn add(&mut self, schema: impl Into<Arc<Schema>>) -> Result<(), Fault> {
        let schema = schema.into();
        if let Some(index) = self.by_name.get(schema.name()) {
            let old = &self.schemas[*index];
            if old.same_layout(&schema) {
                return Ok(());
            }
            return Err(Fault::Schema(format!("conflict over {}: {old} and {schema}", schema.name())));
        }
        self.by_name.insert(schema.name().into(), self.schemas.len());
        self.by_number.entry((schema.group(), schema.item())).or_insert(self.schemas.len());
        self.schemas.push(schema);
        Ok(())
    }

    /// The schema of this name.
    ///
    /// # Errors
    /// When there is none; the message names the nearest.
    pub fn get(&self, name: &str) -> Result<&Arc<Schema>, Fault> {
        let found = self.by_name.get(name).map(|index| &self.schemas[*index]);
        found.ok_or_else(|| Fault::unknown("bank", name, self.schemas.iter().map(|schema| schema.name())))
    }

    /// The (first) schema of these numbers.
    #[must_use]
    pub fn by_number(&self, group: u16, item: u8) -> Option<&Arc<Schema>> {
        self.by_number.get(&(group, item)).map(|index| &self.schemas[*index])
    }

    /// All schemas, in the file's order.
    #[must_use]
    pub fn schemas(&self) -> &[Arc<Schema>] {
        &self.schemas
    }

    /// This and the schemas of `other`.
    ///
    /// # Errors
    /// When both have a name with different layouts.
    pub fn union(&self, other: &Self) -> Result<Self, Fault> {
        let mut all = self.clone();
        other.schemas.iter().try_for_each(|schema| all.add(Arc::clone(schema)))?;
        Ok(all)
    }

    /// Reads one event of a dictionary record: a schema, a configuration entry, or something to be left alone.
    pub(crate) fn read_event(&mut self, event: &Event<'_>, config: &mut BTreeMap<String, String>) -> Result<()> {
        if let Some(key) = event.structure(CONFIG_GROUP, 1)? {
            let value = event.structure(CONFIG_GROUP, 2)?.map(|value| value.text()).unwrap_or_default();
            config.insert(key.text(), value);
        }
        let text = event.structure(SCHEMA_GROUP, TEXT_ITEM)?.map(|text| Schema::parse(&text.text()));
        let json = event.structure(SCHEMA_GROUP, JSON_ITEM)?.map(|json| Schema::parse_json(&json.text()));
        let schema = match (text, json) {
            (None, None) => return Ok(()),
            (Some(text), json) => text.map(|mut schema| {
                // The JSON only adds descriptions here: a wrong one must not hide a right schema.
                if let Some(Ok(json)) = json {
                    schema.describe_from(&json);
                }
                schema
            }),
            (None, Some(json)) => json,
        };
        schema.and_then(|schema| self.add(schema)).map_err(|fault| event.locate(fault))
    }

    /// The events of a dictionary record: every schema in both forms, then the configuration.
    pub(crate) fn to_events(&self, config: &BTreeMap<String, String>) -> Result<Vec<EventBuilder>, Fault> {
        let mut events = Vec::with_capacity(self.schemas.len() + config.len());
        for schema in &self.schemas {
            let mut event = EventBuilder::new();
            event.add_text(SCHEMA_GROUP, JSON_ITEM, &schema.to_json())?;
            event.add_text(SCHEMA_GROUP, TEXT_ITEM, &schema.to_string())?;
            events.push(event);
        }
        for (key, value) in config {
            let mut event = EventBuilder::new();
            event.add_text(CONFIG_GROUP, 1, key)?;
            event.add_text(CONFIG_GROUP, 2, value)?;
            events.push(event);
        }
        Ok(events)
    }
}

impl fmt::Display for Dictionary {
    /// A table of the banks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |schema: &Schema| schema.name().chars().count();
        let width = self.schemas.iter().map(|schema| name(schema)).max().unwrap_or(0).max(4);
        writeln!(f, "{:width$}  group  item  columns", "bank")?;
        for schema in &self.schemas {
            let columns = schema.to_string();
            let columns = columns.split_once("}{").map_or("", |(_, columns)| columns.trim_end_matches('}'));
            writeln!(f, "{:width$}  {:>5}  {:>4}  {columns}", schema.name(), schema.group(), schema.item())?;
        }
        Ok(())
    }
}
