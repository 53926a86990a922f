use std::net::SocketAddr;

use spigot_decision::policy::source::Section;

use super::addresses;

/// The challenge service's part of the configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServiceSection {
    /// Where it listens without TLS.
    pub(crate) listen: Vec<SocketAddr>,
    /// Where it listens with the certificate of `[tls]`.
    pub(crate) listen_tls: Vec<SocketAddr>,
    /// Whether keys for tests count.
    pub(crate) test_keys: bool,
}

pub(super) fn service(top: &Section<'_, '_>) -> Option<ServiceSection> {
    let tls = top.has("tls");
    let part = top.table("service")?;
    let listen_tls = addresses(&part, "listen_tls").unwrap_or_default();
    if let Some((_, span)) = part.raw("listen_tls").filter(|_| !tls && !listen_tls.is_empty()) {
        part.reader.problem(
            span,
            "`listen_tls` has no certificate",
            "add a section [tls] with `certificate` and `key`; they are used here, too",
        );
    }
    let listen = addresses(&part, "listen").unwrap_or_else(|| {
        if listen_tls.is_empty() { vec![SocketAddr::from(([127, 0, 0, 1], 8082))] } else { Vec::new() }
    });
    let service = ServiceSection {
        listen,
        listen_tls,
        test_keys: part.flag("test_keys").is_some_and(|flag| flag.value),
    };
    part.finish();
    Some(service)
}
