//! The kernel: Jupyter's protocol on one side, an [`evaluator`] of cells on the other.
//!
//! | room | purpose |
//! |---|---|
//! | [`wire`] | frames, signatures, contents of messages |
//! | [`channels`] | the five sockets |
//! | [`session`] | what each request means |
//! | [`evaluator`] | the border to the evaluator, which runs cells |
//! | [`cell`] | the way of a cell: parse, rewrite, compile, cache |
//! | `process` | another process, held so that no stranger is meant |
//! | [`worker`] | the process that runs cells, and the kernel's ear on it |
//! | `assist` | completion, inspection, complete or not |
//! | [`headless`] | notebooks without a front end: run, demo, HTML |
//! | `proof` | what each output was made from: code, earlier cells, inputs, program |
//! | [`verify`] | whether a notebook gives the same again, and if not, why |
//! | [`ro_crate`] | a notebook and all it was made from as one archive, and back |
//! | [`install`] | kernelspec, lab, doctor, the build of the prelude |
//! | [`commands`] | the command line |

mod assist;
pub mod cell;
pub mod channels;
pub mod commands;
pub mod evaluator;
pub mod headless;
pub mod install;
mod lock;
mod process;
pub mod proof;
pub mod ro_crate;
pub mod session;
mod variables;
pub mod verify;
pub mod wire;
pub mod worker;
