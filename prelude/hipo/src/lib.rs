//! HIPO files (CLAS12, Jefferson Lab): read, write, check and salvage.
//!
//! Bytes enter, never trusted; columns, banks and events leave, or an error that names file, record and byte. The
//! container is read from a byte-level specification, in either byte order, with all compressions of stock HIPO.
//!
//! | layer | names |
//! |---|---|
//! | bytes | [`Stream`]: [`LocalFile`], [`MemoryFile`], or your own |
//! | container | [`FileHeader`], [`RecordHeader`], [`Record`], [`RecordBuilder`], [`Compression`] |
//! | file | [`Reader`], [`ReaderIndex`], [`Events`], [`ReaderStream`], [`Writer`] |
//! | meaning | [`Dictionary`], [`Schema`], [`Event`], [`Bank`], [`Structure`], [`Composite`] |
//! | many files, fewer events | [`Chain`], [`Skim`], [`Fusion`], [`Reaction`], [`Tuple`], [`links`] |
//! | damage | [`check`], [`salvage`] |
//! | columns | [`Reader::read_columns`], [`Reader::scan`]: plain vectors with list offsets |
//!
//! It must not know frames, selections as text, or how anything is shown.

mod bank;
mod builder;
mod chain;
mod check;
mod columns;
mod composite;
mod compression;
mod dictionary;
mod error;
mod event;
mod fusion;
mod gather;
mod header;
mod index;
mod link;
mod lorentz;
mod order;
mod pages;
mod parallel;
mod query;
mod reaction;
mod reader;
mod record;
mod rows;
mod salvage;
mod scan;
mod schema;
mod skim;
mod stream;
mod structure;
pub mod tools;
mod tuple;
mod walk;
mod writer;

pub use bank::{Bank, BankBuilder};
pub use builder::{MAX_BYTES, MAX_EVENTS, RecordBuilder};
pub use chain::{Chain, ChainEvents};
pub use check::{CheckReport, check, check_stream};
pub use columns::{BankColumns, Column};
pub use composite::{Composite, CompositeBuilder};
pub use compression::Compression;
pub use dictionary::Dictionary;
pub use error::{Error, Fault, Place, Result};
pub use event::{Event, EventBuilder};
pub use fusion::{FusedEvents, Fusion};
pub use header::{BitInfo, FileHeader, HEADER_BYTES, MAGIC, RecordHeader};
pub use index::{CutTail, IndexEntry, ReaderIndex};
pub use link::{Links, linked_rows, links};
pub use lorentz::{FourMomentum, charge_of, mass_of, name_of};
pub use order::{ByteOrder, Element};
pub use parallel::{ReaderStream, default_threads};
pub use query::{BankRequest, Block, ColumnQuery, EventFilter, EventSet, RowFilter};
pub use reaction::{Reaction, electron_on_proton, momentum};
pub use reader::{Events, Reader, ReaderOptions};
pub use record::Record;
pub use rows::RecordRows;
pub use salvage::{SalvageReport, salvage, salvage_stream};
pub use schema::{ColumnType, MAX_STRUCTURE, Schema, SchemaColumn};
pub use skim::{Skim, SkimEvent, SkimReport};
pub use stream::{LocalFile, MemoryFile, Stream};
pub use structure::{BANK, COMPOSITE, Number, Numbers, STRING, Structure, Structures};
pub use tuple::{Tuple, TupleWriter};
pub use walk::Progress;
pub use writer::{WriteSummary, Writer, WriterBuilder};
