use std::fmt;
use std::sync::Arc;

/// Where rows were read: a file, and as far as known a part of it (row group, record, basket) and a byte offset.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Place {
    /// The file as the user named it, or a word such as `memory` for what never was a file.
    pub file: Arc<str>,
    /// The part of the file, as its format calls it: `row group 3`, `record 12`.
    pub part: Option<Arc<str>>,
    /// Bytes from the start of the file.
    pub offset: Option<u64>,
}

impl Place {
    /// A whole file.
    pub fn file(file: impl Into<Arc<str>>) -> Self {
        Self { file: file.into(), part: None, offset: None }
    }

    /// Something that never was a file.
    pub fn memory() -> Self {
        Self::file("memory")
    }

    /// The same place, narrowed to a part.
    #[must_use]
    pub fn part(mut self, part: impl Into<Arc<str>>) -> Self {
        self.part = Some(part.into());
        self
    }

    /// The same place, narrowed to a byte offset.
    #[must_use]
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.file)?;
        if let Some(part) = &self.part {
            write!(out, ", {part}")?;
        }
        if let Some(offset) = self.offset {
            write!(out, ", byte {offset}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn a_place_reads_from_the_file_inwards() {
        let place = Place::file("run.hipo").part("record 2").offset(4096);
        assert_eq!(place.to_string(), "run.hipo, record 2, byte 4096");
    }
}
