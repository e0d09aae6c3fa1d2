//! JSON that is not nested beyond all sense.
//!
//! JSON readers refuse text that is nested too deeply, and with it the whole message: the client would see
//! a protocol error, or nothing, where it should be told which argument is wrong. No message of MCP and no
//! argument of a tool is nested like that, so what lies too deep is replaced by `null` before the message is
//! read, and the argument is refused by name.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};

/// Levels that remain; readers take 128.
const MAX_DEPTH: u32 = 64;

/// Bytes that are read at a time.
const CHUNK: usize = 8 * 1024;

/// Goes through JSON text byte by byte. Whatever is no JSON passes unchanged, to be refused by the reader.
#[derive(Debug, Default)]
pub(super) struct Shallow {
    depth: u32,
    in_string: bool,
    escaped: bool,
    /// Whether messages end at line ends, as on standard input.
    by_line: bool,
}

impl Shallow {
    /// For messages that end at line ends.
    fn by_line() -> Self {
        Self { by_line: true, ..Self::default() }
    }

    /// Appends what remains of `input`.
    pub(super) fn pass(&mut self, input: &[u8], output: &mut Vec<u8>) {
        for &byte in input {
            if byte == b'\n' && self.by_line {
                *self = Self::by_line();
                output.push(byte);
                continue;
            }
            let kept = self.depth <= MAX_DEPTH;
            if self.in_string {
                if self.escaped {
                    self.escaped = false;
                } else if byte == b'\\' {
                    self.escaped = true;
                } else if byte == b'"' {
                    self.in_string = false;
                }
            } else {
                match byte {
                    b'"' => self.in_string = true,
                    b'[' | b'{' => {
                        self.depth = self.depth.saturating_add(1);
                        if self.depth == MAX_DEPTH + 1 {
                            output.extend_from_slice(b"null");
                        }
                        if self.depth > MAX_DEPTH {
                            continue;
                        }
                    }
                    b']' | b'}' => self.depth = self.depth.saturating_sub(1),
                    _ => {}
                }
            }
            if kept {
                output.push(byte);
            }
        }
    }
}

/// A reader of line-wise messages that are made shallow on their way.
pub(super) struct ShallowReader<R> {
    inner: R,
    shallow: Shallow,
    ready: Vec<u8>,
    given: usize,
}

impl<R> ShallowReader<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, shallow: Shallow::by_line(), ready: Vec::new(), given: 0 }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for ShallowReader<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let reader = &mut *self;
        while reader.given == reader.ready.len() {
            let mut chunk = [0; CHUNK];
            let mut read = ReadBuf::new(&mut chunk);
            match Pin::new(&mut reader.inner).poll_read(context, &mut read) {
                Poll::Ready(Ok(())) => {}
                other => return other,
            }
            if read.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            reader.ready.clear();
            reader.given = 0;
            reader.shallow.pass(read.filled(), &mut reader.ready);
        }
        let rest = &reader.ready[reader.given..];
        let count = rest.len().min(buffer.remaining());
        buffer.put_slice(&rest[..count]);
        reader.given += count;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(text: &str) -> String {
        let mut output = Vec::new();
        Shallow::default().pass(text.as_bytes(), &mut output);
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn ordinary_text_passes_unchanged() {
        for text in [r#"{"a":["[[[","\"]",{"b":{}}],"é":1}"#, "not json ]]]", "", r#""unended"#] {
            assert_eq!(passed(text), text);
        }
        let full = format!("{}1{}", "[".repeat(64), "]".repeat(64));
        assert_eq!(passed(&full), full);
    }

    #[test]
    fn what_lies_too_deep_becomes_null() {
        let deep = format!(r#"{{"a":{}{{"x":"]"}}{},"b":2}}"#, "[".repeat(5000), "]".repeat(5000));
        let value: serde_json::Value = serde_json::from_str(&passed(&deep)).unwrap();
        assert_eq!(value["b"], 2);
        let mut inner = &value["a"];
        for _ in 0..63 {
            inner = &inner[0];
        }
        assert!(inner.is_null());
    }

    #[tokio::test]
    async fn lines_are_messages_of_their_own() {
        use tokio::io::AsyncReadExt as _;
        let input = format!("{}\n{{\"ok\":[1]}}\n", "[".repeat(1000));
        let mut output = String::new();
        ShallowReader::new(input.as_bytes()).read_to_string(&mut output).await.unwrap();
        assert!(output.ends_with("null\n{\"ok\":[1]}\n"), "{output}");
    }
}
