use std::cell::RefCell;
use std::net::IpAddr;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use spigot_decision::Millis;

use super::call::{Call, take_in_changes};
use super::cookie::Cookies;
use super::guard;
use super::operation::{Download, Names, Operation, Reply, WriteDownload, names_in};
use super::problem::Problem;
use super::{Api, openapi};

/// An answer, before it becomes one of HTTP.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The fields of its head.
    pub headers: HeaderMap,
    /// What follows.
    pub body: Body,
}

/// What an answer carries.
pub enum Body {
    /// All at once.
    Whole(Bytes),
    /// Written while it is sent.
    Written(WriteDownload),
}

impl Answer {
    /// What was asked for.
    #[must_use]
    pub fn json(status: StatusCode, value: &serde_json::Value) -> Self {
        Self::of(status, "application/json", value)
    }

    /// Why that is not.
    #[must_use]
    pub fn problem(problem: &Problem) -> Self {
        let mut answer = Self::of(problem.status, "application/problem+json", &problem.body());
        if problem.status == StatusCode::UNAUTHORIZED {
            answer.headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        answer
    }

    fn of(status: StatusCode, media_type: &'static str, value: &serde_json::Value) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        Self { status, headers, body: Body::Whole(value.to_string().into()) }
    }
}

impl Api {
    /// Answers a call. It may wait for the disk, and hash a password.
    pub fn answer(&self, request: &Request<Bytes>, peer: IpAddr, now: Millis) -> Answer {
        let cookies = RefCell::default();
        let mut answer = match self.called(request, peer, now, &cookies) {
            Ok(Reply::Json(value)) => Answer::json(StatusCode::OK, &value),
            Ok(Reply::Download(download)) => file(download),
            Err(problem) => Answer::problem(&problem),
        };
        for cookie in cookies.into_inner() {
            answer.headers.append(header::SET_COOKIE, cookie);
        }
        answer
    }

    fn called(
        &self,
        request: &Request<Bytes>,
        peer: IpAddr,
        now: Millis,
        cookies: &RefCell<Vec<HeaderValue>>,
    ) -> Result<Reply, Problem> {
        let headers = request.headers();
        self.hosts.check(headers)?;
        if request.uri().path() == "/api/openapi.json" && request.method() == Method::GET {
            return Ok(Reply::Json(openapi::document()));
        }
        let (operation, names) = self.operation(request.method(), request.uri().path())?;
        let mut staff = crate::staff::StaffStore::open(&self.folder).map_err(Problem::ours)?;
        let found = Cookies::new(headers, self.hosts.origin.as_deref());
        let caller = guard::caller(&mut staff, headers, found, now)?;
        guard::may(&caller, operation)?;
        guard::own_page(&caller, request.method(), headers, found)?;
        let call = Call {
            api: self,
            caller,
            now,
            peer,
            headers,
            names,
            search: request.uri().query().unwrap_or_default(),
            body: request.body(),
            cookies: found,
            set_cookies: RefCell::default(),
        };
        if operation.is_guarded && call.expected().is_none() {
            return Err(Problem::new(
                StatusCode::PRECONDITION_REQUIRED,
                "version",
                "Say in If-Match which version you change",
            ));
        }
        let reply = (operation.run)(&call);
        cookies.swap(&call.set_cookies);
        let reply = reply?;
        if !request.method().is_safe() {
            take_in_changes(&call.settings()?, &mut staff).map_err(Problem::ours)?;
        }
        Ok(reply)
    }

    fn operation(&self, method: &Method, path: &str) -> Result<(&Operation, Names), Problem> {
        let mut is_known = false;
        for operation in &self.operations {
            let Some(names) = names_in(operation.path, path) else { continue };
            if operation.method == *method {
                return Ok((operation, names));
            }
            is_known = true;
        }
        Err(if is_known {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method",
                "See /api/openapi.json for what may be asked here",
            )
        } else {
            Problem::absent("There is nothing here; see /api/openapi.json")
        })
    }
}

fn file(download: Download) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(download.media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(name) = download.name {
        let safe: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c)).collect();
        let value = HeaderValue::from_str(&format!("attachment; filename=\"{safe}\""));
        headers.extend(value.ok().map(|value| (header::CONTENT_DISPOSITION, value)));
    }
    Answer { status: StatusCode::OK, headers, body: Body::Written(download.write) }
}
