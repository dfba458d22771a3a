//! Bounds what one cell may say: the beginning in full, then only the end.
//!
//! Notebook servers drop messages above about 1 MB/s, browsers freeze long before a gigabyte.

use crate::evaluator::Stream;
use std::collections::VecDeque;

/// Text of one cell that is shown as it comes, in bytes; `RECOIL_OUTPUT_LIMIT` overrides it.
const SHOWN: usize = 2_000_000;
/// Text kept of what came later, in bytes, for the end of the cell.
const KEPT: usize = 20_000;
/// Displays of one cell.
const DISPLAYS: usize = 2_000;

/// The account of one cell.
#[derive(Debug)]
pub struct Flood {
    limit: usize,
    shown: usize,
    displays: usize,
    hidden: usize,
    tail: VecDeque<(Stream, String)>,
    tail_bytes: usize,
}

impl Default for Flood {
    fn default() -> Self {
        let limit = std::env::var("RECOIL_OUTPUT_LIMIT").ok().and_then(|limit| limit.parse().ok());
        Self::with_limit(limit.unwrap_or(SHOWN))
    }
}

impl Flood {
    /// An account with another limit, in bytes.
    pub fn with_limit(limit: usize) -> Self {
        Self { limit, shown: 0, displays: 0, hidden: 0, tail: VecDeque::new(), tail_bytes: 0 }
    }

    /// What of this text to show now; the rest is counted and its end kept.
    pub fn text(&mut self, stream: Stream, text: String) -> Vec<(Stream, String)> {
        let room = self.limit - self.shown.min(self.limit);
        if self.hidden == 0 && text.len() <= room {
            self.shown += text.len();
            return vec![(stream, text)];
        }
        let mut now = Vec::new();
        let mut rest = text;
        if self.hidden == 0 {
            let cut = rest.floor_char_boundary(room);
            let head: String = rest.drain(..cut).collect();
            self.shown = self.limit;
            now.push((stream, head));
            now.push((Stream::Stderr, self.note()));
        }
        self.hidden += rest.len();
        self.keep(stream, rest);
        now.retain(|(_, text)| !text.is_empty());
        now
    }

    /// Whether one more display may be shown, and what to say at the first that may not.
    pub fn display(&mut self) -> Result<(), Option<String>> {
        self.displays += 1;
        match self.displays.cmp(&(DISPLAYS + 1)) {
            std::cmp::Ordering::Less => Ok(()),
            std::cmp::Ordering::Equal => {
                Err(Some(format!("\n[recoil: more than {DISPLAYS} displays in one cell, the rest is not shown]\n")))
            }
            std::cmp::Ordering::Greater => Err(None),
        }
    }

    /// The cell cleared its output: it starts afresh.
    pub fn clear(&mut self) {
        *self = Self::with_limit(self.limit);
    }

    /// The end of what was hidden, with a word on how much is missing; afterwards the account stays closed.
    pub fn end(&mut self) -> Vec<(Stream, String)> {
        if self.tail.is_empty() {
            return Vec::new();
        }
        let missing = self.hidden - self.tail_bytes;
        let mut end = vec![(Stream::Stderr, format!("[recoil: {missing} bytes of output are not shown; the end:]\n"))];
        end.extend(self.tail.drain(..));
        self.tail_bytes = 0;
        end
    }

    fn note(&self) -> String {
        format!("\n[recoil: more than {} bytes of output in one cell; only the end will follow]\n", self.limit)
    }

    fn keep(&mut self, stream: Stream, text: String) {
        let from = text.ceil_char_boundary(text.len().saturating_sub(KEPT));
        let text = text[from..].to_owned();
        self.tail_bytes += text.len();
        self.tail.push_back((stream, text));
        while self.tail_bytes > KEPT {
            let Some((_, oldest)) = self.tail.pop_front() else { break };
            self.tail_bytes -= oldest.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(parts: &[(Stream, String)]) -> String {
        parts.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn little_is_shown_as_it_comes() {
        let mut flood = Flood::with_limit(10);
        assert_eq!(flood.text(Stream::Stdout, "12345".into()), [(Stream::Stdout, "12345".into())]);
        assert_eq!(joined(&flood.text(Stream::Stderr, "67890".into())), "67890");
        assert!(flood.end().is_empty());
    }

    #[test]
    fn much_keeps_head_and_end_and_says_how_much_is_missing() {
        let mut flood = Flood::with_limit(10);
        let now = joined(&flood.text(Stream::Stdout, "123456789ä".into()));
        assert!(now.starts_with("123456789\n[recoil: more than 10 bytes"), "{now}");
        for number in 0..100_000 {
            assert!(flood.text(Stream::Stdout, format!("line {number}\n")).is_empty());
        }
        let end = joined(&flood.end());
        assert!(end.ends_with("line 99999\n"));
        assert!(end.len() < KEPT + 100);
        let missing: usize = end.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number");
        let shown = end.lines().skip(1).map(|line| line.len() + 1).sum::<usize>();
        assert_eq!(missing + shown, 2 + (0..100_000).map(|n: u32| format!("line {n}\n").len()).sum::<usize>());
        assert!(flood.text(Stream::Stdout, "later".into()).is_empty());
        flood.clear();
        assert_eq!(joined(&flood.text(Stream::Stdout, "fresh".into())), "fresh");
    }

    #[test]
    fn displays_are_counted() {
        let mut flood = Flood::default();
        assert!((0..DISPLAYS).all(|_| flood.display().is_ok()));
        assert!(matches!(flood.display(), Err(Some(_))));
        assert_eq!(flood.display(), Err(None));
    }
}
