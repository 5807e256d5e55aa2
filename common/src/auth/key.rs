//! A key as its owner holds it: `tmk_<id>_<secret>`, an id of 6 bytes and a secret of 32, both
//! random and in lower-case hexadecimal.

use std::fmt::{self, Write as _};

use rand::{TryRng as _, rngs::SysRng};
use sha2::{Digest as _, Sha256};

const PREFIX: &str = "tmk_";

/// What names a key, in the database, in lists and in logs. No secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId([u8; 6]);

impl KeyId {
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        bytes_of(text).map(Self)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// With its secret, which only [`Self::text`] tells.
#[derive(Clone)]
pub struct Key {
    id: KeyId,
    secret: [u8; 32],
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}_…", self.id)
    }
}

impl Key {
    /// A new one, from the operating system's random numbers.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub fn generate() -> std::io::Result<Self> {
        let (mut id, mut secret) = ([0; 6], [0; 32]);
        let filled = SysRng.try_fill_bytes(&mut id);
        filled
            .and_then(|()| SysRng.try_fill_bytes(&mut secret))
            .map_err(std::io::Error::other)?;
        let id = KeyId(id);
        Ok(Self { id, secret })
    }

    /// `None` for whatever isn't written as [`Self::text`] writes it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let (id, secret) = (KeyId::parse(id)?, bytes_of(secret)?);
        Some(Self { id, secret })
    }

    /// The whole key: for its owner, and for nobody else.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{PREFIX}{}_{}", self.id, hex(&self.secret))
    }

    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.secret).into()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

fn bytes_of<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    if text.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let key = Key::generate().unwrap();
        let text = key.text();
        let read = Key::parse(&text).unwrap();
        assert_eq!((read.id, read.hash()), (key.id, key.hash()));
        assert_ne!(text, Key::generate().unwrap().text());
        let wrong = [
            "",
            "tmk_",
            "tmk__",
            &text[4..],
            &text[..text.len() - 1],
            &format!("{text}0"),
            &format!(" {text}"),
            &text.to_uppercase(),
            &text.replacen("tmk_", "tmk", 1),
            &format!("{}é", &text[..text.len() - 2]),
        ];
        for wrong in wrong {
            assert!(Key::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn the_secret_is_not_shown() {
        let key = Key::generate().unwrap();
        let shown = format!("{key:?}");
        assert!(shown.contains(&key.id.to_string()));
        assert!(!shown.contains(&hex(&key.secret)[..8]));
    }
}
