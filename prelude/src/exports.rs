pub use polars;
pub use serde_json;
