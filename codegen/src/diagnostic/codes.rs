//! The codes of diagnostics, in one table. A code keeps its meaning for ever; a retired one is not used again.
//!
//! Each has a file of its own in `explanations/`, which `cnpg-mcp-codegen explain` prints.

macro_rules! codes {
    ($($variant:ident $id:literal $name:literal $explanation:literal;)*) => {
        /// What kind of problem it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs)]
        pub enum Code { $($variant),* }

        impl Code {
            /// All codes, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// `E0102`.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id),* }
            }

            /// `unknown-key`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// What it means, in one sentence.
            #[must_use]
            pub const fn explanation(self) -> &'static str {
                match self { $(Self::$variant => $explanation),* }
            }

            /// The longer text, in Markdown: what it means, why it is a rule, a wrong and a right example.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("explanations/", $id, ".md"))),* }
            }
        }
    };
}

codes! {
    Yaml "E0101" "yaml" "The file is not valid YAML.";
    UnknownKey "E0102" "unknown-key" "A mapping has a key that means nothing there.";
    MissingKey "E0103" "missing-key" "A mapping lacks a key that it must have.";
    WrongShape "E0104" "wrong-shape" "A value has another form than the one expected there (text, list, mapping, number).";
    Duplicate "E0105" "duplicate" "A name or key stands twice where it may stand once.";
    UnknownWord "E0106" "unknown-word" "A word is not one of the closed list that is possible there.";
    UnreadableFile "E0107" "unreadable-file" "A file is too large, too deeply nested, or is not UTF-8 text.";
    FileName "E0108" "file-name" "A file does not bear the name of the tool or kind inside it.";
    BadName "E0109" "bad-name" "A word cannot be a name in expressions and generated code.";
    DocumentCount "E0110" "document-count" "A YAML file holds no document, or several.";
    YamlFeature "E0111" "yaml-feature" "An anchor, alias, merge key or tag of YAML stands in a spec.";
    StrayFile "E0112" "stray-file" "A file or folder among the specs is not read.";
    UnusedShared "E0113" "unused-shared" "Something that is shared is used by no tool.";
    Shadowed "E0114" "shadowed" "A variable of a loop or template takes a name that means something there already.";

    UnknownName "E0201" "unknown-name" "An expression names something that does not exist.";
    UnknownKind "E0202" "unknown-kind" "A step names a kind without a resource description.";
    UnknownVerb "E0203" "unknown-verb" "A step has no verb, or more than one.";
    UnknownField "E0204" "unknown-field" "An object has no field of that name.";
    UnknownFunction "E0205" "unknown-function" "A filter, test or function is not in the vocabulary.";
    UnknownShared "E0206" "unknown-shared" "A shared parameter, group, list of steps or partial does not exist.";
    UsedBeforeBound "E0207" "used-before-bound" "A result is named before the step that gives it.";
    Unused "E0208" "unused" "A parameter or result is never used.";

    Syntax "E0301" "expression-syntax" "An expression or template cannot be parsed.";
    Unsupported "E0302" "unsupported" "A construct of Jinja is not part of the spec language.";
    TypeMismatch "E0303" "type-mismatch" "A value has another type than the one needed.";
    MaybeAbsent "E0304" "maybe-absent" "A value that may be absent is used as if it were there.";
    NotBool "E0305" "not-bool" "A condition is not a bool; there is no truthiness.";
    NotInEnum "E0306" "not-in-enum" "A word is not one of the enum's.";
    SecretLeak "E0307" "secret-leak" "A secret would reach something that is not marked secret.";
    Arguments "E0308" "arguments" "A function, filter or test is given arguments that it does not take.";
    Impure "E0309" "impure" "A function that gives another value each time is used where it may be asked twice.";
    OutOfBounds "E0310" "out-of-bounds" "A literal lies outside the bounds of where it goes.";
    StatementInMapping "E0311" "statement-in-mapping" "Statements belong into templates, not into mappings.";
    NeverAbsent "E0312" "never-absent" "A value that is always there is asked for its presence.";
    Foregone "E0313" "foregone" "A condition always or never holds, whatever the call.";
    ForeignExpression "E0314" "foreign-expression" "A text is written as another language writes an expression.";

    ServerSet "E0401" "server-set" "A field is written by the server or the operator alone.";
    FieldMissing "E0402" "field-missing" "An object is made without a field that it must have.";
    WriteOnly "E0403" "write-only" "A field can be written, but never read.";
    Immutable "E0404" "immutable" "A field cannot change once it is set.";
    ResourceDescription "E0405" "resource-description" "A resource description contradicts itself.";
    EditTarget "E0406" "edit-target" "An edit names no list that can be edited, or not its key.";
    ListPatched "E0407" "list-patched" "A patch replaces a list whose elements are to be edited one by one.";

    Effect "E0501" "effect" "A step does more than the tool's effect says.";
    DryRunMissing "E0502" "dry-run-missing" "A tool that writes has no parameter with the meaning dry_run.";
    UndoMissing "E0503" "undo-missing" "A write that others follow does not say what takes it back.";
    UndoUnfit "E0504" "undo-unfit" "An undo does not fit the verb.";
    TimeoutMissing "E0505" "timeout-missing" "A wait has no time-out.";
    NamespaceMissing "E0506" "namespace-missing" "A step works on a namespaced kind and nothing says in which namespace.";
    Paging "E0507" "paging" "Paging lacks one of its two parameters, or a list that it can cut.";
    Confirmation "E0508" "confirmation" "A confirmation has no parameter with that meaning.";
    Clause "E0509" "clause" "Clauses of a step exclude each other, or do nothing on that verb.";
    WaitTime "E0510" "wait-time" "A wait may last for ever, longer than clients wait, or no time at all.";
    WaitConstant "E0511" "wait-constant" "A wait asks something that nothing can change while it waits.";
    AfterDeletion "E0512" "after-deletion" "A step needs an object that an earlier step deleted.";

    Pattern "E0601" "pattern" "A pattern does not compile, is not anchored, or does not fit the format.";
    Default "E0602" "default" "A default does not fit the parameter.";
    Bounds "E0603" "bounds" "Bounds do not fit the type, or exclude every value.";
    Example "E0604" "example" "An example's arguments would be refused.";
    ExampleMissing "E0605" "example-missing" "A tool has no example.";
    Meaning "E0606" "meaning" "A meaning does not fit the parameter's type, or two parameters claim it.";
    PatternPortability "E0607" "pattern-portability" "A pattern means something else to clients, or can keep them busy without end.";
    Enum "E0608" "enum" "An enum has one word, or a word twice.";

    NotPrintable "E0701" "not-printable" "A template prints a value that has no form as text.";
    Include "E0702" "include" "An include does not name a partial, or goes round in a circle.";
    AnswerUnreachable "E0703" "answer-unreachable" "No call of the tool ends with the outcome that an answer is for.";
    OverBudget "E0704" "over-budget" "A template gives more than the response budget even where every list is cut.";
    Fence "E0705" "fence" "A code block in what a template gives is not closed.";
    Table "E0706" "table" "A table in what a template gives has rows of other width than its head.";
    TemplateFails "E0707" "template-fails" "A template fails for values that its types allow.";

    LongText "E0801" "long-text" "A title or description is longer than models and people read.";
    Placeholder "E0802" "placeholder" "A title or description is not written yet, or only repeats a name.";
    SilentEffect "E0803" "silent-effect" "A description does not say that the tool changes or deletes something.";
    SameText "E0804" "same-text" "Two parameters, or two tools, are described by the same words.";

    SchemaNotPortable "E0901" "schema-not-portable" "A published schema has something that not every MCP client takes.";
    NeverFilled "E0902" "never-filled" "A value is always absent or empty, since no step fills it.";
}

impl Code {
    /// The code of that number or name, in whatever case: `E0102`, `e0102`, `unknown-key`.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        let is = |other: &str| other.eq_ignore_ascii_case(word);
        Self::ALL.iter().copied().find(|code| is(code.id()) || is(code.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn a_code_is_found_by_number_and_by_name() {
        assert_eq!(Code::find("E0102"), Some(Code::UnknownKey));
        assert_eq!(Code::find("e0102"), Some(Code::UnknownKey));
        assert_eq!(Code::find("Unknown-Key"), Some(Code::UnknownKey));
        assert_eq!(Code::find("E01"), None);
    }

    #[test]
    fn codes_are_ordered_and_unique() {
        let ids: Vec<_> = Code::ALL.iter().map(|code| code.id()).collect();
        let mut sorted = ids.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(ids, sorted);
    }

    #[test]
    fn explanations_are_sentences() {
        for code in Code::ALL {
            assert!(code.explanation().ends_with('.'), "{}", code.id());
        }
    }
}
