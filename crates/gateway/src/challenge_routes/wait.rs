//! The way without JavaScript: a wait, timed by the server.

use http::{HeaderValue, Response, StatusCode, header};
use spigot_challenge::{Kind, Rejection, from_text};
use spigot_event::DecisionId;
use spigot_state::State;

use super::is_return_address;
use super::submit::sentence;
use crate::body::Through;
use crate::pages;
use crate::pipeline::{Gateway, Seen, Snapshot};
use crate::respond::page;

impl<S: State> Gateway<S> {
    /// The way without JavaScript: early visitors are told to wait, others get their clearance.
    pub(super) async fn wait(&self, snapshot: &Snapshot, seen: &Seen<'_>) -> Response<Through> {
        let value = |name: &str| {
            let pairs = seen.query.split('&').filter_map(|pair| pair.split_once('='));
            let found = pairs
                .filter(|(key, _)| *key == name)
                .map(|(_, value)| value.replace('+', " "))
                .next()
                .unwrap_or_default();
            percent_encoding::percent_decode_str(&found).decode_utf8_lossy().into_owned()
        };
        let decision = DecisionId::parse(&value("decision")).map(|id| id.to_string()).unwrap_or_default();
        let to = value("to");
        let to = if is_return_address(&to) { to } else { "/".to_owned() };
        let challenge = from_text(&value("c")).unwrap_or_default();
        match self.verify_and_spend(snapshot, seen, &challenge, &[]).await {
            Ok(solved) => {
                let stash = value("stash");
                let mut response = if from_text(&stash).is_some_and(|id| id.len() == 16) {
                    let form = format!(
                        "<form method=\"post\" action=\"{}\"><input type=\"hidden\" name=\"spigot-stash\" value=\"{}\"><button>Send my form</button></form>",
                        pages::escape(&to),
                        pages::escape(&stash)
                    );
                    page(
                        StatusCode::OK,
                        pages::step(
                            "Your form was kept",
                            "Thank you for waiting. Press the button to send what you had filled in.",
                            &form,
                            &decision,
                        ),
                    )
                } else {
                    let mut response = page(
                        StatusCode::SEE_OTHER,
                        pages::step("Go on", "You can go on now.", "", &decision),
                    );
                    response.headers_mut().insert(
                        header::LOCATION,
                        HeaderValue::from_str(&to).unwrap_or(HeaderValue::from_static("/")),
                    );
                    response
                };
                self.give_clearance(snapshot, seen, &solved, &mut response);
                self.record_step(snapshot, seen, solved.challenge().kind, "solved", None).await;
                response
            }
            Err(Rejection::TooEarly) => {
                let here = pages::escape(&format!("{}?{}", seen.path, seen.query));
                let form = format!("<p><a href=\"{here}\">Go on</a></p>");
                page(
                    StatusCode::OK,
                    pages::step(
                        "One moment",
                        "Please wait a few seconds more, then go on.",
                        &form,
                        &decision,
                    ),
                )
            }
            Err(rejection) => {
                self.record_step(snapshot, seen, Kind::Wait { millis: 0 }, rejection.name(), None).await;
                let form = format!("<p><a href=\"{}\">Start again</a></p>", pages::escape(&to));
                page(
                    StatusCode::BAD_REQUEST,
                    pages::step("This did not work", sentence(rejection), &form, &decision),
                )
            }
        }
    }
}
