//! The challenges that ALTCHA's widget fetches: each stands for a challenge of ours, and is the same whenever it is asked
//! for.

use http::{Response, StatusCode};
use serde_json::json;
use spigot_challenge::{from_text, recognise};
use spigot_state::State;

use super::submit::sentence;
use super::terms::provider_of;
use super::wait::parameter;
use crate::body::Through;
use crate::pipeline::{Gateway, Seen, Snapshot};
use crate::provider::{AltchaPuzzle, ProviderKind};
use crate::respond::{plain, problem};

impl<S: State> Gateway<S> {
    /// Answers `GET /.spigot/altcha`.
    pub(super) fn altcha(&self, snapshot: &Snapshot, seen: &Seen<'_>) -> Response<Through> {
        let text = parameter(seen.query, "challenge");
        let bytes = from_text(&text).unwrap_or_default();
        let title = "There is no ALTCHA challenge";
        match recognise(&snapshot.keyring, &bytes, &seen.binding(), self.start.0, seen.now.0) {
            Ok(challenge) => match provider_of(snapshot, &challenge) {
                Some(provider) if provider.settings.kind == ProviderKind::Altcha => {
                    let puzzle = AltchaPuzzle::of(&challenge).issue(&provider.settings);
                    plain(StatusCode::OK, "application/json", puzzle.to_string())
                }
                _ => {
                    let detail = "This challenge asks for something else.";
                    problem(StatusCode::NOT_FOUND, "not_found", title, detail, json!({}))
                }
            },
            Err(rejection) => {
                let detail = sentence(rejection);
                problem(StatusCode::BAD_REQUEST, rejection.name(), title, detail, json!({}))
            }
        }
    }
}
