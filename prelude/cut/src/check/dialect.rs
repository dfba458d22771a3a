//! The two ways to write an expression.

/// Where an expression was written, for the few rules in which pandas and the pipeline differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// pandas: literals beside an f32 column are f32; texts have an order.
    Text,
    /// The pipeline: an f64 literal stays f64 in arithmetic; texts have no order; lists are of one kind.
    Builder,
}
