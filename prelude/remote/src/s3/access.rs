//! Buckets: the addresses of files in them, and their lists.

use super::config::Config;
use super::list;
use crate::coded::encoded;
use crate::entry::{self, Entry};
use crate::error::RemoteError;
use crate::sign::Signer;
use crate::sign::amazon::Amazon;
use crate::{address, http};
use recoil_bytes::Bytes;
use reqwest::Url;
use std::sync::Arc;

/// Where AWS has buckets if nothing else is said.
const REGION: &str = "us-east-1";

/// A bucket, and a key in it.
#[derive(Debug)]
struct Place {
    /// The address of the bucket, with the slash at its end.
    bucket: String,
    key: String,
    signer: Option<Arc<Signer>>,
}

/// Opens a file.
pub(crate) fn open(text: &str) -> Result<Bytes, RemoteError> {
    let place = Place::of(text, &Config::of_user())?;
    if place.key.is_empty() {
        return Err(RemoteError::Address { why: "there is no file behind the bucket".to_owned() });
    }
    http::open_signed(place.url(&encoded(&place.key, true), "")?, address::shown(text), place.signer)
}

/// The names in a folder of a bucket.
pub(crate) fn entries(text: &str) -> Result<Vec<Entry>, RemoteError> {
    let place = Place::of(text, &Config::of_user())?;
    entry::of_pages(text, &place.key, |prefix, next| {
        let token = next.map(|token| format!("continuation-token={}&", encoded(&token, false))).unwrap_or_default();
        let asked = format!("{token}delimiter=%2F&encoding-type=url&list-type=2&prefix={}", encoded(prefix, false));
        let answer = http::text(place.url("", &asked)?, place.signer.clone())?;
        list::page(&answer).map_err(|why| RemoteError::Unable { why })
    })
}

impl Place {
    fn of(text: &str, config: &Config) -> Result<Self, RemoteError> {
        let wrong = |why: &str| RemoteError::Address { why: why.to_owned() };
        let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        let usual = |letter: char| letter.is_ascii_alphanumeric() || "-._".contains(letter);
        if bucket.is_empty() || !bucket.chars().all(usual) {
            return Err(wrong("it is `s3://bucket/key`; who we are comes from the environment or ~/.aws/credentials"));
        }
        let region = config.region.clone().unwrap_or_else(|| REGION.to_owned());
        let bucket = match &config.endpoint {
            Some(endpoint) => format!("{}/{bucket}/", endpoint.trim_end_matches('/')),
            // A name with dots fits no certificate as a part of the host's name.
            None if bucket.contains('.') => format!("https://s3.{region}.amazonaws.com/{bucket}/"),
            None => format!("https://{bucket}.s3.{region}.amazonaws.com/"),
        };
        let signer =
            config.credentials.clone().map(|credentials| Arc::new(Signer::Amazon(Amazon { credentials, region })));
        Ok(Self { bucket, key: key.to_owned(), signer })
    }

    fn url(&self, key: &str, query: &str) -> Result<Url, RemoteError> {
        let mark = if query.is_empty() { "" } else { "?" };
        let text = format!("{}{key}{mark}{query}", self.bucket);
        Url::parse(&text).map_err(|error| RemoteError::Address { why: format!("the endpoint is none ({error})") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_where_the_settings_say() {
        let url = |text: &str, endpoint: Option<&str>| {
            let config =
                Config { endpoint: endpoint.map(str::to_owned), region: Some("eu-x".into()), credentials: None };
            let place = Place::of(text, &config).unwrap();
            place.url(&encoded(&place.key, true), "").unwrap().to_string()
        };
        assert_eq!(url("s3://b/d/a b.root", None), "https://b.s3.eu-x.amazonaws.com/d/a%20b.root");
        assert_eq!(url("s3://b.c/d", None), "https://s3.eu-x.amazonaws.com/b.c/d");
        assert_eq!(url("s3://b/d/x", Some("http://127.0.0.1:9000/")), "http://127.0.0.1:9000/b/d/x");
        for wrong in ["s3://", "s3:///key", "s3://id:secret@bucket/key"] {
            let error = Place::of(wrong, &Config::default()).unwrap_err().to_string();
            assert!(error.contains("s3://bucket/key") && !error.contains("secret"), "{error}");
        }
    }
}
