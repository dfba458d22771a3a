//! What a physicist types, over toy data: access, chains, terminals, and what bad input says.

mod dataset {
    mod adl;
    mod bad_input;
    mod bad_page;
    mod banks;
    mod bits;
    mod chains;
    mod contract;
    mod folders;
    mod frames;
    mod lists;
    mod names;
    mod root_files;
    mod steps;
    mod text;
    mod times;
    mod varied;
    mod vary;
    mod vary_steps;
    mod weights;
    mod whole;
}
