//! What a proxy does to the bytes.

use std::time::Duration;

/// Where in the protocol of PostgreSQL a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The server has asked for the rows of a COPY and got this many bytes of them.
    InCopy(u64),
    /// The client has sent COMMIT; the server will not get it.
    BeforeCommit,
    /// The server gets it; the client will not hear of it.
    AfterCommit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Toxic {
    None,
    /// Nothing passes any more, either way; nobody is told.
    BlackHole,
    /// What is connected now never hears from the other side again; new connections work.
    HalfOpen,
    /// What is connected now gets a RST; new connections work.
    Reset,
    /// So does everything that connects.
    Refuse,
    /// Each way: so long, and so many bytes a second.
    Slow(Duration, u64),
    /// Only answers are late.
    LateReplies(Duration),
    /// Each connection gets a RST after so many bytes of answers.
    CutAfter(u64),
    /// When a connection is there for the first time, everything becomes a black hole.
    BlackHoleAt(Moment),
    /// Every connection that comes there gets a RST.
    ResetAt(Moment),
}

/// What holds for all connections of a proxy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weather {
    pub(super) toxic: Toxic,
    /// Connections opened before it was raised are reset.
    pub(super) resets: u64,
    /// Connections opened before it was raised are half open.
    pub(super) halves: u64,
    pub(super) ended: bool,
}

impl Default for Weather {
    fn default() -> Self {
        Self {
            toxic: Toxic::None,
            resets: 0,
            halves: 0,
            ended: false,
        }
    }
}

impl Weather {
    pub(super) fn begin(&mut self, toxic: Toxic) {
        match toxic {
            Toxic::Reset => self.resets += 1,
            Toxic::HalfOpen => self.halves += 1,
            Toxic::Refuse => {
                self.resets += 1;
                self.toxic = toxic;
            }
            _ => self.toxic = toxic,
        }
    }

    pub(super) fn clear(&mut self) {
        self.toxic = Toxic::None;
    }

    pub(super) fn end(&mut self) {
        self.ended = true;
    }
}
