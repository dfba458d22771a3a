//! From the value of a cell's last expression to what is shown.
//!
//! Which way a value takes depends on the traits of its type. Method resolution decides: the kernel calls
//! `(&&&&&Shown(&value)).shown()`, and the impl with the most references that fits is found first.

use super::cell::{View, throw};
use super::ending::Stop;
use super::show::refusal;
use port::Bundle;
use segment::Sealed;
use std::fmt::{Debug, Display, Write};

/// A value to be shown.
pub struct Shown<'a, T: ?Sized>(pub &'a T);
/// A value that may be a `Result` to be opened.
pub struct Opened<'a, T: ?Sized>(pub &'a T);

const LONGEST_LINE: usize = 100;
const LONGEST_TEXT: usize = 20_000;

/// The ways a value can take, best first. All are of one trait: each trait costs a cell a search through all crates.
pub mod kinds {
    use super::*;

    /// How a value is shown.
    pub trait ShowKind {
        /// What it looks like.
        fn shown(&self) -> View;
    }
    impl ShowKind for &&&&Shown<'_, ()> {
        fn shown(&self) -> View {
            None
        }
    }
    // Strings in quotes, as Rust writes them: `display(text)` shows them without.
    impl ShowKind for &&&&Shown<'_, String> {
        fn shown(&self) -> View {
            show_debug(self.0)
        }
    }
    impl ShowKind for &&&&Shown<'_, str> {
        fn shown(&self) -> View {
            show_debug(&self.0)
        }
    }
    impl ShowKind for &&&&Shown<'_, &str> {
        fn shown(&self) -> View {
            show_debug(self.0)
        }
    }
    impl<T: show::Display + ?Sized> ShowKind for &&&Shown<'_, T> {
        fn shown(&self) -> View {
            show_rich(&self.0)
        }
    }
    impl<T: Debug + ?Sized> ShowKind for &&Shown<'_, T> {
        fn shown(&self) -> View {
            show_debug(&self.0)
        }
    }
    impl<T: Display + ?Sized> ShowKind for &Shown<'_, T> {
        fn shown(&self) -> View {
            show_display(&self.0)
        }
    }
    impl<T: ?Sized> ShowKind for Shown<'_, T> {
        fn shown(&self) -> View {
            show_name(std::any::type_name::<T>())
        }
    }

    /// How a value that may be a `Result` is opened.
    pub trait OpenKind {
        /// What is in it.
        type Value: ?Sized;
        /// That, or the end of the cell.
        #[track_caller]
        fn opened(&self) -> Result<&Self::Value, Stop>;
    }
    impl<T, E: Display + 'static> OpenKind for &&Opened<'_, Result<T, E>> {
        type Value = T;
        #[track_caller]
        fn opened(&self) -> Result<&T, Stop> {
            match self.0 {
                Ok(value) => Ok(value),
                // Not `map_err`, which would make itself the place of the error.
                Err(error) => Err(Stop::of(error)),
            }
        }
    }
    impl<T, E: Debug> OpenKind for &Opened<'_, Result<T, E>> {
        type Value = T;
        fn opened(&self) -> Result<&T, Stop> {
            match self.0 {
                Ok(value) => Ok(value),
                Err(error) => Err(stop_debug(error, std::any::type_name::<E>())),
            }
        }
    }
    impl<T: ?Sized> OpenKind for Opened<'_, T> {
        type Value = T;
        fn opened(&self) -> Result<&T, Stop> {
            Ok(self.0)
        }
    }
}

// Not generic: cells compile their own copies of what is.
#[inline(never)]
fn show_rich(value: &dyn show::Display) -> View {
    let bundle = value.bundle();
    if bundle.is_refused() {
        throw(refusal(&bundle));
    }
    Some(Sealed::new(bundle))
}

#[inline(never)]
fn show_debug(value: &dyn Debug) -> View {
    Some(Sealed::new(Bundle::text(debug_text(value))))
}

#[inline(never)]
fn show_display(value: &dyn Display) -> View {
    Some(Sealed::new(Bundle::text(bounded(format_args!("{value}")))))
}

#[inline(never)]
fn show_name(name: &str) -> View {
    let text = if name.contains("{{closure}}") {
        "<a future or a closure, which cannot be shown: `.await` gives the value of a future, a call that of a closure>"
            .to_owned()
    } else {
        format!("<{}, which cannot be shown: #[derive(Debug)] would do>", short(name))
    };
    Some(Sealed::new(Bundle::text(text)))
}

/// The name of a type without the paths in it: `&Vec<Track>`.
fn short(name: &str) -> String {
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':');
    let last = |path: &str| path.rsplit("::").next().unwrap_or(path).to_owned();
    let mut out = String::new();
    let mut rest = name;
    while let Some(start) = rest.find(word) {
        let (before, path) = rest.split_at(start);
        let end = path.find(|c| !word(c)).unwrap_or(path.len());
        out += before;
        out += &last(&path[..end]);
        rest = &path[end..];
    }
    out + rest
}

#[inline(never)]
fn stop_debug(error: &dyn Debug, name: &str) -> Stop {
    Stop::debug(debug_text(error), name)
}

/// `{:?}` on one line if that is short, `{:#?}` otherwise, with several numbers to a line; always bounded.
pub(crate) fn debug_text(value: &(impl Debug + ?Sized)) -> String {
    let line = bounded(format_args!("{value:?}"));
    if line.chars().count() <= LONGEST_LINE || line.contains('\n') {
        line
    } else {
        with_filled_lines(&bounded(format_args!("{value:#?}")))
    }
}

/// Puts numbers that stand on a line each together, as many as fit.
fn with_filled_lines(pretty: &str) -> String {
    let is_number = |line: &str| line.trim().strip_suffix(',').is_some_and(|number| number.parse::<f64>().is_ok());
    let mut out = String::with_capacity(pretty.len());
    let mut width = 0;
    let mut filling = false;
    for line in pretty.lines() {
        let number = is_number(line);
        let length = line.chars().count();
        let more = 1 + line.trim().len();
        if number && filling && width + more <= LONGEST_LINE {
            out.push(' ');
            out.push_str(line.trim());
            width += more;
        } else {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(line);
            width = length;
        }
        filling = number;
    }
    out
}

/// Formats until it is too long, then stops: a vector of a million numbers must not take a minute to show.
pub(crate) fn bounded(text: std::fmt::Arguments<'_>) -> String {
    struct Bounded(String);
    impl Write for Bounded {
        fn write_str(&mut self, part: &str) -> std::fmt::Result {
            let room = LONGEST_TEXT.saturating_sub(self.0.len());
            if part.len() <= room {
                self.0.push_str(part);
                return Ok(());
            }
            let cut = (0..=room).rev().find(|cut| part.is_char_boundary(*cut)).unwrap_or(0);
            self.0.push_str(&part[..cut]);
            Err(std::fmt::Error)
        }
    }
    let mut out = Bounded(String::new());
    if out.write_fmt(text).is_err() {
        out.0.push_str(" … (cut here)");
    }
    out.0
}
