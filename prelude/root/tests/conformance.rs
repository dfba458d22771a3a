//! Files of other programs against the answers of uproot, from the folder `root` of `RECOIL_CASES`.

mod answers;

use std::path::PathBuf;

#[test]
fn columns_are_what_uproot_reads() {
    let beside = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/cases");
    let folder = std::env::var_os("RECOIL_CASES").map_or(beside, PathBuf::from).join("root");
    if !folder.join("expected.json").exists() {
        println!("skipped: {} is not there (set RECOIL_CASES)", folder.display());
        return;
    }
    answers::compare(&folder).judge();
}
