//! Follows the PostgreSQL protocol as far as needed to recognize the stages of a commit.

use super::Moment;

const COMMIT: &[u8] = b"COMMIT\0";
const COPY_IN_RESPONSE: u8 = b'G';
const HEADER: usize = 5;

/// The frames of the server's answers: a type, a length that counts itself, a body.
#[derive(Debug, Default)]
pub(super) struct Answers {
    header: Vec<u8>,
    rest: usize,
}

impl Answers {
    /// Whether the server asks for the rows of a COPY in this piece.
    pub(super) fn ask_for_rows(&mut self, mut piece: &[u8]) -> bool {
        let mut asks = false;
        while !piece.is_empty() {
            if self.rest > 0 {
                let skipped = self.rest.min(piece.len());
                self.rest -= skipped;
                piece = &piece[skipped..];
                continue;
            }
            let missing = HEADER - self.header.len();
            let taken = missing.min(piece.len());
            self.header.extend_from_slice(&piece[..taken]);
            piece = &piece[taken..];
            if let &[kind, a, b, c, d] = self.header.as_slice() {
                asks |= kind == COPY_IN_RESPONSE;
                self.rest = (u32::from_be_bytes([a, b, c, d]) as usize).saturating_sub(4);
                self.header.clear();
            }
        }
        asks
    }
}

/// What a client has sent.
#[derive(Debug, Default)]
pub(super) struct Questions {
    /// Bytes since the server asked for rows; `None` where it hasn't.
    copied: Option<u64>,
}

impl Questions {
    pub(super) const fn rows_are_asked_for(&mut self) {
        self.copied = Some(0);
    }

    /// How much of this piece passes before the moment comes, if it does.
    pub(super) fn until(&mut self, moment: Moment, piece: &[u8]) -> Option<usize> {
        let Moment::InCopy(bytes) = moment else {
            let at = piece.windows(COMMIT.len()).position(|w| w == COMMIT)?;
            return Some(match moment {
                // Its frame begins with a type and a length.
                Moment::BeforeCommit => at.saturating_sub(HEADER),
                _ => piece.len(),
            });
        };
        let copied = self.copied? + piece.len() as u64;
        self.copied = (copied < bytes).then_some(copied);
        (copied >= bytes).then_some(piece.len() / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_followed_in_any_pieces() {
        let stream = [
            &[b'Z', 0, 0, 0, 5, b'I'][..],
            &[b'D', 0, 0, 0, 6, b'G', b'G'],
            &[b'G', 0, 0, 0, 7, 1, 0, 0],
        ]
        .concat();
        for size in 1..=stream.len() {
            let mut answers = Answers::default();
            let asked: Vec<_> = stream
                .chunks(size)
                .map(|piece| answers.ask_for_rows(piece))
                .collect();
            assert_eq!(asked.iter().filter(|asks| **asks).count(), 1, "{size}");
            let of_data = 13_usize.div_ceil(size) - 1;
            assert!(asked.iter().take(of_data).all(|asks| !asks), "{size}");
        }
    }

    #[test]
    fn a_commit_is_cut_off_or_let_through() {
        let piece = b"...Q\0\0\0\x0bCOMMIT\0";
        let mut sent = Questions::default();
        assert_eq!(sent.until(Moment::BeforeCommit, piece), Some(3));
        assert_eq!(sent.until(Moment::AfterCommit, piece), Some(piece.len()));
        assert_eq!(sent.until(Moment::AfterCommit, b"BEGIN\0"), None);
        assert_eq!(sent.until(Moment::InCopy(4), b"rows"), None);
        sent.rows_are_asked_for();
        assert_eq!(sent.until(Moment::InCopy(4), b"row"), None);
        assert_eq!(sent.until(Moment::InCopy(4), b"rows"), Some(2));
        assert_eq!(sent.until(Moment::InCopy(4), b"rows"), None);
    }
}
