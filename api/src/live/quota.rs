//! How much may be listened to, by all clients of a node together and by one caller.

use std::{fmt, ops::Add};

use super::{held::MOST_CELLS, protocol::Refusal, spec::Spec};

/// What different subscriptions take; equal ones take it once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Load {
    pub(super) channels: usize,
    /// Minutes of one value.
    pub(super) cells: usize,
    /// Regular expressions. One takes about half a MiB at most.
    pub(super) patterns: usize,
}

impl Load {
    pub(super) const OF_A_NODE: Self = Self {
        channels: 256,
        cells: MOST_CELLS,
        patterns: 128,
    };
    /// Enough for the largest breakdown, and for the patterns of one filter.
    pub(super) const OF_A_CALLER: Self = Self {
        channels: 64,
        cells: 6_000,
        patterns: 32,
    };

    pub(super) fn of(spec: &Spec) -> Self {
        Self {
            channels: 1,
            cells: spec.cells(),
            patterns: spec.patterns(),
        }
    }

    fn fits(self, most: Self) -> bool {
        self.channels <= most.channels && self.cells <= most.cells && self.patterns <= most.patterns
    }

    /// Whether a node on which `taken` is in use has room for it.
    pub(super) fn fits_node(self, taken: Self) -> Result<(), Refusal> {
        let most = Self::OF_A_NODE;
        if (taken + self).fits(most) {
            return Ok(());
        }
        let detail = format!(
            "this node serves {taken} and can serve {most}; this is {self}: \
             ask for fewer minutes, rows or patterns, or again later"
        );
        Err(Refusal::new("node_full", detail))
    }

    /// Whether a caller who has `taken` may have it, too.
    pub(super) fn fits_caller(self, taken: Self) -> Result<(), Refusal> {
        let most = Self::OF_A_CALLER;
        if (taken + self).fits(most) {
            return Ok(());
        }
        let detail = format!(
            "this key (without keys: this address) has {taken} on this node and may have {most}; \
             this is {self}: end some first"
        );
        Err(Refusal::new("caller_full", detail))
    }
}

impl Add for Load {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            channels: self.channels + other.channels,
            cells: self.cells + other.cells,
            patterns: self.patterns + other.patterns,
        }
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            channels,
            cells,
            patterns,
        } = self;
        write!(
            f,
            "{channels} different subscription(s) over {cells} minutes of single values with {patterns} regular expressions"
        )
    }
}

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, sync::Arc};

    use common::shutdown::Shutdown;
    use serde_json::{Value, json};
    use tokio::sync::Notify;
    use tokio_util::task::TaskTracker;

    use super::*;
    use crate::{
        access::Who,
        live::{
            hub::{Hub, Subscription},
            protocol::From,
        },
    };

    fn hub() -> Arc<Hub> {
        Arc::new(Hub::new(Shutdown::new(), TaskTracker::new()))
    }

    fn subscribe(
        hub: &Arc<Hub>,
        who: u8,
        (topic, params): (&str, Value),
    ) -> Result<Subscription, &'static str> {
        let spec = Spec::read(topic, params.as_object().unwrap()).unwrap();
        let who = Who::Address(Ipv4Addr::new(192, 0, 2, who).into());
        let subscribed = hub.subscribe(spec, who, From::Start, Arc::<Notify>::default());
        subscribed.map_err(|refusal| refusal.code)
    }

    fn of_user(user: usize) -> (&'static str, Value) {
        let filter = json!(["is", "user_id", [user.to_string()]]);
        ("events", json!({ "filter": filter }))
    }

    /// Twenty, which no other `number` has.
    fn patterns(number: usize) -> (&'static str, Value) {
        let values: Vec<_> = (0..20).map(|at| format!("^{number}.{at}$")).collect();
        let filter = json!(["matches", "page", values]);
        ("events", json!({ "filter": filter }))
    }

    #[test]
    fn nobody_takes_all_channels() {
        let hub = hub();
        let own = |user| subscribe(&hub, 1, of_user(user)).unwrap();
        let mut held: Vec<_> = (0..64).map(own).collect();
        for user in [64, 65] {
            assert_eq!(
                subscribe(&hub, 1, of_user(user)).unwrap_err(),
                "caller_full"
            );
        }
        let again = subscribe(&hub, 1, of_user(0)).unwrap();
        let other = subscribe(&hub, 2, of_user(64)).unwrap();
        let shared = subscribe(&hub, 1, of_user(64));
        assert_eq!(
            shared.unwrap_err(),
            "caller_full",
            "or it stays when the other leaves"
        );
        drop((again, other));
        held.pop();
        held.push(subscribe(&hub, 1, of_user(64)).unwrap());
        for who in 2..5 {
            let others = (0..64).map(|user| of_user(100 * usize::from(who) + user));
            held.extend(others.map(|asked| subscribe(&hub, who, asked).unwrap()));
        }
        assert_eq!(subscribe(&hub, 5, of_user(1_000)).unwrap_err(), "node_full");
        held.push(subscribe(&hub, 5, of_user(1)).unwrap());
        drop(held);
        assert!(hub.is_idle());
    }

    #[test]
    fn nobody_takes_all_minutes() {
        let hub = hub();
        let most = json!({"dimension": "page", "minutes": 60, "limit": 100});
        let held = subscribe(&hub, 1, ("breakdown", most.clone())).unwrap();
        let more = ("metrics", json!({"minutes": 1}));
        assert_eq!(subscribe(&hub, 1, more.clone()).unwrap_err(), "caller_full");
        let shared = subscribe(&hub, 2, ("breakdown", most)).unwrap();
        drop(held);
        assert!(subscribe(&hub, 1, more.clone()).is_ok());
        assert_eq!(subscribe(&hub, 2, more).unwrap_err(), "caller_full");
        drop(shared);
    }

    #[test]
    fn patterns_are_counted_by_caller_and_node() {
        let hub = hub();
        let mut held = vec![subscribe(&hub, 1, patterns(1)).unwrap()];
        assert_eq!(subscribe(&hub, 1, patterns(2)).unwrap_err(), "caller_full");
        for who in 2..=6 {
            held.push(subscribe(&hub, who, patterns(who.into())).unwrap());
        }
        assert_eq!(subscribe(&hub, 7, patterns(7)).unwrap_err(), "node_full");
        held.push(subscribe(&hub, 7, patterns(1)).unwrap());
    }
}
