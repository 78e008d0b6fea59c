//! A TOML document with its name, so that every complaint about it can say where and what to do.

use std::fmt;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What is wrong in a document: where, what, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The document's name: a file's path, or an environment variable.
    pub file: String,
    /// The line, counted from 1, where one is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
    /// What to do about it; may be empty.
    pub advice: String,
}

impl Problem {
    /// A problem with the whole of `file`.
    pub fn with_file(file: &str, what: impl Into<String>, advice: impl Into<String>) -> Problem {
        Problem {
            file: file.to_owned(),
            line: None,
            what: what.into(),
            advice: advice.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.what)?;
        if !self.advice.is_empty() {
            write!(f, " ({})", self.advice)?;
        }
        Ok(())
    }
}

/// Problems of one or more documents, shown one a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.0.iter().enumerate() {
            if n > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Problems {
        Problems(vec![problem])
    }
}

/// One step into a document: a table's key or an array's index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// A key of a table.
    Key(&'a str),
    /// An index, from 0, into an array.
    Index(usize),
}

/// A TOML text and the name to call it by.
#[derive(Debug, Clone)]
pub struct Document {
    name: String,
    text: String,
}

impl Document {
    /// The text `text`, called `name` in every complaint.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Document {
        Document {
            name: name.into(),
            text: text.into(),
        }
    }

    /// The document's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads the document as a `T`.
    ///
    /// # Errors
    /// A [`Problem`] with the line, where the text is no TOML or does not fit `T`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        toml::from_str(&self.text).map_err(|error| Problem {
            file: self.name.clone(),
            line: error.span().map(|span| self.line_at(span.start)),
            what: in_words(&error),
            advice: String::new(),
        })
    }

    /// A problem with the value at `path`, on its line; on the line of the nearest thing above it where it is left out.
    pub fn problem(
        &self,
        path: &[Step<'_>],
        what: impl Into<String>,
        advice: impl Into<String>,
    ) -> Problem {
        Problem {
            file: self.name.clone(),
            line: self.line_of(path),
            what: what.into(),
            advice: advice.into(),
        }
    }

    fn line_of(&self, path: &[Step<'_>]) -> Option<usize> {
        let root = DeTable::parse(&self.text).ok()?;
        let mut found = None;
        let mut table = Some(root.get_ref());
        let mut array = None;
        for step in path {
            let next: &Spanned<DeValue<'_>> = match step {
                Step::Key(key) => match table.and_then(|t| t.get(*key)) {
                    Some(value) => value,
                    None => break,
                },
                Step::Index(index) => {
                    match array.and_then(|a: &toml::de::DeArray<'_>| a.get(*index)) {
                        Some(value) => value,
                        None => break,
                    }
                }
            };
            // An array of tables has no place of its own; its members have.
            if !next.span().is_empty() {
                found = Some(next.span().start);
            }
            table = next.get_ref().as_table();
            array = next.get_ref().as_array();
        }
        found.map(|offset| self.line_at(offset))
    }

    fn line_at(&self, offset: usize) -> usize {
        // What lacks at the end lacks on the last line that says anything.
        let end = offset.min(self.text.trim_end().len());
        self.text.as_bytes()[..end]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1
    }
}

/// What is wrong with a text, on one line, and without the names that Rust gives to numbers.
pub fn in_words(error: &toml::de::Error) -> String {
    let what = error.message().trim().replace('\n', ", ");
    match what.rsplit_once("expected ") {
        Some((before, "usize" | "u64")) => format!("{before}expected a whole number, zero or more"),
        Some((before, "f64")) => format!("{before}expected a number"),
        _ => what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_stands_on_the_line_of_its_value() {
        let document = Document::new(
            "a.toml",
            "[one]\nx = 1\n\n[[many]]\nlist = [\n  \"a\",\n  \"b\",\n]\n\n[[many]]\ny = 2\n",
        );
        let line = |path: &[Step<'_>]| document.problem(path, "", "").line;
        assert_eq!(line(&[Step::Key("one"), Step::Key("x")]), Some(2));
        let second = [
            Step::Key("many"),
            Step::Index(0),
            Step::Key("list"),
            Step::Index(1),
        ];
        assert_eq!(line(&second), Some(7));
        let left_out = [Step::Key("many"), Step::Index(1), Step::Key("list")];
        assert_eq!(line(&left_out), Some(10));
        assert_eq!(line(&[Step::Key("nothing")]), None);
    }

    #[test]
    fn what_lacks_at_the_end_of_a_document_lacks_on_its_last_line() {
        let document = Document::new("a.toml", "a = 1\nb = [1,\n\n");
        let problem = document.parse::<toml::Table>().unwrap_err();
        assert_eq!(problem.line, Some(2));
    }
}
