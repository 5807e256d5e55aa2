//! Answers cached until the stream is read again, shared by all equal queries meanwhile.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared, WeakShared},
};

use crate::{observe, query::bounded::BoundedLru};

/// A response as it is sent, to any number of clients.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    /// The body must be in memory already, as that of a JSON answer is.
    pub(super) async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await;
        Self {
            status: parts.status,
            headers: parts.headers,
            body: body.unwrap_or_default(),
        }
    }

    /// About how much memory it takes.
    fn bytes(&self) -> usize {
        let header = size_of::<(axum::http::HeaderName, axum::http::HeaderValue)>() + 32;
        size_of::<Self>() + self.body.len() + self.headers.len() * header
    }
}

impl IntoResponse for &Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body.clone()));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        response
    }
}

/// What an answer may depend on besides its question: the reading of the stream, and the
/// running minute that `now` means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) reading: u64,
    pub(super) minute: i64,
}

/// An answer on its way. It goes on as long as one client waits for it, and when the last one
/// leaves it is dropped, which cancels its query in the database.
type Flight = Shared<BoxFuture<'static, Arc<Answer>>>;

#[derive(Debug)]
enum Entry {
    Coming(WeakShared<BoxFuture<'static, Arc<Answer>>>),
    There(Arc<Answer>),
}

fn bytes_of(question: &str, entry: &Entry) -> usize {
    let held = match entry {
        Entry::Coming(_) => 0,
        Entry::There(answer) => answer.bytes(),
    };
    size_of::<(String, Entry)>() + question.len() + held
}

/// By question, the least recently asked forgotten first; cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Answers(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    moment: Moment,
    entries: BoundedLru<String, Entry>,
}

enum Found {
    There(Arc<Answer>),
    Coming(Flight),
}

impl Answers {
    /// Holds at most about `most_bytes`.
    #[must_use]
    pub(super) fn new(most_bytes: usize) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            moment: Moment::default(),
            entries: BoundedLru::new(most_bytes, |question, entry| bytes_of(question, entry)),
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer of this moment: kept, on its way, or begun by this call. Only a 200 is kept;
    /// an error goes to those who wait for it.
    pub(super) async fn get<F>(
        &self,
        moment: Moment,
        question: String,
        work: impl FnOnce() -> F,
    ) -> Arc<Answer>
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        match self.find(moment, question, work) {
            Found::There(answer) => answer,
            Found::Coming(flight) => flight.await,
        }
    }

    fn find<F>(&self, moment: Moment, question: String, work: impl FnOnce() -> F) -> Found
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let mut inner = self.lock();
        if inner.moment != moment {
            inner.moment = moment;
            inner.entries.clear();
        }
        match inner.entries.get(&question) {
            Some(Entry::There(answer)) => {
                observe::answer("memory");
                return Found::There(answer.clone());
            }
            Some(Entry::Coming(flight)) => {
                if let Some(flight) = flight.upgrade() {
                    observe::answer("shared");
                    return Found::Coming(flight);
                }
            }
            None => {}
        }
        observe::answer("new");
        let (answers, asked, work) = (self.clone(), question.clone(), work());
        let flight = async move {
            let answer = Arc::new(work.await);
            answers.settle(moment, asked, &answer);
            answer
        };
        let flight = flight.boxed().shared();
        if let Some(flight) = flight.downgrade() {
            inner.entries.put(question, Entry::Coming(flight));
        }
        Found::Coming(flight)
    }

    fn settle(&self, moment: Moment, question: String, answer: &Arc<Answer>) {
        let mut inner = self.lock();
        if inner.moment != moment {
            return;
        }
        if answer.status == StatusCode::OK {
            inner.entries.put(question, Entry::There(answer.clone()));
        } else {
            inner.entries.remove(&question);
        }
        observe::answer_bytes(inner.entries.bytes());
    }
}

#[cfg(test)]
mod tests;
