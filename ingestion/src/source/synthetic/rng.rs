//! Randomness that is a function of a place: the same seed and index give the same draws,
//! in any order and on any machine.

use std::convert::Infallible;

use rand::TryRng;

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number
/// generators", 2014, variant 13 by Stafford).
pub(super) const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// 64 random bits for a pair.
pub(super) const fn hash(a: u64, b: u64) -> u64 {
    mix(mix(a.wrapping_add(GAMMA)) ^ b.wrapping_mul(GAMMA))
}

/// A number in `[0, 1)` made of the upper 53 bits.
pub(super) const fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// A sequence of draws that begins at a place.
#[derive(Debug, Clone)]
pub(super) struct Draws(u64);

impl Draws {
    pub(super) const fn at(seed: u64, place: u64) -> Self {
        Self(hash(seed, place))
    }

    pub(super) const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        mix(self.0)
    }

    pub(super) const fn unit(&mut self) -> f64 {
        unit(self.bits())
    }

    /// A whole number in `[0, n)`; the bias is below n / 2^32.
    pub(super) const fn below(&mut self, n: u32) -> u32 {
        (((self.bits() >> 32) * n as u64) >> 32) as u32
    }
}

impl TryRng for Draws {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.bits() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.bits())
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for chunk in out.chunks_mut(8) {
            chunk.copy_from_slice(&self.bits().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_depend_on_the_place_alone() {
        let first: Vec<_> = (0..4).map(|i| Draws::at(7, i).bits()).collect();
        let again: Vec<_> = (0..4).rev().map(|i| Draws::at(7, i).bits()).rev().collect();
        assert_eq!(first, again);
        assert_ne!(Draws::at(7, 0).bits(), Draws::at(8, 0).bits());
    }

    #[test]
    fn neighbouring_places_are_uncorrelated() {
        let n = 200_000_u64;
        let pairs = |i| (Draws::at(1, i).unit(), Draws::at(1, i + 1).unit());
        let sum: f64 = (0..n).map(pairs).map(|(a, b)| (a - 0.5) * (b - 0.5)).sum();
        let correlation = sum / n as f64 * 12.0;
        assert!(correlation.abs() < 0.02, "{correlation}");
    }

    #[test]
    fn below_reaches_all_and_only_its_range() {
        let mut draws = Draws::at(3, 3);
        let mut seen = [0; 10];
        for _ in 0..10_000 {
            seen[draws.below(10) as usize] += 1;
        }
        assert!(seen.iter().all(|n| (800..1_200).contains(n)), "{seen:?}");
    }
}
