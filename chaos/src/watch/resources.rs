//! What a process holds.

/// Of one process, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Use {
    pub(crate) resident_bytes: u64,
    pub(crate) descriptors: u64,
}

/// `None` where there is no such process.
pub(crate) fn use_of(process: u32) -> Option<Use> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = resident.split_whitespace().next()?.parse().ok()?;
    let descriptors = std::fs::read_dir(format!("/proc/{process}/fd"))
        .ok()?
        .count();
    Some(Use {
        resident_bytes: kib * 1024,
        descriptors: descriptors as u64,
    })
}
