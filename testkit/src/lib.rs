//! Real services for tests: a migrated database and a stream of their own for each test.

pub mod audit;
mod daemon;
mod hardware;
pub mod http;
pub mod keys;
mod services;
mod stop;
pub mod stream;
mod wait;

pub use daemon::{Daemon, Program, free_port, memory_of};
pub use hardware::{Hardware, field};
pub use services::{Services, TERMINATE_LANES};
pub use stop::told_to_stop;
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
