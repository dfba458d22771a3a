//! Formulas of Markdown as MathML, which browsers draw by themselves: what notebooks write between dollars, without a
//! library from elsewhere. What is not understood stands there as it was written.

use super::ansi::escape;

/// Letters and signs by their names.
const SIGNS: [(&str, &str); 66] = [
    ("alpha", "α"),
    ("beta", "β"),
    ("gamma", "γ"),
    ("delta", "δ"),
    ("epsilon", "ϵ"),
    ("varepsilon", "ε"),
    ("zeta", "ζ"),
    ("eta", "η"),
    ("theta", "θ"),
    ("iota", "ι"),
    ("kappa", "κ"),
    ("lambda", "λ"),
    ("mu", "μ"),
    ("nu", "ν"),
    ("xi", "ξ"),
    ("pi", "π"),
    ("rho", "ρ"),
    ("sigma", "σ"),
    ("tau", "τ"),
    ("upsilon", "υ"),
    ("phi", "ϕ"),
    ("varphi", "φ"),
    ("chi", "χ"),
    ("psi", "ψ"),
    ("omega", "ω"),
    ("Gamma", "Γ"),
    ("Delta", "Δ"),
    ("Theta", "Θ"),
    ("Lambda", "Λ"),
    ("Xi", "Ξ"),
    ("Pi", "Π"),
    ("Sigma", "Σ"),
    ("Upsilon", "Υ"),
    ("Phi", "Φ"),
    ("Psi", "Ψ"),
    ("Omega", "Ω"),
    ("ell", "ℓ"),
    ("infty", "∞"),
    ("partial", "∂"),
    ("hbar", "ℏ"),
    ("to", "→"),
    ("rightarrow", "→"),
    ("times", "×"),
    ("cdot", "·"),
    ("pm", "±"),
    ("mp", "∓"),
    ("le", "≤"),
    ("leq", "≤"),
    ("ge", "≥"),
    ("geq", "≥"),
    ("ne", "≠"),
    ("neq", "≠"),
    ("approx", "≈"),
    ("sim", "∼"),
    ("propto", "∝"),
    ("equiv", "≡"),
    ("in", "∈"),
    ("sum", "∑"),
    ("prod", "∏"),
    ("int", "∫"),
    ("ldots", "…"),
    ("cdots", "⋯"),
    ("prime", "′"),
    ("langle", "⟨"),
    ("rangle", "⟩"),
    ("nabla", "∇"),
];
/// Signs among [`SIGNS`] that are letters and not operators: all in front of this one.
const FIRST_OPERATOR: &str = "to";
const FUNCTIONS: [&str; 17] = [
    "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "exp", "log", "ln", "min", "max", "det",
    "lim", "arg",
];
const ACCENTS: [(&str, &str); 8] = [
    ("bar", "‾"),
    ("overline", "‾"),
    ("hat", "^"),
    ("vec", "→"),
    ("tilde", "~"),
    ("widetilde", "~"),
    ("widehat", "^"),
    ("dot", "˙"),
];
const SPACES: [(&str, &str); 7] = [
    (",", "0.17em"),
    (":", "0.22em"),
    (";", "0.28em"),
    (" ", "0.33em"),
    ("quad", "1em"),
    ("qquad", "2em"),
    ("!", "-0.17em"),
];

/// A formula as MathML, in a line of its own or within a line.
pub(super) fn mathml(tex: &str, display: bool) -> String {
    let block = if display { " display=\"block\"" } else { "" };
    let mut parser = Parser { rest: tex.trim() };
    match parser.row(None) {
        Some(row) if parser.rest.is_empty() => {
            format!(
                "<math{block}><semantics><mrow>{row}</mrow><annotation encoding=\"application/x-tex\">{}</annotation></semantics></math>",
                escape(tex.trim())
            )
        }
        _ => format!("<code>{}</code>", escape(tex.trim())),
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn eat(&mut self, expected: char) -> bool {
        let found = self.rest.starts_with(expected);
        if found {
            self.next();
        }
        found
    }

    /// Atoms up to a closing bracket, which is taken; `None` where something is not understood.
    fn row(&mut self, close: Option<char>) -> Option<String> {
        let mut out = String::new();
        loop {
            self.rest = self.rest.trim_start();
            match (close, self.rest.chars().next()) {
                (None, None) => return Some(out),
                (Some(_), None) => return None,
                (Some(close), Some(c)) if c == close => {
                    self.next();
                    return Some(out);
                }
                _ => {}
            }
            let base = self.atom()?;
            out += &self.scripts(base)?;
        }
    }

    /// An atom with what is raised or lowered behind it.
    fn scripts(&mut self, base: String) -> Option<String> {
        let (mut below, mut above) = (None, None);
        loop {
            self.rest = self.rest.trim_start();
            if below.is_none() && self.eat('_') {
                below = Some(self.argument()?);
            } else if above.is_none() && self.eat('^') {
                above = Some(self.argument()?);
            } else {
                break;
            }
        }
        Some(match (below, above) {
            (None, None) => base,
            (Some(below), None) => format!("<msub>{base}{below}</msub>"),
            (None, Some(above)) => format!("<msup>{base}{above}</msup>"),
            (Some(below), Some(above)) => format!("<msubsup>{base}{below}{above}</msubsup>"),
        })
    }

    /// A group in braces, or the next atom: always one element.
    fn argument(&mut self) -> Option<String> {
        self.rest = self.rest.trim_start();
        match self.eat('{') {
            true => Some(format!("<mrow>{}</mrow>", self.row(Some('}'))?)),
            // `p_12` lowers the 1 alone.
            false if self.rest.starts_with(|c: char| c.is_ascii_digit()) => {
                self.next().map(|digit| format!("<mn>{digit}</mn>"))
            }
            false => self.atom(),
        }
    }

    fn atom(&mut self) -> Option<String> {
        let c = self.rest.chars().next()?;
        match c {
            '\\' => self.command(),
            '{' => self.argument(),
            '}' | '&' | '#' | '%' | '^' | '_' => None,
            c if c.is_ascii_digit() => {
                let end = self.rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(self.rest.len());
                let (number, rest) = self.rest.split_at(end);
                self.rest = rest;
                Some(format!("<mn>{number}</mn>"))
            }
            c if c.is_alphabetic() => self.next().map(|c| format!("<mi>{c}</mi>")),
            '-' => self.next().map(|_| "<mo>−</mo>".to_owned()),
            '\'' => self.next().map(|_| "<mo>′</mo>".to_owned()),
            _ => self.next().map(|c| format!("<mo stretchy=\"false\">{}</mo>", escape(&c.to_string()))),
        }
    }

    fn command(&mut self) -> Option<String> {
        self.next();
        let letters = self.rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(self.rest.len());
        let end = if letters == 0 { self.rest.chars().next()?.len_utf8() } else { letters };
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        let of = |table: &[(&str, &'static str)]| table.iter().find(|(known, _)| *known == name).map(|(_, sign)| *sign);
        if let Some(width) = of(&SPACES) {
            return Some(format!("<mspace width=\"{width}\"/>"));
        }
        if let Some(accent) = of(&ACCENTS) {
            let base = self.argument()?;
            return Some(format!("<mover accent=\"true\">{base}<mo>{accent}</mo></mover>"));
        }
        if FUNCTIONS.contains(&name) {
            return Some(format!("<mi>{name}</mi><mo>&#x2061;</mo>"));
        }
        if let Some(at) = SIGNS.iter().position(|(known, _)| *known == name) {
            let first = SIGNS.iter().position(|(known, _)| *known == FIRST_OPERATOR).unwrap_or(SIGNS.len());
            let element = if at < first { "mi" } else { "mo" };
            return Some(format!("<{element}>{}</{element}>", SIGNS[at].1));
        }
        self.structure(name)
    }

    /// Commands that take arguments.
    fn structure(&mut self, name: &str) -> Option<String> {
        match name {
            "frac" | "dfrac" | "tfrac" => Some(format!("<mfrac>{}{}</mfrac>", self.argument()?, self.argument()?)),
            "sqrt" if self.eat('[') => {
                let degree = self.row(Some(']'))?;
                Some(format!("<mroot>{}<mrow>{degree}</mrow></mroot>", self.argument()?))
            }
            "sqrt" => Some(format!("<msqrt>{}</msqrt>", self.argument()?)),
            "text" | "mathrm" | "mathbf" | "mathcal" | "operatorname" | "textrm" | "mathit" => {
                self.rest = self.rest.trim_start();
                let text = self.rest.strip_prefix('{')?.split('}').next()?;
                self.rest = self.rest.get(text.len() + 2..)?;
                Some(format!("<mtext>{}</mtext>", escape(text)))
            }
            "left" | "right" | "big" | "Big" | "bigl" | "bigr" => {
                self.eat('\\');
                let bracket = self.next()?;
                let bracket = if bracket == '.' { String::new() } else { escape(&bracket.to_string()) };
                Some(format!("<mo fence=\"true\">{bracket}</mo>"))
            }
            "{" | "}" | "%" | "&" | "#" | "$" | "_" | "|" => Some(format!("<mo>{}</mo>", escape(name))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(tex: &str) -> String {
        let math = mathml(tex, false);
        let inner = math.split("<mrow>").skip(1).collect::<Vec<_>>().join("<mrow>");
        inner.split("</mrow><annotation").next().unwrap_or_default().to_owned()
    }

    #[test]
    fn the_formula_of_the_first_tutorial_is_mathml() {
        let tex = r"m^2 = 2\, p_{T1}\, \left(\cosh(\eta_1 - \eta_2) - \cos(\varphi_1)\right)";
        let math = mathml(tex, true);
        assert!(math.starts_with("<math display=\"block\">"), "{math}");
        for part in [
            "<msup><mi>m</mi><mn>2</mn></msup>",
            "<msub><mi>p</mi><mrow><mi>T</mi><mn>1</mn></mrow></msub>",
            "<mi>cosh</mi>",
            "<msub><mi>η</mi><mn>1</mn></msub>",
            "<mo fence=\"true\">(</mo>",
        ] {
            assert!(math.contains(part), "{part} in {math}");
        }
    }

    #[test]
    fn fractions_roots_texts_and_both_scripts() {
        assert_eq!(body(r"\frac{1}{x}"), "<mfrac><mrow><mn>1</mn></mrow><mrow><mi>x</mi></mrow></mfrac>");
        assert_eq!(body(r"\sqrt{s}"), "<msqrt><mrow><mi>s</mi></mrow></msqrt>");
        assert_eq!(body(r"x_i^2"), "<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>");
        assert_eq!(
            body(r"\mathrm{GeV}\to\bar{b}"),
            "<mtext>GeV</mtext><mo>→</mo><mover accent=\"true\"><mrow><mi>b</mi></mrow><mo>‾</mo></mover>"
        );
    }

    #[test]
    fn what_is_not_understood_stands_as_written() {
        for tex in [r"\begin{matrix} a & b \end{matrix}", "{a", "a}", r"\unknown", "^"] {
            assert_eq!(mathml(tex, false), format!("<code>{}</code>", escape(tex)), "{tex}");
        }
        assert!(!mathml("<script>", false).contains("<script"));
    }
}
