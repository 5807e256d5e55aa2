//! What was used last, as much as fits into so many bytes.

use std::{borrow::Borrow, hash::Hash};

use lru::LruCache;

/// The least recently used is forgotten first.
#[derive(Debug)]
pub struct BoundedLru<K: Hash + Eq, V> {
    entries: LruCache<K, V>,
    bytes: usize,
    most: usize,
    size: fn(&K, &V) -> usize,
}

impl<K: Hash + Eq, V> BoundedLru<K, V> {
    /// Holds at most `most` bytes; 0 keeps nothing. `size` is about how many an entry takes, the
    /// same at any time and never 0, so that bytes limit the number too.
    #[must_use]
    pub fn new(most: usize, size: fn(&K, &V) -> usize) -> Self {
        Self {
            entries: LruCache::unbounded(),
            bytes: 0,
            most,
            size,
        }
    }

    /// How many bytes are held, of how many.
    #[must_use]
    pub const fn bytes(&self) -> (usize, usize) {
        (self.bytes, self.most)
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn get<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.entries.get(key)
    }

    /// Instead of what is there under this key. What is larger than all isn't kept.
    pub fn put(&mut self, key: K, value: V) {
        self.remove(&key);
        let bytes = (self.size)(&key, &value);
        if bytes > self.most {
            return;
        }
        self.bytes += bytes;
        self.entries.push(key, value);
        while self.bytes > self.most
            && let Some((key, oldest)) = self.entries.pop_lru()
        {
            self.bytes -= (self.size)(&key, &oldest);
        }
    }

    pub fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        if let Some((key, value)) = self.entries.pop_entry(key) {
            self.bytes -= (self.size)(&key, &value);
        }
    }

    pub fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_make_room_and_bytes_are_counted() {
        let mut kept = BoundedLru::new(10, |_: &u8, bytes: &usize| *bytes);
        for key in 0..9 {
            kept.put(key, 3);
            // Again, and larger.
            kept.put(key, 4);
            assert!(kept.get(&0).is_some(), "used all the time");
            assert!(kept.bytes().0 <= 10);
        }
        assert_eq!((kept.len(), kept.bytes()), (2, (8, 10)));
        kept.put(0, 11);
        assert_eq!((kept.len(), kept.bytes()), (1, (4, 10)));
        kept.remove(&8);
        assert_eq!((kept.is_empty(), kept.bytes()), (true, (0, 10)));
        kept.put(1, 1);
        kept.clear();
        assert_eq!(kept.bytes(), (0, 10));
    }
}
