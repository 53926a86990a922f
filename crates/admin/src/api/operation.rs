use std::io::Write;

use http::Method;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::call::Call;
use super::problem::Problem;
use crate::staff::Need;

/// What an operation comes to.
pub(crate) enum Reply {
    Json(serde_json::Value),
    Download(Download),
}

/// What writes a download; it ends with an error when nobody reads on.
pub type WriteDownload = Box<dyn FnOnce(&mut dyn Write) -> std::io::Result<()> + Send>;

/// A file that is written while it is sent.
pub struct Download {
    /// What it is.
    pub media_type: &'static str,
    /// How a browser saves it; shown in place when absent.
    pub name: Option<String>,
    /// Writes it.
    pub write: WriteDownload,
}

/// Where a call's input stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    Query,
    Body,
}

/// What stands in a path for the names of its operation.
pub type Names = Vec<(&'static str, String)>;
type Run = Box<dyn Fn(&Call<'_>) -> Result<Reply, Problem> + Send + Sync>;
pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One thing that the API can do.
pub struct Operation {
    /// `lists.add`: the resource and what is done with it. Clients make function names of it.
    pub id: &'static str,
    /// The method.
    pub method: Method,
    /// The path, with `{names}`.
    pub path: &'static str,
    /// What it asks of the caller.
    pub need: Need,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// The caller says which version it changes (`If-Match`).
    pub is_guarded: bool,
    pub(crate) input: Option<(From, SchemaOf)>,
    pub(crate) output: Option<SchemaOf>,
    pub(crate) media_types: &'static [&'static str],
    pub(crate) run: Run,
}

/// What takes or gives nothing.
#[derive(serde::Deserialize, Serialize, JsonSchema)]
pub(crate) struct Nothing {}

impl Operation {
    /// Looks something up; its input stands in the query.
    pub fn get<I, O>(
        id: &'static str,
        path: &'static str,
        need: Need,
        summary: &'static str,
        run: fn(&Call<'_>, &I) -> Result<O, Problem>,
    ) -> Self
    where
        I: DeserializeOwned + JsonSchema + 'static,
        O: Serialize + JsonSchema + 'static,
    {
        Self {
            output: Some(SchemaGenerator::subschema_for::<O>),
            run: Box::new(move |call| written(&run(call, &call.query()?)?)),
            ..Self::bare(id, Method::GET, path, need, summary).takes::<I>(From::Query)
        }
    }

    /// Does something; its input is the body.
    pub fn send<I, O>(
        id: &'static str,
        method: Method,
        path: &'static str,
        need: Need,
        summary: &'static str,
        run: fn(&Call<'_>, &I) -> Result<O, Problem>,
    ) -> Self
    where
        I: DeserializeOwned + JsonSchema + 'static,
        O: Serialize + JsonSchema + 'static,
    {
        Self {
            output: Some(SchemaGenerator::subschema_for::<O>),
            run: Box::new(move |call| written(&run(call, &call.input()?)?)),
            ..Self::bare(id, method, path, need, summary).takes::<I>(From::Body)
        }
    }

    /// Gives a file that is written while it is sent; its input stands in the query.
    pub fn download<I>(
        id: &'static str,
        path: &'static str,
        need: Need,
        summary: &'static str,
        media_types: &'static [&'static str],
        run: fn(&Call<'_>, &I) -> Result<Download, Problem>,
    ) -> Self
    where
        I: DeserializeOwned + JsonSchema + 'static,
    {
        Self {
            media_types,
            run: Box::new(move |call| Ok(Reply::Download(run(call, &call.query()?)?))),
            ..Self::bare(id, Method::GET, path, need, summary).takes::<I>(From::Query)
        }
    }

    /// The caller has to say which version it changes.
    #[must_use]
    pub fn guarded(self) -> Self {
        Self { is_guarded: true, ..self }
    }

    /// The resource that it belongs to.
    #[must_use]
    pub fn resource(&self) -> &'static str {
        self.id.split('.').next().unwrap_or(self.id)
    }

    fn bare(id: &'static str, method: Method, path: &'static str, need: Need, summary: &'static str) -> Self {
        Self {
            id,
            method,
            path,
            need,
            summary,
            is_guarded: false,
            input: None,
            output: None,
            media_types: &["application/json"],
            run: Box::new(|_| Err(Problem::ours("this operation does nothing"))),
        }
    }

    fn takes<I: JsonSchema + 'static>(mut self, from: From) -> Self {
        let takes_nothing = std::any::TypeId::of::<I>() == std::any::TypeId::of::<Nothing>();
        self.input = (!takes_nothing).then_some((from, SchemaGenerator::subschema_for::<I> as SchemaOf));
        self
    }
}

/// What stands for the `{names}` of `pattern` in `path`, unescaped, when the path is one of its.
#[must_use]
pub fn names_in(pattern: &'static str, path: &str) -> Option<Names> {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    let mut names = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(names),
            (Some(wanted), Some(given)) => {
                match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                    Some(name) if !given.is_empty() => names.push((name, super::call::unescape(given)?)),
                    None if wanted == given => {}
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
}

fn written(output: &impl Serialize) -> Result<Reply, Problem> {
    serde_json::to_value(output).map(Reply::Json).map_err(Problem::ours)
}
