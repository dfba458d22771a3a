//! Dictionaries: the schemas of a file, and its user configuration.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::model::error::Fault;
use crate::model::schema::Schema;

/// The schemas of a file in its order, found by name or by numbers.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// let dictionary: &hipo::Dictionary = reader.dictionary();
/// assert_eq!(dictionary.schemas().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # let schema = Arc::new(hipo::Schema::parse("{REC::Particle/300/31}{pid/I,px/F}")?);
    /// let mut dictionary = hipo::Dictionary::default();
    /// dictionary.add(schema.clone())?;
    /// dictionary.add(schema)?;
    /// assert_eq!(dictionary.schemas().len(), 1, "the same again is nothing");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert_eq!(reader.dictionary().get("REC::Particle")?.group(), 300);
    /// assert!(reader.dictionary().get("REC::Particles").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get(&self, name: &str) -> Result<&Arc<Schema>, Fault> {
        let found = self.by_name.get(name).map(|index| &self.schemas[*index]);
        found.ok_or_else(|| Fault::unknown("bank", name, self.schemas.iter().map(|schema| schema.name())))
    }

    /// The (first) schema of these numbers.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert_eq!(reader.dictionary().by_number(300, 31).unwrap().name(), "REC::Particle");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn by_number(&self, group: u16, item: u8) -> Option<&Arc<Schema>> {
        self.by_number.get(&(group, item)).map(|index| &self.schemas[*index])
    }

    /// All schemas, in the file's order.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert_eq!(reader.dictionary().schemas()[0].name(), "REC::Particle");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn schemas(&self) -> &[Arc<Schema>] {
        &self.schemas
    }

    /// This and the schemas of `other`.
    ///
    /// # Errors
    /// When both have a name with different layouts.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let mut other = hipo::Dictionary::default();
    /// other.add(hipo::Schema::parse("{RUN::config/10000/11}{event/I}")?)?;
    /// assert_eq!(reader.dictionary().union(&other)?.schemas().len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn union(&self, other: &Self) -> Result<Self, Fault> {
        let mut all = self.clone();
        other.schemas.iter().try_for_each(|schema| all.add(Arc::clone(schema)))?;
        Ok(all)
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
