//! Places in spec files.

/// A file of a [`SourceMap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FileId(pub u32);

/// A range of bytes in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// From the beginning of this place to the end of another one in the same file.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// The files of a compilation, by path relative to the specs folder.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    files: Vec<(String, String)>,
}

impl SourceMap {
    /// Takes in a file.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) -> FileId {
        self.files.push((path.into(), text.into()));
        FileId(u32::try_from(self.files.len() - 1).unwrap_or(u32::MAX))
    }

    /// Path of a file of this map.
    #[must_use]
    pub fn path(&self, file: FileId) -> &str {
        &self.files[file.0 as usize].0
    }

    /// Text of a file of this map.
    #[must_use]
    pub fn text(&self, file: FileId) -> &str {
        &self.files[file.0 as usize].1
    }

    /// Byte at a line and column (both from 1, columns count characters); the end of the text where there is none.
    #[must_use]
    pub fn byte(&self, file: FileId, line: u64, column: u64) -> u32 {
        let text = self.text(file);
        let mut start = 0;
        for _ in 1..line {
            match text[start..].find('\n') {
                Some(at) => start += at + 1,
                None => return u32::try_from(text.len()).unwrap_or(u32::MAX),
            }
        }
        let skip = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
        let within = text[start..].char_indices().nth(skip).map_or(text.len() - start, |(at, _)| at);
        u32::try_from(start + within).unwrap_or(u32::MAX)
    }

    /// All files, in the order in which they were taken in.
    pub fn files(&self) -> impl Iterator<Item = FileId> {
        (0..self.files.len()).map(|index| FileId(u32::try_from(index).unwrap_or(u32::MAX)))
    }

    /// Line and column of a byte, both from 1; columns count characters.
    #[must_use]
    pub fn position(&self, file: FileId, byte: u32) -> (usize, usize) {
        let text = self.text(file);
        let mut end = (byte as usize).min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &text[..end];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}
