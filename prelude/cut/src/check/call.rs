//! Functions and methods: which there are, and what they take.

use crate::check::checker::{Checked, Checker, quoted};
use crate::check::functions::Name;
use crate::check::program::{Fold, Id, Op, Reduce};
use crate::check::text::{TextMap, TextTest, pattern};
use crate::check::types::{self, Type};
use crate::syntax::expr::{Argument, Binary, Compare, Expr, Kind};
use crate::value::Value;
use crate::words;

impl Checker<'_> {
    pub fn call(&mut self, expr: &Expr, name: &str, arguments: &[Expr]) -> Checked {
        if let Some(function) = Name::named(name) {
            return self.function(expr, name, function, arguments);
        }
        if crate::check::vectors::FUNCTIONS.iter().any(|(known, _)| *known == name) {
            return self.vector(expr, name, arguments);
        }
        if let (Some(fold), [argument]) = (Fold::named(name), arguments) {
            return self.fold_of(expr, name, fold, argument);
        }
        match (name, arguments) {
            ("abs", [value]) => self.absolute(value),
            ("min" | "max", [_, _, ..]) => self.extreme(expr, name, arguments),
            ("min" | "max", _) => {
                let help = format!("of a whole column: `x.{name}()`; of two columns: `{name}(a, b)`");
                self.note(expr, format!("`{name}` needs two arguments or more"), help)
            }
            ("sum" | "mean" | "count" | "any" | "all", _) => self.wrong_count(expr, name, "one list", arguments.len()),
            ("where", [condition, yes, no]) => self.choice(expr, condition, yes, no),
            ("pow", [base, exponent]) => {
                let power = Expr::new(Kind::Binary(Binary::Pow, base.clone(), exponent.clone()), expr.span());
                self.node(&power)
            }
            ("isnan", [value]) => self.missing(value),
            ("isfinite" | "isinf", [value]) => {
                let id = self.number(value)?;
                let size = self.push(Op::Abs(id), types::absolute(&self.dtype(id)));
                let infinity = self.push(Op::Literal(Value::Float(f64::INFINITY)), Type::F64);
                let class = self.number_class(size, infinity);
                let op = if name == "isinf" { Compare::Eq } else { Compare::Lt };
                Ok(self.push(Op::Compare(op, class, size, infinity), Type::Bool))
            }
            ("abs" | "isnan" | "isfinite" | "isinf", _) => {
                self.wrong_count(expr, name, "one argument", arguments.len())
            }
            ("pow", _) => self.wrong_count(expr, name, "two arguments", arguments.len()),
            ("where", _) => self.wrong_count(expr, name, "three arguments", arguments.len()),
            _ => self.no_function(expr, name),
        }
    }

    fn wrong_count(&mut self, expr: &Expr, name: &str, wanted: &str, got: usize) -> Checked {
        self.note(expr, format!("`{name}` takes {wanted}, not {got}"), "")
    }

    pub fn no_function(&mut self, expr: &Expr, name: &str) -> Checked {
        let written = expr.span().map(|span| self.written(span)).unwrap_or_default();
        let help = if !written.is_empty() && self.has_column(&written) {
            format!("for the column write `{written}` between backticks")
        } else {
            match segment::nearest(name, words::functions()).as_slice() {
                [] => "bind a function and call it as `@f(x)`".to_owned(),
                names => format!("did you mean {}?", quoted(names)),
            }
        };
        self.note(expr, format!("no function `{name}`"), help)
    }

    fn function(&mut self, expr: &Expr, name: &str, function: Name, arguments: &[Expr]) -> Checked {
        let (least, most) = function.arity();
        if arguments.len() < least || arguments.len() > most {
            let wanted = match (least, most) {
                (1, 1) => "one argument",
                (2, 2) => "two arguments",
                _ => "one or two arguments",
            };
            return self.wrong_count(expr, name, wanted, arguments.len());
        }
        let inputs = self.all(arguments, Self::number)?;
        let mut dtype = self.float_of(inputs[0]);
        if let (Some(second), true) = (inputs.get(1), function != Name::Round) {
            let weak = self.weaks(inputs[0], *second);
            dtype = types::float(&self.dtype(inputs[0]), &self.dtype(*second), weak);
        }
        Ok(self.push(Op::Function(function, inputs), dtype))
    }

    fn float_of(&self, id: Id) -> Type {
        if self.dtype(id) == Type::F32 { Type::F32 } else { Type::F64 }
    }

    fn absolute(&mut self, value: &Expr) -> Checked {
        let id = self.node(value)?;
        let dtype = self.dtype(id);
        if !dtype.is_number() && dtype != Type::Duration && dtype != Type::Null {
            return self.note(value, format!("{value} is {dtype}, not a number"), "");
        }
        Ok(if dtype == Type::Null { id } else { self.push(Op::Abs(id), types::absolute(&dtype)) })
    }

    fn extreme(&mut self, expr: &Expr, name: &str, arguments: &[Expr]) -> Checked {
        let inputs = self.all(arguments, Self::number)?;
        let dtype = self.common(expr, name, &inputs)?;
        Ok(self.push(Op::Extreme(name == "max", inputs), dtype))
    }

    fn common(&mut self, expr: &Expr, name: &str, inputs: &[Id]) -> Checked<Type> {
        let mut dtype = self.dtype(inputs[0]);
        for (before, id) in inputs.iter().zip(&inputs[1..]) {
            let weak = self.weaks(*before, *id);
            let next = self.dtype(*id);
            dtype = match types::common(&dtype, &next, weak) {
                Some(dtype) => dtype,
                None => {
                    return self.note(
                        expr,
                        format!("`{name}` cannot give both {dtype} and {next}"),
                        "make both of one type",
                    );
                }
            };
        }
        Ok(dtype)
    }

    fn choice(&mut self, expr: &Expr, condition: &Expr, yes: &Expr, no: &Expr) -> Checked {
        let (condition, yes, no) = (self.condition(condition), self.node(yes), self.node(no));
        let (condition, yes, no) = (condition?, yes?, no?);
        let dtype = self.common(expr, "where", &[yes, no])?;
        Ok(self.push(Op::Where(condition, yes, no), dtype))
    }

    fn missing(&mut self, value: &Expr) -> Checked {
        let id = self.node(value)?;
        if self.dtype(id) == Type::Null {
            return Ok(self.push(Op::Constant(true), Type::Bool));
        }
        Ok(self.push(Op::IsMissing(id), Type::Bool))
    }

    pub fn method(&mut self, expr: &Expr, value: &Expr, name: &str, arguments: &[Argument]) -> Checked {
        if !words::is_method(name) {
            return self.no_method(expr, name);
        }
        if let Some(text) = name.strip_prefix("str.") {
            return self.text_method(expr, value, text, arguments);
        }
        let positional: Vec<Expr> = arguments.iter().filter(|a| a.name.is_none()).map(|a| a.value.clone()).collect();
        if name == "between" {
            return self.between(expr, value, &positional, arguments);
        }
        if let Some(named) = arguments.iter().find_map(|argument| argument.name.as_ref()) {
            return self.note(expr, format!("`.{name}` takes no argument `{named}`"), "");
        }
        if let (Some(reduce), []) = (Reduce::named(name), positional.as_slice()) {
            return self.reduce(expr, reduce, value);
        }
        let with_value = |more: &[Expr]| [std::slice::from_ref(value), more].concat();
        match (name, positional.as_slice()) {
            ("isna" | "isnull", []) => self.missing(value),
            ("notna" | "notnull", []) => {
                let missing = self.missing(value)?;
                Ok(self.push(Op::Not(missing), Type::Bool))
            }
            ("isin", [list]) => self.rewrite(expr, Kind::Chain(value.clone(), vec![(Compare::In, list.clone())])),
            ("abs", []) => self.absolute(value),
            ("to_numpy", []) => self.node(value),
            ("fillna", [filler]) => {
                let missing = self.missing(value)?;
                let (filler, value) = (self.node(filler)?, self.node(value)?);
                let dtype = self.common(expr, ".fillna", &[value, filler])?;
                Ok(self.push(Op::Where(missing, filler, value), dtype))
            }
            ("clip", [low, high]) => {
                let raised = Expr::new(Kind::Call("max".into(), vec![value.clone(), low.clone()]), expr.span());
                self.rewrite(expr, Kind::Call("min".into(), vec![raised, high.clone()]))
            }
            ("round" | "pow", more) => self.call(expr, name, &with_value(more)),
            (_, [other]) if operator(name).is_some() => self.rewrite(
                expr,
                operator(name).map(|make| make(value.clone(), other.clone())).unwrap_or(Kind::List(vec![])),
            ),
            _ => self.note(expr, format!("`.{name}` with {} arguments", arguments.len()), ""),
        }
    }

    fn rewrite(&mut self, expr: &Expr, kind: Kind) -> Checked {
        self.node(&Expr::new(kind, Some(self.place(expr))))
    }

    fn no_method(&mut self, expr: &Expr, name: &str) -> Checked {
        let help = match segment::nearest(name, words::methods()).as_slice() {
            [] => "methods are `.isna()`, `.isin()`, `.between()`, `.fillna()`, `.str.contains()` and more".to_owned(),
            names => format!("did you mean {}?", quoted(names)),
        };
        self.note(expr, format!("no method `.{name}`"), help)
    }

    fn between(&mut self, expr: &Expr, value: &Expr, positional: &[Expr], arguments: &[Argument]) -> Checked {
        let inclusive = arguments.iter().find(|argument| argument.name.as_deref() == Some("inclusive"));
        let sides = match (inclusive.map(|argument| argument.value.kind()), positional) {
            (None, [_, _]) => [true, true],
            (Some(Kind::Literal(Value::Text(word))), [_, _]) => match &**word {
                "both" => [true, true],
                "neither" => [false, false],
                "left" => [true, false],
                "right" => [false, true],
                _ => {
                    return self.note(
                        expr,
                        format!("`inclusive` is {word:?}"),
                        "write 'both', 'neither', 'left' or 'right'",
                    );
                }
            },
            _ => return self.note(expr, "`.between` takes two bounds", "and at most `inclusive='both'`"),
        };
        let low = if sides[0] { Compare::Le } else { Compare::Lt };
        let high = if sides[1] { Compare::Le } else { Compare::Lt };
        self.rewrite(
            expr,
            Kind::Chain(positional[0].clone(), vec![(low, value.clone()), (high, positional[1].clone())]),
        )
    }

    fn reduce(&mut self, expr: &Expr, reduce: Reduce, value: &Expr) -> Checked {
        let id = self.number(value)?;
        if self.domain_of(id) != crate::check::domain::ROWS {
            let name = match reduce {
                Reduce::Std | Reduce::Median => "sum",
                Reduce::Mean => "mean",
                Reduce::Sum => "sum",
                Reduce::Min => "min",
                Reduce::Max => "max",
            };
            let help = format!("of the list of each row: {name}({value})");
            return self.note(expr, format!("{expr} is a number for the whole column, and {value} is a list"), help);
        }
        // A number that stands for the whole table: no literal, but as weak beside f32 would be surprising.
        Ok(self.push(Op::Reduce(reduce, id), Type::F64))
    }

    fn text_method(&mut self, expr: &Expr, value: &Expr, name: &str, arguments: &[Argument]) -> Checked {
        let id = self.node(value)?;
        let dtype = self.dtype(id);
        if dtype == Type::Null {
            return Ok(self.push(Op::Constant(false), Type::Bool));
        }
        if dtype != Type::Text {
            return self.note(expr, format!("{value} is {dtype}, not text"), "`.str` is for text");
        }
        if let (Some(map), []) = (TextMap::named(&format!("str.{name}")), arguments) {
            return Ok(self.push(Op::TextMap(map, id), Type::Text));
        }
        if let ("len", []) = (name, arguments) {
            return Ok(self.push(Op::TextLength(id), types::int(false, 4)));
        }
        let test = self.text_test(expr, name, arguments)?;
        Ok(self.push(Op::TextTest(test, id), Type::Bool))
    }

    fn text_test(&mut self, expr: &Expr, name: &str, arguments: &[Argument]) -> Checked<TextTest> {
        let positional: Vec<&Expr> = arguments.iter().filter(|a| a.name.is_none()).map(|a| &a.value).collect();
        let flag = |wanted: &str, default: bool| {
            let found = arguments.iter().find(|argument| argument.name.as_deref() == Some(wanted));
            found.map_or(Some(default), |argument| match argument.value.kind() {
                Kind::Literal(Value::Bool(value)) => Some(*value),
                _ => None,
            })
        };
        let (case, regex) = (flag("case", true).unwrap_or(true), flag("regex", true).unwrap_or(true));
        let known =
            |argument: &Argument| argument.name.as_deref().is_none_or(|name| ["case", "regex", "na"].contains(&name));
        if let Some(other) = arguments.iter().find(|argument| !known(argument)) {
            let name = other.name.clone().unwrap_or_default();
            return self.note(expr, format!("no argument `{name}`"), "there are `case`, `regex` and `na`");
        }
        if flag("na", false) != Some(false) {
            return self.note(expr, "a missing text never matches: `na` can only be False", "add `| x.isna()`");
        }
        let texts = match positional.as_slice() {
            [one] => self.texts(one)?,
            _ => return self.note(expr, format!("`.str.{name}` takes one text"), ""),
        };
        match (name, texts.as_slice()) {
            ("startswith", _) => Ok(TextTest::Starts(texts)),
            ("endswith", _) => Ok(TextTest::Ends(texts)),
            ("contains", [part]) if case && (!regex || regex::escape(part) == **part) => {
                Ok(TextTest::contains(part.clone()))
            }
            ("contains", [part]) => {
                self.pattern(expr, if regex { part.to_string() } else { regex::escape(part) }, case)
            }
            ("match", [part]) => self.pattern(expr, format!("^(?:{part})"), case),
            ("fullmatch", [part]) => self.pattern(expr, format!("^(?:{part})$"), case),
            ("contains" | "match" | "fullmatch", _) => self.note(expr, format!("`.str.{name}` takes one text"), ""),
            _ => {
                self.no_method(expr, &format!("str.{name}"))?;
                Err(crate::check::checker::Noted)
            }
        }
    }

    fn pattern(&mut self, expr: &Expr, text: String, case: bool) -> Checked<TextTest> {
        match pattern(&text, !case) {
            Ok(pattern) => Ok(TextTest::matches(pattern)),
            Err(message) => self.note(
                expr,
                format!("the pattern cannot be read: {message}"),
                "`regex=False` looks for the text itself",
            ),
        }
    }

    fn texts(&mut self, expr: &Expr) -> Checked<Vec<std::sync::Arc<str>>> {
        if let Kind::List(items) = expr.kind() {
            let all: Vec<_> = items.iter().map(|item| self.texts(item)).collect();
            return Ok(all.into_iter().collect::<Checked<Vec<_>>>()?.concat());
        }
        let id = self.node(expr)?;
        match self.program.value(id) {
            Some(Value::Text(text)) => Ok(vec![text.clone()]),
            _ => self.note(expr, "a text in quotes is wanted here", ""),
        }
    }
}

fn operator(name: &str) -> Option<fn(Expr, Expr) -> Kind> {
    Some(match name {
        "gt" => |a, b| Kind::Chain(a, vec![(Compare::Gt, b)]),
        "ge" => |a, b| Kind::Chain(a, vec![(Compare::Ge, b)]),
        "lt" => |a, b| Kind::Chain(a, vec![(Compare::Lt, b)]),
        "le" => |a, b| Kind::Chain(a, vec![(Compare::Le, b)]),
        "eq" => |a, b| Kind::Chain(a, vec![(Compare::Eq, b)]),
        "ne" => |a, b| Kind::Chain(a, vec![(Compare::Ne, b)]),
        "add" => |a, b| Kind::Binary(Binary::Add, a, b),
        "sub" => |a, b| Kind::Binary(Binary::Sub, a, b),
        "mul" => |a, b| Kind::Binary(Binary::Mul, a, b),
        "div" => |a, b| Kind::Binary(Binary::Div, a, b),
        _ => return None,
    })
}
