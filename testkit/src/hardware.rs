//! The machine that a measurement ran on.

use std::{fs, io, thread};

/// Of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hardware {
    pub cpu: String,
    pub cores: usize,
    pub memory_gib: u64,
}

impl Hardware {
    /// # Errors
    /// The number of cores isn't known.
    pub fn this() -> io::Result<Self> {
        let told = |path, name| {
            let text = fs::read_to_string(path).unwrap_or_default();
            field(&text, name).unwrap_or("unknown").to_owned()
        };
        let memory = told("/proc/meminfo", "MemTotal");
        let kib: u64 = memory.trim_end_matches(" kB").parse().unwrap_or_default();
        Ok(Self {
            cpu: told("/proc/cpuinfo", "model name"),
            cores: thread::available_parallelism()?.get(),
            memory_gib: (kib + (1 << 19)) >> 20,
        })
    }
}

/// What stands behind `name` and a colon on a line of its own.
#[must_use]
pub fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    let mut values = pairs.filter(|(key, _)| key.trim_end() == name);
    values.next().map(|(_, value)| value.trim())
}
