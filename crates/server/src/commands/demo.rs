use std::fs;
use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;

use spigot_admin::staff::{Role, StaffStore};
use spigot_admin::{PolicyStore, StoreError};
use spigot_decision::policy::DEFAULT;
use spigot_demo::Check;
use spigot_gateway::{Site, Upstream};

use crate::cli::DemoArgs;
use crate::clock::now;
use crate::config::{Config, ServiceSection};
use crate::listening::Sharing;
use crate::out;
use crate::sites::{Wanted, add_secret};

pub(crate) fn run(args: &DemoArgs) -> Result<(), String> {
    // Where the panel publishes to, unless there is a file of one's own.
    let file = args.config.clone().unwrap_or_else(|| args.data.join("published.toml"));
    let is_there = args.config.is_some() || file.exists();
    let seen = crate::run::stamp(&file);
    let mut config = match is_there.then_some(&file) {
        Some(file) => Config::read(file)?,
        None => Config::parse("policies/default.toml", DEFAULT).map_err(|problems| problems.to_string())?,
    };
    let shop = shop(args)?;
    config.server.listen = vec![args.listen];
    config.server.admin = Some(args.admin);
    config.server.data.clone_from(&args.data);
    // Nothing is protected here, so whoever knows the keys for tests may pass.
    config.server.service =
        Some(ServiceSection { listen: vec![args.service], listen_tls: Vec::new(), test_keys: true });
    config.server.sites = vec![Site { hosts: Vec::new(), upstreams: vec![Arc::new(Upstream::at(shop))] }];
    let running = crate::run::start(config, Some(file), seen, Sharing::of(args.take_over))?;
    welcome(args, &panel(args)?);
    running.wait().map_err(|error| error.to_string())?;
    out::remark(format_args!("\nStopping."));
    running.stop();
    Ok(())
}

/// Starts the shop on a port of its own and returns where it listens.
fn shop(args: &DemoArgs) -> Result<SocketAddr, String> {
    let shop = spigot_demo::Shop::open(&args.data.join("shop"))
        .map_err(|error| format!("the shop cannot use {}: {error}", args.data.display()))?
        .with_check(check(args)?);
    let shop = match &args.shop_log {
        Some(file) => shop
            .log_to(file)
            .map_err(|error| format!("the shop cannot write to {}: {error}", file.display()))?,
        None => shop,
    };
    let listener =
        spigot_gateway::listen(SocketAddr::from(([127, 0, 0, 1], 0))).map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let serve = move || {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        let local = tokio::task::LocalSet::new();
        local.block_on(&runtime, async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listening socket is one");
            if let Err(error) = shop.serve(listener, std::future::pending()).await {
                crate::log::line("shop_failed", &[("error", &error.to_string())]);
            }
        });
    };
    std::thread::Builder::new().name("shop".to_owned()).spawn(serve).map_err(|error| error.to_string())?;
    Ok(address)
}

/// The site of the shop's form for questions. Its secret is kept as an application keeps it, in the shop's own folder.
fn check(args: &DemoArgs) -> Result<Check, String> {
    let file = args.data.join("shop").join("check");
    let mut store = PolicyStore::open(&args.data).map_err(|error| error.to_string())?;
    let kept = fs::read_to_string(&file).unwrap_or_default();
    let kept = kept.trim().split_once(' ').map(|(key, secret)| (key.to_owned(), secret.to_owned()));
    let sites = store.sites().map_err(|error| error.to_string())?;
    let known = kept.filter(|(key, _)| sites.iter().any(|site| site.site_key == *key));
    if let Some((site_key, secret)) = known {
        return Ok(Check { site_key, secret, service: args.service });
    }
    let name = format!("shop on {}", args.listen);
    let hosts = match args.listen.ip() {
        IpAddr::V4(ip) if !ip.is_unspecified() => vec![ip.to_string(), "localhost".to_owned()],
        IpAddr::V6(ip) if !ip.is_unspecified() => vec![format!("[{ip}]"), "localhost".to_owned()],
        _ => vec!["*".to_owned()],
    };
    // One whose secret is gone is of no use any more.
    if let Some(lost) = sites.iter().find(|site| site.name == name) {
        store.remove(&format!("site {}", lost.site_key), "demo", now()).map_err(|error| error.to_string())?;
    }
    let mut site = Wanted { name: Some(name), hosts: Some(hosts), ..Wanted::default() }.new_site()?;
    let secret = add_secret(&mut site, 0, now())?;
    let site_key = site.site_key.clone();
    store.add_site(site, "demo", now()).map_err(|error| error.to_string())?;
    let written = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&file);
    written
        .and_then(|mut file| writeln!(file, "{site_key} {secret}"))
        .map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
    Ok(Check { site_key, secret, service: args.service })
}

/// How to get into the panel: with a one-time link as long as nobody has set a password.
fn panel(args: &DemoArgs) -> Result<String, String> {
    let at = format!("http://{}", args.admin);
    let mut staff = StaffStore::open(&args.data).map_err(|error| error.to_string())?;
    let said = |error: StoreError| error.to_string();
    if staff.is_set_up().map_err(said)? {
        return Ok(format!("{at}/"));
    }
    let users = staff.users().map_err(said)?;
    let name = match users.iter().find(|user| user.role == Role::Admin) {
        Some(user) => user.name.clone(),
        None => staff.add_user("admin", Role::Admin, now()).map_err(said)?.name,
    };
    super::admin::link(&mut staff, &name, &at)
}

fn welcome(args: &DemoArgs, panel: &str) {
    let (shop, admin, service, data) = (args.listen, args.admin, args.service, args.data.display());
    out::remark(format_args!(
        "Spigot stands in front of a small shop: http://{shop}/

Try:
  a page                      open http://{shop}/ in a browser: nothing happens, as it should
  a sensitive page            open http://{shop}/login : an invisible puzzle, then the page
  the widget in a form        open http://{shop}/contact
  a program at the log-in     curl -i http://{shop}/login
  its refusal as JSON         curl -i -H 'Accept: application/json' -X POST -d '{{}}' http://{shop}/login
  too many requests           for i in $(seq 501); do curl -s -o /dev/null -w '%{{http_code}}\\n' http://{shop}/; done | sort | uniq -c
  a forced challenge          spigot force 'GET /products/*' --for 10m --reason trying --data {data}
  what happened               spigot events --data {data}
  why                         spigot explain ID --data {data}
  the panel                   {panel}
  health and metrics          http://{admin}/health  http://{admin}/metrics
  a site of your own          spigot site add mine --host 127.0.0.1 --data {data}
  a token, verified           curl -d 'secret=1x0000000000000000000000000000000AA&response=XXXX.DUMMY.TOKEN.XXXX' http://{service}/turnstile/v0/siteverify

Everything that it keeps is in {data}. Stop it with Ctrl-C."
    ));
}
