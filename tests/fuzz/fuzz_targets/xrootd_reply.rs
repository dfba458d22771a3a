//! Whatever a server of XRootD sends, it is read without a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| recoil_xrootd::parse_reply(bytes));
