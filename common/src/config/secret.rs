//! Debug output for addresses that may hold a password.

use std::fmt;

/// `scheme://host:port/database`, whatever else the URL holds.
pub(super) fn without_credentials(url: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    let place = place.split(['?', '#']).next().unwrap_or_default();
    write!(f, "{scheme}://{place}")
}
