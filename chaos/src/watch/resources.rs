//! The memory and descriptors of a process.

use testkit::memory_of;

/// Of one process, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Use {
    pub(crate) resident_bytes: u64,
    pub(crate) descriptors: u64,
}

/// `None` where there is no such process.
pub(crate) fn use_of(process: u32) -> Option<Use> {
    let resident_bytes = memory_of(process, "VmRSS").ok()?;
    let descriptors = std::fs::read_dir(format!("/proc/{process}/fd"))
        .ok()?
        .count();
    Some(Use {
        resident_bytes,
        descriptors: descriptors as u64,
    })
}
