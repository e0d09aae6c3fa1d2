//! Lists.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// `a == b` where either may be absent: absent equals nothing, not even absent.
pub fn same<A: PartialEq<B> + ?Sized, B: ?Sized>(left: Option<&A>, right: Option<&B>) -> bool {
    matches!((left, right), (Some(left), Some(right)) if left == right)
}

/// `item in list`.
pub fn contains<A: PartialEq<B>, B: ?Sized>(list: &[A], item: &B) -> bool {
    list.iter().any(|element| element == item)
}

/// `left + right` of lists.
pub fn concat<T>(mut left: Vec<T>, right: Vec<T>) -> Vec<T> {
    left.extend(right);
    left
}

/// `list | first`.
pub fn first<T: Clone>(list: &[T]) -> Option<T> {
    list.first().cloned()
}

/// `list | last`.
pub fn last<T: Clone>(list: &[T]) -> Option<T> {
    list.last().cloned()
}

/// `list | join(separator)`.
pub fn join<T: std::fmt::Display>(list: &[T], separator: &str) -> String {
    list.iter().map(ToString::to_string).collect::<Vec<_>>().join(separator)
}

/// `list | min`; absent for an empty list.
pub fn min<T: Ord + Clone>(list: &[T]) -> Option<T> {
    list.iter().min().cloned()
}

/// `list | max`; absent for an empty list.
pub fn max<T: Ord + Clone>(list: &[T]) -> Option<T> {
    list.iter().max().cloned()
}

/// `list | sort`: ascending; text by its bytes.
pub fn sort<T: Ord + Clone>(list: &[T]) -> Vec<T> {
    let mut sorted = list.to_vec();
    sorted.sort();
    sorted
}

/// `list | unique`: the first of equal elements stays, in order.
pub fn unique<T: PartialEq + Clone>(list: &[T]) -> Vec<T> {
    let mut kept: Vec<T> = Vec::new();
    for element in list {
        if !kept.contains(element) {
            kept.push(element.clone());
        }
    }
    kept
}

/// `newest: { count, by }` of a comprehension: newest first, those without a time last; equal times keep
/// their order. A count below zero is zero.
pub fn newest<T, O: Ord>(items: Vec<T>, count: i64, by: impl Fn(&T) -> Option<O>) -> Vec<T> {
    let mut heap = NewestHeap::new(count);
    for item in items {
        let time = by(&item);
        heap.offer(time, item);
    }
    heap.into_newest_first()
}

/// The newest so many of what is offered; never holds more than that.
pub(crate) struct NewestHeap<O, T> {
    count: usize,
    offered: u64,
    /// The oldest kept is at the top.
    kept: BinaryHeap<Reverse<Ranked<O, T>>>,
}

struct Ranked<O, T> {
    /// Time, then place: the earlier of equal times ranks higher.
    rank: (Option<O>, Reverse<u64>),
    item: T,
}

impl<O: Ord, T> PartialEq for Ranked<O, T> {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl<O: Ord, T> Eq for Ranked<O, T> {}

impl<O: Ord, T> PartialOrd for Ranked<O, T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<O: Ord, T> Ord for Ranked<O, T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank.cmp(&other.rank)
    }
}

impl<O: Ord, T> NewestHeap<O, T> {
    pub(crate) fn new(count: i64) -> Self {
        Self { count: usize::try_from(count).unwrap_or(0), offered: 0, kept: BinaryHeap::new() }
    }

    pub(crate) fn offer(&mut self, time: Option<O>, item: T) {
        let rank = (time, Reverse(self.offered));
        self.offered += 1;
        if self.count == 0 {
            return;
        }
        if self.kept.len() == self.count {
            if self.kept.peek().is_some_and(|Reverse(oldest)| oldest.rank >= rank) {
                return;
            }
            self.kept.pop();
        }
        self.kept.push(Reverse(Ranked { rank, item }));
    }

    pub(crate) fn into_newest_first(self) -> Vec<T> {
        // Ascending order of `Reverse` is descending order of what it wraps.
        self.kept.into_sorted_vec().into_iter().map(|Reverse(ranked)| ranked.item).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_equals_nothing() {
        assert!(same(Some("a"), Some("a")));
        assert!(!same::<str, str>(None, None));
        assert!(!same::<i64, i64>(Some(&1), None));
    }

    #[test]
    fn newest_first_with_bounded_memory() {
        let items = vec![("a", Some(3)), ("b", None), ("c", Some(9)), ("d", Some(3)), ("e", Some(5))];
        let names =
            |count| newest(items.clone(), count, |item| item.1).into_iter().map(|item| item.0).collect::<Vec<_>>();
        assert_eq!(names(3), ["c", "e", "a"]);
        assert_eq!(names(10), ["c", "e", "a", "d", "b"]);
        assert!(names(0).is_empty());
        assert!(names(-1).is_empty());
        let mut heap = NewestHeap::new(2);
        for number in 0..1000 {
            heap.offer(Some(number), number);
            assert!(heap.kept.len() <= 2);
        }
        assert_eq!(heap.into_newest_first(), [999, 998]);
    }

    #[test]
    fn small_ones() {
        let list = vec!["b".to_owned(), "a".to_owned(), "b".to_owned()];
        assert_eq!(sort(&list), ["a", "b", "b"]);
        assert_eq!(unique(&list), ["b", "a"]);
        assert_eq!(join(&list, ", "), "b, a, b");
        assert_eq!(first(&list).as_deref(), Some("b"));
        assert_eq!(last(&Vec::<i64>::new()), None);
        assert_eq!((min(&[3, 1, 2]), max(&[3, 1, 2])), (Some(1), Some(3)));
        assert!(contains(&list, "a"));
        assert_eq!(concat(vec![1], vec![2]), [1, 2]);
    }
}
