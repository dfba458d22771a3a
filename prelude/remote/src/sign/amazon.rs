//! Signature Version 4: a request signed with a secret that is never sent.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html>

use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use reqwest::Url;
use sha2::{Digest, Sha256};
use std::fmt;
use std::fmt::Write;

/// Who we are.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
}

impl fmt::Debug for Credentials {
    /// Says nothing of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}

/// Signs requests for a region.
#[derive(Debug, Clone)]
pub(crate) struct Amazon {
    pub(crate) credentials: Credentials,
    pub(crate) region: String,
}

/// The hash of nothing: requests for bytes have no body.
const NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

impl Amazon {
    /// The headers that sign a GET request now.
    pub(crate) fn headers(&self, url: &Url) -> Vec<(&'static str, String)> {
        self.at(url, Utc::now(), &[])
    }

    /// The same at another time and with more headers to sign, which are sorted and stand before `x-amz`.
    fn at(&self, url: &Url, time: DateTime<Utc>, more: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
        let time = time.format("%Y%m%dT%H%M%SZ").to_string();
        let mut headers: Vec<(&'static str, String)> = vec![("host", host(url))];
        headers.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        headers.push(("x-amz-content-sha256", NOTHING.to_owned()));
        headers.push(("x-amz-date", time.clone()));
        headers.extend(self.credentials.token.clone().map(|token| ("x-amz-security-token", token)));
        let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let lines: String = headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
        let request = format!("GET\n{}\n{}\n{lines}\n{names}\n{NOTHING}", url.path(), url.query().unwrap_or_default());
        let scope = format!("{}/{}/s3/aws4_request", &time[..8], self.region);
        let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&Sha256::digest(request)));
        let key = [&time[..8], &self.region, "s3", "aws4_request"]
            .iter()
            .fold(format!("AWS4{}", self.credentials.secret).into_bytes(), |key, part| keyed(&key, part));
        let signature = hex(&keyed(&key, &text));
        let id = &self.credentials.id;
        let signed = format!("AWS4-HMAC-SHA256 Credential={id}/{scope},SignedHeaders={names},Signature={signature}");
        headers.retain(|(name, _)| name.starts_with("x-amz"));
        headers.push(("authorization", signed));
        headers
    }
}

/// The host as the request's header has it.
fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn keyed(key: &[u8], text: &str) -> Vec<u8> {
    // A key may have any length, so this gives one; the empty answer would be a wrong signature, which servers refuse.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text does not fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the documentation of Amazon S3, "Authenticating Requests: Using the Authorization Header".
    fn signature(url: &str, more: &[(&'static str, &str)]) -> String {
        let credentials = Credentials {
            id: "AKIAIOSFODNN7EXAMPLE".into(),
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
            token: None,
        };
        let signer = Amazon { credentials, region: "us-east-1".into() };
        let time = "2013-05-24T00:00:00Z".parse().unwrap();
        let headers = signer.at(&url.parse().unwrap(), time, more);
        assert!(!format!("{signer:?}").contains("AKIA"));
        headers.last().unwrap().1.rsplit_once("Signature=").unwrap().1.to_owned()
    }

    #[test]
    fn signatures_are_those_of_the_documentation() {
        assert_eq!(
            signature("https://examplebucket.s3.amazonaws.com/test.txt", &[("range", "bytes=0-9")]),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
        assert_eq!(
            signature("https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J", &[]),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        );
    }
}
