//! The faults that can be injected, each with its end.

use std::time::Duration;

use crate::proxy::Toxic;

/// A daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Node {
    Ingestion,
    /// By number: 0 is `a`.
    Consumer(usize),
    Api(usize),
}

/// Some daemons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nodes {
    All,
    Consumers,
    Apis,
    One(Node),
}

impl Nodes {
    pub(crate) fn has(self, node: Node) -> bool {
        match self {
            Self::All => true,
            Self::Consumers => matches!(node, Node::Consumer(_)),
            Self::Apis => matches!(node, Node::Api(_)),
            Self::One(one) => one == node,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Redis,
    Postgres,
}

/// What is there of Redis's data when it comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remains {
    Everything,
    /// The log as it was so long before: the machine had not written the rest to its disk.
    Until(Duration),
    Nothing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Between these daemons and a service.
    Net(Service, Nodes, Toxic),
    /// kill -9; its end is a start.
    RedisKilled(Remains),
    /// SIGTERM; its end is a start.
    RedisStopped,
    /// kill -9 of all its processes; its end is a start, with recovery from the log.
    PostgresKilled,
    /// By this signal to the server: `TERM`, `INT` (fast) or `QUIT` (immediate).
    PostgresStopped(&'static str),
    /// SIGSTOP and SIGCONT.
    Frozen(Service),
    /// Redis is told so; its end are other commands. Words are separated by blanks.
    Redis(&'static [&'static str], &'static [&'static str]),
    /// A superuser's statements in the daemons' database; its end are others.
    Sql(&'static str, &'static str),
    /// A transaction that stays open.
    Held(&'static str),
    /// Statements again and again, on a connection of their own, whatever becomes of them.
    Repeated(&'static [&'static str], Duration),
    /// No byte is left on the service's disk.
    DiskFull(Service),
    /// kill -9 of a daemon; its end is a start.
    Killed(Node),
    /// SIGSTOP and SIGCONT of a daemon.
    Stopped(Node),
}
