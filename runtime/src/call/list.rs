//! `list`: objects of a kind, page by page.

use std::marker::PhantomData;

use super::Call;
use super::clauses::{Clauses, Condition, advice_clause, forbidden_clause};
use crate::expression::NewestHeap;
use crate::failure::{Attempt, Failure, ObjectRef};
use crate::kind::Kind;
use crate::kubernetes::{ApiRequest, ListPage, RequestError, Selector};
use crate::time::Time;

/// Objects asked for at once where all pages are read.
pub(super) const PAGE_SIZE: u32 = 250;

/// Where to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    /// One namespace.
    Namespace(&'a str),
    /// Every namespace; also for kinds without namespaces.
    AllNamespaces,
}

/// What the closure of `newest` returns: a time, or none.
pub trait MaybeTime {
    /// The time.
    ///
    /// # Errors
    /// The failure to work it out.
    fn into_time(self) -> Result<Option<Time>, Failure>;
}

impl MaybeTime for Time {
    fn into_time(self) -> Result<Option<Time>, Failure> {
        Ok(Some(self))
    }
}

impl MaybeTime for Option<Time> {
    fn into_time(self) -> Result<Option<Time>, Failure> {
        Ok(self)
    }
}

impl<T: MaybeTime> MaybeTime for Result<T, Failure> {
    fn into_time(self) -> Result<Option<Time>, Failure> {
        self.and_then(MaybeTime::into_time)
    }
}

/// A `list` step.
#[must_use = "a step does nothing before it is sent"]
pub struct List<'c, 'a, K> {
    pub(super) call: &'c mut Call,
    pub(super) objects: ObjectRef,
    pub(super) selector: Selector,
    pub(super) keep: Option<Condition<'a, K>>,
    pub(super) clauses: Clauses<'a>,
    kind: PhantomData<fn() -> K>,
}

impl Call {
    /// `list` of the objects of a kind.
    pub fn list<'c, 'a, K: Kind>(&'c mut self, scope: Scope<'_>) -> List<'c, 'a, K> {
        let namespace = match scope {
            Scope::Namespace(namespace) if K::INFO.namespaced => Some(namespace.to_owned()),
            _ => None,
        };
        let objects = ObjectRef { kind: K::INFO, namespace, name: None };
        List {
            call: self,
            objects,
            selector: Selector::default(),
            keep: None,
            clauses: Clauses::default(),
            kind: PhantomData,
        }
    }
}

impl<'a, K: Kind> List<'_, 'a, K> {
    advice_clause!();
    forbidden_clause!();

    /// `missing: ok`: where the kind is not known, the list is empty.
    pub fn missing_ok(mut self) -> Self {
        self.clauses.missing_ok = true;
        self
    }

    /// Only objects with this label.
    pub fn label(mut self, key: &str, value: impl AsRef<str>) -> Self {
        self.selector.labels.push((key.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Only objects with this value of a field that the API server can select by.
    pub fn field(mut self, path: &str, value: impl AsRef<str>) -> Self {
        // Kubernetes' own escapes of field selectors (apimachinery, `fields.EscapeValue`).
        let value = value.as_ref().replace('\\', "\\\\").replace(',', "\\,").replace('=', "\\=");
        self.selector.fields.push((path.to_owned(), value));
        self
    }

    /// Only objects for which the condition holds; it is asked here, not at the API server.
    pub fn keep(mut self, keep: impl Fn(&K) -> Result<bool, Failure> + Send + Sync + 'a) -> Self {
        self.keep = Some(Box::new(keep));
        self
    }

    /// All of them, in the API server's order.
    pub async fn all(mut self) -> Result<Vec<K>, Failure> {
        let mut kept = Vec::new();
        self.each_page(|item| {
            kept.push(item);
            Ok(())
        })
        .await?;
        Ok(kept)
    }

    /// The newest `count` of them, newest first, those without a time last. No more than `count` and one
    /// page are in memory at any time.
    pub async fn newest<T: MaybeTime>(
        mut self,
        count: i64,
        by: impl Fn(&K) -> T + Send + Sync,
    ) -> Result<Vec<K>, Failure> {
        let mut newest = NewestHeap::new(count);
        self.each_page(|item| {
            newest.offer(by(&item).into_time()?, item);
            Ok(())
        })
        .await?;
        Ok(newest.into_newest_first())
    }

    /// Hands every kept item on, page by page.
    async fn each_page(&mut self, mut take: impl FnMut(K) -> Result<(), Failure> + Send) -> Result<(), Failure> {
        self.selectable()?;
        let mut token: Option<String> = None;
        loop {
            self.call.go_on()?;
            let page = match self.fetch(PAGE_SIZE, token.as_deref()).await {
                Ok(page) => page,
                Err(error) if error.is_expired() && token.is_some() => match self.after_expiry(&error) {
                    // The token that came with the error goes on from the same place.
                    Some(next) => {
                        token = Some(next);
                        continue;
                    }
                    None => return self.failed(error),
                },
                Err(error) => return self.failed(error),
            };
            let next = page.metadata.next().map(str::to_owned);
            for item in page.items {
                if self.keeps(&item)? {
                    take(item)?;
                }
            }
            match next {
                Some(next) => token = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// A failure, or nothing where the step takes it as an empty list.
    pub(super) fn failed(&mut self, error: RequestError) -> Result<(), Failure> {
        let failure = self.clauses.failure(self.call, error, Attempt::List, &self.objects);
        self.clauses.absent::<()>(self.call, failure, self.clauses.missing_ok).map(|_| ())
    }

    /// The token that goes on after a page expired, where the server gives one; the answer says so.
    pub(super) fn after_expiry(&mut self, error: &RequestError) -> Option<String> {
        let token =
            error.status().map(|status| status.metadata.continue_token.clone()).filter(|token| !token.is_empty())?;
        self.call.warn(list_may_have_changed(&self.objects));
        Some(token)
    }

    pub(super) fn keeps(&self, item: &K) -> Result<bool, Failure> {
        self.keep.as_ref().map_or(Ok(true), |keep| keep(item))
    }

    /// A label value with a comma or an operator in it would become another selector.
    pub(super) fn selectable(&self) -> Result<(), Failure> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        match self.selector.labels.iter().find(|(_, value)| !value.chars().all(plain)) {
            Some((key, value)) => {
                Err(Failure::refused(format!("`{value}` is no value that the label `{key}` can have.")))
            }
            None => Ok(()),
        }
    }

    /// One page.
    pub(super) async fn fetch(&mut self, size: u32, token: Option<&str>) -> Result<ListPage<K>, RequestError> {
        let request = ApiRequest::list(&K::INFO, self.objects.namespace.as_deref(), &self.selector, size, token);
        let answer = self.call.link.read(&request).await?;
        self.call.touch(&self.objects);
        answer.read()
    }
}

/// The warning after a list went on with another version of itself.
pub(super) fn list_may_have_changed(objects: &ObjectRef) -> String {
    format!(
        "The list of {objects} changed while it was read; objects made or deleted meanwhile may be missing or shown."
    )
}
