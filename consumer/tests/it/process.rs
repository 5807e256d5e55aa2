//! The maintenance commands of the real binary.

use crate::harness::{World, at, events, run_to_end};

#[tokio::test]
async fn check_and_rebuild_say_by_their_exit_code_what_they_found() {
    let mut world = World::new().await;
    let rollup = |arguments: &[&str]| {
        let all = [&["rollup"], arguments].concat();
        let (output, _) = run_to_end(world.variables(&[]), &all);
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    assert_eq!(rollup(&["check"]).0, Some(0), "nothing is no drift");
    let mut producer = world.producer.clone();
    producer.batch(&events(0..100)).await;
    let consumer = world.consumer(&[]).await;
    world.settled(100).await;
    assert_eq!(rollup(&["check"]).0, Some(0));
    let plant = "DELETE FROM rollup_1m WHERE dimension = 5";
    world.db.batch_execute(plant).await.unwrap();
    assert_eq!(rollup(&["check"]).0, Some(1));
    assert_eq!(
        rollup(&["rebuild", "--from", &at(-60), "--to", &at(600)]).0,
        Some(0)
    );
    assert_eq!(rollup(&["check"]).0, Some(0));
    let (code, message) = rollup(&["check", "--from", "yesterday"]);
    assert_eq!(code, Some(1));
    assert!(message.contains("--from"), "{message}");
    world.producer.batch(&events(100..200)).await;
    world.settled(200).await;
    consumer.stop().await;
}
