//! Types whose values know names; none is ever made here.

/// A frame.
pub enum DataFrame {}
/// A frame that is not computed yet.
#[derive(Clone)]
pub struct LazyFrame;
/// Processes.
pub enum Group {}
/// A dict of processes.
pub struct Data(Group);
/// A fit.
pub struct FitResult {
    pub parameters: Vec<Parameter>,
}
/// A parameter of a fit.
pub struct Parameter {
    pub name: String,
}
/// The columns of a frame.
pub struct Schema;

impl DataFrame {
    pub fn get_column_names(&self) -> Vec<String> {
        Vec::new()
    }
}

impl LazyFrame {
    pub fn collect_schema(&mut self) -> crate::error::Result<Schema> {
        Ok(Schema)
    }
}

impl std::ops::Deref for Data {
    type Target = Group;

    fn deref(&self) -> &Group {
        &self.0
    }
}

impl Schema {
    pub fn iter_names(&self) -> impl Iterator<Item = &String> {
        std::iter::empty()
    }
}

impl Group {
    pub fn groups(&self) -> Vec<String> {
        Vec::new()
    }

    pub fn processes(&self) -> Vec<String> {
        Vec::new()
    }

    pub fn names_after_steps(&self) -> Vec<String> {
        Vec::new()
    }
}
