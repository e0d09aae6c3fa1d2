//! Two clients create the same role at the same moment: one wins, whatever the interleaving of their requests.

use std::time::Duration;

use cnpg_mcp_sandbox::faults::{Gate, Match};
use cnpg_mcp_tests::client::{Answer, Client};
use cnpg_mcp_tests::server::Server;
use cnpg_mcp_tests::world::{World, sandbox};
use serde_json::json;
use tokio::task::JoinHandle;

const TOOL: &str = "create_postgres_role";

/// Requests before the first that matters: reading the cluster and the declarations.
const READS: usize = 2;

/// How many choices between the two are tried both ways; after them they take turns.
const CHOICES: u32 = 7;

/// One of the two: its gate and its call.
struct Side {
    gate: Gate,
    call: JoinHandle<anyhow::Result<Answer>>,
}

impl Side {
    fn begin(world: &World, client: &Client, host: &str, role: &str) -> Self {
        let gate = world.sandbox.faults().hold(Match::any().by(TOOL).through(host));
        gate.release(READS);
        let (client, arguments) = (client.clone(), json!({ "cluster_name": "main-db", "role_name": role }));
        Self { gate, call: tokio::spawn(async move { client.call(TOOL, arguments).await }) }
    }

    /// Waits until its next request is held, or its call has ended; false where it has.
    async fn held(&self) -> bool {
        loop {
            if self.call.is_finished() {
                return false;
            }
            if tokio::time::timeout(Duration::from_millis(5), self.gate.reached(1)).await.is_ok() {
                return true;
            }
        }
    }
}

/// Schedules that one sandbox is used for: the cluster grows by a role with each.
const ON_ONE_SANDBOX: usize = 16;

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_wins_where_the_first_begins() -> anyhow::Result<()> {
    all_that_begin_with(0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_wins_where_the_second_begins() -> anyhow::Result<()> {
    all_that_begin_with(1).await
}

/// Every schedule whose first choice is this one.
async fn all_that_begin_with(first: u32) -> anyhow::Result<()> {
    let schedules: Vec<_> = (0..2_u32.pow(CHOICES)).filter(|schedule| schedule & 1 == first).collect();
    for some in schedules.chunks(ON_ONE_SANDBOX) {
        one_wins(some).await?;
    }
    Ok(())
}

async fn one_wins(schedules: &[u32]) -> anyhow::Result<()> {
    let world = World::on(sandbox(), &[]).await?;
    // The same API under another name, so that the gates tell the two servers apart.
    let second = Server::start_with(&world.sandbox.kubeconfig().replace("127.0.0.1", "localhost"), &[]).await?;
    let other = second.client().await?;
    for &schedule in schedules {
        let role = format!("contested_{schedule}");
        let sides =
            [Side::begin(&world, &world.client, "127.0.0.1", &role), Side::begin(&world, &other, "localhost", &role)];
        let mut step = 0;
        loop {
            let held = [sides[0].held().await, sides[1].held().await];
            let turn = match held {
                [false, false] => break,
                [true, false] => 0,
                [false, true] => 1,
                [true, true] if step < CHOICES => (schedule >> step & 1) as usize,
                [true, true] => (step % 2) as usize,
            };
            step += 1;
            sides[turn].gate.step().await;
        }
        let mut won = 0;
        for side in sides {
            let answer = side.call.await??;
            if answer.is_error {
                assert!(answer.text.contains("already exists"), "schedule {schedule:b}: {}", answer.text);
            } else {
                won += 1;
            }
        }
        assert_eq!(won, 1, "schedule {schedule:b}");
        let roles = world.managed_roles("default", "main-db").await?;
        let made: Vec<_> = roles.iter().filter(|known| known["name"] == role.as_str()).collect();
        assert_eq!(made.len(), 1, "schedule {schedule:b}");
        let secret = made[0]["passwordSecret"]["name"].as_str().unwrap_or_default();
        assert!(
            world.role_secrets("default").await?.contains(secret),
            "schedule {schedule:b}: the role's Secret is gone"
        );
    }
    Ok(())
}
