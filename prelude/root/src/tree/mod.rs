//! TTree: branches, leaves and baskets.
//!
//! In go the bytes of a tree and of its baskets, out come the values of columns. What is asked of a branch is planned once
//! when the tree is opened: which columns it has and how their bytes lie, or why it is none.

mod array;
mod basket;
mod branch;
mod clusters;
mod decode;
mod describe;
mod index;
mod layout;
mod leaf;
mod leaves;
mod names;
mod object;
mod plan;
mod range;
mod read;
mod record;

pub use index::Index;
pub(crate) use object::is_tree;
pub(crate) use read::Tree;
