//! A client of Spark Connect, the protocol of Apache Spark and of Sail: a relation is run on the server, and the rows come
//! back as Arrow IPC streams.
//!
//! **In**: an address (`sc://host:15002/;token=..;use_ssl=true`) and a [`Relation`]. **Out**: the bytes of Arrow batches
//! while they arrive, or an [`Error`] with the server's own words. Calls block; a question to the caller ([`Stop`]) ends
//! a wait, and then the operation is interrupted on the server, too. A stream that breaks is taken up again where it was,
//! if the server keeps results for that.
//!
//! The messages are the subset of Spark's `spark/connect/*.proto` (version 4) that a reader of tables needs, written down
//! by hand, so that no build needs `protoc`. The transport is gRPC over the crate `h2`.
//!
//! ```no_run
//! use recoil_spark_connect::{Endpoint, Expression, Relation, Session};
//! let endpoint: Endpoint = "sc://127.0.0.1:15002".parse()?;
//! let session = Session::open(&endpoint, &|| false)?;
//! let rows = Relation::parquet(["/data/run7.parquet"]).filter(Expression::column("x").call(">", [2.0.into()]));
//! session.run(&rows, &mut |batch| Ok(println!("{} rows", batch.rows)), &mut |_| {}, &|| false)?;
//! # Ok::<(), recoil_spark_connect::Error>(())
//! ```

mod channel;
mod endpoint;
mod error;
mod grpc;
mod proto;
mod session;
#[cfg(test)]
mod tests;
mod tls;
mod work;

pub use endpoint::Endpoint;
pub use error::Error;
pub use proto::expression::{Expression, Order};
pub use proto::relation::{JoinType, Relation};
pub use session::{Batch, Progress, Session};

/// Asked again and again during a wait: whether to give up.
pub type Stop<'a> = &'a dyn Fn() -> bool;
