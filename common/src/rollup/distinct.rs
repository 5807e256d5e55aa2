//! Distinct users or sessions: HyperLogLog, exact while they are few.

use std::{
    cell::Cell,
    fmt,
    hash::{Hash, Hasher},
};

use datasketches::{
    hash::value::raw_bytes,
    hll::{Coupon, HllSketch, HllType, HllUnion},
};

use super::{InvalidSketch, packed};

/// Registers, as a power of two: 4096.
const LG_REGISTERS: u8 = 12;
/// Precede the stored bytes: an image of DataSketches as it is, or a packed one.
const IMAGE: u8 = 1;
const PACKED: u8 = 2;

/// Standard error of an estimate beyond a few hundred identities: 1.04 / √4096 (Flajolet et
/// al., "HyperLogLog", 2007). Below that the sketch is a list and the count exact, but for
/// collisions of 26-bit hashes.
pub const DISTINCT_RELATIVE_ERROR: f64 = 1.04 / 64.0;

/// The hash of a user or session id: computed once for an event, used for all its dimensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity(Coupon);

impl Identity {
    #[must_use]
    pub fn of(id: &str) -> Self {
        Self(Coupon::from_value(raw_bytes::from_str(id)))
    }

    /// The identity, and 64 bits of the hash that it is made of.
    pub(super) fn with_hash(id: &str) -> (Self, u64) {
        let id = Observed {
            id,
            hash: Cell::new(0),
        };
        (Self(Coupon::from_value(&id)), id.hash.get())
    }
}

/// An id that remembers what it was hashed to.
struct Observed<'i> {
    id: &'i str,
    hash: Cell<u64>,
}

impl Hash for Observed<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        raw_bytes::from_str(self.id).hash(state);
        self.hash.set(state.finish());
    }
}

/// A set of identities that can be counted, merged and stored, but not listed.
#[derive(Clone)]
pub struct Distinct(HllSketch);

impl Default for Distinct {
    fn default() -> Self {
        // Unwrap safety: the crate takes 4 to 21.
        #[allow(clippy::unwrap_used)]
        Self(HllSketch::new(LG_REGISTERS, HllType::Hll8).unwrap())
    }
}

impl Distinct {
    pub fn insert(&mut self, identity: Identity) {
        self.0.update_with_coupon(identity.0);
    }

    pub fn merge(&mut self, other: &Self) {
        if other.0.is_empty() {
            return;
        }
        if self.0.is_empty() {
            self.clone_from(other);
            return;
        }
        // Unwrap safety: as above.
        #[allow(clippy::unwrap_used)]
        let mut union = HllUnion::new(LG_REGISTERS).unwrap();
        union.update(&self.0);
        union.update(&other.0);
        self.0 = union.to_sketch(HllType::Hll8);
    }

    /// The estimated number of identities; it depends on the set alone, not on the order.
    #[must_use]
    pub fn estimate(&self) -> f64 {
        self.0.composite_estimate()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it still lists what it holds: then the estimate is the number.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.0.estimated_size() < 1 << LG_REGISTERS
    }

    /// About how much memory this takes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.0.estimated_size()
    }

    /// The stored form; empty for an empty set.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let image = self.0.serialize();
        if image.len() == packed::FULL {
            let mut bytes = vec![PACKED];
            packed::pack(&image, &mut bytes);
            return bytes;
        }
        let mut bytes = vec![IMAGE];
        bytes.extend_from_slice(&image);
        bytes
    }

    /// # Errors
    /// Bytes that [`Self::encode`] didn't write.
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidSketch> {
        let sketch = match bytes {
            [] => return Ok(Self::default()),
            [IMAGE, image @ ..] => HllSketch::deserialize(image).ok(),
            [PACKED, packed @ ..] => {
                packed::unpack(packed).and_then(|image| HllSketch::deserialize(&image).ok())
            }
            _ => None,
        };
        sketch
            .filter(|sketch| sketch.lg_config_k() == LG_REGISTERS)
            .map(Self)
            .ok_or(InvalidSketch("distinct"))
    }
}

/// Merges many sets into one: unlike [`Distinct::merge`], it doesn't copy for each of them what
/// it has.
#[derive(Debug)]
pub struct DistinctUnion(HllUnion);

impl Default for DistinctUnion {
    fn default() -> Self {
        // Unwrap safety: the crate takes 4 to 21.
        #[allow(clippy::unwrap_used)]
        Self(HllUnion::new(LG_REGISTERS).unwrap())
    }
}

impl DistinctUnion {
    pub fn add(&mut self, set: &Distinct) {
        self.0.update(&set.0);
    }

    #[must_use]
    pub fn into_distinct(self) -> Distinct {
        Distinct(self.0.to_sketch(HllType::Hll8))
    }
}

impl fmt::Debug for Distinct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Distinct(~{:.0})", self.estimate())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_comes_with_the_same_identity() {
        let hashes: std::collections::BTreeSet<u64> = (0..1_000)
            .map(|n| {
                let id = format!("s-{n}");
                let (identity, hash) = Identity::with_hash(&id);
                assert_eq!(identity, Identity::of(&id));
                hash
            })
            .collect();
        assert_eq!(hashes.len(), 1_000);
        // As stored ones were: MurmurHash3 (x64, 128 bits) with the seed of DataSketches.
        assert_eq!(Identity::with_hash("s-7f3a9c52e1").1, 0xc754_b02f_993f_2411);
    }

    #[test]
    fn a_union_is_what_merging_one_by_one_gives() {
        let set = |ids: std::ops::Range<u32>| {
            let mut set = Distinct::default();
            ids.for_each(|id| set.insert(Identity::of(&id.to_string())));
            set
        };
        let sets = [
            set(0..3),
            set(2..40),
            set(0..9_000),
            set(0..0),
            set(8_000..12_000),
        ];
        let (mut union, mut merged) = (DistinctUnion::default(), Distinct::default());
        for set in &sets {
            union.add(set);
            merged.merge(set);
            let so_far = DistinctUnion(union.0.clone()).into_distinct();
            assert!((so_far.estimate() - merged.estimate()).abs() < 1e-9);
        }
        assert_eq!(union.into_distinct().encode(), merged.encode());
    }
}
