//! Streamed objects of ROOT files: a tree's own record and the descriptions of classes may be any bytes.
#![no_main]

#[allow(dead_code)]
mod root_parts;

use libfuzzer_sys::fuzz_target;
use root_parts::{cut, file, number, read};

fuzz_target!(|input: &[u8]| {
    let mut rest = input;
    let [tree_pad, infos_pad] = *cut(&mut rest, 2) else { return };
    let (tree, infos) = (number(&mut rest), number(&mut rest));
    let (tree, infos) = (cut(&mut rest, tree), cut(&mut rest, infos));
    read(file("TTree", (tree, tree_pad), (infos, infos_pad), rest));
});
