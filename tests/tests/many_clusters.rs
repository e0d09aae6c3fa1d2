//! Ten thousand clusters: answers stay within the budget, pages have no gap and no repeat, memory stays bounded.

use std::collections::BTreeSet;
use std::time::Instant;

use cnpg_mcp_sandbox::Seed;
use cnpg_mcp_tests::world::{World, sandbox};
use serde_json::json;

const CLUSTERS: usize = 10_000;

/// What the server may grow by while it pages through all of them.
const GROWTH: u64 = 64 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_clusters_page_through_without_gap_or_repeat() -> anyhow::Result<()> {
    let world = World::on(sandbox().preload(Seed::clusters(CLUSTERS)), &[]).await?;
    let memory_before = world.server.resident_memory()?;
    for detail_level in ["concise", "detailed"] {
        let begun = Instant::now();
        let mut seen = Vec::new();
        let mut cursor = None;
        let mut calls = 0;
        loop {
            let mut arguments = json!({ "all_namespaces": true, "limit": 500, "detail_level": detail_level });
            if let Some(cursor) = cursor {
                arguments["cursor"] = cursor;
            }
            let answer = world.done("list_postgres_clusters", arguments).await?;
            calls += 1;
            assert!(answer.output.to_string().chars().count() <= 25_000, "structured output obeys the budget");
            let clusters = answer.output["clusters"].as_array().cloned().unwrap_or_default();
            assert!(!clusters.is_empty(), "a page is never empty");
            for cluster in clusters {
                let text = |key: &str| cluster[key].as_str().unwrap_or_default().to_owned();
                seen.push(format!("{}/{}", text("namespace"), text("name")));
            }
            match answer.output.get("cursor") {
                Some(next) => cursor = Some(next.clone()),
                None => break,
            }
        }
        assert_eq!(seen.len(), CLUSTERS);
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), CLUSTERS, "none twice");
        assert!(seen.is_sorted(), "in the API server's order");
        let grown = world.server.resident_memory()?.saturating_sub(memory_before);
        println!(
            "{CLUSTERS} clusters, {detail_level}: {calls} calls in {:.1} s, server memory {} MiB at first, {} MiB more afterwards",
            begun.elapsed().as_secs_f64(),
            memory_before >> 20,
            grown >> 20,
        );
        assert!(grown <= GROWTH, "the server grew by {grown} bytes");
    }
    Ok(())
}
