//! How a cell's code stops before its end.

use port::Place;
use segment::{Sealed, lock};
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::error::Error as StdError;
use std::fmt::Display;
use std::marker::PhantomData;
use std::sync::{LazyLock, Mutex};

/// What `?` in a cell turns an error into. It is not `Display` itself, so that every `Display` type can become one.
pub struct Stop(Sealed<Why>);

/// An error that ends a cell: what stands in generated code in the place of `?`.
pub struct Failed<E>(pub E);

/// Ends a cell with any error. Those of the prelude have a method of this name of their own.
pub trait StopsCell {
    /// What ends the cell.
    fn recoil_stop(self) -> Stop;
}

impl<E: Display + 'static> StopsCell for Failed<E> {
    #[track_caller]
    fn recoil_stop(self) -> Stop {
        Stop::of(&self.0)
    }
}

/// Why a cell's code stops.
pub enum Why {
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

    /// Describes an error that may borrow, so that nothing is asked of it but its words.
    #[track_caller]
    pub(super) fn without_causes(text: &dyn Display, kind: &str) -> Self {
        Self::describe(text, &(), kind, std::panic::Location::caller())
    }

    // Not generic: cells compile their own copies of what is.
    #[inline(never)]
    fn describe(text: &dyn Display, error: &dyn Any, kind: &str, at: &std::panic::Location<'_>) -> Self {
        if let Some(segment::Error::Interrupted) = error.downcast_ref() {
            return Self::interrupted();
        }
        let message = text.to_string();
        let mut causes = causes_of(error);
        // Errors with a chain of causes, such as anyhow's, tell it in their alternate form.
        if causes.is_empty()
            && let Some(chain) = format!("{text:#}").strip_prefix(&format!("{message}: "))
        {
            causes.push(chain.to_owned());
        }
        Self::new(Why::Error { message, kind: kind_of(kind), causes, place: Some(here(at)) })
    }

    fn new(why: Why) -> Self {
        Self(Sealed::new(why))
    }

    pub(crate) fn interrupted() -> Self {
        Self::new(Why::Interrupted)
    }

    /// Why.
    pub fn why(self) -> Why {
        self.0.into_inner()
    }

    pub(crate) fn plain(message: impl Into<String>, kind: &str) -> Self {
        Self::new(Why::Error { message: message.into(), kind: kind.to_owned(), causes: Vec::new(), place: None })
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
    let mut source = source_of(error);
    let mut causes = Vec::new();
    while let Some(error) = source {
        causes.push(error.to_string());
        source = error.source();
    }
    causes
}

/// What is behind an error, if its type is one that is known: `?` takes all that can be displayed, and does not tell which of
/// it is an error.
fn source_of(error: &dyn Any) -> Option<&(dyn StdError + 'static)> {
    macro_rules! known {
        ($($kind:ty),*) => {
            $(if let Some(error) = error.downcast_ref::<$kind>() {
                return error.source();
            })*
        };
    }
    known!(
        Box<dyn StdError + Send + Sync>,
        Box<dyn StdError + Send>,
        Box<dyn StdError>,
        segment::Error,
        std::io::Error
    );
    known!(polars::error::PolarsError);
    let ask = lock(&OWN).get(&error.type_id()).copied();
    ask.and_then(|ask| ask(error))
}

/// Asks an error of one type for its source.
type Ask = fn(&dyn Any) -> Option<&(dyn StdError + 'static)>;

/// The error types of the notebook.
static OWN: LazyLock<Mutex<HashMap<TypeId, Ask>>> = LazyLock::new(Mutex::default);

/// A type of the notebook that may be an error: its chain of sources is told from now on.
pub struct Cause<E: ?Sized>(pub PhantomData<E>);

/// The ways of a [`Cause`], best first.
pub mod cause_kinds {
    use super::*;

    /// How an error is known: all of one trait, as in [`super::super::tail_kinds`].
    pub trait KnowKind {
        /// Tells the prelude of it.
        fn known(&self);
    }
    impl<E: StdError + 'static> KnowKind for &Cause<E> {
        fn known(&self) {
            know(TypeId::of::<E>(), ask::<E>);
        }
    }
    impl<E: ?Sized> KnowKind for Cause<E> {
        fn known(&self) {}
    }
}

// Every cell compiles this for all errors of its notebook: no closure, no `?`.
fn ask<E: StdError + 'static>(error: &dyn Any) -> Option<&(dyn StdError + 'static)> {
    match error.downcast_ref::<E>() {
        Some(error) => error.source(),
        None => None,
    }
}

#[inline(never)]
fn know(kind: TypeId, ask: Ask) {
    lock(&OWN).insert(kind, ask);
}
