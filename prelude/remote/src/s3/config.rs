//! Where buckets are and who we are, from the environment and the files that the tools of AWS read; nowhere else.

use crate::sign::amazon::Credentials;
use std::collections::HashMap;
use std::path::PathBuf;

/// What is known before a bucket is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Config {
    /// The server, if it is not that of AWS.
    pub(super) endpoint: Option<String>,
    pub(super) region: Option<String>,
    /// Without them, requests are not signed: that is enough for public buckets.
    pub(super) credentials: Option<Credentials>,
}

impl Config {
    /// Of this process and user.
    pub(super) fn of_user() -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let file = |variable_name: &str, name: &str| {
            let home = || variable("HOME").map(|home| PathBuf::from(home).join(".aws").join(name));
            let path = variable(variable_name).map(PathBuf::from).or_else(home)?;
            std::fs::read_to_string(path).ok()
        };
        let credentials = file("AWS_SHARED_CREDENTIALS_FILE", "credentials").unwrap_or_default();
        let config = file("AWS_CONFIG_FILE", "config").unwrap_or_default();
        Self::of(variable, &credentials, &config)
    }

    /// Of variables and the texts of both files. What a variable says counts before a file.
    fn of(variable: impl Fn(&str) -> Option<String>, credentials: &str, config: &str) -> Self {
        let profile = variable("AWS_PROFILE").unwrap_or_else(|| "default".to_owned());
        let keys = section(credentials, &[&profile]);
        let settings = section(config, &[&format!("profile {profile}"), &profile]);
        let said = |name: &str| keys.get(name).or_else(|| settings.get(name)).cloned();
        let first = |names: &[&str]| names.iter().find_map(|name| variable(name));
        let pair = |id: Option<String>, secret: Option<String>, token: Option<String>| {
            Some(Credentials { id: id?, secret: secret?, token })
        };
        let variables =
            pair(variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"), variable("AWS_SESSION_TOKEN"));
        let files = || pair(said("aws_access_key_id"), said("aws_secret_access_key"), said("aws_session_token"));
        Self {
            endpoint: first(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]).or_else(|| said("endpoint_url")),
            region: first(&["AWS_REGION", "AWS_DEFAULT_REGION"]).or_else(|| said("region")),
            credentials: variables.or_else(files),
        }
    }
}

/// The settings of the first of these sections that is there.
fn section(text: &str, names: &[&str]) -> HashMap<String, String> {
    let mut sections: HashMap<&str, HashMap<String, String>> = HashMap::new();
    let mut inside = "";
    for line in text.lines() {
        let bare = line.trim();
        // Lines that are indented belong to settings of settings.
        if bare.is_empty() || bare.starts_with(['#', ';']) || line.starts_with([' ', '\t']) {
            continue;
        }
        if let Some(name) = bare.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            inside = name.trim();
        } else if let Some((name, value)) = bare.split_once('=') {
            sections.entry(inside).or_default().insert(name.trim().to_lowercase(), value.trim().to_owned());
        }
    }
    names.iter().find_map(|name| sections.remove(name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREDENTIALS: &str = "# mine\n[default]\naws_access_key_id = A\naws_secret_access_key=B\n[other]\naws_access_key_id=C\n\
         aws_secret_access_key=D\naws_session_token=E\n";
    const CONFIG: &str = "[default]\nregion = eu-central-1\ns3 =\n  addressing_style = path\n[profile other]\n\
                          endpoint_url = http://host:9000\n";

    #[test]
    fn files_and_variables_say_who_we_are() {
        let of = |variables: &[(&str, &str)]| {
            let find =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            Config::of(find, CREDENTIALS, CONFIG)
        };
        let credentials = |id: &str, secret: &str, token: Option<&str>| {
            Some(Credentials { id: id.into(), secret: secret.into(), token: token.map(Into::into) })
        };
        let plain = of(&[]);
        assert_eq!((plain.region.as_deref(), plain.endpoint), (Some("eu-central-1"), None));
        assert_eq!(plain.credentials, credentials("A", "B", None));
        let other = of(&[("AWS_PROFILE", "other"), ("AWS_REGION", "x")]);
        assert_eq!((other.region.as_deref(), other.endpoint.as_deref()), (Some("x"), Some("http://host:9000")));
        assert_eq!(other.credentials, credentials("C", "D", Some("E")));
        let variables = of(&[("AWS_ACCESS_KEY_ID", "F"), ("AWS_SECRET_ACCESS_KEY", "G"), ("AWS_ENDPOINT_URL", "h")]);
        assert_eq!(variables.credentials, credentials("F", "G", None), "never one of here and one of there");
        assert_eq!(variables.endpoint.as_deref(), Some("h"));
        assert_eq!(of(&[("AWS_PROFILE", "none")]).credentials, None);
    }
}
