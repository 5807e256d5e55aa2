//! Halves the stored form of a full HyperLogLog sketch.
//!
//! The registers of a sketch lie close together: each is kept in four bits as its distance
//! from the smallest, and the few that are farther away in a list. This is what DataSketches
//! calls HLL_4, laid over its HLL_8 image, because converting there costs ten times as much.

/// Bytes before the registers in the HLL_8 image of DataSketches.
const PREAMBLE: usize = 40;
const REGISTERS: usize = 4_096;
pub(super) const FULL: usize = PREAMBLE + REGISTERS;
/// In the place of a distance: look in the list.
const FAR: u8 = 15;
const LISTED: usize = 3;

/// Appends `image`, an HLL_8 image with all registers, in its packed form.
pub(super) fn pack(image: &[u8], out: &mut Vec<u8>) {
    let (preamble, registers) = image.split_at(PREAMBLE);
    let base = registers.iter().copied().min().unwrap_or_default();
    out.reserve(PREAMBLE + 1 + REGISTERS / 2 + 16 * LISTED);
    out.extend_from_slice(preamble);
    out.push(base);
    out.extend(registers.chunks_exact(2).map(|pair| {
        let [low, high] = [pair[0], pair[1]].map(|register| (register - base).min(FAR));
        low | high << 4
    }));
    for (index, register) in (0_u16..).zip(registers) {
        if register - base >= FAR {
            out.extend_from_slice(&index.to_le_bytes());
            out.push(*register);
        }
    }
}

/// The HLL_8 image again, or `None` for bytes that [`pack`] didn't write.
pub(super) fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let (preamble, rest) = packed.split_at_checked(PREAMBLE)?;
    let (base, rest) = rest.split_first()?;
    let (distances, list) = rest.split_at_checked(REGISTERS / 2)?;
    let mut image = Vec::with_capacity(FULL);
    image.extend_from_slice(preamble);
    for pair in distances {
        image.push(base.checked_add(pair & 15)?);
        image.push(base.checked_add(pair >> 4)?);
    }
    if list.len() % LISTED != 0 {
        return None;
    }
    for listed in list.chunks_exact(LISTED) {
        let index = usize::from(u16::from_le_bytes([listed[0], listed[1]]));
        *image.get_mut(PREAMBLE + index)? = listed[2];
    }
    Some(image)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn packed_registers_come_back(
            base in 0..40_u8,
            near in prop::collection::vec(0..15_u8, REGISTERS),
            far in prop::collection::vec((0..REGISTERS, 15..24_u8), 0..20),
        ) {
            let mut image: Vec<u8> = (0..PREAMBLE as u8).collect();
            image.extend(near.iter().map(|distance| base + distance));
            for (index, distance) in far {
                image[PREAMBLE + index] = base + distance;
            }
            let mut packed = Vec::new();
            pack(&image, &mut packed);
            prop_assert_eq!(unpack(&packed), Some(image));
        }
    }
}
