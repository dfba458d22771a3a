//! Who we say we are. Of the methods that servers offer, `unix` tells our name and `host` nothing: both are believed by
//! servers that trust their network. The others need libraries and secrets that this crate does not have.

use crate::error::Error;

/// The methods that a server offers: `&P=unix&P=host,...`.
pub(crate) fn methods(offered: &str) -> Vec<&str> {
    let each = offered.split('&').filter_map(|part| part.trim().strip_prefix("P="));
    each.map(|method| method.split(',').next().unwrap_or_default()).filter(|name| !name.is_empty()).collect()
}

/// The name of the method to use, padded to four bytes, and what to send.
///
/// # Errors
/// Only methods that cannot be used.
pub(crate) fn credentials(offered: &str, user: &str) -> Result<([u8; 4], Vec<u8>), Error> {
    let methods = methods(offered);
    if methods.contains(&"unix") {
        return Ok((*b"unix", [b"unix\0", user.as_bytes(), b"\0"].concat()));
    }
    if methods.contains(&"host") {
        return Ok((*b"host", b"host\0".to_vec()));
    }
    let offered = if methods.is_empty() { "no method that is known".to_owned() } else { methods.join(", ") };
    let way = "this client can say `unix` and `host`; copy the file here with xrdcp, or read it over https";
    Err(Error::Auth(format!("it offers {offered}; {way}")))
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
        assert_eq!(credentials("&P=gsi,v:1&P=unix", "me").unwrap(), (*b"unix", b"unix\0me\0".to_vec()));
        assert_eq!(credentials("&P=host", "me").unwrap().0, *b"host");
        let error = credentials("&P=gsi,v:1&P=ztn,0:4096", "me").unwrap_err().to_string();
        assert!(error.contains("gsi, ztn") && error.contains("xrdcp"), "{error}");
        assert_eq!(name("a long name!"), "alongnam");
    }
}
