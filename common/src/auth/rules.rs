//! Which scope each route needs. A route that isn't named is closed.

use axum::http::Method;

use super::scope::Scope;

/// Of one daemon. Routes are named as the router does.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Routes that are read without a key.
    pub open: &'static [&'static str],
    /// Methods and routes that need another scope than the default: `read` for GET, HEAD and
    /// OPTIONS, and `admin` for everything that may change something.
    pub other: &'static [(Method, &'static str, Scope)],
}

impl Rules {
    /// `None` where no key is asked for.
    #[must_use]
    pub fn needed(&self, method: &Method, route: &str) -> Option<Scope> {
        let mut other = self.other.iter();
        if let Some((_, _, scope)) = other.find(|(of, at, _)| of == method && *at == route) {
            return Some(*scope);
        }
        match method.is_safe() {
            true if self.open.contains(&route) => None,
            true => Some(Scope::Read),
            false => Some(Scope::Admin),
        }
    }
}
