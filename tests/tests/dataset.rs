//! What a physicist types, over toy data: access, chains, terminals, and what bad input says.

mod dataset {
    mod bad_input;
    mod chains;
    mod contract;
    mod names;
    mod whole;
}
