//! The room from outside: made files of every format, right and damaged.

mod damage;
mod defects;
mod edges;
mod guessed;
mod made;
mod properties;
mod streaming;
