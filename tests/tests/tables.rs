//! Tables of other writers: what is read of them, what is skipped of them, and what is refused.

#[path = "tables/apache.rs"]
mod apache;
#[path = "tables/compared.rs"]
mod compared;
#[path = "tables/folders.rs"]
mod folders;
#[path = "tables/writers.rs"]
mod writers;
