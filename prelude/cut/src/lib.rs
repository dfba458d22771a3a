//! Room `cut`.
