//! The kernel: Jupyter's protocol on one side, an [`evaluator`] of cells on the other.
//!
//! | room | purpose |
//! |---|---|
//! | [`wire`] | frames, signatures, contents of messages |
//! | [`channels`] | the five sockets |
//! | [`session`] | what each request means |
//! | [`evaluator`] | the border to whoever runs cells |
//! | [`headless`] | notebooks without a front end: run, demo, HTML |
//! | [`install`] | kernelspec, lab, doctor, the build of the prelude |
//! | [`commands`] | the command line |

pub mod channels;
pub mod commands;
pub mod evaluator;
pub mod headless;
pub mod install;
pub mod session;
pub mod wire;
