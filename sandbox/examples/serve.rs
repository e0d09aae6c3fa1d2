//! Serves a sandbox from a folder of CRDs: `serve CRDS [PORT] [demo|COUNT]`. Prints its kubeconfig.

use std::path::Path;

use cnpg_mcp_sandbox::{Sandbox, Seed, crds_of_folder};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: serve CRDS [PORT] [demo|COUNT]")?;
    let port = arguments.next().map_or(Ok(0), |port| port.parse())?;
    let seed = match arguments.next().as_deref() {
        None => Seed::none(),
        Some("demo") => Seed::demo(),
        Some(count) => Seed::clusters(count.parse()?),
    };
    let kinds = crds_of_folder(Path::new(&folder))?;
    let sandbox = Sandbox::builder().kinds(kinds).port(port).preload(seed).start().await?;
    println!("{}", sandbox.kubeconfig());
    tokio::signal::ctrl_c().await?;
    sandbox.shutdown().await;
    Ok(())
}
