//! Who we say we are. Of the methods that servers offer, `ztn` sends a token, `unix` tells our name and `host` nothing: the
//! last two are believed by servers that trust their network. The others need libraries that this crate does not have.

use crate::error::Error;
use std::os::unix::fs::MetadataExt;

/// The methods that a server offers: `&P=unix&P=host,...`.
pub(crate) fn methods(offered: &str) -> Vec<&str> {
    let each = offered.split('&').filter_map(|part| part.trim().strip_prefix("P="));
    each.map(|method| method.split(',').next().unwrap_or_default()).filter(|name| !name.is_empty()).collect()
}

/// The name of the method to use, padded to four bytes, and what to send. A token is sent over encrypted connections only.
///
/// # Errors
/// Only methods that cannot be used.
pub(crate) fn credentials(
    offered: &str,
    user: &str,
    encrypted: bool,
    token: fn() -> Option<String>,
) -> Result<([u8; 4], Vec<u8>), Error> {
    let methods = methods(offered);
    if let Some(token) = token().filter(|_| encrypted && methods.contains(&"ztn")) {
        return Ok((*b"ztn\0", with_token(&token)?));
    }
    if methods.contains(&"unix") {
        return Ok((*b"unix", [b"unix\0", user.as_bytes(), b"\0"].concat()));
    }
    if methods.contains(&"host") {
        return Ok((*b"host", b"host\0".to_vec()));
    }
    let way = match (methods.contains(&"ztn"), encrypted) {
        (true, true) => "put a token into BEARER_TOKEN, or name its file in BEARER_TOKEN_FILE".to_owned(),
        (true, false) => "tokens go over encrypted connections only: use roots://".to_owned(),
        _ => "this client can say `ztn`, `unix` and `host`; copy the file here with xrdcp, or read it over https"
            .to_owned(),
    };
    let offered = if methods.is_empty() { "no method that is known".to_owned() } else { methods.join(", ") };
    Err(Error::Auth(format!("it offers {offered}; {way}")))
}

/// A token as `ztn` sends it: the method's name, its version, `T`, two zeros, the length with a zero at the end, the token.
fn with_token(token: &str) -> Result<Vec<u8>, Error> {
    let length = u16::try_from(token.len() + 1).map_err(|_| Error::Auth("the token is too long".to_owned()))?;
    Ok([b"ztn\0\0T\0\0", &length.to_be_bytes()[..], token.as_bytes(), b"\0\0"].concat())
}

/// The user's token, where the tools of the grid look for it (WLCG Bearer Token Discovery): the variable `BEARER_TOKEN`, the
/// file `BEARER_TOKEN_FILE`, and `bt_u` with the user's number in `XDG_RUNTIME_DIR` or `/tmp`.
pub(crate) fn token() -> Option<String> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let plain = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    if let Some(token) = variable("BEARER_TOKEN") {
        return plain(token);
    }
    if let Some(file) = variable("BEARER_TOKEN_FILE") {
        return std::fs::read_to_string(file).ok().and_then(plain);
    }
    let number = std::fs::metadata("/proc/self").ok().map(|own| own.uid())?;
    let folders = variable("XDG_RUNTIME_DIR").into_iter().chain(["/tmp".to_owned()]);
    let mut files = folders.map(|folder| format!("{folder}/bt_u{number}"));
    files.find_map(|file| std::fs::read_to_string(file).ok()).and_then(plain)
}

/// Our name for a server, up to eight bytes: the one of the address, else that of the system's user.
pub(crate) fn name(user: &str) -> String {
    let system = || ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    let name = if user.is_empty() { system().unwrap_or_else(|| "reader".to_owned()) } else { user.to_owned() };
    name.chars().filter(|letter| letter.is_ascii_alphanumeric() || "._-".contains(*letter)).take(8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_method_that_can_be_used_is_taken() {
        assert_eq!(methods("&P=gsi,v:10600,c:ssl&P=unix"), ["gsi", "unix"]);
        let (none, some): (fn() -> Option<String>, fn() -> Option<String>) = (|| None, || Some("secret".to_owned()));
        let of = |offered: &str, encrypted: bool, token| credentials(offered, "me", encrypted, token);
        assert_eq!(of("&P=gsi,v:1&P=unix", false, none).unwrap(), (*b"unix", b"unix\0me\0".to_vec()));
        assert_eq!(of("&P=host", false, none).unwrap().0, *b"host");
        let error = of("&P=gsi,v:1&P=krb5", true, some).unwrap_err().to_string();
        assert!(error.contains("gsi, krb5") && error.contains("xrdcp"), "{error}");
        let (method, sent) = of("&P=unix&P=ztn,0:4096:", true, some).unwrap();
        assert_eq!((method, &sent[..]), (*b"ztn\0", &b"ztn\0\0T\0\0\0\x07secret\0\0"[..]));
        assert_eq!(of("&P=unix&P=ztn,0:4096:", false, some).unwrap().0, *b"unix", "a token is not sent in the open");
        let says = |encrypted, token| of("&P=ztn,0:4096:", encrypted, token).unwrap_err().to_string();
        assert!(says(false, some).contains("roots://") && says(true, none).contains("BEARER_TOKEN"));
        assert_eq!(name("a long name!"), "alongnam");
    }
}
