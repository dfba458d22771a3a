//! Room `port`.
