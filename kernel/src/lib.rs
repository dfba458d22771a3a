//! The kernel: Jupyter's protocol on one side, an [`evaluator`] of cells on the other.
//!
//! | room | purpose |
//! |---|---|
//! | [`wire`] | frames, signatures, contents of messages |
//! | [`channels`] | the five sockets |
//! | [`session`] | what each request means |
//! | [`evaluator`] | the border to whoever runs cells |
//! | [`headless`] | notebooks without a front end: run, demo, HTML |
//! | [`install`] | kernelspec, lab, doctor |

pub mod channels;
pub mod evaluator;
pub mod session;
pub mod wire;
