//! The Jupyter protocol over real sockets: a dummy front end against the session with a scripted evaluator.
//! `cargo test --release --test protocol`.
//!
//! The front end asserts when it is dropped that no socket has an unread message: whatever a kernel says
//! has to be expected by the test that made it say it.

#[path = "protocol/front.rs"]
mod front;
#[path = "protocol/scripted.rs"]
mod scripted;

#[path = "protocol/assist.rs"]
mod assist;
#[path = "protocol/cells.rs"]
mod cells;
#[path = "protocol/control.rs"]
mod control;
#[path = "protocol/floods.rs"]
mod floods;
#[path = "protocol/frames.rs"]
mod frames;
#[path = "protocol/places.rs"]
mod places;
#[path = "protocol/questions.rs"]
mod questions;
#[path = "protocol/real.rs"]
mod real;
#[path = "protocol/testbed.rs"]
mod testbed;
