//! Text to a formula. Operators by how tightly they bind: `||`, `&&`, `== !=`, `> < >= <=`, `- +`, `/ *`, `^`. The sign of
//! a value binds tighter than all: `-x^2` is the square of `-x`, as in the reference.

use crate::formula::Part;

/// How deep brackets may nest, so that no text can overflow the stack.
const NESTING: usize = 64;
/// How many operators there may be on one level, for the same reason.
const LENGTH: usize = 2000;

pub(super) fn parse(text: &str) -> Result<Part, String> {
    let mut parser = Parser { text, at: 0, depth: 0, count: 0 };
    let part = parser.level(0)?;
    parser.space();
    if parser.at < text.len() {
        return Err(parser.wrong("an operator or the end is expected"));
    }
    Ok(part)
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    count: usize,
}

type Two = fn(f64, f64) -> f64;

fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

/// Operators from the loosest to the tightest; of those that begin alike the longer one comes first.
const LEVELS: [&[(&str, Two)]; 7] = [
    &[("||", |a, b| truth(a != 0.0 || b != 0.0))],
    &[("&&", |a, b| truth(a != 0.0 && b != 0.0))],
    &[("==", |a, b| truth(a == b)), ("!=", |a, b| truth(a != b))],
    &[
        (">=", |a, b| truth(a >= b)),
        ("<=", |a, b| truth(a <= b)),
        (">", |a, b| truth(a > b)),
        ("<", |a, b| truth(a < b)),
    ],
    &[("-", |a, b| a - b), ("+", |a, b| a + b)],
    &[("/", |a, b| a / b), ("*", |a, b| a * b)],
    &[("^", f64::powf)],
];

fn one(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "log" => f64::ln,
        "log10" => f64::log10,
        "exp" => f64::exp,
        "erf" => libm::erf,
        "sqrt" => f64::sqrt,
        "abs" => f64::abs,
        "cos" => f64::cos,
        "sin" => f64::sin,
        "tan" => f64::tan,
        "acos" => f64::acos,
        "asin" => f64::asin,
        "atan" => f64::atan,
        "cosh" => f64::cosh,
        "sinh" => f64::sinh,
        "tanh" => f64::tanh,
        "acosh" => libm::acosh,
        "asinh" => libm::asinh,
        "atanh" => libm::atanh,
        _ => return None,
    })
}

fn two(name: &str) -> Option<Two> {
    Some(match name {
        "atan2" => f64::atan2,
        "pow" => f64::powf,
        "max" => |a, b| if a < b { b } else { a },
        "min" => |a, b| if b < a { b } else { a },
        _ => return None,
    })
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    fn eat(&mut self, sign: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len();
        }
        found
    }

    fn wrong(&self, what: &str) -> String {
        let rest: String = self.rest().chars().take(12).collect();
        let place = if rest.is_empty() { "at its end".to_owned() } else { format!("at `{rest}`") };
        format!("the formula `{}` cannot be read {place}: {what}", self.text)
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.eat(sign) { Ok(()) } else { Err(self.wrong(&format!("`{sign}` is expected"))) }
    }

    fn counted(&mut self) -> Result<(), String> {
        self.count += 1;
        if self.count > LENGTH {
            return Err(format!("a formula of more than {LENGTH} operators is too long"));
        }
        Ok(())
    }

    /// Values joined by the operators of one level, or of those that bind tighter.
    fn level(&mut self, level: usize) -> Result<Part, String> {
        let Some(operators) = LEVELS.get(level) else { return self.atom() };
        let mut left = self.level(level + 1)?;
        while let Some((_, operator)) = operators.iter().find(|(sign, _)| self.eat(sign)) {
            self.counted()?;
            // A power is taken of a power: `2^3^2` is `2^9`.
            let right_first = level + 1 == LEVELS.len();
            let right = self.level(if right_first { level } else { level + 1 })?;
            left = Part::Two(*operator, Box::new((left, right)));
        }
        Ok(left)
    }

    fn atom(&mut self) -> Result<Part, String> {
        if self.eat("-") {
            return Ok(match self.value()? {
                Part::Number(value) => Part::Number(-value),
                part => Part::One(|x| -x, Box::new(part)),
            });
        }
        self.value()
    }

    fn nested(&mut self) -> Result<Part, String> {
        self.depth += 1;
        if self.depth > NESTING {
            return Err(format!("brackets of a formula nest deeper than {NESTING} levels"));
        }
        let part = self.level(0)?;
        self.depth -= 1;
        Ok(part)
    }

    fn value(&mut self) -> Result<Part, String> {
        self.space();
        let first = self.rest().bytes().next().unwrap_or(b' ');
        match first {
            b'0'..=b'9' | b'.' => self.number().map(Part::Number),
            b'(' => {
                self.at += 1;
                let part = self.nested()?;
                self.expect(")")?;
                Ok(part)
            }
            b'[' => self.index("[").map(Part::Parameter),
            b'a'..=b'z' => self.named(),
            _ => Err(self.wrong("a value is expected")),
        }
    }

    fn number(&mut self) -> Result<f64, String> {
        let bytes = self.rest().as_bytes();
        let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let mut end = digits(0);
        if bytes.get(end) == Some(&b'.') {
            end += 1 + digits(end + 1);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'-' | b'+')));
            let exponent = digits(end + 1 + sign);
            if exponent > 0 {
                end += 1 + sign + exponent;
            }
        }
        let value = self.rest()[..end].parse().map_err(|_| self.wrong("this is no number"))?;
        self.at += end;
        Ok(value)
    }

    /// A whole number in square brackets.
    fn index(&mut self, open: &str) -> Result<usize, String> {
        self.expect(open)?;
        let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        let index = self.rest()[..digits].parse().ok().filter(|index| *index < 10_000);
        let index = index.ok_or_else(|| self.wrong("a whole number is expected"))?;
        self.at += digits;
        self.expect("]")?;
        Ok(index)
    }

    fn named(&mut self) -> Result<Part, String> {
        let length = self.rest().bytes().take_while(u8::is_ascii_alphanumeric).count();
        let name = self.rest()[..length].to_owned();
        let variable = match name.as_str() {
            "x" if self.rest()[1..].starts_with('[') => {
                self.at += 1;
                return self.index("[").map(Part::Variable);
            }
            "x" => Some(0),
            "y" => Some(1),
            "z" => Some(2),
            "t" => Some(3),
            _ => None,
        };
        if let Some(variable) = variable {
            self.at += 1;
            return Ok(Part::Variable(variable));
        }
        let (one, two) = (one(&name), two(&name));
        if one.is_none() && two.is_none() {
            return Err(self.wrong("there is no such name"));
        }
        self.at += length;
        self.counted()?;
        self.expect("(")?;
        let first = self.nested()?;
        let part = match (one, two) {
            (Some(function), _) => Part::One(function, Box::new(first)),
            (_, Some(function)) => {
                self.expect(",")?;
                Part::Two(function, Box::new((first, self.nested()?)))
            }
            _ => first,
        };
        self.expect(")")?;
        Ok(part)
    }
}

#[cfg(test)]
mod tests {
    use crate::formula::Formula;
    use crate::input::Input;

    fn value(text: &str, x: f64) -> f64 {
        Formula::parse(text).unwrap().value(&[Input::Real(x)], &[0], &[3.0, 0.5])
    }

    #[test]
    fn operators_bind_as_in_the_reference() {
        let cases = [
            ("1+2*3^4+5*2+6*2", 185.0),
            ("-2^2", 4.0),
            ("-x^2", 9.0),
            ("2^3^2", 512.0),
            ("2^-1", 0.5),
            ("3-2", 1.0),
            ("3--2", 5.0),
            ("1-2+3", 2.0),
            ("4/2*3", 6.0),
            ("1+2==3&&2>1||0", 1.0),
            ("(x>=3)*2e1", 20.0),
            ("[0]+[1]*x[0]", 4.5),
            ("max(2,max(5,x))", 5.0),
            ("pow(2,[1])", 2.0_f64.sqrt()),
            (" 5 ", 5.0),
            ("2.*3.e0", 6.0),
        ];
        for (text, wanted) in cases {
            assert_eq!(value(text, 3.0), wanted, "{text}");
        }
        assert!(value("max(0.1, x)", f64::NAN).is_nan());
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        let say = |text: &str| Formula::parse(text).unwrap_err();
        assert_eq!(say("1 + sni(x)"), "the formula `1 + sni(x)` cannot be read at `sni(x)`: there is no such name");
        assert_eq!(say("log(x"), "the formula `log(x` cannot be read at its end: `)` is expected");
        for text in ["", "x[-1]", "x[abc]", "1 2", "log(1, 2)", "max(1)", "x y", "--x", "[0", "1 +", "é"] {
            assert!(Formula::parse(text).is_err(), "{text}");
        }
        assert!(Formula::parse(&"(".repeat(10_000)).is_err() && Formula::parse(&"x+".repeat(10_000)).is_err());
    }
}
