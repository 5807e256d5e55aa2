//! Processes of a server, children included.

use std::path::Path;

use anyhow::ensure;
use tokio::process::Command;

/// Those that work in this folder, which is where a server keeps its data.
pub(super) fn working_in(folder: &Path) -> Vec<u32> {
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    let working = processes.filter_map(|process| {
        let process = process.ok()?;
        let id = process.file_name().to_str()?.parse().ok()?;
        let cwd = std::fs::read_link(process.path().join("cwd")).ok()?;
        (cwd == folder).then_some(id)
    });
    working.collect()
}

/// Sends a signal by name; those that have ended meanwhile are none of our concern.
pub(super) async fn signal(name: &str, processes: &[u32]) -> anyhow::Result<()> {
    if processes.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = processes.iter().map(u32::to_string).collect();
    let kill = format!("kill -{name} {} 2>/dev/null; true", ids.join(" "));
    let status = Command::new("sh").args(["-c", &kill]).status().await?;
    ensure!(status.success(), "{kill} failed");
    Ok(())
}
