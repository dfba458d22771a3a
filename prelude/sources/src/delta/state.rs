//! The table at a version: its files, columns and what it asks of readers, as actions of the log say it.

use crate::json::{Json, parse};
use polars::prelude::{DataType, TimeUnit, TimeZone};
use std::collections::BTreeMap;

/// A file of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Add {
    /// As the log writes it.
    pub path: String,
    /// The values of the partitions, as text.
    pub values: Vec<(String, Option<String>)>,
    /// Whether rows of it are deleted by a vector beside it.
    pub has_deleted_rows: bool,
}

/// The table at a version.
#[derive(Debug, Default)]
pub(super) struct State {
    pub version: u64,
    /// By path.
    pub files: BTreeMap<String, Add>,
    /// Columns and their types in the words of the log, in order.
    pub columns: Vec<(String, String)>,
    pub partitions: Vec<String>,
    protocol: Option<Protocol>,
    mapped: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Protocol {
    reader: i128,
    features: Vec<String>,
}

/// What a table may ask of its readers, and this one can do; deletion vectors only as long as no file has one.
const UNDERSTOOD: [&str; 8] = [
    "deletionVectors",
    "columnMapping",
    "timestampNtz",
    "v2Checkpoint",
    "vacuumProtocolCheck",
    "typeWidening",
    "typeWidening-preview",
    "checkpointProtection",
];

impl State {
    /// The type of a column; what is not known is a text.
    pub fn dtype(&self, column: &str) -> DataType {
        let written = self.columns.iter().find(|(name, _)| name == column).map_or("", |(_, dtype)| dtype);
        match written {
            "long" | "integer" | "short" | "byte" => DataType::Int64,
            "double" => DataType::Float64,
            "float" => DataType::Float32,
            "boolean" => DataType::Boolean,
            "date" => DataType::Date,
            "timestamp" => DataType::Datetime(TimeUnit::Microseconds, Some(TimeZone::UTC)),
            "timestamp_ntz" => DataType::Datetime(TimeUnit::Microseconds, None),
            _ => DataType::String,
        }
    }

    /// Applies an action.
    pub fn apply(&mut self, action: &str, body: &Json<'_>) -> std::result::Result<(), String> {
        match action {
            "add" => {
                let path = body.text("path").ok_or("an added file without a path")?.to_owned();
                let values = body.get("partitionValues").map_or(Vec::new(), Json::texts);
                let has_deleted_rows = body.get("deletionVector").is_some_and(|vector| *vector != Json::Null);
                self.files.insert(path.clone(), Add { path, values, has_deleted_rows });
            }
            "remove" => {
                self.files.remove(body.text("path").ok_or("a removed file without a path")?);
            }
            "metaData" => self.describe(body)?,
            "protocol" => {
                let reader = body.whole("minReaderVersion").ok_or("a protocol without a version")?;
                let features = body.get("readerFeatures").map_or(Vec::new(), Json::list_of_texts);
                self.protocol = Some(Protocol { reader, features });
            }
            _ => {}
        }
        Ok(())
    }

    fn describe(&mut self, body: &Json<'_>) -> std::result::Result<(), String> {
        let written = body.text("schemaString").ok_or("a description without a schema")?.to_owned();
        let schema = parse(&written).map_err(|error| format!("the schema: {}", error.what))?;
        let Some(Json::List(fields)) = schema.get("fields") else { return Err("a schema without fields".to_owned()) };
        let field = |field: &Json<'_>| {
            let dtype = field.text("type").unwrap_or("nested").to_owned();
            field.text("name").map(|name| (name.to_owned(), dtype))
        };
        self.columns = fields.iter().filter_map(field).collect();
        self.partitions = body.get("partitionColumns").map_or(Vec::new(), Json::list_of_texts);
        let configuration = body.get("configuration").map_or(Vec::new(), Json::texts);
        let mode = configuration.iter().find(|(name, _)| name == "delta.columnMapping.mode");
        self.mapped = mode.is_some_and(|(_, mode)| mode.as_deref().is_some_and(|mode| mode != "none"));
        Ok(())
    }

    /// Refuses what is not understood: such a table would be read wrong.
    pub fn check(&self) -> std::result::Result<(), String> {
        let Some(protocol) = &self.protocol else { return Err("the log has no protocol".to_owned()) };
        let unknown: Vec<&str> =
            protocol.features.iter().map(String::as_str).filter(|feature| !UNDERSTOOD.contains(feature)).collect();
        if !unknown.is_empty() || protocol.reader > 3 {
            return Err(format!(
                "readers of this table must know {}, which is not supported",
                if unknown.is_empty() { format!("version {}", protocol.reader) } else { unknown.join(", ") }
            ));
        }
        if self.mapped {
            return Err("its columns have other names in the files (column mapping), which is not supported".to_owned());
        }
        match self.files.values().find(|add| add.has_deleted_rows) {
            Some(add) => Err(format!(
                "rows of {} are deleted by a vector, which is not supported; write them out with `OPTIMIZE` or `REORG TABLE .. APPLY (PURGE)`",
                add.path
            )),
            None => Ok(()),
        }
    }
}
