//! Tokens of Google: one of the environment, or one that the account of the usual files is given for an hour.
//! <https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests>

use crate::coded::encoded;
use crate::error::RemoteError;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::Utc;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// What a token must allow.
const SCOPE: &str = "https://www.googleapis.com/auth/devstorage.read_only";
/// Where tokens are had if an account names no other place.
const PLACE: &str = "https://oauth2.googleapis.com/token";
/// A token is asked for anew so long before it ends.
const EARLY: Duration = Duration::from_secs(120);
const PATIENCE: Duration = Duration::from_secs(30);

/// Who asks for tokens, and the last one.
pub(crate) struct Google {
    account: Account,
    held: Mutex<Option<(String, Instant)>>,
}

enum Account {
    /// A token that is there already.
    Token(String),
    /// A program, which proves by its key who it is.
    Service { email: String, key: Box<RsaKeyPair>, place: String },
    /// A person, who has allowed it before; what is sent for a token.
    User { asks: String, place: String },
}

impl fmt::Debug for Google {
    /// Says nothing of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Google")
    }
}

fn refused(why: impl Into<String>) -> RemoteError {
    RemoteError::Refused { why: why.into() }
}

impl Google {
    /// Of this process and user; `None` where nothing is said, which is enough for public buckets.
    pub(crate) fn of_user() -> Result<Option<Self>, RemoteError> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        if let Some(token) = variable("GOOGLE_OAUTH_ACCESS_TOKEN").or_else(|| variable("CLOUDSDK_AUTH_ACCESS_TOKEN")) {
            return Ok(Some(Self::with(Account::Token(token))));
        }
        if let Some(path) = variable("GOOGLE_APPLICATION_CREDENTIALS") {
            let text = std::fs::read_to_string(path);
            let text = text.map_err(|error| refused(format!("GOOGLE_APPLICATION_CREDENTIALS: {error}")))?;
            return Self::of(&text).map(Some);
        }
        let usual = variable("HOME").map(PathBuf::from);
        let usual = usual.map(|home| home.join(".config/gcloud/application_default_credentials.json"));
        match usual.and_then(|path| std::fs::read_to_string(path).ok()) {
            Some(text) => Self::of(&text).map(Some),
            None => Ok(None),
        }
    }

    fn with(account: Account) -> Self {
        Self { account, held: Mutex::new(None) }
    }

    /// Of the text of a file of credentials.
    fn of(text: &str) -> Result<Self, RemoteError> {
        let wrong = |what: &str| refused(format!("the file of Google's credentials {what}"));
        let file: Value = serde_json::from_str(text).map_err(|_| wrong("is no JSON"))?;
        let said = |name: &str| file[name].as_str().ok_or_else(|| wrong(&format!("has no `{name}`")));
        let place = file["token_uri"].as_str().unwrap_or(PLACE).to_owned();
        match said("type")? {
            "service_account" => {
                let lines = said("private_key")?.lines().filter(|line| !line.starts_with("-----"));
                let key = STANDARD.decode(lines.collect::<String>()).map_err(|_| wrong("has no readable key"))?;
                let key = RsaKeyPair::from_pkcs8(&key).map_err(|_| wrong("has no readable key"))?;
                let email = said("client_email")?.to_owned();
                Ok(Self::with(Account::Service { email, key: Box::new(key), place }))
            }
            "authorized_user" => {
                let coded = |text: &str| encoded(text, false);
                let (id, secret) = (coded(said("client_id")?), coded(said("client_secret")?));
                let refresh = coded(said("refresh_token")?);
                let asks =
                    format!("grant_type=refresh_token&client_id={id}&client_secret={secret}&refresh_token={refresh}");
                Ok(Self::with(Account::User { asks, place }))
            }
            other => Err(wrong(&format!("is of type `{other}`; known are service_account and authorized_user"))),
        }
    }

    pub(super) async fn headers(&self) -> Result<Vec<(&'static str, String)>, RemoteError> {
        Ok(vec![("authorization", format!("Bearer {}", self.token().await?))])
    }

    /// The token, a new one where the last one ends.
    async fn token(&self) -> Result<String, RemoteError> {
        let (asks, place) = match &self.account {
            Account::Token(token) => return Ok(token.clone()),
            Account::User { asks, place } => (asks.clone(), place),
            Account::Service { email, key, place } => {
                let grant = encoded("urn:ietf:params:oauth:grant-type:jwt-bearer", false);
                (format!("grant_type={grant}&assertion={}", assertion(email, place, key)?), place)
            }
        };
        let mut held = self.held.lock().await;
        if let Some((token, _)) = held.as_ref().filter(|(_, end)| *end > Instant::now() + EARLY) {
            return Ok(token.clone());
        }
        let (token, seconds) = asked(place, asks).await?;
        *held = Some((token.clone(), Instant::now() + Duration::from_secs(seconds)));
        Ok(token)
    }
}

/// What a program signs to have a token.
fn assertion(email: &str, place: &str, key: &RsaKeyPair) -> Result<String, RemoteError> {
    let now = Utc::now().timestamp();
    let claims = json!({ "iss": email, "scope": SCOPE, "aud": place, "iat": now, "exp": now + 3600 });
    let coded = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let text = format!("{}.{}", coded(&json!({ "alg": "RS256", "typ": "JWT" })), coded(&claims));
    let mut signature = vec![0; key.public().modulus_len()];
    let signed = key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature);
    signed.map_err(|_| refused("the key of Google's credentials signs nothing"))?;
    Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// Asks for a token; gives it, and how many seconds it is good for. Nothing of the answer is shown.
async fn asked(place: &str, asks: String) -> Result<(String, u64), RemoteError> {
    let lost = |why: &str| RemoteError::Lost { attempts: 1, why: format!("no token of Google: {why}") };
    let client = reqwest::Client::builder().timeout(PATIENCE).build().map_err(|_| lost("no client"))?;
    let request = client.post(place).header("content-type", "application/x-www-form-urlencoded").body(asks);
    let answer = request.send().await.map_err(|_| lost("no connection to the place that gives them"))?;
    let status = answer.status();
    let body = answer.bytes().await.map_err(|_| lost("the connection broke"))?;
    let said: Value = serde_json::from_slice(&body).unwrap_or_default();
    match (said["access_token"].as_str(), status.is_success()) {
        (Some(token), true) => Ok((token.to_owned(), said["expires_in"].as_u64().unwrap_or(3600))),
        _ if status.is_server_error() => Err(lost(&format!("the answer is {status}"))),
        _ => Err(refused(format!("no token of Google: the answer is {status}; see GOOGLE_APPLICATION_CREDENTIALS"))),
    }
}
