//! Memory of a process.

use anyhow::Context as _;

/// Resident memory, in bytes.
///
/// # Errors
/// Where the process has ended, or this is no Linux.
pub fn resident(pid: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("the process has ended")?;
    Ok(line.split_whitespace().nth(1).context("no figure")?.parse::<u64>()? * 1024)
}

/// Bytes as MiB.
pub fn in_mib(bytes: u64) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "memory is far below 2^52 bytes")]
    let bytes = bytes as f64;
    bytes / f64::from(1 << 20)
}
