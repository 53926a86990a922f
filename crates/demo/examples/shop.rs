//! Starts the shop alone: `cargo run -p spigot-demo --example shop -- [address] [folder]`.

use std::path::PathBuf;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8081".into());
    let folder = arguments.next().map_or_else(|| std::env::temp_dir().join("brass-and-bowl"), PathBuf::from);
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("http://{} with its ledger in {}", listener.local_addr()?, folder.display());
    let stop = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    spigot_demo::Shop::open(&folder)?.serve(listener, stop).await
}
