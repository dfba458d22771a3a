//! ROOT files of other programs: every column as uproot reads it, everything else listed with a reason.

#[path = "../../../prelude/root/tests/answers/mod.rs"]
mod answers;

#[test]
fn root() {
    if let Some(folder) = recoil_tests::cases::folder("root") {
        answers::compare(&folder).judge();
    }
}
