//! `wait`: follows an object until it is as wanted.

use std::time::Duration;

use tokio::time::Instant;

use super::Call;
use super::clauses::{Clauses, Condition, advice_clause};
use super::settle::{made_again, reference};
use crate::expression::shell;
use crate::failure::{Attempt, Failure, FailureKind, ObjectRef, scope};
use crate::kind::Kind;
use crate::kubernetes::{Backoff, RequestError, WatchEvent, Watching};
use crate::tool::Outcome;

/// Longest time that a wait may take, whatever a spec says.
const LONGEST: Duration = Duration::from_hours(1);

/// Progress is reported this often even where nothing changes, so that clients do not give up.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A watch that lived shorter than this ended too soon: the next one waits a little longer.
const SHORT_ROUND: Duration = Duration::from_secs(5);

/// A request that was begun in time may be answered a little later.
const GRACE: Duration = Duration::from_secs(1);

type FailWhen<'a, K> = Box<dyn Fn(&K) -> Result<Option<String>, Failure> + Send + Sync + 'a>;
type Report<'a, K> = Box<dyn Fn(&K) -> Result<Progress, Failure> + Send + Sync + 'a>;

/// How far a wait is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What is reached.
    pub done: i64,
    /// What is wanted.
    pub of: i64,
    /// What is going on.
    pub say: String,
}

/// A `wait` step.
#[must_use = "a step does nothing before it is run"]
pub struct Wait<'c, 'a, K> {
    call: &'c mut Call,
    seen: K,
    object: ObjectRef,
    after: Option<Condition<'a, K>>,
    until: Option<Condition<'a, K>>,
    fail: Option<FailWhen<'a, K>>,
    progress: Option<Report<'a, K>>,
    timeout: Duration,
    reported: Option<Progress>,
    clauses: Clauses<'a>,
}

/// How waiting ended.
enum End {
    Reached,
    TimedOut,
    Cancelled,
}

impl Call {
    /// `wait` for an object that was read or written before.
    pub fn wait<'c, 'a, K: Kind>(&'c mut self, object: &K) -> Wait<'c, 'a, K> {
        Wait {
            seen: object.clone(),
            object: reference(object),
            call: self,
            after: None,
            until: None,
            fail: None,
            progress: None,
            timeout: LONGEST,
            reported: None,
            clauses: Clauses::default(),
        }
    }
}

impl<'a, K: Kind> Wait<'_, 'a, K> {
    advice_clause!();

    /// `until` counts only once this held: for status that lags behind what was asked for.
    pub fn after(mut self, after: impl Fn(&K) -> Result<bool, Failure> + Send + Sync + 'a) -> Self {
        self.after = Some(Box::new(after));
        self
    }

    /// Done where it holds.
    pub fn until(mut self, until: impl Fn(&K) -> Result<bool, Failure> + Send + Sync + 'a) -> Self {
        self.until = Some(Box::new(until));
        self
    }

    /// Hopeless where it gives a message.
    pub fn fail(mut self, fail: impl Fn(&K) -> Result<Option<String>, Failure> + Send + Sync + 'a) -> Self {
        self.fail = Some(Box::new(fail));
        self
    }

    /// What to report meanwhile.
    pub fn progress(mut self, progress: impl Fn(&K) -> Result<Progress, Failure> + Send + Sync + 'a) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    /// How long to wait, in seconds.
    pub fn timeout(mut self, seconds: i64) -> Self {
        self.timeout = Duration::from_secs(u64::try_from(seconds).unwrap_or(0)).min(LONGEST);
        self
    }

    /// Waits: the object as last seen. A time-out is no failure: the outcome is then `timed_out`. In a dry
    /// run nothing is waited for. Nothing is undone after a wait has begun.
    pub async fn run(mut self) -> Result<K, Failure> {
        if self.call.dry_run {
            self.call.warn("A dry run does not wait.");
            return Ok(self.seen);
        }
        self.call.waited = true;
        let begun = Instant::now();
        let ended = self.follow(begun + self.timeout).await;
        self.call.spent_aside(begun);
        match ended? {
            End::Reached => {}
            End::TimedOut => self.call.outcome = Some(Outcome::TimedOut),
            End::Cancelled => return Err(Failure::cancelled().on(self.object.clone())),
        }
        Ok(self.seen)
    }

    async fn follow(&mut self, until: Instant) -> Result<End, Failure> {
        if self.reached()? {
            return Ok(End::Reached);
        }
        let cancellation = self.call.cancellation.clone();
        let mut version = self.seen.metadata().resource_version.clone().filter(|version| !version.is_empty());
        let mut backoff = Backoff::default();
        let mut troubled: Option<String> = None;
        // Requests go by the deadline of the wait, not of the call.
        let deadline = std::mem::replace(&mut self.call.link.deadline, until + GRACE);
        let ended = loop {
            let begun = Instant::now();
            let round = tokio::select! {
                biased;
                () = cancellation.cancelled() => break Ok(End::Cancelled),
                () = tokio::time::sleep_until(until) => break Ok(End::TimedOut),
                round = self.round(&mut version, until) => round,
            };
            let asked = match round {
                Ok(true) => break Ok(End::Reached),
                Ok(false) => None,
                Err(Stop::Failed(failure)) => break Err(failure),
                Err(Stop::Broken(error)) if error.is_passing() => {
                    troubled = Some(error.to_string());
                    error.retry_after()
                }
                Err(Stop::Broken(error)) => {
                    break Err(self.clauses.failure(self.call, error, Attempt::Watch, &self.object));
                }
            };
            if begun.elapsed() > SHORT_ROUND {
                backoff = Backoff::default();
                troubled = None;
            }
            let again = (Instant::now() + backoff.next(asked)).min(until);
            tokio::select! {
                biased;
                () = cancellation.cancelled() => break Ok(End::Cancelled),
                () = tokio::time::sleep_until(again) => {}
            }
        };
        self.call.link.deadline = deadline;
        if let (Ok(End::TimedOut), Some(trouble)) = (&ended, troubled) {
            self.call.warn(format!("{} could not be followed to the end: {trouble}", self.object));
        }
        ended
    }

    /// Reads the object where no version is known, then watches it until it is as wanted (`true`) or the
    /// watch ends (`false`: take it up again).
    async fn round(&mut self, version: &mut Option<String>, until: Instant) -> Result<bool, Stop> {
        let namespace = self.object.namespace.clone();
        let name = self.object.name.clone().unwrap_or_default();
        if version.is_none() {
            let Some((object, _)) = self.call.reread::<K>(&self.object).await? else { return Err(self.gone().into()) };
            version.clone_from(&object.metadata().resource_version);
            if self.look(object)? {
                return Ok(true);
            }
        }
        let from = version.clone().unwrap_or_default();
        let mut watching =
            match Watching::open(&self.call.link, &K::INFO, namespace.as_deref(), &name, &from, until).await {
                Ok(watching) => watching,
                Err(error) if error.is_expired() => {
                    *version = None;
                    return Ok(false);
                }
                Err(error) => return Err(error.into()),
            };
        let mut heartbeat = tokio::time::interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        loop {
            let event = tokio::select! {
                event = watching.next::<K>() => event?,
                _ = heartbeat.tick() => {
                    self.report(true)?;
                    continue;
                }
            };
            match event {
                WatchEvent::Present(object) => {
                    *version = object.metadata().resource_version.clone().or(version.take());
                    if self.look(*object)? {
                        return Ok(true);
                    }
                }
                WatchEvent::Gone => return Err(self.gone().into()),
                WatchEvent::Bookmark(seen) if !seen.is_empty() => *version = Some(seen),
                WatchEvent::Bookmark(_) => {}
                WatchEvent::TooOld => {
                    *version = None;
                    return Ok(false);
                }
                WatchEvent::Ended => return Ok(false),
            }
        }
    }

    /// Takes a new state in: whether it is as wanted.
    fn look(&mut self, object: K) -> Result<bool, Failure> {
        if object.metadata().uid != self.seen.metadata().uid {
            return Err(made_again(&self.object));
        }
        self.seen = object;
        self.reached()
    }

    fn reached(&mut self) -> Result<bool, Failure> {
        self.report(false)?;
        if self.after.as_ref().map_or(Ok(false), |after| after(&self.seen))? {
            self.after = None;
        }
        if self.after.is_none() && self.until.as_ref().map_or(Ok(true), |until| until(&self.seen))? {
            return Ok(true);
        }
        if let Some(fail) = &self.fail
            && let Some(message) = fail(&self.seen)?
        {
            let failure = Failure::new(FailureKind::WaitFailed, format!("{} will not become ready.", self.object))
                .on(self.object.clone())
                .because(message);
            let (resource, named, scope) = (K::INFO.resource(), shell(&self.seen.metadata().name), scope(&self.object));
            return Err(self.call.masked(failure.advise(format!("Nothing was undone. See `kubectl describe {resource} {named}{scope}` and the operator's log for the cause."))));
        }
        Ok(false)
    }

    /// Reports progress where it changed, or to show that the wait goes on.
    fn report(&mut self, anyway: bool) -> Result<(), Failure> {
        let Some(progress) = &self.progress else { return Ok(()) };
        let mut now = progress(&self.seen)?;
        now.say = self.call.secrets.mask(&now.say);
        if anyway || self.reported.as_ref() != Some(&now) {
            self.call.progress.report(now.done, now.of, &now.say);
            self.reported = Some(now);
        }
        Ok(())
    }

    fn gone(&self) -> Failure {
        Failure::new(FailureKind::WaitFailed, format!("{} was deleted while it was waited for.", self.object))
            .on(self.object.clone())
    }
}

/// Why a round stopped.
enum Stop {
    Failed(Failure),
    Broken(RequestError),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<RequestError> for Stop {
    fn from(error: RequestError) -> Self {
        Self::Broken(error)
    }
}
