//! Every name that a cell knows without importing it.
//!
//! `Result` and `Error` of the rooms are left out on purpose: a cell's `Result` is the standard library's.

#[path = "runtime/mod.rs"]
pub mod runtime;

pub use cut::{col, lit};
pub use data::{
    Bank, CacheStats, Cutflow, Data, EventData, EventGrid, EventInfo, EventLoader, EventPicture, EventPlayer, Group,
    GroupedBy, Highest, Hipo, Histogram, Left, Listing, Loader, Lowest, MemoryStats, Metrics, Order, Predicate, Report,
    RowClosure, Selection, events, hipo, load, load_belle2_vpho_integrated, write_hipo,
};
pub use flow::{Aggregation, QueryBuilder, count, first, last, max, mean, median, min, n_unique, quantile, std, sum};
pub use hist::{Axis, Hist, Storage};
pub use macros::query;
pub use polars;
pub use runtime::{ProgressExt, clear_output, display, display_with_id, input, password, progress, update_display};
pub use serde_json;
pub use show::{Bundle, Display, Figure, Html, Latex, Markdown, Plot, Png, Svg, overlay, scatter, stack};
pub use tokio;
