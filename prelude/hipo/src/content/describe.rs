//! A dictionary as events: how a file keeps its schemas and its user configuration.

use std::collections::BTreeMap;

use crate::content::dictionary::Dictionary;
use crate::content::event::Event;
use crate::content::event_builder::EventBuilder;
use crate::model::error::{Fault, Result};
use crate::model::schema::Schema;

/// Group of the two forms of a schema.
const SCHEMA_GROUP: u16 = 120;
/// Item of the JSON form, which Java reads.
const JSON_ITEM: u8 = 1;
/// Item of the text form, which C++ reads.
const TEXT_ITEM: u8 = 2;
/// Group of a user configuration's key (item 1) and value (item 2).
const CONFIG_GROUP: u16 = 32555;

impl Dictionary {
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
        let mut events = Vec::with_capacity(self.schemas().len() + config.len());
        for schema in self.schemas() {
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
