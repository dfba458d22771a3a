//! The signature of Azure Storage, "Shared Key".
//! <https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use percent_encoding::percent_decode_str;
use reqwest::Url;
use sha2::Sha256;
use std::fmt;

/// The version of the protocol that requests speak.
const VERSION: &str = "2021-08-06";

/// An account and its key.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Azure {
    account: String,
    key: Vec<u8>,
}

impl fmt::Debug for Azure {
    /// Says nothing of the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Azure({})", self.account)
    }
}

impl Azure {
    /// Of a key as it is written in settings; `None` for what is none.
    pub(crate) fn new(account: &str, key: &str) -> Option<Self> {
        Some(Self { account: account.to_owned(), key: STANDARD.decode(key.trim()).ok()? })
    }

    /// The headers that sign a GET request now.
    pub(super) fn headers(&self, url: &Url, range: &str) -> Vec<(&'static str, String)> {
        self.at(url, range, Utc::now())
    }

    fn at(&self, url: &Url, range: &str, time: DateTime<Utc>) -> Vec<(&'static str, String)> {
        let date = time.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let headers = [("x-ms-date", date), ("x-ms-version", VERSION.to_owned())];
        let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        // Ten empty lines for headers that a request for bytes does not have, then the range.
        let text = format!("GET\n{}{range}\n{lines}{}", "\n".repeat(10), self.resource(url));
        // A key may have any length, so this gives one; the empty answer would be a wrong signature, which servers refuse.
        let signature = Hmac::<Sha256>::new_from_slice(&self.key).map(|mut mac| {
            mac.update(text.as_bytes());
            STANDARD.encode(mac.finalize().into_bytes())
        });
        let signed = format!("SharedKey {}:{}", self.account, signature.unwrap_or_default());
        headers.into_iter().chain([("authorization", signed)]).collect()
    }

    /// What the request is for: the account, the path, and the parameters in their order.
    fn resource(&self, url: &Url) -> String {
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let mut parameters: Vec<(String, String)> = url
            .query()
            .into_iter()
            .flat_map(|query| query.split('&'))
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decoded(name).to_lowercase(), decoded(value)))
            .collect();
        parameters.sort();
        let parameters: String = parameters.into_iter().map(|(name, value)| format!("\n{name}:{value}")).collect();
        format!("/{}{}{parameters}", self.account, url.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_what_the_rules_say() {
        let azure = Azure::new("me", "c2VjcmV0").unwrap();
        let url = "https://me.blob.core.windows.net/c?restype=container&comp=list&prefix=a%2Fb".parse().unwrap();
        assert_eq!(azure.resource(&url), "/me/c\ncomp:list\nprefix:a/b\nrestype:container");
        let time = "2026-11-29T17:00:00Z".parse().unwrap();
        let headers = azure.at(&"https://me.blob.core.windows.net/c/k".parse().unwrap(), "bytes=0-9", time);
        assert_eq!(headers[0].1, "Sun, 29 Nov 2026 17:00:00 GMT");
        assert!(headers[2].1.starts_with("SharedKey me:") && !format!("{azure:?}").contains("secret"));
        assert_eq!(Azure::new("me", "no base64"), None);
    }
}
