//! Buckets of Google Cloud Storage: `gs://bucket/key`.

use crate::coded::encoded;
use crate::entry::{self, Entry, Page};
use crate::error::RemoteError;
use crate::sign::Signer;
use crate::sign::google::Google;
use crate::{address, http};
use recoil_bytes::Bytes;
use reqwest::Url;
use serde_json::Value;
use std::sync::Arc;

/// Where the buckets are; `STORAGE_EMULATOR_HOST` names another place.
const ENDPOINT: &str = "https://storage.googleapis.com";

/// A bucket, and a key in it.
struct Place {
    endpoint: String,
    bucket: String,
    key: String,
    signer: Option<Arc<Signer>>,
}

/// Opens a file.
pub(crate) fn open(text: &str) -> Result<Bytes, RemoteError> {
    let place = Place::of_user(text)?;
    if place.key.is_empty() {
        return Err(RemoteError::Address { why: "there is no file behind the bucket".to_owned() });
    }
    let url = place.url(&format!("/{}?alt=media", encoded(&place.key, false)))?;
    http::open_signed(url, address::shown(text), place.signer)
}

/// The names in a folder of a bucket.
pub(crate) fn entries(text: &str) -> Result<Vec<Entry>, RemoteError> {
    let place = Place::of_user(text)?;
    entry::of_pages(text, &place.key, |prefix, next| {
        let token = next.map(|token| format!("&pageToken={}", encoded(&token, false))).unwrap_or_default();
        let url = place.url(&format!("?delimiter=%2F&prefix={}{token}", encoded(prefix, false)))?;
        page(&http::text(url, place.signer.clone())?).map_err(|why| RemoteError::Unable { why })
    })
}

impl Place {
    fn of_user(text: &str) -> Result<Self, RemoteError> {
        let endpoint = std::env::var("STORAGE_EMULATOR_HOST").ok().filter(|place| !place.is_empty());
        let place = Self::of(text, endpoint.as_deref())?;
        Ok(Self { signer: Google::of_user()?.map(|google| Arc::new(Signer::Google(google))), ..place })
    }

    fn of(text: &str, endpoint: Option<&str>) -> Result<Self, RemoteError> {
        let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        let usual = |letter: char| letter.is_ascii_alphanumeric() || "-._".contains(letter);
        if bucket.is_empty() || !bucket.chars().all(usual) {
            let why =
                "it is `gs://bucket/key`; who we are comes from GOOGLE_APPLICATION_CREDENTIALS or ~/.config/gcloud";
            return Err(RemoteError::Address { why: why.to_owned() });
        }
        let endpoint = endpoint.unwrap_or(ENDPOINT).trim_end_matches('/');
        let endpoint = if endpoint.contains("://") { endpoint.to_owned() } else { format!("http://{endpoint}") };
        Ok(Self { endpoint, bucket: bucket.to_owned(), key: key.to_owned(), signer: None })
    }

    fn url(&self, behind: &str) -> Result<Url, RemoteError> {
        let text = format!("{}/storage/v1/b/{}/o{behind}", self.endpoint, self.bucket);
        Url::parse(&text).map_err(|error| RemoteError::Address { why: format!("the endpoint is none ({error})") })
    }
}

/// Reads a page of a list.
fn page(text: &str) -> Result<Page, String> {
    let said: Value = serde_json::from_str(text).map_err(|_| "the list of names is no JSON".to_owned())?;
    let mut page = Page { next: said["nextPageToken"].as_str().map(str::to_owned), ..Page::default() };
    for item in said["items"].as_array().into_iter().flatten() {
        let size = item["size"].as_str().and_then(|size| size.parse().ok()).or_else(|| item["size"].as_u64());
        match (item["name"].as_str(), size) {
            (Some(name), Some(size)) => page.objects.push((name.to_owned(), size)),
            _ => return Err("the list of names has one without a size".to_owned()),
        }
    }
    let folders = said["prefixes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    page.folders.extend(folders.map(str::to_owned));
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_where_the_interface_has_them() {
        let place = Place::of("gs://b.c/d/a b.root", None).unwrap();
        let url = place.url(&format!("/{}?alt=media", encoded(&place.key, false))).unwrap();
        assert_eq!(url.as_str(), "https://storage.googleapis.com/storage/v1/b/b.c/o/d%2Fa%20b.root?alt=media");
        let place = Place::of("gs://b", Some("127.0.0.1:9000")).unwrap();
        assert_eq!(place.url("").unwrap().as_str(), "http://127.0.0.1:9000/storage/v1/b/b/o");
        assert!(Place::of("gs:///x", None).is_err());
    }

    #[test]
    fn pages_are_read() {
        let text = r#"{"items": [{"name": "d/a", "size": "12"}], "prefixes": ["d/s/"], "nextPageToken": "n"}"#;
        let want = Page { objects: vec![("d/a".into(), 12)], folders: vec!["d/s/".into()], next: Some("n".into()) };
        assert_eq!(page(text).unwrap(), want);
        assert_eq!(page("{}").unwrap(), Page::default());
        assert!(page("<xml>").is_err() && page(r#"{"items": [{"name": "a"}]}"#).is_err());
    }
}
