//! Labels with indices and Greek letters, as a physicist types them: `p_{recoil} [GeV/c^2]`, `$\theta_\mu$`.
//!
//! `_` and `^` lower and raise the next letter or `{group}`; `\theta` is a Greek letter or sign; text between dollars
//! is slanted as mathematics is. Everything else, and all that is not understood, is shown unchanged.

use crate::font;

/// A label, taken apart.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Label(pub(crate) Vec<Run>);

/// A piece of a label in one style.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Run {
    pub(crate) text: String,
    /// -1 lowered, 0 on the line, 1 raised.
    pub(crate) level: i8,
    pub(crate) slanted: bool,
}

impl Run {
    /// The width in units of the font size.
    pub(crate) fn width(&self, bold: bool) -> f64 {
        font::width(&self.text, bold) * if self.level == 0 { 1.0 } else { SMALL }
    }
}

/// Size of raised and lowered text.
pub(crate) const SMALL: f64 = 0.7;

const SIGNS: [(&str, &str); 58] = [
    ("alpha", "α"),
    ("beta", "β"),
    ("gamma", "γ"),
    ("delta", "δ"),
    ("epsilon", "ε"),
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
    ("phi", "φ"),
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
    ("to", "→"),
    ("rightarrow", "→"),
    ("sqrt", "√"),
    ("int", "∫"),
    ("times", "×"),
    ("cdot", "·"),
    ("pm", "±"),
    ("leq", "≤"),
    ("geq", "≥"),
    ("le", "≤"),
    ("ge", "≥"),
    ("approx", "≈"),
    ("neq", "≠"),
    ("infty", "∞"),
    ("ell", "ℓ"),
    ("hbar", "ħ"),
    ("sum", "∑"),
    ("partial", "∂"),
    ("circ", "°"),
    ("mathrm", ""),
    ("rm", ""),
    ("text", ""),
];

impl Label {
    /// The label of a text with the marks above.
    pub(crate) fn parse(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let mut parser = Parser { chars, at: 0, runs: Vec::new(), slanted: false };
        parser.run(0, false);
        Self(parser.runs)
    }

    /// The label of a text that is shown unchanged.
    pub(crate) fn verbatim(text: &str) -> Self {
        Self(vec![Run { text: text.to_owned(), level: 0, slanted: false }])
    }

    /// Another label after this one.
    pub(crate) fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The width in units of the font size. An index below and one above the same letter stand over one another.
    pub(crate) fn width(&self, bold: bool) -> f64 {
        let mut width = 0.0;
        for (at, run) in self.0.iter().enumerate() {
            let own = run.width(bold);
            width += match self.stacked(at) {
                true => (own - self.0[at - 1].width(bold)).max(0.0),
                false => own,
            };
        }
        width
    }

    /// Whether a run is set over or under the one before it: one is raised, the other lowered.
    pub(crate) fn stacked(&self, at: usize) -> bool {
        let level = |at: usize| self.0[at].level;
        at > 0 && level(at) * level(at - 1) < 0 && !self.stacked(at - 1)
    }

    /// The label in plain characters: raised and lowered digits exist, the rest keeps its mark.
    pub(crate) fn plain(&self) -> String {
        self.0.iter().map(|run| moved(&run.text, run.level)).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|run| run.text.is_empty())
    }
}

fn moved(text: &str, level: i8) -> String {
    let (from, to, mark) = match level {
        1 => ("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ", '^'),
        -1 => ("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎", '_'),
        _ => return text.to_owned(),
    };
    let moved: Option<String> = text.chars().map(|c| to.chars().nth(from.chars().position(|f| f == c)?)).collect();
    moved.unwrap_or_else(|| format!("{mark}{text}"))
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    runs: Vec<Run>,
    slanted: bool,
}

impl Parser {
    /// Reads to the end, or to the brace that closes this group.
    fn run(&mut self, level: i8, grouped: bool) {
        while let Some(c) = self.next() {
            match c {
                '}' if grouped => return,
                '{' => self.run(level, true),
                '$' => self.slanted = !self.slanted,
                '_' | '^' if self.moves() => self.moved(if c == '^' { 1 } else { -1 }, level),
                '\\' => self.sign(level),
                c => self.push(c, level),
            }
        }
    }

    fn next(&mut self) -> Option<char> {
        let c = self.chars.get(self.at).copied();
        self.at += usize::from(c.is_some());
        c
    }

    /// Whether a mark has something before and after it to move; names such as `is_signal` in plain text keep theirs.
    fn moves(&self) -> bool {
        let brace = matches!(self.chars.get(self.at), Some('{' | '\\'));
        let short = |at: usize| self.chars.get(at).is_none_or(|c| !c.is_alphanumeric());
        let next = self.chars.get(self.at);
        let single = next.is_some_and(|c| matches!(c, '+' | '-') || (!c.is_whitespace() && short(self.at + 1)));
        brace || single || (self.slanted && self.at < self.chars.len())
    }

    fn moved(&mut self, by: i8, level: i8) {
        let level = if level == 0 { by } else { level };
        match self.next() {
            Some('{') => self.run(level, true),
            Some('\\') => self.sign(level),
            Some(c) => self.push(c, level),
            None => {}
        }
    }

    fn sign(&mut self, level: i8) {
        let start = self.at;
        while self.chars.get(self.at).is_some_and(char::is_ascii_alphabetic) {
            self.at += 1;
        }
        let name: String = self.chars[start..self.at].iter().collect();
        match SIGNS.iter().find(|(known, _)| *known == name) {
            Some((_, sign)) => sign.chars().for_each(|c| self.push(c, level)),
            None if name.is_empty() => {
                let c = self.next().unwrap_or('\\');
                self.push(if c == ',' { ' ' } else { c }, level);
            }
            None => format!("\\{name}").chars().for_each(|c| self.push(c, level)),
        }
    }

    fn push(&mut self, c: char, level: i8) {
        let c = if c == '-' && level == 1 { '−' } else { c };
        let slanted = self.slanted && c.is_alphabetic() && !c.is_uppercase() | c.is_ascii();
        match self.runs.last_mut() {
            Some(run) if run.level == level && run.slanted == slanted => run.text.push(c),
            _ => self.runs.push(Run { text: c.to_string(), level, slanted }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn indices_and_signs_are_read_and_names_stay_names() {
        let plain = |text: &str| Label::parse(text).plain();
        assert_eq!(plain("m^2_{recoil} [GeV^2/c^4]"), "m²_recoil [GeV²/c⁴]");
        assert_eq!(plain(r"e^+e^- \to \mu\mu"), "e⁺e⁻ → μμ");
        assert_eq!(plain(r"\int L dt = 42.3 fb^{-1}"), "∫ L dt = 42.3 fb⁻¹");
        assert_eq!(plain("is_signal < 10 % _"), "is_signal < 10 % _");
        assert_eq!(plain(r"$\theta_\mu$ \unknown"), r"θ_μ \unknown");
    }

    #[test]
    fn mathematics_is_slanted() {
        let label = Label::parse("$p_T$ [GeV]");
        assert_eq!(label.0[0], Run { text: "p".into(), level: 0, slanted: true });
        assert!(!label.0.last().unwrap().slanted);
        assert!(label.width(false) > 2.0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn every_text_has_a_label(text in any::<String>()) {
            prop_assert!(Label::parse(&text).width(false) >= 0.0);
            prop_assert_eq!(Label::verbatim(&text).plain(), text);
        }
    }
}
