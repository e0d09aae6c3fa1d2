//! The vocabulary: every function, filter and test that specs can call, in one closed table.
//!
//! The runtime has a function of the same name for each entry (`cnpg_mcp_runtime::expression`); a test
//! holds the two together. `default`, `is set` and `is given` are part of the language, not of this table.

/// How an entry is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// `name(…)`.
    Function,
    /// `x | name(…)`; the subject is the first argument.
    Filter,
    /// `x is name(…)`; the subject is the first argument.
    Test,
}

/// What an argument may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `string` or an enum.
    Text,
    /// `int`.
    Int,
    /// `time` or `time?`; where it is absent, so is the result.
    TimeMaybe,
    /// `time`.
    Time,
    /// An object of a Kubernetes kind.
    Resource,
    /// Any list.
    List,
    /// Any map.
    Map,
    /// A list, map or text.
    Sized,
    /// A list, map, text, or an object all of whose fields may be absent.
    Emptyable,
    /// A bool, number, text, quantity or time.
    Scalar,
    /// A list of texts or whole numbers.
    Joinable,
    /// A list of whole numbers.
    Ints,
    /// A list of texts, whole numbers or times.
    Ordered,
    /// A regular expression, written out.
    Pattern,
}

/// What a call gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gives {
    /// `bool`.
    Bool,
    /// `int`.
    Int,
    /// `int?`.
    IntMaybe,
    /// `string`.
    Text,
    /// `string`, absent where the first argument is.
    TextLifted,
    /// `list<string>`.
    Texts,
    /// `secret`.
    Secret,
    /// `time`.
    Time,
    /// An element of the first argument, absent where that is empty.
    Element,
    /// The type of the first argument.
    Same,
    /// `list<{ key: string, value: T }>` of a `map<T>`.
    Entries,
    /// `list<T>` of a `map<T>`.
    Values,
}

/// Where an entry may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Wherever expressions stand.
    Anywhere,
    /// In a `let` step alone: it gives another value each time.
    Let,
    /// In templates alone.
    Template,
}

/// One entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// Name, here and in the runtime.
    pub name: &'static str,
    /// How it is called.
    pub form: Form,
    /// Its arguments, the subject of a filter or test first.
    pub takes: &'static [Shape],
    /// Its result.
    pub gives: Gives,
    /// Where it may be called.
    pub place: Place,
    /// What it does, in one sentence.
    pub about: &'static str,
}

const fn function(name: &'static str, takes: &'static [Shape], gives: Gives, about: &'static str) -> Word {
    Word { name, form: Form::Function, takes, gives, place: Place::Anywhere, about }
}

const fn filter(name: &'static str, takes: &'static [Shape], gives: Gives, about: &'static str) -> Word {
    Word { name, form: Form::Filter, takes, gives, place: Place::Anywhere, about }
}

const fn test(name: &'static str, takes: &'static [Shape], about: &'static str) -> Word {
    Word { name, form: Form::Test, takes, gives: Gives::Bool, place: Place::Anywhere, about }
}

const fn only(place: Place, word: Word) -> Word {
    Word { place, ..word }
}

/// The table, functions before filters before tests.
pub const WORDS: &[Word] = &[
    function("current_namespace", &[], Gives::Text, "The namespace that the server itself stands for."),
    function("image_registry", &[], Gives::Text, "Where images come from, without a slash at the end."),
    only(Place::Let, function("now", &[], Gives::Time, "The time of the call.")),
    function(
        "object_name",
        &[Shape::Text, Shape::Text],
        Gives::Text,
        "A valid object name of two parts, with a short hash where it had to be changed.",
    ),
    function("ours", &[Shape::Resource], Gives::Bool, "Whether this server made the object."),
    function(
        "owned",
        &[Shape::Resource, Shape::Resource],
        Gives::Bool,
        "Whether the second object owns the first, by uid.",
    ),
    only(
        Place::Let,
        function(
            "random_password",
            &[Shape::Int],
            Gives::Secret,
            "A password of that many characters from the system's random source.",
        ),
    ),
    only(
        Place::Template,
        function(
            "kubectl_get_secret",
            &[Shape::Text, Shape::Text, Shape::Text],
            Gives::Text,
            "The shell command that shows one key of a Secret: its name, namespace and key.",
        ),
    ),
    filter("abs", &[Shape::Int], Gives::Int, "The number without its sign."),
    filter("age", &[Shape::TimeMaybe], Gives::TextLifted, "How long ago it was, as `3d4h`."),
    filter("entries", &[Shape::Map], Gives::Entries, "The entries of a map, by key."),
    only(
        Place::Template,
        filter("fence", &[Shape::Text, Shape::Text], Gives::Text, "A Markdown code block in a language."),
    ),
    filter("first", &[Shape::List], Gives::Element, "The first element."),
    filter("int", &[Shape::Text], Gives::IntMaybe, "The whole number that the text is, absent where it is none."),
    filter("join", &[Shape::Joinable, Shape::Text], Gives::Text, "The elements with a text between them."),
    filter("keys", &[Shape::Map], Gives::Texts, "The keys of a map, in order."),
    filter(
        "label_value",
        &[Shape::Text],
        Gives::Text,
        "A valid label value, with a short hash where it had to be changed.",
    ),
    filter("last", &[Shape::List], Gives::Element, "The last element."),
    filter("length", &[Shape::Sized], Gives::Int, "How many elements, entries or characters."),
    filter("lower", &[Shape::Text], Gives::Text, "The text in lowercase."),
    filter("max", &[Shape::Ints], Gives::IntMaybe, "The greatest number, absent where there is none."),
    filter("min", &[Shape::Ints], Gives::IntMaybe, "The least number, absent where there is none."),
    filter(
        "replace",
        &[Shape::Text, Shape::Text, Shape::Text],
        Gives::Text,
        "The text with one part replaced by another, everywhere.",
    ),
    filter("rfc3339", &[Shape::Time, Shape::Int], Gives::Text, "The time in UTC, with that many digits of a second."),
    filter("sort", &[Shape::Ordered], Gives::Same, "The elements in ascending order."),
    filter("split", &[Shape::Text, Shape::Text], Gives::Texts, "The parts of a text between separators."),
    filter("string", &[Shape::Scalar], Gives::Text, "The value as text."),
    filter("trim", &[Shape::Text], Gives::Text, "The text without white space around it."),
    filter("unique", &[Shape::Ordered], Gives::Same, "Each element once, where it stands first."),
    filter("upper", &[Shape::Text], Gives::Text, "The text in uppercase."),
    filter("values", &[Shape::Map], Gives::Values, "The values of a map, by key."),
    test("empty", &[Shape::Emptyable], "Whether there is nothing in it."),
    test("endingwith", &[Shape::Text, Shape::Text], "Whether the text ends with another."),
    test("matching", &[Shape::Text, Shape::Pattern], "Whether the text matches a regular expression."),
    test("startingwith", &[Shape::Text, Shape::Text], "Whether the text begins with another."),
];

/// The entry of that form and name.
#[must_use]
pub fn find(form: Form, name: &str) -> Option<&'static Word> {
    WORDS.iter().find(|word| word.form == form && word.name == name)
}

/// The names of a form, with those that are part of the language.
pub fn names(form: Form) -> impl Iterator<Item = &'static str> {
    let own: &[&'static str] = match form {
        Form::Function => &[],
        Form::Filter => &["default"],
        Form::Test => &["set", "given"],
    };
    own.iter().copied().chain(WORDS.iter().filter(move |word| word.form == form).map(|word| word.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_by_form() {
        let mut seen = std::collections::BTreeSet::new();
        for word in WORDS {
            assert!(seen.insert((word.form, word.name)), "{}", word.name);
            assert!(word.about.ends_with('.'), "{}", word.name);
        }
    }

    #[test]
    fn filters_and_tests_have_a_subject() {
        for word in WORDS.iter().filter(|word| word.form != Form::Function) {
            assert!(!word.takes.is_empty(), "{}", word.name);
        }
    }
}
