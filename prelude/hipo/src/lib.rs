//! HIPO files (CLAS12, Jefferson Lab): read, write, check and salvage.
//!
//! Bytes enter, never trusted; columns, banks and events leave, or an error that names file, record and byte. The
//! container is read from a byte-level specification, in either byte order, with all compressions of stock HIPO.
//!
//! | layer | names |
//! |---|---|
//! | bytes | [`Stream`]: [`LocalFile`], [`MemoryFile`], [`AnyFile`] for one that is elsewhere, or your own |
//! | container | [`FileHeader`], [`RecordHeader`], [`Record`], [`RecordBuilder`], [`Compression`] |
//! | file | [`Reader`], [`ReaderIndex`], [`Events`], [`ReaderStream`], [`Writer`] |
//! | meaning | [`Dictionary`], [`Schema`], [`Event`], [`Bank`], [`Structure`], [`Composite`] |
//! | many files, fewer events | [`Chain`], [`Skim`], [`Fusion`], [`Reaction`], [`Tuple`], [`links`] |
//! | damage | [`check`], [`salvage`] |
//! | columns | [`Reader::read_columns`], [`Reader::scan`]: plain vectors with list offsets |
//!
//! It must not know frames, selections as text, or how anything is shown.

mod container;
mod content;
mod damage;
mod model;
mod physics;
mod read;
mod stream;
pub mod tools;
mod write;

pub use container::builder::{MAX_BYTES, MAX_EVENTS, RecordBuilder};
pub use container::compression::Compression;
pub use container::header::{BitInfo, FileHeader, HEADER_BYTES, MAGIC, RecordHeader};
pub use container::index::{CutTail, IndexEntry, ReaderIndex};
pub use container::record::Record;
pub use container::walk::Progress;
pub use content::bank::{Bank, BankBuilder};
pub use content::columns::{BankColumns, Column};
pub use content::composite::{Composite, CompositeBuilder};
pub use content::dictionary::Dictionary;
pub use content::event::Event;
pub use content::event_builder::EventBuilder;
pub use content::structure::{BANK, COMPOSITE, Number, Numbers, STRING, Structure, Structures};
pub use damage::check::{CheckReport, check, check_stream};
pub use damage::salvage::{SalvageReport, salvage, salvage_stream};
pub use model::error::{Error, Fault, Place, Result};
pub use model::order::{ByteOrder, Element};
pub use model::schema::{ColumnType, MAX_STRUCTURE, Schema, SchemaColumn};
pub use physics::link::{Links, linked_rows, links};
pub use physics::lorentz::{FourMomentum, charge_of, mass_of, name_of};
pub use physics::reaction::{Reaction, electron_on_proton, momentum};
pub use read::chain::{Chain, ChainEvents};
pub use read::parallel::ReaderStream;
pub use read::query::{BankRequest, Block, ColumnQuery, EventFilter, EventSet, RowFilter};
pub use read::reader::{Events, Reader, ReaderOptions};
pub use read::rows::RecordRows;
pub use stream::{AnyFile, LocalFile, MemoryFile, Stream};
pub use write::fusion::{FusedEvents, Fusion};
pub use write::skim::{Skim, SkimEvent, SkimReport};
pub use write::tuple::{Tuple, TupleWriter};
pub use write::writer::{WriteSummary, Writer, WriterBuilder};
