//! What a key may do.

use std::str::FromStr;

use serde::{Serialize, Serializer};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Send events to the collector.
    Write,
    /// Ask and watch, metrics and details of health included.
    Read,
    /// Drive the generator.
    Control,
    /// Everything.
    Admin,
}

impl Scope {
    pub const ALL: [Self; 4] = [Self::Write, Self::Read, Self::Control, Self::Admin];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Read => "read",
            Self::Control => "control",
            Self::Admin => "admin",
        }
    }
}

#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("a scope is write, read, control or admin")]
pub struct UnknownScope;

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(name: &str) -> Result<Self, UnknownScope> {
        let named = Self::ALL.into_iter().find(|scope| scope.as_str() == name);
        named.ok_or(UnknownScope)
    }
}

/// Some of the scopes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    pub const ALL: Self = Self(0b1111);

    /// Whether who has these may do what needs `scope`: `admin` may do all.
    #[must_use]
    pub const fn allow(self, scope: Scope) -> bool {
        self.0 & (bit(scope) | bit(Scope::Admin)) != 0
    }

    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        let held = Scope::ALL
            .into_iter()
            .filter(|scope| self.0 & bit(*scope) != 0);
        held.map(Scope::as_str).collect()
    }
}

const fn bit(scope: Scope) -> u8 {
    1 << scope as u8
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | bit(scope)))
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_allows_itself_and_admin_everything() {
        for held in Scope::ALL {
            for asked in Scope::ALL {
                let allowed = Scopes::from_iter([held]).allow(asked);
                assert_eq!(allowed, held == asked || held == Scope::Admin);
            }
            assert!(!Scopes::default().allow(held) && Scopes::ALL.allow(held));
            assert_eq!(held.as_str().parse::<Scope>().unwrap(), held);
        }
        assert!("Read".parse::<Scope>().is_err());
    }
}
