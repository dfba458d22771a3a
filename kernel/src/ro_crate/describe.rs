//! The description of a crate as JSON-LD.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};

/// The description of a crate, by the standard's name for it.
pub(super) const DESCRIPTION: &str = "ro-crate-metadata.json";

/// A file in the archive.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// Its path in the archive.
    pub path: String,
    pub size: u64,
    pub sha256: String,
    /// What it is, for people.
    pub what: String,
}

/// An input that is not in the archive.
#[derive(Debug, Clone)]
pub(super) struct Elsewhere {
    /// Its path, as it would be in the archive.
    pub path: String,
    pub size: u64,
    pub sha256: String,
    /// Where it can be had.
    pub url: Option<String>,
}

/// What is described.
#[derive(Debug, Clone, Default)]
pub(super) struct About {
    pub title: String,
    pub description: String,
    /// As ISO 8601 writes it.
    pub date: String,
    pub license: Option<String>,
    pub authors: Vec<String>,
    pub prelude: String,
    pub rustc: String,
}

/// All that is in an archive.
#[derive(Debug)]
pub(super) struct Contents {
    pub notebook: Part,
    pub lock: Part,
    pub inputs: Vec<Part>,
    pub elsewhere: Vec<Elsewhere>,
    pub outputs: Vec<Part>,
}

/// `ro-crate-metadata.json`.
pub(super) fn description(about: &About, contents: &Contents) -> Value {
    let reference = |id: &str| json!({ "@id": id });
    let paths = |parts: &[Part]| parts.iter().map(|part| reference(&id(&part.path))).collect::<Vec<_>>();
    let elsewhere: Vec<Value> = contents.elsewhere.iter().map(|input| reference(&id_elsewhere(input))).collect();
    let (inputs, outputs) = (paths(&contents.inputs), paths(&contents.outputs));
    let own = [reference(&id(&contents.notebook.path)), reference(&id(&contents.lock.path))];
    let with_address = contents.elsewhere.iter().filter(|input| input.url.is_some());
    let remote = with_address.map(|input| reference(&id_elsewhere(input)));
    let parts: Vec<Value> = own.iter().cloned().chain(inputs.clone()).chain(outputs.clone()).chain(remote).collect();
    let mut root = json!({
        "@id": "./", "@type": "Dataset", "name": about.title, "description": about.description,
        "datePublished": about.date, "hasPart": parts, "mainEntity": own[0], "mentions": [reference("#run")],
    });
    let mut graph = vec![json!({
        "@id": DESCRIPTION, "@type": "CreativeWork", "about": reference("./"),
        "conformsTo": reference("https://w3id.org/ro/crate/1.1"),
    })];
    let authors: Vec<Value> = about.authors.iter().map(|author| person(author)).collect();
    if !authors.is_empty() {
        root["author"] = authors.iter().map(|author| reference(author["@id"].as_str().unwrap_or_default())).collect();
    }
    let license = about.license.as_deref().map(license);
    if let Some(license) = &license {
        root["license"] = reference(license["@id"].as_str().unwrap_or_default());
    }
    graph.push(root);
    let mut notebook = file(&contents.notebook);
    notebook["@type"] = json!(["File", "SoftwareSourceCode"]);
    notebook["programmingLanguage"] = reference("#rust");
    graph.push(notebook);
    graph.push(file(&contents.lock));
    graph.extend(contents.inputs.iter().chain(&contents.outputs).map(file));
    graph.extend(contents.elsewhere.iter().map(elsewhere_entity));
    graph.extend(authors);
    graph.extend(license);
    graph.extend([
        json!({ "@id": "#rust", "@type": "ComputerLanguage", "name": "Rust", "url": reference("https://www.rust-lang.org/") }),
        json!({ "@id": "https://www.rust-lang.org/", "@type": "WebPage", "name": "The Rust programming language" }),
        json!({ "@id": "#recoil", "@type": "SoftwareApplication", "name": "Recoil, kernel and prelude",
            "softwareVersion": about.prelude }),
        json!({ "@id": "#rustc", "@type": "SoftwareApplication", "name": "rustc", "softwareVersion": about.rustc }),
        json!({ "@id": "#run", "@type": "CreateAction", "name": "the run that made the outputs", "endTime": about.date,
            "instrument": [reference("#recoil"), reference("#rustc")],
            "object": inputs.iter().chain(&elsewhere).chain(&own[1..]).collect::<Vec<_>>(),
            "result": own[..1].iter().chain(&outputs).collect::<Vec<_>>() }),
    ]);
    json!({ "@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph })
}

/// What a relative reference of a URI does not escape, beside letters and digits.
const ESCAPED: &AsciiSet = &{
    let mut escaped = NON_ALPHANUMERIC.remove(b'-');
    let plain = b"._~/!$&'()*+,;=@:";
    let mut at = 0;
    while at < plain.len() {
        escaped = escaped.remove(plain[at]);
        at += 1;
    }
    escaped
};

/// A path as the identifier of a file: a relative reference of a URI.
pub(super) fn id(path: &str) -> String {
    utf8_percent_encode(path, ESCAPED).to_string()
}

/// The path of an identifier.
pub(super) fn path_of(id: &str) -> String {
    percent_decode_str(id).decode_utf8_lossy().into_owned()
}

fn id_elsewhere(input: &Elsewhere) -> String {
    input.url.clone().unwrap_or_else(|| format!("#{}", id(&input.path)))
}

fn file(part: &Part) -> Value {
    let format = match part.path.rsplit('.').next().unwrap_or_default() {
        "ipynb" => "application/x-ipynb+json",
        "csv" => "text/csv",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "html" => "text/html",
        "json" | "lock" => "application/json",
        "toml" => "application/toml",
        "parquet" => "application/vnd.apache.parquet",
        _ => "application/octet-stream",
    };
    json!({ "@id": id(&part.path), "@type": "File", "name": part.what, "contentSize": part.size.to_string(),
        "encodingFormat": format, "sha256": part.sha256 })
}

/// A file with an address is a part of the crate on the web; without one it is only spoken of.
fn elsewhere_entity(input: &Elsewhere) -> Value {
    let kind = if input.url.is_some() { "File" } else { "CreativeWork" };
    json!({ "@id": id_elsewhere(input), "@type": kind, "name": input.path, "contentSize": input.size.to_string(),
        "sha256": input.sha256, "description": format!("an input that is not in the archive: put it at {}", input.path) })
}

/// `Name`, `Name <https://orcid.org/..>`.
fn person(author: &str) -> Value {
    let (name, address) = match author.split_once('<') {
        Some((name, address)) => (name.trim(), Some(address.trim_end_matches(['>', ' ']))),
        None => (author.trim(), None),
    };
    let id = match address {
        Some(address) if address.contains("://") => address.to_owned(),
        Some(address) if address.contains('@') => format!("mailto:{address}"),
        Some(address) => format!("https://orcid.org/{address}"),
        None => format!("#{}", id(&name.replace(' ', "-"))),
    };
    json!({ "@id": id, "@type": "Person", "name": name })
}

/// An address, or an identifier of SPDX.
fn license(given: &str) -> Value {
    let address =
        if given.contains("://") { given.to_owned() } else { format!("https://spdx.org/licenses/{}", id(given)) };
    json!({ "@id": address, "@type": "CreativeWork", "name": given })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_references_and_lead_back() {
        for (path, expected) in
            [("data/a b.csv", "data/a%20b.csv"), ("ä#1.ipynb", "%C3%A4%231.ipynb"), ("a%b", "a%25b")]
        {
            assert_eq!(id(path), expected);
            assert_eq!(path_of(expected), path);
        }
        assert_eq!(path_of("100%"), "100%");
        assert_eq!(path_of("%+1"), "%+1");
    }

    #[test]
    fn people_and_licences_have_addresses() {
        assert_eq!(person("Ada Lovelace")["@id"], "#Ada-Lovelace");
        assert_eq!(person("A <0000-0002-1825-0097>")["@id"], "https://orcid.org/0000-0002-1825-0097");
        assert_eq!(license("CC-BY-4.0")["@id"], "https://spdx.org/licenses/CC-BY-4.0");
        assert_eq!(license("https://x.org/l")["@id"], "https://x.org/l");
    }

    #[test]
    fn everything_that_is_referred_to_is_described() {
        let part = |path: &str| Part { path: path.into(), size: 3, sha256: "aa".into(), what: "x".into() };
        let far =
            Elsewhere { path: "d/big.root".into(), size: 9, sha256: "b".into(), url: Some("https://x.org/big".into()) };
        let near = Elsewhere { url: None, path: "d/other.root".into(), ..far.clone() };
        let contents = Contents {
            notebook: part("a b.ipynb"),
            lock: part("recoil.lock"),
            inputs: vec![part("data/a.csv")],
            elsewhere: vec![far, near],
            outputs: vec![part("outputs/1.svg")],
        };
        let about = About { authors: vec!["Ada".into()], license: Some("MIT".into()), ..About::default() };
        let value = description(&about, &contents);
        let graph = value["@graph"].as_array().unwrap();
        let ids: Vec<&str> = graph.iter().map(|entity| entity["@id"].as_str().unwrap()).collect();
        let mut unique = ids.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), ids.len());
        let text = value.to_string();
        for reference in text.split("{\"@id\":\"").skip(1).filter_map(|rest| rest.split_once('"')) {
            let known = ids.contains(&reference.0) || reference.0 == "https://w3id.org/ro/crate/1.1";
            assert!(known, "{} is not described", reference.0);
        }
    }
}
