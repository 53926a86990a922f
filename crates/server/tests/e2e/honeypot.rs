//! The field that people cannot see: into the page, out of the form, and who fills it in.

use super::application::Application;
use super::client::{Answer, Connection};
use super::demo::Demo;
use super::served::Served;

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
const BROWSES: (&str, &str) = ("Accept", "text/html,*/*;q=0.8");

/// In front of an application that answers a page to a GET, and tells of a POST what came.
fn served(page: &'static str, more_fields: &'static str) -> (Application, Served) {
    let application = Application::start(move |exchange| {
        let (body, _) = exchange.body();
        if exchange.head[0].starts_with("POST") {
            let told = exchange.field("content-length").unwrap_or("none").to_owned();
            exchange.answer(&format!("{told}|{}", String::from_utf8_lossy(&body)));
        } else {
            let asked =
                ["accept-encoding", "range"].map(|name| exchange.field(name).unwrap_or("none").to_owned());
            let head = format!("X-Asked: {}\r\nContent-Length: {}\r\n", asked.join(","), page.len());
            exchange.write(format!("HTTP/1.1 200 OK\r\n{more_fields}{head}\r\n{page}"));
        }
        true
    });
    let served = Served::start(&format!(
        "upstream = \"{}\"\n[[route]]\nname = \"form\"\nmatch = \"/form\"\nmode = \"enforce\"\ninject_honeypot = true\n",
        application.address
    ));
    (application, served)
}

/// The field's name in a page.
fn name_in(page: &str) -> String {
    let field = page.split("tabindex=\"-1\"").next().unwrap().rsplit("name=\"").next().unwrap();
    field.split('"').next().unwrap().to_owned()
}

fn page(connection: &mut Connection) -> Answer {
    let headers = [BROWSES, ("Accept-Encoding", "gzip, br"), ("Range", "bytes=0-9")];
    connection.request("GET", "/form", &headers, b"")
}

#[test]
fn it_goes_into_pages_and_never_reaches_the_application() {
    let html = "<html><form method=post action=/form><input name=a></form></html>";
    let (_application, served) =
        served(html, "Content-Type: text/html\r\nETag: \"v1\"\r\nAccept-Ranges: bytes\r\n");
    let mut connection = served.connect();
    let answer = page(&mut connection);
    let text = answer.text();
    let name = name_in(&text);
    assert!(text.contains(&format!("name=\"{name}\"")) && text.ends_with("</div></form></html>"), "{text}");
    assert_eq!(
        [answer.header("etag"), answer.header("accept-ranges"), answer.header("content-length")],
        [Some("W/\"v1\""), None, None]
    );
    assert_eq!(answer.header("x-asked"), Some("identity,none"));
    // Its style is one of our own files.
    let style = connection.get("/.spigot/form.css");
    let class = text.split("<div class=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!((style.status, style.header("content-type")), (200, Some("text/css")));
    assert!(style.text().starts_with(&format!(".{class}{{position:absolute")), "{}", style.text());
    let mut post =
        |headers: &[(&str, &str)], body: &str| connection.request("POST", "/form", headers, body.as_bytes());
    assert_eq!(post(&[FORM, BROWSES], &format!("a=1&{name}=")).text(), "3|a=1");
    assert_eq!(post(&[FORM, BROWSES], &format!("{name}=")).text(), "0|");
    let part = |name: &str, value: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let multipart = ("Content-Type", "multipart/form-data; boundary=b");
    // A file that is far longer than what is looked at streams on behind it.
    let file = part("file", &"x".repeat(300_000));
    let body = format!("{}{file}--b--\r\n", part(&name, ""));
    let rest = format!("{file}--b--\r\n");
    assert_eq!(post(&[multipart, BROWSES], &body).text(), format!("{}|{rest}", rest.len()));
    for (kind, body) in [
        (FORM, format!("a=1&{name}=buy")),
        (multipart, format!("{}{}--b--\r\n", part("a", "1"), part(&name, "buy"))),
    ] {
        let refused = post(&[kind, BROWSES], &body);
        assert_eq!(refused.status, 403, "{}", refused.text());
    }
    served.until_events("the reason", &["--reason", "spam_detected"], |events| {
        events.matches("\"spam_detected\"").count() >= 2
    });
}

#[test]
fn what_cannot_be_read_goes_by_untouched() {
    let html = "<form method=post action=/form></form>";
    for fields in [
        "Content-Type: text/html\r\nContent-Encoding: gzip\r\nETag: \"v1\"\r\n",
        "Content-Type: text/html\r\nCache-Control: no-transform\r\nETag: \"v1\"\r\n",
        "Content-Type: text/plain\r\nETag: \"v1\"\r\n",
    ] {
        let (_application, served) = served(html, fields);
        let answer = page(&mut served.connect());
        assert_eq!((answer.text().as_str(), answer.header("etag")), (html, Some("\"v1\"")), "{fields}");
    }
    let (_application, served) =
        served(html, "Content-Type: text/html\r\nContent-Security-Policy: style-src 'none'\r\n");
    let text = page(&mut served.connect()).text();
    assert!(text.contains("aria-hidden=\"true\" hidden>") && !text.contains("form.css"), "{text}");
    // A program that asks for JSON gets its answer as it was.
    let answer = served.connect().request("GET", "/form", &[("Accept", "application/json")], b"");
    assert_eq!((answer.text().as_str(), answer.header("x-asked")), (html, Some("none,none")));
}

#[test]
fn a_long_page_streams_in_flat_memory() {
    const PIECE: usize = 64 * 1024;
    const PIECES: usize = 1_600;
    let application = Application::start(|exchange| {
        exchange.write("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n");
        let piece = format!("<p>{}</p>", "x".repeat(PIECE - 7));
        for _ in 0..PIECES {
            exchange.write(&piece);
        }
        exchange.write("<form method=post></form>");
        false
    });
    let served = Served::start(&format!(
        "upstream = \"{}\"\n[[route]]\nname = \"form\"\nmatch = \"/form\"\ninject_honeypot = true\n",
        application.address
    ));
    let before = served.resident_kib();
    let answer = page(&mut served.connect());
    assert!(answer.body.len() > PIECE * PIECES && answer.text().ends_with("</div></form>"));
    let grown = served.resident_kib().saturating_sub(before);
    assert!(grown < 20 * 1024, "{grown} KiB for a page of 100 MiB");
}

#[test]
fn the_shop_takes_orders_and_refuses_who_fills_it_in() {
    let policy = "[[route]]\nname = \"all\"\nmatch = \"/**\"\ninject_honeypot = true\n";
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(policy));
    let mut connection = demo.connect();
    let text = connection.request("GET", "/signup", &[BROWSES], b"").text();
    let name = name_in(&text);
    assert_eq!(text.matches(&format!("name=\"{name}\"")).count(), 2, "sign-up and newsletter: {text}");
    let mut post =
        |path: &str, body: &str| connection.request("POST", path, &[FORM, BROWSES], body.as_bytes());
    let taken = post("/newsletter", &format!("email=ada%40example.org&{name}="));
    assert!(taken.status < 400, "{} {}", taken.status, taken.text());
    assert_eq!(post("/newsletter", &format!("email=ada%40example.org&{name}=x")).status, 403);
}
