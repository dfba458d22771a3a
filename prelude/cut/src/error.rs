use segment::Sealed;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Bytes of the text of a cut.
pub type Span = Range<usize>;

/// What is wrong with a cut, with the place in its text.
///
/// Displays one paragraph per problem: the reason, the text, and a caret line with the suggestion.
///
/// ```
/// # use polars::prelude::*;
/// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
/// let error: cut::Error = cut::parse("xx > 1")?.check(frame.schema()).err().unwrap();
/// assert!(error.to_string().contains("xx > 1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    text: Sealed<Arc<str>>,
    problems: Sealed<Vec<Problem>>,
}

/// One thing that is wrong with a cut.
///
/// ```
/// # use polars::prelude::*;
/// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
/// let error = cut::parse("y > 1")?.check(frame.schema()).err().unwrap();
/// let problem: &cut::Problem = &error.problems()[0];
/// assert!(problem.reason.contains('y'));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub reason: String,
    /// Where in the text.
    pub span: Span,
    /// A second place, of what does not fit to the first.
    pub other: Option<Span>,
    /// What to do about it; empty when there is nothing to suggest.
    pub help: String,
}

/// A result with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Problem {
    pub(crate) fn new(reason: impl Into<String>, span: Span) -> Self {
        Self { reason: reason.into(), span, other: None, help: String::new() }
    }

    /// The same about two places.
    pub(crate) fn and(mut self, other: Span) -> Self {
        if other != self.span {
            self.other = Some(other);
        }
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}

impl Error {
    pub(crate) fn new(text: impl Into<Arc<str>>, problems: Vec<Problem>) -> Self {
        Self { text: Sealed::new(text.into()), problems: problems.into() }
    }

    /// The text of the cut.
    ///
    /// ```
    /// assert_eq!(cut::parse("x >").err().unwrap().text(), "x >");
    /// ```
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All that is wrong, in the order of the text.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// let error = cut::parse("y > 1 & z > 2")?.check(frame.schema()).err().unwrap();
    /// assert_eq!(error.problems().len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, problem) in self.problems.iter().enumerate() {
            if position > 0 {
                out.write_str("\n")?;
            }
            problem.write(&self.text, out)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Lines longer than this are cut around the caret.
const WIDTH: usize = 100;

impl Problem {
    fn write(&self, text: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.reason)?;
        if text.trim().is_empty() {
            return match self.help.as_str() {
                "" => Ok(()),
                help => write!(out, "; {help}"),
            };
        }
        let at = floor(text, self.span.start.min(text.len()));
        let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
        let line: Vec<char> = text[start..end].chars().map(|c| if c == '\t' { ' ' } else { c }).collect();
        let before = text[start..at].chars().count();
        let marks = self.marks(text, start..end);
        let skip = if line.len() > WIDTH { before.saturating_sub(WIDTH / 3) } else { 0 };
        let shown: String = line.iter().skip(skip).take(WIDTH).collect();
        let (left, right) = (if skip > 0 { "… " } else { "" }, if skip + WIDTH < line.len() { " …" } else { "" });
        let pad = " ".repeat(left.chars().count());
        let marks: String = marks.chars().skip(skip).take(WIDTH).collect();
        write!(out, "\n  {left}{shown}{right}\n  {pad}{marks}")?;
        if self.help.is_empty() { Ok(()) } else { write!(out, " {}", self.help) }
    }
}

impl Problem {
    /// Carets under the places that stand in a line, up to the last of them.
    fn marks(&self, text: &str, line: Span) -> String {
        let mut marks = String::new();
        let mut places: Vec<&Span> = [Some(&self.span), self.other.as_ref()].into_iter().flatten().collect();
        places.sort_by_key(|place| place.start);
        for place in places {
            let at = floor(text, place.start.min(text.len()));
            if at < line.start || at > line.end {
                continue;
            }
            let stop = floor(text, place.end.clamp(at, line.end));
            let before = text[line.start..at].chars().count();
            marks.push_str(&" ".repeat(before.saturating_sub(marks.chars().count())));
            marks.push_str(&"^".repeat(text[at..stop].chars().count().max(1)));
        }
        marks
    }
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::{Error, Problem};

    #[test]
    fn the_caret_stands_under_the_culprit() {
        let problem = Problem::new("no column `pRecol`", 0..6).help("did you mean `pRecoil`?");
        let error = Error::new("pRecol > 2.0 & mu1P < 3", vec![problem]);
        let wanted = "no column `pRecol`\n  pRecol > 2.0 & mu1P < 3\n  ^^^^^^ did you mean `pRecoil`?";
        assert_eq!(error.to_string(), wanted);
    }

    #[test]
    fn long_lines_are_cut_around_the_caret() {
        let text = format!("{} & bad > 1 & {}", "aaaa > 1 & ".repeat(30), "b > 2 & ".repeat(30));
        let at = text.find("bad").unwrap();
        let shown = Error::new(text, vec![Problem::new("no", at..at + 3)]).to_string();
        let lines: Vec<_> = shown.lines().collect();
        let caret = lines[2].chars().position(|c| c == '^').unwrap();
        assert_eq!(lines[1].chars().skip(caret).take(3).collect::<String>(), "bad");
    }
}
