//! Tokens to an expression, with the precedence of pandas: `&` and `|` bind as `and` and `or`.

use crate::error::{Problem, Span};
use crate::syntax::expr::{Argument, Binary, Compare, Expr, Kind, Unary};
use crate::syntax::token::{Spanned, Token};
use crate::value::Value;

/// How deep brackets may nest, so that no text can overflow the stack.
const NESTING: usize = 100;
/// How deep an expression may be in all (`a + a + a ...` nests to the left).
pub(crate) const HEIGHT: u32 = 400;

pub(crate) struct Parsed {
    pub expr: Expr,
    pub hints: Vec<String>,
}

pub(crate) fn parse(text: &str) -> Result<Parsed, Problem> {
    let tokens = crate::syntax::token::tokens(text)?;
    let mut parser = Parser { tokens, at: 0, depth: 0, hints: Vec::new() };
    if parser.peek() == &Token::End {
        return Err(Problem::new("the cut is empty", 0..text.len()).help("write a condition, such as `pRecoil > 2`"));
    }
    let expr = parser.or()?;
    match parser.peek() {
        Token::End => Ok(Parsed { expr, hints: parser.hints }),
        _ => Err(parser.unexpected()),
    }
}

pub(super) struct Parser {
    tokens: Vec<Spanned>,
    at: usize,
    depth: usize,
    hints: Vec<String>,
}

pub(super) type Parse<T = Expr> = Result<T, Problem>;

impl Parser {
    pub(super) fn peek(&self) -> &Token {
        &self.tokens[self.at].token
    }

    pub(super) fn span(&self) -> Span {
        self.tokens[self.at].span.clone()
    }

    pub(super) fn start(&self) -> usize {
        self.tokens[self.at].span.start
    }

    /// The last token is `End` and is never passed.
    pub(super) fn advance(&mut self) {
        self.at = (self.at + 1).min(self.tokens.len() - 1);
    }

    pub(super) fn is(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(here) if *here == sign)
    }

    pub(super) fn eat(&mut self, sign: &str) -> bool {
        let found = self.is(sign);
        if found {
            self.advance();
        }
        found
    }

    /// One of several signs; `None` leaves the place.
    fn any(&mut self, signs: &[&'static str]) -> Option<&'static str> {
        let sign = signs.iter().copied().find(|sign| self.is(sign))?;
        self.advance();
        Some(sign)
    }

    pub(super) fn expect(&mut self, sign: &str, open: &Span) -> Parse<()> {
        if self.eat(sign) {
            return Ok(());
        }
        if self.peek() == &Token::End {
            return Err(Problem::new(format!("a bracket is never closed by `{sign}`"), open.clone()));
        }
        Err(self.unexpected())
    }

    pub(super) fn make(&self, start: usize, kind: Kind) -> Parse {
        let end = self.tokens[self.at.saturating_sub(1)].span.end.max(start);
        let expr = Expr::new(kind, Some(start..end));
        if expr.0.height > HEIGHT {
            let reason = format!("the cut nests deeper than {HEIGHT} levels");
            return Err(Problem::new(reason, start..end).help("split it into several cuts"));
        }
        Ok(expr)
    }

    fn hint(&mut self, sign: &str, better: &str) {
        let hint = format!("`{sign}` is read as `{better}`");
        if !self.hints.contains(&hint) {
            self.hints.push(hint);
        }
    }

    pub(super) fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        if self.depth >= NESTING {
            let reason = format!("brackets and signs nest deeper than {NESTING} levels");
            return Err(Problem::new(reason, self.span()).help("split the cut into several cuts"));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    pub(super) fn or(&mut self) -> Parse {
        let start = self.start();
        let mut parts = vec![self.and()?];
        while let Some(sign) = self.any(&["|", "or", "||"]) {
            if sign == "||" {
                self.hint("||", "|");
            }
            parts.push(self.and()?);
        }
        if parts.len() == 1 { Ok(parts.remove(0)) } else { self.make(start, Kind::Or(parts)) }
    }

    fn and(&mut self) -> Parse {
        let start = self.start();
        let mut parts = vec![self.not()?];
        while let Some(sign) = self.any(&["&", "and", "&&"]) {
            if sign == "&&" {
                self.hint("&&", "&");
            }
            parts.push(self.not()?);
        }
        if parts.len() == 1 { Ok(parts.remove(0)) } else { self.make(start, Kind::And(parts)) }
    }

    fn not(&mut self) -> Parse {
        let start = self.start();
        if self.eat("not") {
            let value = self.nested(Self::not)?;
            return self.make(start, Kind::Unary(Unary::Not, value));
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Parse {
        let start = self.start();
        let first = self.shift()?;
        let mut rest = Vec::new();
        while let Some(op) = self.compare_sign()? {
            rest.push((op, self.shift()?));
        }
        if rest.is_empty() { Ok(first) } else { self.make(start, Kind::Chain(first, rest)) }
    }

    fn compare_sign(&mut self) -> Parse<Option<Compare>> {
        let before = self.at;
        Ok(Some(match self.any(&["<", "<=", ">", ">=", "==", "!=", "in", "not"]) {
            Some("<") => Compare::Lt,
            Some("<=") => Compare::Le,
            Some(">") => Compare::Gt,
            Some(">=") => Compare::Ge,
            Some("==") => Compare::Eq,
            Some("!=") => Compare::Ne,
            Some("in") => Compare::In,
            Some("not") if self.eat("in") => Compare::NotIn,
            Some(_) => {
                self.at = before;
                return Err(self.unexpected());
            }
            None => return Ok(None),
        }))
    }

    fn shift(&mut self) -> Parse {
        let start = self.start();
        let mut value = self.sum()?;
        while let Some(sign) = self.any(&["<<", ">>"]) {
            let op = if sign == "<<" { Binary::Shl } else { Binary::Shr };
            let right = self.sum()?;
            value = self.make(start, Kind::Binary(op, value, right))?;
        }
        Ok(value)
    }

    fn sum(&mut self) -> Parse {
        let start = self.start();
        let mut value = self.product()?;
        while let Some(sign) = self.any(&["+", "-"]) {
            let op = if sign == "+" { Binary::Add } else { Binary::Sub };
            let right = self.product()?;
            value = self.make(start, Kind::Binary(op, value, right))?;
        }
        Ok(value)
    }

    fn product(&mut self) -> Parse {
        let start = self.start();
        let mut value = self.signed()?;
        while let Some(sign) = self.any(&["*", "/", "//", "%"]) {
            let op = match sign {
                "*" => Binary::Mul,
                "/" => Binary::Div,
                "//" => Binary::FloorDiv,
                _ => Binary::Mod,
            };
            let right = self.signed()?;
            value = self.make(start, Kind::Binary(op, value, right))?;
        }
        Ok(value)
    }

    fn signed(&mut self) -> Parse {
        let start = self.start();
        let op = match self.any(&["+", "-", "~", "!"]) {
            Some("+") => Unary::Pos,
            Some("-") => Unary::Neg,
            Some("~") => Unary::Invert,
            Some(_) => {
                self.hint("!", "~");
                Unary::Invert
            }
            None => return self.power(),
        };
        let value = self.nested(Self::signed)?;
        self.make(start, Kind::Unary(op, value))
    }

    fn power(&mut self) -> Parse {
        let start = self.start();
        let base = self.postfix()?;
        if !self.eat("**") {
            return Ok(base);
        }
        let exponent = self.nested(Self::signed)?;
        self.make(start, Kind::Binary(Binary::Pow, base, exponent))
    }

    fn postfix(&mut self) -> Parse {
        let start = self.start();
        let mut value = self.atom()?;
        loop {
            value = if self.eat(".") {
                self.attribute(value, start)?
            } else if self.is("[") && matches!(value.kind(), Kind::Local(_)) {
                self.key(value, start)?
            } else if self.is("[") && !matches!(value.kind(), Kind::Literal(_) | Kind::List(_)) {
                self.item(value, start)?
            } else if self.is("(") && matches!(value.kind(), Kind::Local(_)) {
                let arguments = self.arguments()?;
                let Kind::Local(path) = value.kind().clone() else { return Err(self.unexpected()) };
                self.make(start, Kind::LocalCall(path, positional(arguments)?))?
            } else {
                return Ok(value);
            };
        }
    }

    /// `.name`, `.name(..)`, `.str.name(..)` after a value.
    fn attribute(&mut self, value: Expr, start: usize) -> Parse {
        let mut name = self.name()?;
        if let Kind::Local(path) = value.kind() {
            let mut path = path.clone();
            path.push(name.into());
            return self.make(start, Kind::Local(path));
        }
        if (name == "str" || name == "dt") && self.eat(".") {
            name = format!("{name}.{}", self.name()?);
        }
        if name == "values" && !self.is("(") {
            return Ok(value);
        }
        if !self.is("(") {
            return self.make(start, Kind::Field(value, name.into()));
        }
        let arguments = self.arguments()?;
        self.make(start, Kind::Method(value, name.into(), arguments))
    }

    pub(super) fn name(&mut self) -> Parse<String> {
        let Token::Name(name) = self.peek().clone() else { return Err(self.unexpected()) };
        self.advance();
        Ok(name)
    }

    /// `['key']` after `@name`.
    fn key(&mut self, value: Expr, start: usize) -> Parse {
        let open = self.span();
        self.advance();
        let Kind::Local(path) = value.kind() else { return Err(self.unexpected()) };
        let mut path = path.clone();
        match self.peek() {
            Token::Value(Value::Text(key)) => path.push(key.clone()),
            Token::Value(Value::Int(key)) => path.push(key.to_string().into()),
            _ => return Err(self.unexpected()),
        }
        self.advance();
        self.expect("]", &open)?;
        self.make(start, Kind::Local(path))
    }

    fn arguments(&mut self) -> Parse<Vec<Argument>> {
        let open = self.span();
        self.advance();
        let mut arguments = Vec::new();
        while !self.is(")") {
            let named = matches!(self.peek(), Token::Name(_))
                && matches!(self.tokens.get(self.at + 1), Some(next) if next.token == Token::Sign("="));
            let name = if named {
                let name = self.name()?;
                self.advance();
                Some(name.into())
            } else {
                None
            };
            let start = self.start();
            let value = self.nested(Self::or)?;
            let value = if self.is("for") { self.comprehension(value, start)? } else { value };
            arguments.push(Argument { name, value });
            if !self.eat(",") {
                break;
            }
        }
        self.expect(")", &open)?;
        Ok(arguments)
    }

    fn atom(&mut self) -> Parse {
        let start = self.start();
        match self.peek().clone() {
            Token::Value(value) => {
                self.advance();
                self.make(start, Kind::Literal(value))
            }
            Token::Quoted(name) => {
                self.advance();
                self.make(start, Kind::Column(name.into()))
            }
            Token::Name(name) => {
                self.advance();
                if !self.is("(") {
                    return self.make(start, Kind::Column(name.into()));
                }
                let arguments = positional(self.arguments()?)?;
                self.make(start, Kind::Call(name.into(), arguments))
            }
            Token::Sign("@") => {
                self.advance();
                let name = self.name()?;
                self.make(start, Kind::Local(vec![name.into()]))
            }
            Token::Sign("(") => self.group(")"),
            Token::Sign("[") => self.group("]"),
            _ => Err(self.unexpected()),
        }
    }

    /// `(a)`, `(a, b)`, `[a, b]`, and the condition in square brackets of basf2, `[a > 1 and b < 2]`.
    fn group(&mut self, close: &'static str) -> Parse {
        let (start, open) = (self.start(), self.span());
        self.advance();
        let mut values = Vec::new();
        let mut comma = false;
        while !self.is(close) {
            let start = self.start();
            let value = self.nested(Self::or)?;
            values.push(if self.is("for") { self.comprehension(value, start)? } else { value });
            if !self.eat(",") {
                break;
            }
            comma = true;
        }
        self.expect(close, &open)?;
        let single = values.len() == 1 && !comma;
        if single && (close == ")" || has_column(&values[0])) {
            return Ok(values.remove(0));
        }
        self.make(start, Kind::List(values))
    }

    pub(super) fn unexpected(&self) -> Problem {
        let span = self.span();
        let sign = match self.peek() {
            Token::Sign(sign) => sign,
            Token::End => return Problem::new("the cut ends too early", span).help("a value is missing here"),
            other => {
                let help = match other {
                    Token::Name(word) if crate::syntax::token::is_word(&word.to_lowercase()) => {
                        format!("write `{}` in small letters", word.to_lowercase())
                    }
                    _ => "`&`, `|` or a comparison is missing".to_owned(),
                };
                return Problem::new("two values without an operator between them", span).help(help);
            }
        };
        let help = match *sign {
            "=" | ":=" => "comparing is `==`",
            "<>" => "write `!=`",
            "^" => "a power is `**`; exclusive or of two conditions is `!=`",
            "for" => "`for` stands in brackets: `any(x.pt > 1 for x in Jet)`",
            ":" => "`:` stands between two positions: `Jet[0:2]`",
            "is" => "write `.isna()` or `.notna()` for missing values, `==` for the rest",
            "if" | "else" => "write `where(condition, yes, no)`",
            "," => "join conditions with `&`",
            ";" => "one cut is one condition; join them with `&`",
            "lambda" => "bind a function and call it as `@f(x)`",
            ")" | "]" => "there is no bracket to close",
            "not" => "`not` stands before a condition; put the condition in brackets",
            _ => "a value is expected here",
        };
        Problem::new(format!("`{sign}` cannot stand here"), span).help(help)
    }
}

fn positional(arguments: Vec<Argument>) -> Parse<Vec<Expr>> {
    let mut values = Vec::with_capacity(arguments.len());
    for argument in arguments {
        if let Some(name) = argument.name {
            let span = argument.value.span().unwrap_or_default();
            return Err(Problem::new(format!("functions take no named arguments (`{name}=`)"), span));
        }
        values.push(argument.value);
    }
    Ok(values)
}

fn has_column(expr: &Expr) -> bool {
    matches!(expr.kind(), Kind::Column(_) | Kind::For(..)) || expr.kind().children().any(has_column)
}
