use std::net::SocketAddr;
use std::sync::Arc;

use spigot_decision::policy::DEFAULT;
use spigot_gateway::{Site, Upstream};

use crate::cli::DemoArgs;
use crate::config::{Config, ServiceSection};

pub(crate) fn run(args: &DemoArgs) -> Result<(), String> {
    let mut config = match &args.config {
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
    let running = crate::run::start(config, args.config.clone())?;
    welcome(args);
    running.wait().map_err(|error| error.to_string())?;
    println!("\nStopping.");
    running.stop();
    Ok(())
}

/// Starts the shop on a port of its own and returns where it listens.
fn shop(args: &DemoArgs) -> Result<SocketAddr, String> {
    let shop = spigot_demo::Shop::open(&args.data.join("shop"))
        .map_err(|error| format!("the shop cannot use {}: {error}", args.data.display()))?;
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

fn welcome(args: &DemoArgs) {
    let (shop, admin, service, data) = (args.listen, args.admin, args.service, args.data.display());
    println!(
        "Spigot stands in front of a small shop: http://{shop}/

Try:
  a page                      open http://{shop}/ in a browser: nothing happens, as it should
  a sensitive page            open http://{shop}/login : an invisible puzzle, then the page
  a program at the log-in     curl -i http://{shop}/login
  its refusal as JSON         curl -i -H 'Accept: application/json' -X POST -d '{{}}' http://{shop}/login
  too many requests           for i in $(seq 501); do curl -s -o /dev/null -w '%{{http_code}}\\n' http://{shop}/; done | sort | uniq -c
  a forced challenge          spigot force 'GET /products/*' --for 10m --reason trying --data {data}
  what happened               spigot events --data {data}
  why                         spigot explain ID --data {data}
  health and metrics          http://{admin}/health  http://{admin}/metrics
  a site for the widget       spigot site add shop --host 127.0.0.1 --data {data}
  a token, verified           curl -d 'secret=1x0000000000000000000000000000000AA&response=XXXX.DUMMY.TOKEN.XXXX' http://{service}/turnstile/v0/siteverify

Everything that it keeps is in {data}. Stop it with Ctrl-C."
    );
}
