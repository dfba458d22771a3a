#[path = "runtime/mod.rs"]
pub mod runtime;

pub use polars;
pub use runtime::{
    Html, Latex, Markdown, Png, ProgressExt, Show, Svg, clear_output, display, display_with_id, input, password,
    progress, update_display,
};
pub use serde_json;
pub use tokio;
