//! Who we are, as the headers of a request say it.

pub(crate) mod amazon;
pub(crate) mod azure;
pub(crate) mod google;

use crate::error::RemoteError;
use amazon::Amazon;
use azure::Azure;
use google::Google;
use reqwest::Url;

/// Signs GET requests in the way of a store of objects.
#[derive(Debug)]
pub(crate) enum Signer {
    /// With a signature that depends on the request.
    Amazon(Amazon),
    /// The same by the rules of Azure.
    Azure(Azure),
    /// With a token that is good for an hour.
    Google(Google),
}

impl Signer {
    /// The headers for a request now; `range` is its own header of that name.
    ///
    /// # Errors
    /// A token that cannot be had.
    pub(crate) async fn headers(
        &self,
        url: &Url,
        range: Option<&str>,
    ) -> Result<Vec<(&'static str, String)>, RemoteError> {
        match self {
            Self::Amazon(amazon) => Ok(amazon.headers(url)),
            Self::Azure(azure) => Ok(azure.headers(url, range.unwrap_or_default())),
            Self::Google(google) => google.headers().await,
        }
    }
}
