use std::sync::Arc;

use spigot_decision::policy::source::Section;
use spigot_decision::policy::wrong_host;
use spigot_gateway::{Site, Trust, Upstream};

/// Upstreams of one site: each request may look at all of them.
const UPSTREAMS_MAX: usize = 64;

/// The sites, and last the one for every other host.
pub(super) fn sites(top: &Section<'_, '_>) -> Vec<Site> {
    let trust = trust(top);
    let mut sites = Vec::new();
    for part in top.tables("site") {
        let hosts = hosts(&part);
        part.require("upstream", part.has("upstream").then_some(()), "upstream = \"http://127.0.0.1:3000\"");
        let own = self::trust(&part).or_else(|| trust.clone());
        let upstreams = upstreams(&part, own.as_ref());
        part.finish();
        sites.push(Site { hosts, upstreams });
    }
    let all = upstreams(top, trust.as_ref());
    if !all.is_empty() {
        sites.push(Site { hosts: Vec::new(), upstreams: all });
    }
    sites
}

fn hosts(section: &Section<'_, '_>) -> Vec<String> {
    if let Some((value, span)) = section.raw("host")
        && value.as_array().is_some_and(|list| list.is_empty())
    {
        let help = "name at least one host, or leave `host` out for all of them";
        section.reader.problem(span, "`host` is an empty list", help);
    }
    let texts = section.texts("host").unwrap_or_default();
    for text in &texts {
        if let Some(help) = wrong_host(text.value) {
            section.reader.problem(text.span.clone(), format!("\"{}\" is no host", text.value), help);
        }
    }
    texts.iter().map(|text| text.value.to_ascii_lowercase()).collect()
}

/// Whose signatures count, when a file says so.
fn trust(section: &Section<'_, '_>) -> Option<Trust> {
    let file = section.text("upstream_ca")?;
    let read = std::fs::read(file.value).map_err(|error| error.to_string());
    match read.and_then(|pem| Trust::from_pem(&pem)) {
        Ok(trust) => Some(trust),
        Err(error) => {
            section.reader.problem(
                file.span,
                format!("\"{}\" cannot be used: {error}", file.value),
                "name a PEM file with the certificates of those who sign the upstreams' own",
            );
            None
        }
    }
}

fn upstreams(section: &Section<'_, '_>, trust: Option<&Trust>) -> Vec<Arc<Upstream>> {
    let mut found = Vec::new();
    for text in section.texts("upstream").unwrap_or_default() {
        match Upstream::parse(text.value, || trust.cloned().map_or_else(Trust::system, Ok)) {
            Ok(_) if found.len() == UPSTREAMS_MAX => section.reader.problem(
                text.span,
                format!("a site has at most {UPSTREAMS_MAX} upstreams"),
                "put a load balancer between, or a name that leads to several addresses",
            ),
            Ok(upstream) => found.push(Arc::new(upstream)),
            Err(problem) => section.reader.problem(text.span, problem.what, problem.instead),
        }
    }
    found
}
