//! Text in addresses.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Text as signed addresses have it: all bytes but letters, digits and `-._~` as `%XX`; slashes stay if they may.
pub(crate) fn encoded(text: &str, slashes: bool) -> String {
    const KEYS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    const PATHS: &AsciiSet = &KEYS.remove(b'/');
    utf8_percent_encode(text, if slashes { PATHS } else { KEYS }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_encoded_byte_by_byte() {
        assert_eq!(encoded("a b/ü~+=.parquet", true), "a%20b/%C3%BC~%2B%3D.parquet");
        assert_eq!(encoded("a/b", false), "a%2Fb");
    }
}
