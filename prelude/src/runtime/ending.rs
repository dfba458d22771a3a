//! How a cell's code stops before its end.

use port::Place;
use std::any::Any;
use std::error::Error as StdError;
use std::fmt::Display;

/// What `?` in a cell turns an error into. It is not `Display` itself, so that every `Display` type can become one.
pub enum Stop {
    /// The user asked to stop.
    Interrupted,
    /// An error that the cell did not handle.
    Error {
        /// Its text.
        message: String,
        /// The last part of its type's name.
        kind: String,
        /// The errors behind it.
        causes: Vec<String>,
        /// Where the cell gave up.
        place: Option<Place>,
    },
}

impl<E: Display + 'static> From<E> for Stop {
    // `?` passes the place on where it stands.
    #[track_caller]
    fn from(error: E) -> Self {
        Self::of(&error)
    }
}

impl Stop {
    /// Describes an error without consuming it.
    #[track_caller]
    pub fn of<E: Display + 'static>(error: &E) -> Self {
        Self::describe(error, error, std::any::type_name::<E>(), std::panic::Location::caller())
    }

    // Not generic: cells compile their own copies of what is.
    #[inline(never)]
    fn describe(text: &dyn Display, error: &dyn Any, kind: &str, at: &std::panic::Location<'_>) -> Self {
        if let Some(segment::Error::Interrupted) = error.downcast_ref() {
            return Self::Interrupted;
        }
        let message = text.to_string();
        let mut causes = causes_of(error);
        // Errors with a chain of causes, such as anyhow's, tell it in their alternate form.
        if causes.is_empty()
            && let Some(chain) = format!("{text:#}").strip_prefix(&format!("{message}: "))
        {
            causes.push(chain.to_owned());
        }
        Self::Error { message, kind: kind_of(kind), causes, place: Some(here(at)) }
    }

    pub(crate) fn plain(message: impl Into<String>, kind: &str) -> Self {
        Self::Error { message: message.into(), kind: kind.to_owned(), causes: Vec::new(), place: None }
    }

    /// An error that can only be shown for programmers.
    pub(crate) fn debug(text: String, type_name: &str) -> Self {
        Self::plain(text, &last_part(type_name))
    }
}

pub(crate) fn here(location: &std::panic::Location<'_>) -> Place {
    Place { file: location.file().to_owned(), line: location.line(), column: location.column() }
}

fn kind_of(type_name: &str) -> String {
    let name = last_part(type_name);
    // The types that say nothing about what happened are all called `Error`.
    if matches!(name.as_str(), "str" | "String" | "Box" | "Cow") || name.starts_with('&') {
        "Error".into()
    } else {
        name
    }
}

fn last_part(type_name: &str) -> String {
    let head = type_name.split('<').next().unwrap_or(type_name);
    head.rsplit("::").next().unwrap_or(head).to_owned()
}

fn causes_of(error: &dyn Any) -> Vec<String> {
    let mut source = if let Some(error) = error.downcast_ref::<Box<dyn StdError + Send + Sync>>() {
        error.source()
    } else if let Some(error) = error.downcast_ref::<Box<dyn StdError>>() {
        error.source()
    } else if let Some(error) = error.downcast_ref::<segment::Error>() {
        error.source()
    } else {
        None
    };
    let mut causes = Vec::new();
    while let Some(error) = source {
        causes.push(error.to_string());
        source = error.source();
    }
    causes
}
