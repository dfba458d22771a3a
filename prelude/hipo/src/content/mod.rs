//! What is in an event: structures, banks, composites, and the dictionary that names them.
//!
//! The bytes of one event enter; views and numbers leave. Nothing here knows records or files.

pub(crate) mod bank;
pub(crate) mod columns;
pub(crate) mod composite;
pub(crate) mod describe;
pub(crate) mod dictionary;
pub(crate) mod event;
pub(crate) mod event_builder;
pub(crate) mod gather;
pub(crate) mod structure;
