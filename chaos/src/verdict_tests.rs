use super::*;

#[test]
fn a_broken_build_is_caught_by_what_it_breaks_and_by_nothing_else() {
    let lost = Findings {
        lost: 3,
        ..Findings::default()
    };
    assert!(of_broken_build(Kind::Lost, &lost).is_empty());
    assert_eq!(of_broken_build(Kind::DoubleCounted, &lost).len(), 1);
    assert_eq!(of_broken_build(Kind::Lost, &Findings::default()).len(), 1);
}

fn answers(lacking: &[bool]) -> Vec<Answer> {
    let began = Instant::now();
    let answer = |(second, lacks): (u64, &bool)| Answer {
        sent: began + Duration::from_secs(second),
        took: Duration::ZERO,
        status: Some(if *lacks { 503 } else { 202 }),
        retry_after: None,
        code: if *lacks { "stream_unavailable" } else { "" }.to_owned(),
    };
    (0..).zip(lacking).map(answer).collect()
}

#[test]
fn refusals_in_a_row_are_a_want_once_they_last() {
    let three = Duration::from_secs(3);
    let brief = answers(&[false, true, true, true, false, true, true]);
    assert!(wants(&brief, three).is_empty());
    let lasting = answers(&[false, true, true, true, true, false]);
    assert_eq!(wants(&lasting, three), [lasting[1].sent]);
}

#[test]
fn who_refuses_says_when_to_ask_again() {
    let mut answers = answers(&[true, false]);
    assert!(of_every_refusal(&answers).is_some());
    answers[0].retry_after = Some(1);
    assert!(of_every_refusal(&answers).is_none());
}

/// The fault is there from the first answer on.
fn observed(answers: Vec<Answer>) -> Observed {
    let first_fault = answers[0].sent;
    Observed {
        first_fault,
        healing: first_fault + Duration::from_secs(60),
        recovery: Recovery {
            accepted: None,
            committed: None,
        },
        not_ready_at_the_end: Vec::new(),
        answers,
        troubles: 0,
        pause: Duration::ZERO,
        before: BTreeMap::new(),
        after: BTreeMap::new(),
        mortal: BTreeSet::new(),
    }
}

#[test]
fn a_full_backlog_is_no_refusal_for_want_of_redis() {
    let promise = Promise {
        refuses: Some(Duration::ZERO),
        refuses_by: Some("stream_unavailable"),
        ..Promise::default()
    };
    let mut seen = observed(answers(&[false, true, true]));
    assert!(of_refusals(&promise, &seen).is_empty());
    assert_eq!(of_code(&promise, &seen), None);
    seen.answers[2].status = Some(429);
    assert_eq!(of_refusals(&promise, &seen).len(), 1);
    seen.answers[1].code.clear();
    seen.answers[2].code.clear();
    assert!(of_code(&promise, &seen).is_some());
}

#[test]
fn nobody_waits_for_the_collector_without_end() {
    let mut seen = observed(answers(&[false, true]));
    assert_eq!(of_hanging(&seen), None);
    seen.answers[0].took = COLLECTOR_ANSWERS;
    assert!(of_hanging(&seen).is_some());
    seen.pause = Duration::from_secs(1);
    assert_eq!(of_hanging(&seen), None);
}
