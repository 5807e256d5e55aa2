//! Whether keys are asked for.

use serde::Deserialize;
use validator::Validate;

use super::{BindConfig, Loader};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Auth {
    On,
    /// Whoever reaches the daemon may do everything.
    Off,
}

#[derive(Debug, Clone, Deserialize, Validate)]
pub struct AuthConfig {
    #[serde(default = "on")]
    pub auth: Auth,
}

fn on() -> Auth {
    Auth::On
}

impl AuthConfig {
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.auth == Auth::On
    }
}

/// `AUTH=off` is for local use: beyond loopback it would let everybody in.
pub fn refuse_open_doors(
    loader: &mut Loader,
    auth: Option<&AuthConfig>,
    bind: Option<&BindConfig>,
) {
    let (Some(auth), Some(bind)) = (auth, bind) else {
        return;
    };
    if !auth.is_on() && !bind.bind_address.is_loopback() {
        loader.refuse(
            "AUTH",
            "off is accepted only where BIND_ADDRESS is a loopback address such as 127.0.0.1; \
             `api keys create` makes keys, which AUTH=on asks for",
        );
    }
}
