//! What an answer says of a file, by its head alone.

use crate::error::RemoteError;
use crate::fetch::Fault;
use reqwest::header::{self, HeaderMap};
use reqwest::{Response, StatusCode};
use std::ops::Range;
use std::time::{Duration, SystemTime};

/// Headers with a checksum of the whole file, also where a part of it is sent.
const CHECKSUMS: [&str; 3] = ["repr-digest", "x-goog-hash", "x-ms-blob-content-md5"];

/// What identifies the bytes behind an address: the entity tag, else a checksum, else the time of the last change; with the
/// length.
pub(super) fn identity(headers: &HeaderMap, length: u64) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let checksum = || CHECKSUMS.iter().find_map(|name| text(name));
    let says = text(header::ETAG.as_str()).or_else(checksum).or_else(|| text(header::LAST_MODIFIED.as_str()));
    says.map(|says| format!("{says} {length}"))
}

/// When a file changed last, as far as its server says.
pub(super) fn changed(headers: &HeaderMap) -> Option<SystemTime> {
    let text = headers.get(header::LAST_MODIFIED)?.to_str().ok()?;
    Some(chrono::DateTime::parse_from_rfc2822(text).ok()?.into())
}

/// Which bytes an answer has, and how long the whole file is: `Content-Range: bytes 0-99/1234`.
pub(super) fn content_range(headers: &HeaderMap) -> Option<(Range<u64>, u64)> {
    let text = headers.get(header::CONTENT_RANGE)?.to_str().ok()?;
    let (range, length) = text.trim().strip_prefix("bytes")?.trim_start().split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    let length = length.trim().parse().ok()?;
    (first <= last && last < length).then_some((first..last + 1, length))
}

/// The length of a file of which no byte was there to be sent: `Content-Range: bytes */0`.
pub(super) fn unsatisfied(headers: &HeaderMap) -> Option<u64> {
    let text = headers.get(header::CONTENT_RANGE)?.to_str().ok()?;
    text.trim().strip_prefix("bytes")?.trim().strip_prefix("*/")?.trim().parse().ok()
}

/// Why an answer is neither a part nor the whole of a file.
pub(super) fn fault(answer: &Response) -> Fault {
    let status = answer.status();
    let said = format!("the server answers {status}");
    match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => Fault::Final(RemoteError::Missing { why: said }),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            let region = answer.headers().get("x-amz-bucket-region").and_then(|region| region.to_str().ok());
            let why = match region {
                Some(region) => {
                    format!("{said}; the keys come from the environment or ~/.aws, the bucket is in {region}")
                }
                None => format!("{said}; it wants a name, a token or other rights"),
            };
            Fault::Final(RemoteError::Refused { why })
        }
        StatusCode::MOVED_PERMANENTLY | StatusCode::BAD_REQUEST
            if answer.headers().contains_key("x-amz-bucket-region") =>
        {
            let region = answer.headers()["x-amz-bucket-region"].to_str().unwrap_or("another region").to_owned();
            Fault::Final(RemoteError::Unable { why: format!("the bucket is in {region}; set AWS_REGION to that") })
        }
        StatusCode::PRECONDITION_FAILED => Fault::Final(RemoteError::Changed),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            Fault::Passing(said, retry_after(answer.headers()))
        }
        status if status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED => {
            Fault::Passing(said, retry_after(answer.headers()))
        }
        _ => Fault::Final(RemoteError::Unable { why: said }),
    }
}

/// How long a server asks us to wait.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// An error of the client without the address in it, whose query may be secret, and with its causes, which say what happened.
pub(super) fn told(error: reqwest::Error) -> String {
    let kind = match () {
        () if error.is_timeout() => "no answer in time",
        () if error.is_connect() => "no connection",
        () if error.is_body() || error.is_decode() => "the connection broke",
        () if error.is_redirect() => "the server sends us elsewhere too often",
        () => "the request failed",
    };
    let error = error.without_url();
    let mut cause = std::error::Error::source(&error);
    let mut last = None;
    while let Some(inner) = cause {
        last = Some(inner.to_string());
        cause = inner.source();
    }
    last.map_or_else(|| kind.to_owned(), |last| format!("{kind} ({last})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_tag_its_checksum_or_its_time() {
        let of = |headers: &[(&'static str, &str)]| {
            let headers =
                headers.iter().map(|(name, value)| (header::HeaderName::from_static(name), value.parse().unwrap()));
            identity(&headers.collect(), 7)
        };
        let (tag, sum, time) = (("etag", "t"), ("repr-digest", "s"), ("last-modified", "m"));
        assert_eq!(of(&[time, sum, tag]).as_deref(), Some("t 7"));
        assert_eq!(of(&[time, sum]).as_deref(), Some("s 7"));
        assert_eq!((of(&[time]).as_deref(), of(&[])), (Some("m 7"), None));
    }

    #[test]
    fn ranges_are_read_as_servers_write_them() {
        let of = |text: &str| HeaderMap::from_iter([(header::CONTENT_RANGE, text.parse().unwrap())]);
        assert_eq!(content_range(&of("bytes 0-99/1234")), Some((0..100, 1234)));
        assert_eq!(content_range(&of("bytes 5-5/6")), Some((5..6, 6)));
        for wrong in [
            "bytes 0-99/*",
            "bytes */12",
            "bytes 5-4/9",
            "bytes 0-9/9",
            "lines 0-1/2",
            "bytes 0-18446744073709551615/3",
        ] {
            assert_eq!(content_range(&of(wrong)), None, "{wrong}");
        }
        assert_eq!(unsatisfied(&of("bytes */0")), Some(0));
        assert_eq!(unsatisfied(&of("bytes 0-1/2")), None);
    }
}
