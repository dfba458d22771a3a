//! The grammar of lists: `Jet[pt > 30]`, `Jet[0]`, `Jet[:2]`, and `.. for a, b in .. if ..`.

use crate::error::Problem;
use crate::syntax::expr::{Clause, Expr, Kind, Name};
use crate::syntax::parse::{Parse, Parser};

impl Parser {
    /// `[inner]` or `[from:to]` after a value.
    pub(super) fn item(&mut self, value: Expr, start: usize) -> Parse {
        let open = self.span();
        self.advance();
        let from = if self.is(":") { None } else { Some(self.nested(Self::or)?) };
        let kind = if self.eat(":") {
            let to = if self.is("]") { None } else { Some(self.nested(Self::or)?) };
            if self.is(":") {
                return Err(Problem::new("a slice has no step", self.span()).help("write `[from:to]`"));
            }
            Kind::Slice(value, from, to)
        } else {
            match from {
                Some(inner) => Kind::Item(value, inner),
                None => return Err(self.unexpected()),
            }
        };
        self.expect("]", &open)?;
        self.make(start, kind)
    }

    /// `for a, b in source if condition ..` after the element.
    pub(super) fn comprehension(&mut self, element: Expr, start: usize) -> Parse {
        let mut clauses = Vec::new();
        loop {
            if self.eat("for") {
                let names = self.names()?;
                if !self.eat("in") {
                    let help = "write `for x in Jet`, `for a, b in pairs(Jet)`";
                    return Err(Problem::new("`in` is missing after the names of a `for`", self.span()).help(help));
                }
                clauses.push(Clause::For(names, self.nested(Self::or)?));
            } else if self.eat("if") {
                clauses.push(Clause::If(self.nested(Self::or)?));
            } else {
                return self.make(start, Kind::For(element, clauses));
            }
        }
    }

    /// `a, b` or `(a, b)`
    fn names(&mut self) -> Parse<Vec<Name>> {
        let open = self.span();
        let group = self.eat("(");
        let mut names = Vec::new();
        loop {
            let span = self.span();
            let name: Name = self.name()?.into();
            if names.contains(&name) {
                return Err(Problem::new(format!("two objects are called `{name}`"), span));
            }
            names.push(name);
            if !self.eat(",") {
                break;
            }
        }
        if group {
            self.expect(")", &open)?;
        }
        Ok(names)
    }
}
