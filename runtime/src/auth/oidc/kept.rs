//! What is fetched from the provider and kept.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

use super::ProviderError;

/// How long what was fetched is kept, and how often it may be fetched.
#[derive(Debug, Clone, Copy)]
pub struct KeepTimes {
    /// How long it is not fetched again.
    pub fresh: Duration,
    /// Time between attempts while the provider is away and there is something to go on with.
    pub retry: Duration,
    /// How many times in a row it may be fetched ahead of time, because something is not in it.
    pub ahead: u32,
    /// Time after which it may be fetched ahead of time once more.
    pub ahead_every: Duration,
}

impl Default for KeepTimes {
    fn default() -> Self {
        Self {
            fresh: Duration::from_hours(1),
            retry: Duration::from_secs(10),
            ahead: 4,
            ahead_every: Duration::from_secs(15),
        }
    }
}

/// One document of the provider. Whoever needs it while it is fetched for the first time waits for that one
/// fetch; later ones go on with what there is.
#[derive(Debug)]
pub(super) struct Kept<T> {
    what: &'static str,
    times: KeepTimes,
    value: RwLock<Option<Value<T>>>,
    fetching: Mutex<Fetching>,
}

#[derive(Debug)]
struct Value<T> {
    value: Arc<T>,
    fetched: Instant,
}

/// Who holds this fetches.
#[derive(Debug)]
struct Fetching {
    failed: Option<(Instant, ProviderError)>,
    /// Fetches ahead of time that are left, and since when they are counted.
    ahead: u32,
    counted: Instant,
}

/// Time in which those who waited for a first fetch that failed are told the same.
const SHARED_FAILURE: Duration = Duration::from_secs(1);

impl<T> Kept<T> {
    /// `what` it is, for the log.
    pub(super) fn new(what: &'static str, times: KeepTimes) -> Self {
        let fetching = Fetching { failed: None, ahead: times.ahead, counted: Instant::now() };
        Self { what, times, value: RwLock::new(None), fetching: Mutex::new(fetching) }
    }

    /// What there is, fetched where there is nothing, or nothing fresh.
    ///
    /// # Errors
    /// Where there is nothing and it cannot be fetched.
    pub(super) async fn get<F>(&self, fetch: impl FnOnce() -> F) -> Result<Arc<T>, ProviderError>
    where
        F: Future<Output = Result<T, ProviderError>>,
    {
        match self.present() {
            Some((value, true)) => Ok(value),
            Some((value, false)) => {
                // Another one fetches already: this one need not wait.
                let Ok(mut fetching) = self.fetching.try_lock() else { return Ok(value) };
                if fetching.failed_within(self.times.retry).is_some() {
                    return Ok(value);
                }
                Ok(self.fetch(&mut fetching, fetch).await.unwrap_or(value))
            }
            None => {
                let mut fetching = self.fetching.lock().await;
                if let Some((value, _)) = self.present() {
                    return Ok(value);
                }
                if let Some(error) = fetching.failed_within(SHARED_FAILURE) {
                    return Err(error.clone());
                }
                self.fetch(&mut fetching, fetch).await
            }
        }
    }

    /// What is newer than what somebody has, fetched ahead of time. `None` where that may not be fetched
    /// again so soon.
    ///
    /// # Errors
    /// Where it cannot be fetched.
    pub(super) async fn newer<F>(
        &self,
        than: &Arc<T>,
        fetch: impl FnOnce() -> F,
    ) -> Result<Option<Arc<T>>, ProviderError>
    where
        F: Future<Output = Result<T, ProviderError>>,
    {
        let mut fetching = self.fetching.lock().await;
        if let Some((value, _)) = self.present()
            && !Arc::ptr_eq(&value, than)
        {
            return Ok(Some(value));
        }
        if !fetching.may_fetch_ahead(self.times) {
            return Ok(None);
        }
        self.fetch(&mut fetching, fetch).await.map(Some)
    }

    /// What there is, and whether it is fresh.
    fn present(&self) -> Option<(Arc<T>, bool)> {
        let value = self.value.read().unwrap_or_else(PoisonError::into_inner);
        value.as_ref().map(|value| (Arc::clone(&value.value), value.fetched.elapsed() < self.times.fresh))
    }

    async fn fetch<F>(
        &self,
        fetching: &mut MutexGuard<'_, Fetching>,
        fetch: impl FnOnce() -> F,
    ) -> Result<Arc<T>, ProviderError>
    where
        F: Future<Output = Result<T, ProviderError>>,
    {
        // Boxed: a fetch is seldom, and its state would be part of every request's.
        match Box::pin(fetch()).await {
            Ok(value) => {
                tracing::debug!(what = self.what, "fetched from the identity provider");
                let value = Arc::new(value);
                let kept = Value { value: Arc::clone(&value), fetched: Instant::now() };
                *self.value.write().unwrap_or_else(PoisonError::into_inner) = Some(kept);
                fetching.failed = None;
                Ok(value)
            }
            Err(error) => {
                tracing::warn!(what = self.what, %error, "could not be fetched from the identity provider");
                fetching.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }
}

impl Fetching {
    fn failed_within(&self, time: Duration) -> Option<&ProviderError> {
        self.failed.as_ref().filter(|(failed, _)| failed.elapsed() < time).map(|(_, error)| error)
    }

    /// Takes one of the fetches ahead of time that are left; they come back with time.
    fn may_fetch_ahead(&mut self, times: KeepTimes) -> bool {
        while self.ahead < times.ahead && self.counted.elapsed() >= times.ahead_every {
            self.ahead += 1;
            self.counted += times.ahead_every;
        }
        if self.ahead == times.ahead {
            self.counted = Instant::now();
        }
        let may = self.ahead > 0;
        self.ahead = self.ahead.saturating_sub(1);
        may
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const TIMES: KeepTimes = KeepTimes {
        fresh: Duration::from_hours(1),
        retry: Duration::from_secs(10),
        ahead: 2,
        ahead_every: Duration::from_secs(15),
    };

    /// Fetches that are counted, and fail where they are told to.
    #[derive(Default)]
    struct Source {
        fetched: AtomicU32,
        away: std::sync::atomic::AtomicBool,
    }

    impl Source {
        async fn fetch(&self) -> Result<u32, ProviderError> {
            let count = self.fetched.fetch_add(1, Ordering::Relaxed) + 1;
            tokio::time::sleep(Duration::from_millis(100)).await;
            if self.away.load(Ordering::Relaxed) { Err(ProviderError::away("gone")) } else { Ok(count) }
        }

        fn count(&self) -> u32 {
            self.fetched.load(Ordering::Relaxed)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn many_wait_for_one_fetch_and_share_its_failure() {
        let (kept, source) = (Kept::new("numbers", TIMES), Source::default());
        source.away.store(true, Ordering::Relaxed);
        let failed = futures::future::join_all((0..50).map(|_| kept.get(|| source.fetch()))).await;
        assert!(failed.iter().all(Result::is_err));
        assert_eq!(source.count(), 1);
        source.away.store(false, Ordering::Relaxed);
        tokio::time::advance(Duration::from_secs(2)).await;
        let got = futures::future::join_all((0..50).map(|_| kept.get(|| source.fetch()))).await;
        assert!(got.iter().all(|value| **value.as_ref().unwrap() == 2));
        assert_eq!(source.count(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn what_there_is_is_kept_while_the_provider_is_away() {
        let (kept, source) = (Kept::new("numbers", TIMES), Source::default());
        assert_eq!(*kept.get(|| source.fetch()).await.unwrap(), 1);
        source.away.store(true, Ordering::Relaxed);
        tokio::time::advance(Duration::from_hours(1)).await;
        for _ in 0..5 {
            assert_eq!(*kept.get(|| source.fetch()).await.unwrap(), 1);
        }
        assert_eq!(source.count(), 2, "one attempt in ten seconds");
        tokio::time::advance(Duration::from_secs(11)).await;
        source.away.store(false, Ordering::Relaxed);
        assert_eq!(*kept.get(|| source.fetch()).await.unwrap(), 3);
        tokio::time::advance(Duration::from_mins(59)).await;
        assert_eq!(*kept.get(|| source.fetch()).await.unwrap(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn fetches_ahead_of_time_are_few() {
        let (kept, source) = (Kept::new("numbers", TIMES), Source::default());
        let first = kept.get(|| source.fetch()).await.unwrap();
        // One that has an old value is given the newer one, without a fetch.
        let second = kept.newer(&first, || source.fetch()).await.unwrap().unwrap();
        assert_eq!(*kept.newer(&first, || source.fetch()).await.unwrap().unwrap(), 2);
        assert_eq!(*kept.newer(&second, || source.fetch()).await.unwrap().unwrap(), 3);
        let third = kept.get(|| source.fetch()).await.unwrap();
        for _ in 0..100 {
            assert!(kept.newer(&third, || source.fetch()).await.unwrap().is_none());
        }
        assert_eq!(source.count(), 3);
        tokio::time::advance(Duration::from_secs(16)).await;
        let fourth = kept.newer(&third, || source.fetch()).await.unwrap().unwrap();
        assert!(kept.newer(&fourth, || source.fetch()).await.unwrap().is_none());
        // Unused ones do not pile up.
        tokio::time::advance(Duration::from_hours(10)).await;
        let mut last = fourth;
        for _ in 0..2 {
            last = kept.newer(&last, || source.fetch()).await.unwrap().unwrap();
        }
        assert!(kept.newer(&last, || source.fetch()).await.unwrap().is_none());
    }
}
