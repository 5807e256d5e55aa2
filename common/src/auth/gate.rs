//! The layer before the routes.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, Method},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
};

use super::{
    caller::Caller,
    failures::Failures,
    keys::{DEPENDENCY, Found, Keys, Refresher},
    observe,
    origin::{Sender, is_local},
    refusal::Refusal,
    rules::Rules,
    scope::Scope,
    shown::Shown,
};
use crate::{
    admin::{Dependency, Health},
    config::{Origins, PostgresConfig},
    http::Client,
    shutdown::Shutdown,
};

/// Lets in who has a key; cheap to clone.
#[derive(Debug, Clone)]
pub struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// `None` for `AUTH=off`.
    keys: Option<Keys>,
    failures: Failures,
    /// Whose pages may change something by the cookie, besides our own.
    origins: Origins,
    /// Whether cookies are for encrypted connections only.
    secure: bool,
}

/// What a gate goes by.
#[derive(Debug)]
pub struct Settings {
    /// Where the keys are; `None` for `AUTH=off`.
    pub postgres: Option<PostgresConfig>,
    pub bind_address: IpAddr,
    pub origins: Origins,
}

impl Gate {
    /// Begins to read the keys, until the shutdown.
    #[must_use]
    pub fn start(settings: Settings, health: &Health, shutdown: &Shutdown) -> Self {
        observe::begin();
        let keys = settings.postgres.map(|postgres| {
            health.set(DEPENDENCY, Dependency::Waiting);
            let (refresher, keys) = Refresher::new(postgres, health.clone());
            shutdown.spawn_until_stop("keys", refresher.run());
            keys
        });
        if keys.is_none() {
            tracing::warn!(
                "AUTH=off: whoever reaches this daemon may read, send, control and administrate; \
                 it listens on loopback only"
            );
        }
        Self(Arc::new(Inner {
            keys,
            failures: Failures::default(),
            origins: settings.origins,
            secure: !settings.bind_address.is_loopback(),
        }))
    }

    /// Protects every route of `router` according to `rules`. Handlers get a [`Caller`].
    pub fn protect(&self, router: Router, rules: Rules) -> Router {
        router.route_layer(from_fn_with_state((self.clone(), rules), check))
    }

    pub(super) fn is_on(&self) -> bool {
        self.0.keys.is_some()
    }

    /// Whether a cookie is for encrypted connections only.
    pub(super) fn secure(&self, headers: &HeaderMap, client: Option<&Client>) -> bool {
        client.is_some_and(|client| client.is_https) || (self.0.secure && !is_local(headers))
    }

    pub(super) fn sender(&self, headers: &HeaderMap, client: Option<&Client>) -> Sender {
        let is_https = client.is_some_and(|client| client.is_https);
        Sender::of(headers, &self.0.origins, is_https)
    }

    /// Whether a key in force is shown, by a request that may not have passed yet. Nothing is
    /// counted, neither against its rate nor as a failure.
    #[must_use]
    pub fn knows(&self, headers: &HeaderMap) -> bool {
        let Some(keys) = &self.0.keys else {
            return true;
        };
        match Shown::by(headers) {
            Shown::Bearer(key) | Shown::Cookie(key) => matches!(keys.find(&key), Found::Known(_)),
            Shown::Nothing | Shown::Malformed { .. } => false,
        }
    }

    fn admit(&self, request: &Request, needed: Scope) -> Result<Caller, Refusal> {
        let headers = request.headers();
        let client = request.extensions().get();
        if !self.is_on() {
            // Whose browser is on this machine may be on a page of anybody.
            let is_foreign = self.sender(headers, client) == Sender::Foreign;
            return match changes(request.method()) && is_foreign {
                true => Err(Refusal::ForeignPage),
                false => Ok(Caller::ANYBODY),
            };
        }
        let shown = Shown::by(headers);
        let by_cookie = matches!(shown, Shown::Cookie(_));
        let caller = self.identify(shown, client)?;
        let caller = caller.ok_or(Refusal::NoKey(needed))?;
        let is_ours = || self.sender(headers, client) == Sender::Trusted;
        if by_cookie && changes(request.method()) && !is_ours() {
            return Err(Refusal::ForeignPage);
        }
        let held = caller.scopes();
        if !held.allow(needed) {
            return Err(Refusal::MissingScope { held, needed });
        }
        caller.charge_request()?;
        Ok(caller)
    }

    /// Whose credentials these are; `None` if there are none.
    pub(super) fn identify(
        &self,
        shown: Shown,
        client: Option<&Client>,
    ) -> Result<Option<Caller>, Refusal> {
        let Some(keys) = &self.0.keys else {
            return Ok(Some(Caller::ANYBODY));
        };
        let by_cookie = matches!(
            shown,
            Shown::Cookie(_) | Shown::Malformed { by_cookie: true }
        );
        let id = match shown {
            Shown::Nothing if keys.are_loaded() => return Ok(None),
            Shown::Nothing => return Err(Refusal::NotLoaded),
            Shown::Bearer(key) | Shown::Cookie(key) => match keys.find(&key) {
                Found::Known(known) => return Ok(Some(Caller::with(known))),
                Found::NotLoaded => return Err(Refusal::NotLoaded),
                Found::Wrong => Some(key.id()),
            },
            Shown::Malformed { .. } => None,
        };
        let address = client.map(|client| client.network());
        if let Some(address) = address {
            let counted = self.0.failures.count(address);
            counted.map_err(Refusal::TooManyFailures)?;
        }
        tracing::warn!(
            address = address.map(tracing::field::display),
            id = id.map(tracing::field::display),
            "a key that isn't in force was refused"
        );
        Err(Refusal::WrongKey { by_cookie })
    }
}

fn changes(method: &Method) -> bool {
    !method.is_safe()
}

async fn check(
    State((gate, rules)): State<(Gate, Rules)>,
    mut request: Request,
    next: Next,
) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("", MatchedPath::as_str);
    let Some(needed) = rules.needed(request.method(), route) else {
        return next.run(request).await;
    };
    let caller = match gate.admit(&request, needed) {
        Ok(caller) => caller,
        Err(refusal) => return refusal.into_response(),
    };
    request.extensions_mut().insert(caller.clone());
    let mut response = next.run(request).await;
    caller.tell(response.headers_mut());
    response
}
