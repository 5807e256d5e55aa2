//! The distinct values of a batch, each stored once and identified by a small number.

use std::{borrow::Cow, hash::BuildHasher as _};

use common::{
    event::Event,
    rollup::{Dimension, key_value},
};
use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// Values per dimension. [`Dimension::All`] has the one value `""`.
#[derive(Debug)]
pub struct Values {
    dimensions: [Interner; Dimension::COUNT],
}

#[derive(Debug, Default)]
struct Interner {
    ids: HashTable<u32>,
    values: Vec<Box<str>>,
}

impl Default for Values {
    fn default() -> Self {
        Self {
            dimensions: std::array::from_fn(|_| Interner::default()),
        }
    }
}

impl Values {
    /// The numbers of the event's values, one for each dimension.
    pub fn ids_of(&mut self, event: &Event<'_>) -> [u32; Dimension::COUNT] {
        let mut ids = [0; Dimension::COUNT];
        for (dimension, id) in Dimension::ALL.into_iter().zip(&mut ids) {
            *id = self.dimensions[dimension as usize].id(dimension.value_of(event));
        }
        ids
    }

    #[must_use]
    pub fn get(&self, dimension: Dimension, id: u32) -> &str {
        &self.dimensions[dimension as usize].values[id as usize]
    }

    /// How many distinct values the dimension has.
    #[must_use]
    pub fn len(&self, dimension: Dimension) -> usize {
        self.dimensions[dimension as usize].values.len()
    }
}

impl Interner {
    fn id(&mut self, value: &str) -> u32 {
        let value: Cow<'_, str> = key_value(value);
        let hasher = FixedState::default();
        let hash = hasher.hash_one(&*value);
        let Self { ids, values } = self;
        let entry = ids.entry(
            hash,
            |id| *values[*id as usize] == *value,
            |id| hasher.hash_one(&*values[*id as usize]),
        );
        match entry {
            hashbrown::hash_table::Entry::Occupied(entry) => *entry.get(),
            hashbrown::hash_table::Entry::Vacant(entry) => {
                let id = values.len() as u32;
                values.push(value.into());
                entry.insert(id);
                id
            }
        }
    }
}
