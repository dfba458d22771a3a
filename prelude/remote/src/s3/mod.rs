//! Files in buckets of S3 and of servers with its protocol: requests with a signature (Signature Version 4), lists of names.

mod access;
mod config;
mod list;

pub(crate) use access::{entries, open};
