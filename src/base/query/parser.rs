//! Text becomes a tree, within limits of length, depth and number of comparisons.

use super::{DEPTH, Expr, LENGTH, Op, Refused, TERMS, Term};

/// Reads a query.
///
/// # Errors
/// [`Refused::Malformed`] when it does not follow the grammar, or is too long, too deep, or of too many comparisons.
pub fn parse(text: &str) -> Result<Expr, Refused> {
    if text.len() >= LENGTH {
        return Err(Refused::malformed(LENGTH, format!("a query must be shorter than {LENGTH} bytes")));
    }
    if let Some(at) = text.find('\0') {
        return Err(Refused::malformed(at, "a query cannot hold a NUL"));
    }
    let mut parser = Parser { text, at: 0, depth: 0, terms: 0 };
    let expr = parser.any()?;
    parser.blanks();
    if parser.at < text.len() {
        return Err(parser.error("&& or || or the end was expected here"));
    }
    Ok(expr)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    terms: usize,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Expr, Refused> {
        self.chain("||", Self::all, Expr::Any)
    }

    fn all(&mut self) -> Result<Expr, Refused> {
        self.chain("&&", Self::factor, Expr::All)
    }

    /// One or more parts with `between` between them.
    fn chain(
        &mut self,
        between: &str,
        part: fn(&mut Self) -> Result<Expr, Refused>,
        join: fn(Vec<Expr>) -> Expr,
    ) -> Result<Expr, Refused> {
        let first = part(self)?;
        let mut parts = vec![first];
        while self.take(between) {
            parts.push(part(self)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { join(parts) })
    }

    fn factor(&mut self) -> Result<Expr, Refused> {
        if !self.take("{") {
            return self.term().map(Expr::Term);
        }
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.error(format!("braces may be {DEPTH} deep at most")));
        }
        let inner = self.any()?;
        if !self.take("}") {
            return Err(self.error("a closing brace was expected here"));
        }
        self.depth -= 1;
        Ok(inner)
    }

    fn term(&mut self) -> Result<Term, Refused> {
        self.blanks();
        let at = self.at;
        self.terms += 1;
        if self.terms > TERMS {
            return Err(self.error(format!("a query may have {TERMS} comparisons at most")));
        }
        let path = self.until(|rest| operator(rest).is_some() || ends(rest)).trim().to_owned();
        let Some((op, length)) = operator(self.rest()) else {
            return Err(self.error("an operator was expected here: = != ~ > < >= <="));
        };
        if path.is_empty() {
            return Err(self.error("a property was expected before the operator"));
        }
        self.at += length;
        let value = self.until(ends).trim().to_owned();
        if value.is_empty() {
            return Err(self.error("a value was expected after the operator"));
        }
        Ok(Term { path, op, value, at })
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn take(&mut self, token: &str) -> bool {
        self.blanks();
        let there = self.rest().starts_with(token);
        if there {
            self.at += token.len();
        }
        there
    }

    /// The text from here up to where `stop` says, or the end.
    fn until(&mut self, stop: fn(&str) -> bool) -> String {
        let rest = &self.text[self.at..];
        let length = rest.char_indices().map(|(at, _)| at).find(|at| stop(&rest[*at..])).unwrap_or(rest.len());
        self.at += length;
        rest[..length].to_owned()
    }

    fn error(&self, reason: impl Into<String>) -> Refused {
        Refused::malformed(self.at, reason)
    }
}

/// The operator that the text begins with, and its length. `!` alone is none.
fn operator(text: &str) -> Option<(Op, usize)> {
    let two = [("!=", Op::Differs), (">=", Op::AtLeast), ("<=", Op::AtMost)];
    let one = [("=", Op::Equal), ("~", Op::Contains), (">", Op::Above), ("<", Op::Below)];
    two.into_iter().chain(one).find(|(token, _)| text.starts_with(token)).map(|(token, op)| (op, token.len()))
}

/// Whether a value ends here.
fn ends(text: &str) -> bool {
    ["&&", "||", "{", "}"].iter().any(|token| text.starts_with(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree in one line, with braces around every join.
    fn shown(expr: &Expr) -> String {
        let join = |parts: &[Expr], between: &str| parts.iter().map(shown).collect::<Vec<_>>().join(between);
        match expr {
            Expr::All(parts) => format!("{{{}}}", join(parts, "&&")),
            Expr::Any(parts) => format!("{{{}}}", join(parts, "||")),
            Expr::Term(term) => format!("{} {:?} {}", term.path, term.op, term.value),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for (text, tree) in [
            ("a=1", "a Equal 1"),
            ("  a  !=  b c  ", "a Differs b c"),
            ("a>=1", "a AtLeast 1"),
            ("a>1", "a Above 1"),
            ("a<=-0.5", "a AtMost -0.5"),
            ("a~x:y/é&z|w", "a Contains x:y/é&z|w"),
            ("a==1", "a Equal =1"),
            ("name=a=b!c", "name Equal a=b!c"),
            ("a=1&&b=2||c=3", "{{a Equal 1&&b Equal 2}||c Equal 3}"),
            ("a=1&&{b=2||c=3}", "{a Equal 1&&{b Equal 2||c Equal 3}}"),
            ("{ { a = 1 } }", "a Equal 1"),
            ("a.b.c=1 && d=2020-01-01T00:00:00Z", "{a.b.c Equal 1&&d Equal 2020-01-01T00:00:00Z}"),
        ] {
            assert_eq!(parse(text).map(|expr| shown(&expr)), Ok(tree.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_query_is_refused() {
        let deep = format!("{}a=1{}", "{".repeat(DEPTH + 1), "}".repeat(DEPTH + 1));
        let many = vec!["a=1"; TERMS + 1].join("&&");
        let long = format!("a={}", "x".repeat(LENGTH - 2));
        let unclosed = "{".repeat(LENGTH - 1);
        for text in [
            "",
            " ",
            "a",
            "a=",
            "=1",
            "a=1&&",
            "&&a=1",
            "a=1 && && b=2",
            "a=1||",
            "{a=1",
            "a=1}",
            "{}",
            "{a=1}{b=2}",
            "a{=1",
            "createdDate>>&&",
            "a!1",
            "a=\0",
            "a=1{",
            &deep,
            &many,
            &long,
            &unclosed,
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.to_string(), "Error parsing query - Malformed query.", "{text}");
        }
    }

    #[test]
    fn limits_allow_what_is_just_within_them() {
        let deep = format!("{}a=1{}", "{".repeat(DEPTH), "}".repeat(DEPTH));
        let many = vec!["a=1"; TERMS].join("&&");
        let long = format!("a={}", "x".repeat(LENGTH - 3));
        for text in [deep, many, long] {
            assert!(parse(&text).is_ok(), "{text}");
        }
    }

    /// A small generator of numbers that are the same every time.
    fn next(state: &mut u64) -> usize {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(*state >> 40).unwrap()
    }

    #[test]
    fn any_text_is_read_or_refused_and_what_is_shown_reads_the_same() {
        let pieces =
            ["a", "b.c", "=", "!=", "~", ">", "<=", "&&", "||", "{", "}", " ", "é", "&", "|", "!", "1", "\u{2028}"];
        let mut state = 7;
        for _ in 0..20_000 {
            let text: String = (0..next(&mut state) % 14).map(|_| pieces[next(&mut state) % pieces.len()]).collect();
            if let Ok(expr) = parse(&text) {
                let again = written(&expr);
                assert_eq!(parse(&again).map(|expr| shown(&expr)), Ok(shown(&expr)), "{text}");
            }
        }
    }

    fn written(expr: &Expr) -> String {
        let join = |parts: &[Expr], between: &str| parts.iter().map(written).collect::<Vec<_>>().join(between);
        let op = |op: Op| match op {
            Op::Equal => "=",
            Op::Differs => "!=",
            Op::Contains => "~",
            Op::Above => ">",
            Op::Below => "<",
            Op::AtLeast => ">=",
            Op::AtMost => "<=",
        };
        match expr {
            Expr::All(parts) => format!("{{{}}}", join(parts, "&&")),
            Expr::Any(parts) => format!("{{{}}}", join(parts, "||")),
            // A blank keeps `>` and a value that begins with `=` apart.
            Expr::Term(term) => format!("{} {} {}", term.path, op(term.op), term.value),
        }
    }
}
