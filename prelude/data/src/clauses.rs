//! Clauses of the facade's own: numbers of rows, a filter of Polars, and a join.

use polars::prelude::*;
use segment::Error;
use std::sync::Arc;

/// The column that carries the numbers of the rows through all steps, once something wants them.
pub(crate) const NUMBER: &str = "__row_number__";

/// Keeps the numbers that rows have in the source; later steps may renumber what they hold.
#[derive(Debug)]
pub(crate) struct NumberRows;

impl flow::Custom for NumberRows {
    fn name(&self) -> String {
        "number rows".to_owned()
    }

    fn schema(&self, input: &Schema) -> flow::Result<Schema> {
        let mut schema = input.clone();
        schema.insert(NUMBER.into(), DataType::UInt64);
        Ok(schema)
    }

    fn needs(&self, outputs: &[PlSmallStr]) -> Vec<PlSmallStr> {
        let mut needs: Vec<_> = outputs.iter().filter(|name| *name != NUMBER).cloned().collect();
        needs.push(flow::ROW.into());
        needs
    }

    fn commutes_with_row_filter(&self) -> bool {
        true
    }

    fn process(&self, mut frame: DataFrame) -> flow::Result<DataFrame> {
        let numbers = frame.column(flow::ROW)?.clone().with_name(NUMBER.into());
        frame.with_column(numbers)?;
        Ok(frame)
    }
}

/// A filter by an expression of Polars, with Polars' own meaning.
#[derive(Debug)]
pub(crate) struct PolarsFilter {
    expression: Expr,
    columns: Vec<PlSmallStr>,
}

impl PolarsFilter {
    pub(crate) fn new(expression: Expr) -> Self {
        let columns = expression
            .into_iter()
            .filter_map(|node| match node {
                Expr::Column(name) => Some(name.clone()),
                _ => None,
            })
            .collect();
        Self { expression, columns }
    }
}

impl flow::Custom for PolarsFilter {
    fn name(&self) -> String {
        format!("filter {}", self.expression)
    }

    fn schema(&self, input: &Schema) -> flow::Result<Schema> {
        if let Some(name) = self.columns.iter().find(|name| !input.contains(name)) {
            return Err(Error::column(name, input.iter_names().map(PlSmallStr::as_str)).into());
        }
        // An empty frame finds what is wrong with the expression, types included.
        DataFrame::empty_with_schema(input).lazy().filter(self.expression.clone()).collect()?;
        Ok(input.clone())
    }

    fn needs(&self, outputs: &[PlSmallStr]) -> Vec<PlSmallStr> {
        let mut needs = outputs.to_vec();
        needs.extend(self.columns.iter().filter(|column| !outputs.contains(column)).cloned());
        needs
    }

    fn commutes_with_row_filter(&self) -> bool {
        // An expression may look at other rows (a mean, a shift): only the user can know.
        false
    }

    fn process(&self, frame: DataFrame) -> flow::Result<DataFrame> {
        Ok(frame.lazy().filter(self.expression.clone()).collect()?)
    }
}

/// An inner join with a frame in memory, in the order of the rows that come in.
#[derive(Debug)]
pub(crate) struct JoinFrame {
    frame: Arc<DataFrame>,
    keys: Vec<PlSmallStr>,
}

impl JoinFrame {
    pub(crate) fn new(frame: Arc<DataFrame>, keys: Vec<String>) -> Self {
        Self { frame, keys: keys.into_iter().map(PlSmallStr::from_string).collect() }
    }

    fn added(&self) -> impl Iterator<Item = &PlSmallStr> {
        self.frame.get_column_names().into_iter().filter(|name| !self.keys.contains(name))
    }
}

impl flow::Custom for JoinFrame {
    fn name(&self) -> String {
        format!("join on {}", self.keys.join(", "))
    }

    fn schema(&self, input: &Schema) -> flow::Result<Schema> {
        let mut schema = input.clone();
        let theirs = self.frame.schema();
        for key in &self.keys {
            let (Some(mine), Some(their)) = (input.get(key), theirs.get(key)) else {
                let missing = if input.contains(key) { theirs.as_ref() } else { input };
                return Err(Error::column(key, missing.iter_names().map(PlSmallStr::as_str)).into());
            };
            if mine != their {
                let text = format!("join: the key `{key}` is {mine} here and {their} in the frame; cast one of them");
                return Err(flow::Error::request(text));
            }
        }
        for name in self.added() {
            if input.contains(name) {
                return Err(flow::Error::request(format!("join: both sides have a column `{name}`; rename one")));
            }
            schema.insert(name.clone(), theirs.get(name).cloned().unwrap_or(DataType::Null));
        }
        Ok(schema)
    }

    fn needs(&self, outputs: &[PlSmallStr]) -> Vec<PlSmallStr> {
        let added: Vec<_> = self.added().collect();
        let mut needs: Vec<_> = outputs.iter().filter(|name| !added.contains(name)).cloned().collect();
        needs.extend(self.keys.iter().filter(|key| !outputs.contains(key)).cloned());
        needs
    }

    fn process(&self, frame: DataFrame) -> flow::Result<DataFrame> {
        let on: Vec<Expr> = self.keys.iter().map(|key| polars::prelude::col(key.clone())).collect();
        let mut options = JoinArgs::new(JoinType::Inner);
        options.maintain_order = MaintainOrderJoin::Left;
        Ok(frame.lazy().join((*self.frame).clone().lazy(), on.clone(), on, options).collect()?)
    }
}
