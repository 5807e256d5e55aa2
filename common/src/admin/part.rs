//! A dependency that several parts of a daemon use.

use std::{
    collections::BTreeMap,
    sync::{MutexGuard, PoisonError},
};

use super::Health;

/// Why a dependency is down, by its name and the part of the daemon that can't use it.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    parts: usize,
    errors: BTreeMap<(&'static str, usize), String>,
}

/// One of several parts of a daemon that use the same dependency: it is up while none of them
/// says that it is down. A part that ends has no say any more.
#[derive(Debug)]
pub struct Part {
    health: Health,
    number: usize,
}

impl Part {
    pub fn up(&self, name: &'static str) {
        let mut troubles = self.health.troubles();
        troubles.errors.remove(&(name, self.number));
        let mut errors = troubles.errors.iter();
        match errors.find(|((of, _), _)| *of == name) {
            Some((_, error)) => self.health.down(name, error),
            None => self.health.up(name),
        }
    }

    pub fn down(&self, name: &'static str, error: impl ToString) {
        let error = error.to_string();
        let mut troubles = self.health.troubles();
        self.health.down(name, &error);
        troubles.errors.insert((name, self.number), error);
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let mut troubles = self.health.troubles();
        troubles.errors.retain(|(_, part), _| *part != self.number);
    }
}

impl Health {
    /// For something that uses a dependency beside others of its kind.
    #[must_use]
    pub fn part(&self) -> Part {
        let mut troubles = self.troubles();
        troubles.parts += 1;
        Part {
            health: self.clone(),
            number: troubles.parts,
        }
    }

    fn troubles(&self) -> MutexGuard<'_, Troubles> {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{admin::Dependency, shutdown::Shutdown};

    #[test]
    fn a_dependency_is_up_once_every_part_can_use_it() {
        let health = Health::new("s", "0", "test", &["postgres"], Shutdown::new());
        let lanes = [health.part(), health.part(), health.part()];
        assert!(!health.is_ready());
        lanes[0].up("postgres");
        assert!(health.is_ready());
        lanes[1].down("postgres", "no answer");
        lanes[2].down("postgres", "refused");
        lanes[0].up("postgres");
        lanes[1].up("postgres");
        let error = "refused".to_owned();
        let down = Dependency::Down { error };
        assert_eq!(health.lock()["postgres"].dependency, down);
        let [first, _, last] = lanes;
        drop(last);
        first.up("postgres");
        assert!(health.is_ready());
    }
}
