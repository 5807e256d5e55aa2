use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::{sync::oneshot, task::yield_now};

use super::*;

fn answer(status: StatusCode, length: usize) -> Answer {
    Answer {
        status,
        headers: HeaderMap::new(),
        body: vec![b'x'; length].into(),
    }
}

fn at(reading: u64) -> Moment {
    Moment { reading, minute: 7 }
}

/// The length of the answer's body tells answers apart.
async fn ask(answers: &Answers, moment: Moment, question: &str, length: usize) -> usize {
    let work = || async move { answer(StatusCode::OK, length) };
    answers.get(moment, question.into(), work).await.body.len()
}

#[tokio::test]
async fn an_answer_stays_until_the_next_reading_or_minute() {
    let answers = Answers::new(1 << 20);
    assert_eq!(ask(&answers, at(1), "a", 10).await, 10);
    assert_eq!(ask(&answers, at(1), "a", 20).await, 10);
    assert_eq!(ask(&answers, at(1), "b", 30).await, 30);
    assert_eq!(ask(&answers, at(2), "a", 40).await, 40);
    let next_minute = Moment { minute: 8, ..at(2) };
    assert_eq!(ask(&answers, next_minute, "a", 50).await, 50);
}

#[tokio::test]
async fn errors_are_not_kept() {
    let answers = Answers::new(1 << 20);
    let busy = || async { answer(StatusCode::TOO_MANY_REQUESTS, 1) };
    let refused = answers.get(at(1), "a".into(), busy).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(answers.lock().entries.is_empty());
    assert_eq!(ask(&answers, at(1), "a", 10).await, 10);
}

#[tokio::test]
async fn bytes_are_bounded_and_the_oldest_goes_first() {
    let one = Entry::There(Arc::new(answer(StatusCode::OK, 1_000)));
    let answers = Answers::new(3 * bytes_of("0", &one));
    for n in 0..8 {
        assert_eq!(ask(&answers, at(1), &n.to_string(), 1_000).await, 1_000);
        let (bytes, most) = answers.lock().entries.bytes();
        assert!(bytes <= most);
        assert_eq!(
            ask(&answers, at(1), "0", 1).await,
            1_000,
            "asked all the time"
        );
    }
    assert_eq!(answers.lock().entries.len(), 3);
    assert_eq!(ask(&answers, at(1), "large", 100_000).await, 100_000);
    assert_eq!(ask(&answers, at(1), "large", 1).await, 1, "not kept");
}

#[tokio::test]
async fn identical_questions_share_one_computation_that_outlives_the_first_client() {
    let answers = Answers::new(1 << 20);
    let begun = Arc::new(AtomicUsize::new(0));
    let (send, receive) = oneshot::channel();
    let (count, mut receive) = (begun.clone(), Some(receive));
    let mut clients = Vec::new();
    for _ in 0..5 {
        let (answers, count, receive) = (answers.clone(), count.clone(), receive.take());
        clients.push(tokio::spawn(async move {
            let work = || async move {
                count.fetch_add(1, Ordering::SeqCst);
                let length = receive.expect("only the first computes").await;
                answer(StatusCode::OK, length.unwrap())
            };
            answers.get(at(1), "a".into(), work).await.body.len()
        }));
        yield_now().await;
    }
    clients.remove(0).abort();
    yield_now().await;
    send.send(42).unwrap();
    for client in clients {
        assert_eq!(client.await.unwrap(), 42);
    }
    assert_eq!(begun.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_computation_ends_when_nobody_waits_and_the_next_client_begins_anew() {
    let answers = Answers::new(1 << 20);
    let (dropped, ended) = oneshot::channel::<()>();
    let asking = {
        let answers = answers.clone();
        tokio::spawn(async move {
            let work = || async move {
                let _held = dropped;
                std::future::pending().await
            };
            answers.get(at(1), "a".into(), work).await;
        })
    };
    yield_now().await;
    asking.abort();
    assert!(ended.await.is_err(), "dropped, not sent");
    assert_eq!(ask(&answers, at(1), "a", 10).await, 10);
}
