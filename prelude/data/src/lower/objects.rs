//! Clauses that turn objects into rows, and rows of another table into objects.

use crate::lower::clauses::with_keys_of;
use crate::steps::chain::Other;
use polars::prelude::*;
use segment::Error;
use segment::collections::Collection;
use segment::lists::{self, Lists};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The objects of a collection become rows: its columns of lists become plain ones, all others are repeated.
#[derive(Debug)]
pub(crate) struct EachObject {
    collection: Collection,
}

impl EachObject {
    pub(crate) fn new(collection: Collection) -> Self {
        Self { collection }
    }

    /// The column that says how many objects there are, where no other of the collection is read.
    fn counts(&self) -> &PlSmallStr {
        self.collection.count.as_ref().unwrap_or(&self.collection.fields[0].column)
    }

    /// How many objects each row has.
    fn lists(&self, frame: &DataFrame) -> flow::Result<Lists> {
        let own = frame.columns().iter().filter(|column| self.collection.has(column.name()));
        if let Some(lists) = lists::common(own.map(Column::as_materialized_series))? {
            return Ok(lists);
        }
        let counts = frame.column(self.counts())?.cast(&DataType::Int64)?;
        let counts = counts.i64()?.iter().map(|count| usize::try_from(count.unwrap_or(0)).unwrap_or(0));
        Ok(Lists::of_lengths(self.collection.name.as_str(), counts)?)
    }
}

impl flow::Custom for EachObject {
    fn name(&self) -> String {
        format!("each {}", self.collection.name)
    }

    fn schema(&self, input: &Schema) -> flow::Result<Schema> {
        let mut schema = input.clone();
        for (name, dtype) in input.iter().filter(|(name, _)| self.collection.has(name)) {
            let dtype = lists::inner(dtype).unwrap_or(dtype).clone();
            schema.insert(name.clone(), dtype);
        }
        Ok(schema)
    }

    fn needs(&self, outputs: &[PlSmallStr]) -> Vec<PlSmallStr> {
        let mut needs = outputs.to_vec();
        if !outputs.iter().any(|name| self.collection.has(name)) && !outputs.contains(self.counts()) {
            needs.push(self.counts().clone());
        }
        needs
    }

    fn process(&self, frame: DataFrame) -> flow::Result<DataFrame> {
        let lists = self.lists(&frame)?;
        let columns = frame.columns().iter().map(|column| {
            let column = column.as_materialized_series();
            if self.collection.has(column.name()) {
                return Ok(lists.per_object(column)?.into_column());
            }
            Ok(lists.repeated(column)?.into_column())
        });
        Ok(DataFrame::new(lists.objects(), columns.collect::<flow::Result<Vec<_>>>()?)?)
    }
}

/// The rows of another table with the same keys become a collection.
pub(crate) struct Attach {
    name: String,
    keys: Vec<PlSmallStr>,
    other: Arc<dyn Other>,
    theirs: Schema,
    /// The types of the keys here; known once the plan is checked.
    types: OnceLock<Schema>,
    /// The columns of the other table that any plan wants.
    wanted: Mutex<Vec<PlSmallStr>>,
    rows: OnceLock<(Vec<PlSmallStr>, flow::Attached)>,
}

impl std::fmt::Debug for Attach {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Attach").field("name", &self.name).field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl Attach {
    pub(crate) fn new(name: &str, keys: Vec<PlSmallStr>, other: Arc<dyn Other>) -> crate::error::Result<Self> {
        let theirs = other.schema()?;
        let (types, wanted, rows) = (OnceLock::new(), Mutex::default(), OnceLock::new());
        Ok(Self { name: name.to_owned(), keys, other, theirs, types, wanted, rows })
    }

    /// The column of the other table that a column of this one is made of.
    fn origin(&self, output: &str) -> Option<&PlSmallStr> {
        let name = output.strip_prefix(self.name.as_str())?.strip_prefix('_')?;
        self.theirs.get_full(name).map(|(_, name, _)| name)
    }

    fn count(&self) -> PlSmallStr {
        PlSmallStr::from_string(format!("n{}", self.name))
    }
}

impl flow::Custom for Attach {
    fn name(&self) -> String {
        format!("attach {}", self.name)
    }

    fn schema(&self, input: &Schema) -> flow::Result<Schema> {
        with_keys_of(&DataFrame::empty_with_schema(&self.theirs), &self.keys, input)?;
        let types = self.keys.iter().filter_map(|key| Some((key.clone(), input.get(key)?.clone())));
        self.types.get_or_init(|| types.collect());
        let mut schema = input.clone();
        let lists = self.theirs.iter().filter(|(name, _)| !self.keys.contains(name)).map(|(name, dtype)| {
            (PlSmallStr::from_string(format!("{}_{name}", self.name)), DataType::List(Box::new(dtype.clone())))
        });
        for (name, dtype) in std::iter::once((self.count(), DataType::UInt32)).chain(lists) {
            if schema.insert(name.clone(), dtype).is_some() {
                let text = format!("attach {}: there is a column `{name}` already; choose another name", self.name);
                return Err(flow::Error::request(text));
            }
        }
        Ok(schema)
    }

    fn needs(&self, outputs: &[PlSmallStr]) -> Vec<PlSmallStr> {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        let mut needs = Vec::new();
        for output in outputs {
            match self.origin(output) {
                Some(column) if !wanted.contains(column) => wanted.push(column.clone()),
                Some(_) => {}
                None if *output == self.count() => {}
                None => needs.push(output.clone()),
            }
        }
        needs.extend(self.keys.iter().filter(|key| !outputs.contains(key)).cloned());
        needs
    }

    fn prepare(&self) -> flow::Result<()> {
        if self.rows.get().is_some() {
            return Ok(());
        }
        let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let columns: Vec<String> = self.keys.iter().chain(&wanted).map(ToString::to_string).collect();
        let frame = self.other.rows(&columns).map_err(|error| match error {
            crate::error::Error::Table { error, .. } => flow::Error::from(error),
            other => Error::request(other.to_string()).into(),
        })?;
        let types = self.types.get().cloned().unwrap_or_default();
        let frame = with_keys_of(&frame, &self.keys, &types)?;
        let rows = flow::Attached::new(frame, &self.keys)?;
        self.rows.get_or_init(|| (wanted, rows));
        Ok(())
    }

    fn process(&self, frame: DataFrame) -> flow::Result<DataFrame> {
        let Some((wanted, rows)) = self.rows.get() else {
            return Err(flow::Error::request(format!("attach {}: the other table was not read", self.name)));
        };
        rows.add(frame, &self.name, wanted)
    }
}
