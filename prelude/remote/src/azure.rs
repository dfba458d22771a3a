//! Containers of Azure Storage: `az://container/key`, `abfss://container@account.dfs.core.windows.net/key`.

use crate::coded::encoded;
use crate::entry::{self, Entry, Page};
use crate::error::RemoteError;
use crate::sign::Signer;
use crate::sign::azure::Azure;
use crate::{address, http};
use quick_xml::Reader;
use quick_xml::events::Event;
use recoil_bytes::Bytes;
use reqwest::Url;
use std::sync::Arc;

/// A container, and a key in it.
struct Place {
    /// The address of the container.
    container: String,
    key: String,
    /// Parameters that say who we are.
    shared: Option<String>,
    signer: Option<Arc<Signer>>,
}

/// Opens a file.
pub(crate) fn open(text: &str) -> Result<Bytes, RemoteError> {
    let place = Place::of(text, of_user)?;
    if place.key.is_empty() {
        return Err(RemoteError::Address { why: "there is no file behind the container".to_owned() });
    }
    let url = place.url(&format!("/{}", encoded(&place.key, true)), "")?;
    http::open_signed(url, address::shown(text), place.signer)
}

/// The names in a folder of a container.
pub(crate) fn entries(text: &str) -> Result<Vec<Entry>, RemoteError> {
    let place = Place::of(text, of_user)?;
    entry::of_pages(text, &place.key, |prefix, next| {
        let marker = next.map(|marker| format!("&marker={}", encoded(&marker, false))).unwrap_or_default();
        let asked = format!("restype=container&comp=list&delimiter=%2F&prefix={}{marker}", encoded(prefix, false));
        page(&http::text(place.url("", &asked)?, place.signer.clone())?).map_err(|why| RemoteError::Unable { why })
    })
}

fn of_user(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Place {
    /// From an address and the variables that the tools of Azure and `object_store` read.
    fn of(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self, RemoteError> {
        let wrong = |why: &str| RemoteError::Address { why: why.to_owned() };
        let (_, rest) = text.split_once("://").unwrap_or_default();
        let (container, key) = rest.split_once('/').unwrap_or((rest, ""));
        let (container, host) = container.split_once('@').map_or((container, None), |(name, host)| (name, Some(host)));
        let usual = |letter: char| letter.is_ascii_alphanumeric() || "-$".contains(letter);
        if container.is_empty() || !container.chars().all(usual) {
            return Err(wrong("it is `az://container/key`; the account comes from AZURE_STORAGE_ACCOUNT_NAME"));
        }
        let string = variable("AZURE_STORAGE_CONNECTION_STRING").unwrap_or_default();
        let said = |name: &str| {
            let mut settings = string.split(';').filter_map(|setting| setting.split_once('='));
            settings.find_map(|(known, value)| (known.trim() == name).then(|| value.trim().to_owned()))
        };
        let first = |names: &[&str]| names.iter().find_map(|name| variable(name));
        let account = host.and_then(|host| host.split('.').next()).map(str::to_owned);
        let account = account
            .or_else(|| first(&["AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT"]).or_else(|| said("AccountName")))
            .ok_or_else(|| wrong("no account of Azure is named; set AZURE_STORAGE_ACCOUNT_NAME"))?;
        let endpoint = first(&["AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"]).or_else(|| said("BlobEndpoint"));
        let endpoint = endpoint.unwrap_or_else(|| format!("https://{account}.blob.core.windows.net"));
        let key_of = first(&["AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_KEY"]);
        let signer = match key_of.or_else(|| said("AccountKey")) {
            Some(secret) => {
                let azure = Azure::new(&account, &secret);
                let azure =
                    azure.ok_or_else(|| RemoteError::Refused { why: "the key of the account is none".into() })?;
                Some(Arc::new(Signer::Azure(azure)))
            }
            None => None,
        };
        let shared =
            first(&["AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_SAS_KEY"]).or_else(|| said("SharedAccessSignature"));
        let shared = shared.filter(|_| signer.is_none()).map(|text| text.trim_start_matches('?').to_owned());
        let container = format!("{}/{container}", endpoint.trim_end_matches('/'));
        Ok(Self { container, key: key.to_owned(), shared, signer })
    }

    fn url(&self, behind: &str, query: &str) -> Result<Url, RemoteError> {
        let query: Vec<&str> =
            [query].into_iter().chain(self.shared.as_deref()).filter(|text| !text.is_empty()).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        let text = format!("{}{behind}{mark}{}", self.container, query.join("&"));
        Url::parse(&text).map_err(|error| RemoteError::Address { why: format!("the endpoint is none ({error})") })
    }
}

/// Reads a page of a list.
fn page(xml: &str) -> Result<Page, String> {
    let mut reader = Reader::from_str(xml.trim_start_matches('\u{feff}'));
    let (mut page, mut path, mut text) = (Page::default(), Vec::<Vec<u8>>::new(), String::new());
    let (mut name, mut size) = (None, None);
    loop {
        match reader.read_event().map_err(|error| format!("the list of names is no XML ({error})"))? {
            Event::Start(start) => {
                path.push(start.local_name().as_ref().to_vec());
                text.clear();
            }
            Event::Text(more) => text.push_str(&more.decode().map_err(|error| error.to_string())?),
            Event::GeneralRef(entity) => {
                let name = entity.decode().map_err(|error| error.to_string())?;
                text.push_str(&crate::entry::letter(&name));
            }
            Event::End(_) => {
                let names: Vec<&[u8]> = path.iter().map(Vec::as_slice).collect();
                match &names[..] {
                    [.., b"Blob", b"Name"] => name = Some(text.clone()),
                    [.., b"Blob", b"Properties", b"Content-Length"] => size = text.trim().parse().ok(),
                    [.., b"Blobs", b"Blob"] => match (name.take(), size.take()) {
                        (Some(name), Some(size)) => page.objects.push((name, size)),
                        _ => return Err("the list of names has one without a size".to_owned()),
                    },
                    [.., b"BlobPrefix", b"Name"] => page.folders.push(text.clone()),
                    [.., b"NextMarker"] => page.next = Some(text.clone()).filter(|marker| !marker.is_empty()),
                    _ => {}
                }
                path.pop();
                text.clear();
            }
            Event::Eof if path.is_empty() => return Ok(page),
            Event::Eof => return Err("the list of names is cut short".to_owned()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, variables: &[(&str, &str)]) -> Result<Place, RemoteError> {
        let find =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Place::of(text, find)
    }

    #[test]
    fn containers_are_where_the_settings_say() {
        let url = |text: &str, variables: &[(&str, &str)]| {
            let place = place(text, variables).unwrap();
            place.url(&format!("/{}", encoded(&place.key, true)), "").unwrap().to_string()
        };
        let me = ("AZURE_STORAGE_ACCOUNT_NAME", "me");
        assert_eq!(url("az://c/d/a b", &[me]), "https://me.blob.core.windows.net/c/d/a%20b");
        assert_eq!(url("abfss://c@you.dfs.core.windows.net/d", &[me]), "https://you.blob.core.windows.net/c/d");
        let shared = ("AZURE_STORAGE_SAS_TOKEN", "?sv=1&sig=x");
        assert_eq!(url("az://c/d", &[me, shared]), "https://me.blob.core.windows.net/c/d?sv=1&sig=x");
        let string = "AccountName=dev;AccountKey=c2VjcmV0;BlobEndpoint=http://127.0.0.1:1/dev";
        assert_eq!(url("az://c/d", &[("AZURE_STORAGE_CONNECTION_STRING", string)]), "http://127.0.0.1:1/dev/c/d");
        assert!(place("az://c/d", &[]).err().unwrap().to_string().contains("AZURE_STORAGE_ACCOUNT_NAME"));
        assert!(place("az://", &[me]).is_err());
    }

    #[test]
    fn pages_are_read() {
        let xml = "\u{feff}<?xml version=\"1.0\"?><EnumerationResults><Blobs><Blob><Name>d/a&amp;b</Name><Properties>\
                   <Content-Length>12</Content-Length></Properties></Blob><BlobPrefix><Name>d/s/</Name></BlobPrefix></Blobs>\
                   <NextMarker>n</NextMarker></EnumerationResults>";
        let found = page(xml).unwrap();
        assert_eq!(found.objects, [("d/a&b".to_owned(), 12)]);
        assert_eq!((found.folders, found.next.as_deref()), (vec!["d/s/".to_owned()], Some("n")));
        for wrong in ["<a><b></a>", "<Blobs><Blob><Name>a</Name></Blob></Blobs>", "<Blobs>"] {
            assert!(page(wrong).is_err(), "{wrong}");
        }
    }
}
