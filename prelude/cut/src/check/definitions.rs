//! Names that stand for other expressions: what they mean is what the expression means where it was written.

use crate::check::checker::{Asked, Checked, Checker};
use crate::check::collection::inner;
use crate::check::domain::ROWS;
use crate::check::shape::Shape;
use crate::syntax::expr::Expr;
use polars::prelude::DataType;

impl<'a> Checker<'a> {
    /// What a defined name means. A value whose columns are gone is looked for among the columns, where it may be kept.
    pub fn defined(&mut self, expr: &Expr, name: &str) -> Checked<Option<Shape>> {
        let Some((_, asked)) = self.definitions.iter().find(|(known, _)| *known == name).cloned() else {
            return Ok(None);
        };
        let known = self.problems_so_far();
        if let Ok(shape) = self.elsewhere(&asked) {
            return Ok(Some(shape));
        }
        let reasons: Vec<String> = self.forget_problems(known).into_iter().map(|problem| problem.reason).collect();
        if self.schema.get(name).is_some_and(|dtype| !matches!(inner(dtype), DataType::Struct(_))) {
            return Ok(None);
        }
        let help = "keep the columns that its objects are made of";
        self.note(expr, format!("`{name}` = {}: {}", asked.text, reasons.join("; ")), help)
    }

    /// Checks an expression that was written elsewhere, with the names that are known there.
    fn elsewhere(&mut self, asked: &Asked<'a>) -> Checked<Shape> {
        let asked = asked.clone();
        let hidden = self.hidden.clone();
        if hidden.is_empty() {
            self.hidden = self.definitions.iter().map(|(name, _)| *name).collect();
        }
        let places = std::mem::take(&mut self.places);
        let scopes = std::mem::take(&mut self.scopes);
        let (here, bracket) = (std::mem::replace(&mut self.here, ROWS), self.bracket.take());
        let text = std::mem::replace(&mut self.text, asked.text);
        let locals = std::mem::replace(&mut self.locals, asked.locals);
        let zones = std::mem::replace(&mut self.zones, asked.zones);
        let dialect = std::mem::replace(&mut self.dialect, asked.dialect);
        let definitions = std::mem::replace(&mut self.definitions, asked.definitions);
        let shape = self.shape(asked.expr);
        self.hidden = hidden;
        (self.places, self.scopes, self.here, self.bracket) = (places, scopes, here, bracket);
        (self.text, self.locals, self.zones) = (text, locals, zones);
        (self.dialect, self.definitions) = (dialect, definitions);
        shape
    }
}
