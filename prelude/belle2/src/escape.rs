//! The names that basf2 gives to columns, as people write them and as they are stored.
//!
//! basf2 replaces what ROOT does not allow in a branch name: `useCMSFrame(E)` is stored as `useCMSFrame__boE__bc`.

const CODES: [(char, &str); 33] = [
    (' ', "sp"),
    (',', "cm"),
    (':', "cl"),
    ('=', "eq"),
    ('<', "st"),
    ('>', "gt"),
    ('.', "pt"),
    ('+', "pl"),
    ('-', "mi"),
    ('(', "bo"),
    (')', "bc"),
    ('{', "co"),
    ('}', "cc"),
    ('[', "so"),
    (']', "sc"),
    ('^', "ha"),
    ('$', "do"),
    ('%', "pr"),
    ('!', "em"),
    ('?', "qm"),
    (';', "sm"),
    ('#', "hs"),
    ('*', "mu"),
    ('/', "sl"),
    ('\\', "bl"),
    ('\'', "sq"),
    ('"', "dq"),
    ('~', "ti"),
    ('|', "pi"),
    ('&', "am"),
    ('@', "at"),
    ('`', "to"),
    // Read, never written: older releases.
    ('-', "da"),
];

/// The name as people write it: `useCMSFrame__boE__bc` is `useCMSFrame(E)`.
///
/// A name is decoded only when every `__xx` in it is a known code, and never when it is one of the bookkeeping
/// names, which begin and end with two underscores (`__production__` is not `%oduction__`).
///
/// ```
/// assert_eq!(belle2::escape::decode("useCMSFrame__boE__bc"), "useCMSFrame(E)");
/// assert_eq!(belle2::escape::decode("__production__"), "__production__");
/// ```
pub fn decode(name: &str) -> String {
    if name.starts_with("__") && name.ends_with("__") {
        return name.to_owned();
    }
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find("__") {
        // Of three underscores the first belongs to the name.
        let at = at + usize::from(rest[at + 2..].starts_with('_'));
        out.push_str(&rest[..at]);
        let Some(code) = rest.get(at + 2..at + 4) else { return name.to_owned() };
        let Some((plain, _)) = CODES.iter().find(|(_, known)| *known == code) else { return name.to_owned() };
        out.push(*plain);
        rest = &rest[at + 4..];
    }
    out.push_str(rest);
    out
}

/// The name as basf2 stores it: `useCMSFrame(E)` is `useCMSFrame__boE__bc`. Characters without a code are dropped.
///
/// ```
/// assert_eq!(belle2::escape::encode("useCMSFrame(E)"), "useCMSFrame__boE__bc");
/// ```
pub fn encode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if c == '_' || c.is_ascii_alphanumeric() {
            out.push(c);
        } else if let Some((_, code)) = CODES.iter().find(|(plain, _)| *plain == c) {
            out.push_str("__");
            out.push_str(code);
        }
    }
    out
}

/// The column among `columns` that `written` means: the name itself, or its other spelling.
///
/// ```
/// let columns = ["pRecoil", "useCMSFrame__boE__bc"];
/// assert_eq!(belle2::escape::find("useCMSFrame(E)", columns), Some("useCMSFrame__boE__bc"));
/// assert_eq!(belle2::escape::find("E", columns), None);
/// ```
pub fn find<'a>(written: &str, columns: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let columns: Vec<&str> = columns.into_iter().collect();
    let plain = decode(written);
    let by = |holds: &dyn Fn(&str) -> bool| columns.iter().copied().find(|column| holds(column));
    by(&|column| column == written)
        .or_else(|| by(&|column| column == plain))
        .or_else(|| by(&|column| decode(column) == plain))
}

#[cfg(test)]
mod tests {
    use super::{decode, encode, find};

    #[test]
    fn escapes_go_there_and_back() {
        let names =
            ["useCMSFrame(E)", "daughter(0, p)", "formula(E/p - 1)", "a_(b)", "isSignal", "__event__", "M[1:2]{x}^2*3"];
        for name in names {
            assert_eq!(decode(&encode(name)), name);
        }
    }

    #[test]
    fn names_that_only_look_escaped_stay() {
        for name in ["__ncandidates__", "__weight__", "x__zz", "x__", "a__b", "__", "____", "x___"] {
            assert_eq!(decode(name), name);
        }
        assert_eq!(decode("a___bob__bc"), "a_(b)");
    }

    #[test]
    fn both_spellings_find_the_column() {
        let columns = ["useCMSFrame__boE__bc", "p"];
        assert_eq!(find("useCMSFrame(E)", columns), Some("useCMSFrame__boE__bc"));
        assert_eq!(find("useCMSFrame__boE__bc", ["useCMSFrame(E)"]), Some("useCMSFrame(E)"));
        assert_eq!(find("q", columns), None);
    }
}
