//! What a bucket says of the names below a prefix (ListObjectsV2).

use crate::entry::{Page, letter};
use percent_encoding::percent_decode_str;
use quick_xml::Reader;
use quick_xml::events::Event;

/// Reads a page. Names are asked for percent-encoded, since XML cannot hold all of them.
///
/// # Errors
/// What is no such page.
pub(super) fn page(xml: &str) -> Result<Page, String> {
    let mut reader = Reader::from_str(xml);
    let (mut page, mut path, mut text) = (Page::default(), Vec::<Vec<u8>>::new(), String::new());
    let (mut key, mut size, mut cut, mut token) = (None, None, false, None);
    loop {
        let event = reader.read_event().map_err(|error| format!("the list of names is no XML ({error})"))?;
        match event {
            Event::Start(start) => {
                path.push(start.local_name().as_ref().to_vec());
                text.clear();
            }
            Event::Text(more) => text.push_str(&more.decode().map_err(|error| error.to_string())?),
            Event::GeneralRef(name) => text.push_str(&letter(&name.decode().map_err(|error| error.to_string())?)),
            Event::End(_) => {
                let names: Vec<&[u8]> = path.iter().map(Vec::as_slice).collect();
                match &names[..] {
                    [b"ListBucketResult", b"Contents", b"Key"] => key = Some(decoded(&text)),
                    [b"ListBucketResult", b"Contents", b"Size"] => size = text.trim().parse().ok(),
                    [b"ListBucketResult", b"Contents"] => match (key.take(), size.take()) {
                        (Some(key), Some(size)) => page.objects.push((key, size)),
                        _ => return Err("the list of names has one without a size".to_owned()),
                    },
                    [b"ListBucketResult", b"CommonPrefixes", b"Prefix"] => page.folders.push(decoded(&text)),
                    [b"ListBucketResult", b"IsTruncated"] => cut = text.trim() == "true",
                    [b"ListBucketResult", b"NextContinuationToken"] => token = Some(text.clone()),
                    _ => {}
                }
                path.pop();
                text.clear();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    page.next = match (cut, token) {
        (false, _) => None,
        (true, Some(token)) => Some(token),
        (true, None) => return Err("the list of names is cut short".to_owned()),
    };
    Ok(page)
}

/// The key behind a name of a list. Servers write a space as `+` in lists that are asked for in this form, and a plus as
/// `%2B`, as forms do.
fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_objects_folders_and_perhaps_a_next_one() {
        let xml = "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"x\"><Name>b</Name><Prefix>d/</Prefix>\
                   <IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b</NextContinuationToken>\
                   <Contents><Key>d/a%20b%26.parquet</Key><Size>12</Size><Owner><ID>x</ID></Owner></Contents>\
                   <CommonPrefixes><Prefix>d/sub/</Prefix></CommonPrefixes></ListBucketResult>";
        let page = page(xml).unwrap();
        assert_eq!(page.objects, [("d/a b&.parquet".to_owned(), 12)]);
        assert_eq!((page.folders, page.next.as_deref()), (vec!["d/sub/".to_owned()], Some("a&b")));
    }

    #[test]
    fn names_are_decoded_as_forms_write_them() {
        for (written, name) in [("a+b", "a b"), ("a%2Bb", "a+b"), ("a%20b", "a b"), ("%+1", "% 1"), ("100%", "100%")] {
            assert_eq!(decoded(written), name);
        }
        assert_eq!(decoded("K%C3%B6ln/%4"), "Köln/%4");
    }

    #[test]
    fn what_is_no_page_is_refused() {
        for wrong in ["<a><b></a>", "<ListBucketResult><Contents><Key>x</Key></Contents></ListBucketResult>"] {
            assert!(page(wrong).is_err(), "{wrong}");
        }
        assert!(page("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>").is_err());
        assert_eq!(page("").unwrap(), Page::default());
    }
}
