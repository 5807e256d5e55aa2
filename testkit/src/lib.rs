//! Real services for tests: a migrated database and a stream of their own for each test.

pub mod audit;
mod daemon;
pub mod http;
pub mod keys;
mod services;
pub mod stream;
mod wait;

pub use daemon::{Daemon, Program, free_port};
pub use services::Services;
pub use wait::{wait_for, wait_until};

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn migrations_apply_twice() {
        let services = Services::start().await;
        let again = consumer::migrate::run(&services.postgres).await.unwrap();
        assert!(again.is_empty(), "{again:?}");
    }
}
