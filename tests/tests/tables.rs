//! Tables of other writers: what is read of them, what is skipped of them, and what is refused.

#[path = "tables/apache.rs"]
mod apache;
#[path = "tables/compared.rs"]
mod compared;
#[path = "tables/delta.rs"]
mod delta;
#[path = "tables/folders.rs"]
mod folders;
#[path = "tables/hdf5.rs"]
mod hdf5;
#[path = "tables/steps.rs"]
mod steps;
#[path = "tables/writers.rs"]
mod writers;
