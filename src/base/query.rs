//! The filter grammar of the API: text becomes a tree, and a tree becomes tests on the fields of a noun. Pure.
//!
//! ```text
//! expr   = term { "||" term }
//! term   = factor { "&&" factor }
//! factor = "{" expr "}" | path op value
//! op     = "=" | "!=" | "~" | ">" | "<" | ">=" | "<="
//! value  = any text up to && || { } or the end, outer blanks removed
//! ```

mod bound;
mod parser;

pub use self::bound::{Date, Datum, Field, Filter, Kind, Noun, Order, Test, Value, ascending};
pub use self::parser::parse;

/// A query must be shorter than this many bytes.
pub const LENGTH: usize = 2048;
/// The most braces inside each other.
pub const DEPTH: usize = 16;
/// The most comparisons in one query.
pub const TERMS: usize = 100;

/// What a query says, before it is known what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// All of these hold.
    All(Vec<Expr>),
    /// Any of these holds.
    Any(Vec<Expr>),
    /// One comparison.
    Term(Term),
}

/// One comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The name on the left, with its dots.
    pub path: String,
    /// The operator.
    pub op: Op,
    /// The text on the right, without outer blanks; never empty.
    pub value: String,
    /// The byte in the query where it begins.
    pub at: usize,
}

/// An operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `=`
    Equal,
    /// `!=`; matches a record that lacks the field.
    Differs,
    /// `~`
    Contains,
    /// `>`
    Above,
    /// `<`
    Below,
    /// `>=`
    AtLeast,
    /// `<=`
    AtMost,
}

/// Why a query cannot be answered. The text is the contract's own; [`Refused::reason`] says more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It does not follow the grammar, or compares what cannot be compared.
    #[error("Error parsing query - Malformed query.")]
    Malformed {
        /// The byte in the query where it goes wrong.
        at: usize,
        /// What is wrong there.
        reason: String,
    },
    /// It names a field that does not exist or cannot be queried.
    #[error("Error parsing query - Could not resolve property {property} on {noun}")]
    Unknown {
        /// The name.
        property: String,
        /// The noun that lacks it.
        noun: &'static str,
        /// The names that exist.
        known: String,
    },
}

impl Refused {
    pub(crate) fn malformed(at: usize, reason: impl Into<String>) -> Self {
        Self::Malformed { at, reason: reason.into() }
    }

    /// What to change, for whoever wrote the query.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Malformed { at, reason } => format!("at character {}: {reason}", at + 1),
            Self::Unknown { known, .. } => format!("the properties that can be queried are {known}"),
        }
    }
}
