//! Writes whose answer was lost: what happened is found out by reading, before anything else is done.

use std::time::Duration;

use tokio::time::Instant;

use super::Call;
use crate::expression::shell;
use crate::failure::{Attempt, Failure, FailureKind, Leftover, ObjectRef, scope};
use crate::kind::Kind;
use crate::kubernetes::{Answer, ApiRequest, Link, RequestError};

/// Annotation on objects that this server made: the call that made them. An object that carries the id
/// of a call whose create got no answer was made by that create.
pub const CALL_ID_ANNOTATION: &str = "cnpg-mcp.io/call-id";

/// Time that settling may take beyond the call's deadline: an answer that says what happened a little
/// late is worth more than one in time that does not.
const GRACE: Duration = Duration::from_secs(5);

/// Most attempts at a write whose answers are lost or in conflict without end.
pub(super) const MAX_UNKNOWN: u32 = 4;

impl Call {
    /// The way to the API server, with a little time left in any case.
    pub(super) fn settling(&self) -> Link {
        let mut link = self.link.clone();
        link.deadline = link.deadline.max(Instant::now() + GRACE);
        link
    }

    /// Reads an object that a write may have changed; `None` where it is not there.
    pub(super) async fn reread<K: Kind>(&self, object: &ObjectRef) -> Result<Option<(K, Answer)>, RequestError> {
        let name = object.name.as_deref().unwrap_or_default();
        let request = ApiRequest::get(&K::INFO, object.namespace.as_deref(), name);
        match self.settling().read(&request).await {
            Ok(answer) => Ok(Some((answer.read()?, answer))),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The failure of a write whose result could not be found out.
    pub(super) fn unknown(
        &self,
        attempt: Attempt,
        object: &ObjectRef,
        lost: &RequestError,
        reading: Option<&RequestError>,
    ) -> Failure {
        let participle = match attempt {
            Attempt::Create => "created",
            Attempt::Delete => "deleted",
            _ => "changed",
        };
        let why = match reading {
            Some(reading) => format!("{lost} Reading it afterwards failed as well: {reading}"),
            None => lost.to_string(),
        };
        let resource = object.kind.resource();
        let named = shell(object.name.as_deref().unwrap_or_default());
        let scope = scope(object);
        let mut failure = Failure::new(FailureKind::ResultUnknown, format!("Whether {object} was {participle} is not known: the request was sent, but its answer was lost."))
            .on(object.clone())
            .because(why)
            .advise(format!("Nothing was taken back. Look at it with `kubectl get {resource} {named}{scope} -o yaml` when the API server is well, then call again."));
        if attempt == Attempt::Create {
            failure.add_leftover(Leftover { what: format!("{object} may exist."), command: Some(deletion(object)) });
        }
        self.masked(failure)
    }

    /// Texts of the API server's warnings go to the answer's.
    pub(super) fn take_warnings(&mut self, answer: &Answer) {
        for warning in &answer.warnings {
            self.warn(format!("The API server warns: {warning}"));
        }
    }
}

/// The command that deletes an object.
pub(super) fn deletion(object: &ObjectRef) -> String {
    format!(
        "kubectl delete {} {}{}",
        object.kind.resource(),
        shell(object.name.as_deref().unwrap_or_default()),
        scope(object)
    )
}

/// The object that a handler holds, for texts and requests.
pub(super) fn reference<K: Kind>(object: &K) -> ObjectRef {
    let metadata = object.metadata();
    ObjectRef {
        kind: K::INFO,
        namespace: metadata.namespace.clone().filter(|_| K::INFO.namespaced),
        name: Some(metadata.name.clone()),
    }
}

/// The failure where an object is another one than the handler read.
pub(super) fn made_again(object: &ObjectRef) -> Failure {
    Failure::new(
        FailureKind::Conflict,
        format!("{object} was deleted and made again meanwhile; the new one was not touched."),
    )
    .on(object.clone())
    .advise("Call again if the new one is meant.")
}
