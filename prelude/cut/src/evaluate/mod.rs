//! Storey `evaluate`: a program over the rows of a frame, block by block and on several threads. A typed program and a
//! frame come in; masks, counts and columns go out. It decides no types and reports no errors of names: `check` has done so.

mod arithmetic;
mod block;
mod bound;
mod compare;
mod domains;
mod evaluator;
mod fold;
mod frame;
pub(crate) mod fused;
mod gather;
mod integers;
mod kernel;
pub(crate) mod lane;
mod layout;
mod leaves;
mod listed;
mod lookup;
mod mask;
mod objects;
mod output;
mod stream;
mod sums;
mod table;
mod texts;
mod told;
mod turns;
pub(crate) mod typed;
mod vectors;
