//! Messages of Spark Connect, as far as they are needed: names, numbers and types as in Spark's `spark/connect/*.proto`.

pub(crate) mod expression;
pub(crate) mod relation;
pub(crate) mod request;
