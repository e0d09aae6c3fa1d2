//! Many logins that are all alive.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context as _;

use crate::calls::{Load, Until, run};
use crate::served::{Served, World};

/// Logs so many people in, and sees that the first of them is still let in afterwards.
///
/// # Errors
/// Where a login fails, or the first has been forgotten.
pub async fn open(served: &Served, world: &World, count: usize, at_once: usize) -> anyhow::Result<()> {
    let client = Arc::new(served.client.clone().context("nobody logs in at this server")?);
    let left = Arc::new(AtomicUsize::new(count));
    let tasks = (0..at_once).map(|_| {
        let (client, provider, left) = (Arc::clone(&client), Arc::clone(&world.provider), Arc::clone(&left));
        tokio::spawn(async move {
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                client.log_in(&provider).await?;
            }
            anyhow::Ok(())
        })
    });
    for task in futures::future::join_all(tasks).await {
        task??;
    }
    run(served, Load::List, 1, Until::Count(1)).await.context("the first login is no longer good")?;
    Ok(())
}
