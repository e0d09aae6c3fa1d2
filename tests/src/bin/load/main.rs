//! How much the servers carry: requests a second and how long they take, for each way of letting people in, and memory
//! after many calls and with many logins. Everything is measured in one run on one machine, so that the ratios are fair.

mod calls;
mod figures;
mod login;
mod memory;
mod served;
mod sessions;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::ensure;
use clap::Parser;

use calls::Load;
use figures::{Rows, median};
use served::{Mode, Served, World};

/// Clusters that `list_postgres_clusters` finds.
const CLUSTERS: usize = 100;

/// Measures the servers under load, and prints tables in Markdown.
#[derive(Debug, Parser)]
struct Arguments {
    /// Rounds; each measures every way of letting people in, the next in the other order
    #[arg(long, default_value_t = 25)]
    rounds: usize,
    /// Seconds for each figure of a round
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
    /// Connections that each have one request under way
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// Calls after which memory is looked at
    #[arg(long, default_value_t = 100_000)]
    calls: usize,
    /// Logins with which memory is looked at
    #[arg(long, default_value_t = 10_000)]
    sessions: usize,
    /// Folder of the servers [default: that of this program]
    #[arg(long, value_name = "FOLDER")]
    bin_dir: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match measured(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn measured(arguments: &Arguments) -> anyhow::Result<()> {
    ensure!(arguments.rounds > 0 && arguments.connections > 0, "there must be rounds and connections");
    let world = World::start(CLUSTERS, arguments.bin_dir.as_deref()).await?;
    let cores = std::thread::available_parallelism()?;
    println!(
        "{cores} cores, shared by servers, API server, identity provider, Redis and this program; {} connections, one \
         request under way on each; MCP 2026-07-28; {CLUSTERS} clusters; medians of {} rounds of {} s. In brackets: the \
         median of the ratios to the first line in the same round.\n",
        arguments.connections, arguments.rounds, arguments.seconds
    );
    let mut running = Vec::new();
    for mode in Mode::ALL {
        running.push(world.serve(mode).await?);
    }
    for served in &running {
        eprintln!("{}: {} MiB at the start", served.mode.title(), memory::resident(served.pid())? >> 20);
    }
    throughput(arguments, &running).await?;
    drop(running);
    println!();
    memory(arguments, &world).await
}

/// Requests a second and latencies.
async fn throughput(arguments: &Arguments, running: &[Served]) -> anyhow::Result<()> {
    let time = Duration::from_secs_f64(arguments.seconds);
    let mut rows =
        Rows::new(&["", "`tools/list`, a second", "p50", "p99", "`list_postgres_clusters`, a second", "p50", "p99"]);
    let mut found: Vec<Vec<Vec<calls::Measured>>> = vec![vec![Vec::new(); Load::BOTH.len()]; running.len()];
    for round in 0..arguments.rounds {
        let mut order: Vec<usize> = (0..running.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for (what, load) in Load::BOTH.into_iter().enumerate() {
            for place in &order {
                let served = &running[*place];
                let measured = calls::run(served, load, arguments.connections, calls::Until::Time(time)).await?;
                eprintln!("round {}: {}, {}: {measured}", round + 1, served.mode.title(), load.title());
                found[*place][what].push(measured);
            }
        }
    }
    for (served, loads) in running.iter().zip(&found) {
        let mut row = vec![served.mode.title().to_owned()];
        for (what, measured) in loads.iter().enumerate() {
            let rate = median(measured.iter().map(|one| one.rate));
            // The machine's own ups and downs last longer than a round.
            let ratio = median(measured.iter().zip(&found[0][what]).map(|(one, first)| one.rate / first.rate));
            row.push(format!("{rate:.0} ({ratio:.2})"));
            row.push(format!("{:.1} ms", median(measured.iter().map(|one| one.p50)) * 1e3));
            row.push(format!("{:.1} ms", median(measured.iter().map(|one| one.p99)) * 1e3));
        }
        rows.add(row);
    }
    print!("{rows}");
    Ok(())
}

/// Memory at the start, after calls, and with logins.
async fn memory(arguments: &Arguments, world: &World) -> anyhow::Result<()> {
    let mib = |pid: u32| anyhow::Ok(format!("{:.1} MiB", memory::in_mib(memory::resident(pid)?)));
    let after_calls = format!("after {} calls", arguments.calls);
    let with_logins = format!("with {} logins", arguments.sessions);
    let mut rows = Rows::new(&["resident memory", "at the start", &after_calls, &with_logins]);
    for mode in Mode::ALL {
        let served = world.serve(mode).await?;
        let mut row = vec![mode.title().to_owned(), mib(served.pid())?];
        for load in Load::BOTH {
            let half = calls::Until::Count(arguments.calls / Load::BOTH.len());
            calls::run(&served, load, arguments.connections, half).await?;
        }
        row.push(mib(served.pid())?);
        row.push(if mode.logs_in() {
            sessions::open(&served, world, arguments.sessions, arguments.connections).await?;
            mib(served.pid())?
        } else {
            "–".to_owned()
        });
        rows.add(row);
    }
    print!("{rows}");
    Ok(())
}
