//! One page of a list, and where it goes on.
//!
//! The cursor is made after the response budget has cut the page, from the last item that is returned;
//! so what was fetched is remembered item by item until then.

use tokio::time::Instant;

use super::cursor::{Cursor, parameter, query_hash};
use super::list::{List, PAGE_SIZE, list_may_have_changed};
use super::{Call, Scope};
use crate::failure::{Attempt, Failure};
use crate::kind::Kind;

/// Most pages that one call reads where items are filtered here.
const MAX_PAGES: u32 = 20;

/// Most items a page can have (the specs allow fewer).
const MAX_LIMIT: i64 = 500;

/// Paging of a call, for its answer.
#[derive(Debug, Clone, Default)]
pub struct Paging {
    query: String,
    /// For each item: the token that fetched its page, and its key.
    items: Vec<(Option<String>, String)>,
    /// Where it goes on after the last item, where there is more.
    rest: Option<Cursor>,
    /// Items of calls before this one.
    seen_before: Option<i64>,
    total: Option<i64>,
    scanned: Option<i64>,
}

impl Paging {
    /// Items that the handler got.
    pub fn fetched(&self) -> usize {
        self.items.len()
    }

    /// Items in the whole list, where the API server says and nothing filters.
    pub fn total(&self) -> Option<i64> {
        self.total
    }

    /// Items looked at, where they are filtered here.
    pub fn scanned(&self) -> Option<i64> {
        self.scanned
    }

    /// The cursor after the first `returned` items, where there is more. At least one item must be
    /// returned where there is one, so that paging always advances.
    pub fn cursor_after(&self, returned: usize) -> Option<String> {
        if returned >= self.items.len() {
            return self.rest.as_ref().map(Cursor::encode);
        }
        let (token, key) = self.items.get(returned.checked_sub(1)?)?;
        let seen = self.seen_before.map(|seen| seen + i64::try_from(returned).unwrap_or(i64::MAX));
        // What fitted now is about what fits next time; a whole page would be fetched for a part of it, again and
        // again. As many are asked for as the items to skip, so that the page after them begins where this one ended.
        let fitted = u32::try_from(returned).ok().filter(|_| self.scanned.is_none());
        Some(Cursor::new(&self.query, token.clone(), key.clone(), seen).sized(fitted).encode())
    }

    /// Whether the list goes on after the first `returned` items.
    pub fn truncated_after(&self, returned: usize) -> bool {
        returned < self.items.len() || self.rest.is_some()
    }
}

impl<K: Kind> List<'_, '_, K> {
    /// One page, in the API server's order, from a cursor on.
    ///
    /// Without `keep` a page of `limit` is asked for, or, where the response budget cut the one before, about as many
    /// items as fitted. With it, pages of 250 are read until `limit` items are kept, 20 pages are read or
    /// half the call's time is up; then there may be fewer, even none, and still a cursor.
    pub async fn page(mut self, limit: i64, cursor: Option<&str>) -> Result<Vec<K>, Failure> {
        self.selectable()?;
        let limit = limit.clamp(1, MAX_LIMIT);
        let query = query_hash(
            self.call.tool,
            &self.call.arguments,
            &K::INFO.collection_path(self.objects.namespace.as_deref()),
        );
        let from = cursor.map(|text| Cursor::decode(text, parameter(self.call.tool), &query)).transpose()?;
        let filtered = self.keep.is_some();
        let half = Instant::now() + self.call.link.deadline.saturating_duration_since(Instant::now()) / 2;
        let most = u32::try_from(limit).unwrap_or(PAGE_SIZE);
        let fitted = from.as_ref().and_then(|from| from.size).map(|size| size.clamp(1, most));
        let mut size = if filtered { PAGE_SIZE } else { fitted.unwrap_or(most) };
        // Where all of a small page fits, the next one may be larger: items differ in length.
        let larger = fitted.map(|size| size + size / 2 + 1).filter(|larger| *larger < most);
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);

        let mut paging =
            Paging { query, seen_before: from.as_ref().map_or(Some(0), |from| from.seen), ..Paging::default() };
        let mut token = from.as_ref().and_then(|from| from.token.clone());
        let mut last = from.map(|from| from.last);
        let mut kept = Vec::new();
        let (mut pages, mut scanned) = (0_u32, 0_i64);
        loop {
            self.call.go_on()?;
            let page = match self.fetch(size, token.as_deref()).await {
                Ok(page) => page,
                Err(error) if error.is_expired() && token.is_some() => {
                    // Go on with the server's own token, or else from the beginning: what was returned is skipped.
                    token = self.after_expiry(&error);
                    if token.is_none() {
                        // Much may have to be skipped.
                        size = size.max(most);
                        let warning = list_may_have_changed(&self.objects);
                        self.call.warn(warning);
                    }
                    paging.seen_before = None;
                    continue;
                }
                // Items that were read before the fault are returned; the cursor leads back to it.
                Err(error) if error.is_passing() && last.is_some() && !kept.is_empty() => {
                    let failure = self.clauses.failure(self.call, error, Attempt::List, &self.objects);
                    self.call.warn(format!("The list goes on, but could not be read further: {failure}"));
                    paging.rest = last.clone().map(|last| Cursor::new(&paging.query, token.clone(), last, None));
                    break;
                }
                Err(error) => {
                    self.failed(error)?;
                    break;
                }
            };
            pages += 1;
            let next = page.metadata.next().map(str::to_owned);
            let remaining = page.metadata.remaining_item_count;
            let mut full = false;
            for item in page.items {
                let key = key(&item);
                if last.as_ref().is_some_and(|last| key <= *last) {
                    continue;
                }
                if kept.len() == wanted {
                    full = true;
                    break;
                }
                scanned += 1;
                if self.keeps(&item)? {
                    paging.items.push((token.clone(), key.clone()));
                    kept.push(item);
                }
                last = Some(key);
            }
            let count = i64::try_from(kept.len()).unwrap_or(i64::MAX);
            let seen = paging.seen_before.filter(|_| !filtered).map(|seen| seen + count);
            if full {
                paging.rest = last.clone().map(|last| Cursor::new(&paging.query, token.clone(), last, None));
                break;
            }
            let Some(next) = next else {
                paging.total = seen;
                break;
            };
            let enough = if filtered {
                kept.len() == wanted || pages >= MAX_PAGES || Instant::now() >= half
            } else {
                !kept.is_empty()
            };
            token = Some(next);
            if enough {
                paging.total = seen.zip(remaining).map(|(seen, remaining)| seen + remaining);
                let rest = Cursor::new(&paging.query, token.clone(), last.clone().unwrap_or_default(), seen);
                paging.rest = Some(rest.sized(larger));
                break;
            }
        }
        paging.scanned = filtered.then_some(scanned);
        self.call.paging = Some(paging);
        Ok(kept)
    }
}

/// The key that the API server orders by: the bytes of `namespace/name`.
fn key(object: &impl Kind) -> String {
    let metadata = object.metadata();
    format!("{}/{}", metadata.namespace(), metadata.name)
}

impl Call {
    /// A page of a list inside an object: ordered by the bytes of a name, from a cursor on. Items of one
    /// name keep their order.
    ///
    /// # Errors
    /// A cursor that is not of this query.
    pub fn page_by<T, N: AsRef<str>>(
        &mut self,
        items: Vec<T>,
        limit: i64,
        cursor: Option<&str>,
        by: impl Fn(&T) -> N,
    ) -> Result<Vec<T>, Failure> {
        let query = query_hash(self.tool, &self.arguments, "page_by");
        let from = cursor.map(|text| Cursor::decode(text, parameter(self.tool), &query)).transpose()?;
        let mut keyed: Vec<_> = items.into_iter().map(|item| (by(&item).as_ref().to_owned(), item)).collect();
        keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
        let total = i64::try_from(keyed.len()).unwrap_or(i64::MAX);

        let mut paging = Paging { query, total: Some(total), seen_before: Some(0), ..Paging::default() };
        let mut page = Vec::new();
        let wanted = usize::try_from(limit.clamp(1, MAX_LIMIT)).unwrap_or(usize::MAX);
        let mut before: Option<(String, usize)> = None;
        for (name, item) in keyed {
            let ordinal = before.take().map_or(0, |(last, ordinal)| if last == name { ordinal + 1 } else { 0 });
            // A space sorts before everything that a name can hold, so that keys sort as names do.
            let key = format!("{name} {ordinal:06}");
            before = Some((name, ordinal));
            if from.as_ref().is_some_and(|from| key <= from.last) {
                continue;
            }
            if page.len() == wanted {
                let last = paging.items.last().map(|(_, key)| key.clone()).unwrap_or_default();
                paging.rest = Some(Cursor::new(&paging.query, None, last, None));
                break;
            }
            paging.items.push((None, key));
            page.push(item);
        }
        self.paging = Some(paging);
        Ok(page)
    }
}

/// Where a list is, for callers that hold it as an option.
impl<'a> From<Option<&'a str>> for Scope<'a> {
    fn from(namespace: Option<&'a str>) -> Self {
        namespace.map_or(Self::AllNamespaces, Self::Namespace)
    }
}
