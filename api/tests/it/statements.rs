use api::query::statements;
use testkit::Services;

#[tokio::test]
async fn every_statement_prepares_and_has_a_name() {
    let services = Services::start().await;
    let client = services.db().await;
    for statement in statements::all() {
        assert!(statement.0.starts_with("-- "), "{}", statement.0);
        client
            .prepare(statement.0)
            .await
            .unwrap_or_else(|error| panic!("{}\n{error:?}", statement.0));
    }
}
