//! A tree becomes tests on the fields of a noun, with values of the fields' kinds.

use std::cmp::Ordering;

use chrono::{DateTime, NaiveDate, NaiveDateTime, SubsecRound, Utc};
use uuid::Uuid;

use super::{Expr, Op, Refused, Term};
use crate::money::Milli;

/// What can be asked of a noun. `S` tells where a field is read from; only the store knows what that means.
#[derive(Debug)]
pub struct Noun<S: 'static> {
    /// Its name, as errors show it.
    pub name: &'static str,
    /// Its fields.
    pub fields: &'static [Field<S>],
}

/// A field that can be queried and ordered by.
#[derive(Debug)]
pub struct Field<S> {
    /// Its name in the API, with dots.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether a record may lack it.
    pub nullable: bool,
    /// Where it is read from.
    pub source: S,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text in letters of ASCII; compared without case.
    Text,
    /// Text of any letters, read from where it is kept in lower case.
    Folded,
    /// An id of Stripe's: `=` is exact, since two ids may differ by case alone; `~` ignores case.
    Id,
    /// One of our ids; `~` leaves hyphens out.
    Uuid,
    /// A number, kept in thousandths.
    Number,
    /// A moment.
    Date,
    /// True or false.
    Bool,
}

/// A query that fits its noun.
#[derive(Debug)]
pub enum Filter<S: 'static> {
    /// All of these hold.
    All(Vec<Filter<S>>),
    /// Any of these holds.
    Any(Vec<Filter<S>>),
    /// One test.
    Test(Test<S>),
}

/// One test of one field.
#[derive(Debug)]
pub struct Test<S: 'static> {
    /// The field.
    pub field: &'static Field<S>,
    /// The operator; the field's kind has it.
    pub op: Op,
    /// The value, of the field's kind.
    pub value: Value,
}

/// What a field is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text; in lower case unless the field is an id that is compared exactly.
    Text(String),
    /// One of our ids; none when the text is no id, which nothing equals.
    Uuid(Option<Uuid>),
    /// A number.
    Number(Milli),
    /// A moment.
    Date(Date),
    /// True or false.
    Bool(bool),
}

/// A moment in whole microseconds, rounded down; compared as [`Milli`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// The last whole microsecond that is not after the moment.
    pub floor: DateTime<Utc>,
    /// Whether it is the moment itself.
    pub exact: bool,
}

/// What a field of one record holds, for tests in memory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Datum {
    /// Text as it is.
    Text(String),
    /// A number in thousandths.
    Number(i64),
    /// A moment.
    Date(DateTime<Utc>),
    /// True or false.
    Bool(bool),
}

/// What a list is ordered by.
#[derive(Debug)]
pub struct Order<S: 'static> {
    /// The field.
    pub field: &'static Field<S>,
    /// Whether the greatest comes first. Records that lack the field come last either way.
    pub descending: bool,
}

impl<S> Noun<S> {
    /// Fits a query to this noun.
    ///
    /// # Errors
    /// [`Refused`]: a property that does not exist, an operator that its kind does not have, a value of another kind.
    pub fn bind(&'static self, expr: &Expr) -> Result<Filter<S>, Refused> {
        let all = |parts: &[Expr]| parts.iter().map(|part| self.bind(part)).collect::<Result<Vec<_>, _>>();
        Ok(match expr {
            Expr::All(parts) => Filter::All(all(parts)?),
            Expr::Any(parts) => Filter::Any(all(parts)?),
            Expr::Term(term) => Filter::Test(self.test(term)?),
        })
    }

    /// Reads `field` or `-field`.
    ///
    /// # Errors
    /// [`Refused::Unknown`] when there is no such field.
    pub fn order(&'static self, text: &str) -> Result<Order<S>, Refused> {
        let (name, descending) = text.trim().strip_prefix('-').map_or((text.trim(), false), |name| (name, true));
        Ok(Order { field: self.field(name)?, descending })
    }

    fn field(&'static self, name: &str) -> Result<&'static Field<S>, Refused> {
        self.fields.iter().find(|field| field.name == name).ok_or_else(|| Refused::Unknown {
            property: name.chars().take(100).collect(),
            noun: self.name,
            known: self.fields.iter().map(|field| field.name).collect::<Vec<_>>().join(", "),
        })
    }

    fn test(&'static self, term: &Term) -> Result<Test<S>, Refused> {
        let field = self.field(&term.path)?;
        if !field.kind.has(term.op) {
            let reason = format!("{} cannot be compared this way", field.name);
            return Err(Refused::malformed(term.at, reason));
        }
        let value = field.kind.value(term).ok_or_else(|| {
            Refused::malformed(term.at, format!("{} must be compared with {}", field.name, field.kind.wanted()))
        })?;
        Ok(Test { field, op: term.op, value })
    }
}

impl Kind {
    fn has(self, op: Op) -> bool {
        match op {
            Op::Equal | Op::Differs => true,
            Op::Contains => matches!(self, Self::Text | Self::Folded | Self::Id | Self::Uuid),
            Op::Above | Op::Below | Op::AtLeast | Op::AtMost => matches!(self, Self::Number | Self::Date),
        }
    }

    fn value(self, term: &Term) -> Option<Value> {
        let text = term.value.as_str();
        match self {
            Self::Text => Some(Value::Text(text.to_ascii_lowercase())),
            Self::Id if term.op == Op::Contains => Some(Value::Text(text.to_ascii_lowercase())),
            Self::Id => Some(Value::Text(text.to_owned())),
            Self::Folded => Some(Value::Text(text.to_lowercase())),
            Self::Uuid if term.op == Op::Contains => Some(Value::Text(text.to_ascii_lowercase().replace('-', ""))),
            Self::Uuid => Some(Value::Uuid(text.parse().ok())),
            Self::Number => Milli::parse(text).map(Value::Number),
            Self::Date => Date::parse(text).map(Value::Date),
            Self::Bool => match text.to_ascii_lowercase().as_str() {
                "true" => Some(Value::Bool(true)),
                "false" => Some(Value::Bool(false)),
                _ => None,
            },
        }
    }

    const fn wanted(self) -> &'static str {
        match self {
            Self::Text | Self::Folded | Self::Id | Self::Uuid => "a text",
            Self::Number => "a number such as 12.5",
            Self::Date => "a date such as 2026-01-31 or 2026-01-31T10:00:00Z",
            Self::Bool => "true or false",
        }
    }
}

impl Date {
    /// Reads `YYYY-MM-DD`, midnight UTC, or a time of ISO 8601; without a zone it is UTC. `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let moment = match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            Ok(day) => day.and_hms_opt(0, 0, 0)?.and_utc(),
            Err(_) => DateTime::parse_from_rfc3339(text)
                .map(|time| time.to_utc())
                .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map(|time| time.and_utc()))
                .ok()?,
        };
        // Databases know the years 1 to 9999 alike; no moment of ours is outside of them.
        let floor = moment.trunc_subsecs(6);
        (1..=9999).contains(&chrono::Datelike::year(&floor)).then_some(Self { floor, exact: floor == moment })
    }
}

impl<S> Filter<S> {
    /// Whether a record in memory is meant; `read` gives its fields.
    pub fn matches(&self, read: &dyn Fn(&Field<S>) -> Option<Datum>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(read)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(read)),
            Self::Test(test) => test.matches(read(test.field)),
        }
    }
}

impl<S> Test<S> {
    fn matches(&self, datum: Option<Datum>) -> bool {
        let Some(datum) = datum else { return self.op == Op::Differs };
        match (&self.value, datum) {
            (Value::Text(wanted), Datum::Text(text)) => self.text(wanted, &text),
            (Value::Uuid(wanted), Datum::Text(text)) => {
                (wanted.is_some_and(|wanted| wanted.to_string() == text)) == (self.op == Op::Equal)
            }
            (Value::Number(wanted), Datum::Number(number)) => holds(self.op, number.cmp(&wanted.floor), wanted.exact),
            (Value::Date(wanted), Datum::Date(date)) => holds(self.op, date.cmp(&wanted.floor), wanted.exact),
            (Value::Bool(wanted), Datum::Bool(flag)) => (*wanted == flag) == (self.op == Op::Equal),
            _ => self.op == Op::Differs,
        }
    }

    fn text(&self, wanted: &str, text: &str) -> bool {
        let text = match self.field.kind {
            Kind::Id if self.op != Op::Contains => text.to_owned(),
            Kind::Uuid => text.replace('-', ""),
            Kind::Folded => text.to_lowercase(),
            _ => text.to_ascii_lowercase(),
        };
        match self.op {
            Op::Contains => text.contains(wanted),
            Op::Equal => text == wanted,
            _ => text != wanted,
        }
    }
}

/// Whether `op` holds for what stands so to the floor of a bound. What is equal to the floor of a bound that is not
/// exact lies below the bound.
const fn holds(op: Op, to_floor: Ordering, exact: bool) -> bool {
    match op {
        Op::Equal => to_floor.is_eq() && exact,
        Op::Differs => !(to_floor.is_eq() && exact),
        Op::Above => to_floor.is_gt(),
        Op::AtLeast => to_floor.is_gt() || (to_floor.is_eq() && exact),
        Op::Below => to_floor.is_lt() || (to_floor.is_eq() && !exact),
        Op::AtMost => to_floor.is_le(),
        Op::Contains => false,
    }
}

/// How two records in memory stand to each other; one that lacks the field comes last.
#[must_use]
pub fn ascending(one: Option<Datum>, other: Option<Datum>, descending: bool) -> Ordering {
    match (one, other) {
        (Some(one), Some(other)) if descending => other.cmp(&one),
        (Some(one), Some(other)) => one.cmp(&other),
        (one, other) => other.is_some().cmp(&one.is_some()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::parse;

    static NOUN: Noun<()> = Noun {
        name: "Payment",
        fields: &[
            Field { name: "id", kind: Kind::Id, nullable: false, source: () },
            Field { name: "status", kind: Kind::Text, nullable: false, source: () },
            Field { name: "ref.name", kind: Kind::Folded, nullable: true, source: () },
            Field { name: "company", kind: Kind::Uuid, nullable: false, source: () },
            Field { name: "amount", kind: Kind::Number, nullable: false, source: () },
            Field { name: "dueDate", kind: Kind::Date, nullable: true, source: () },
            Field { name: "createdDate", kind: Kind::Date, nullable: false, source: () },
            Field { name: "live", kind: Kind::Bool, nullable: false, source: () },
        ],
    };

    fn read(field: &Field<()>) -> Option<Datum> {
        Some(match field.name {
            "id" => Datum::Text("ch_Ab%c".into()),
            "status" => Datum::Text("Paid".into()),
            "ref.name" => Datum::Text("Café_Ö".into()),
            "company" => Datum::Text("0b0c2d4e-0000-4000-8000-0000000000aa".into()),
            "amount" => Datum::Number(12_500),
            "createdDate" => Datum::Date("2026-01-31T00:00:00Z".parse().unwrap()),
            "live" => Datum::Bool(true),
            _ => return None,
        })
    }

    #[test]
    fn what_is_meant_matches() {
        for (text, wanted) in [
            ("status=paid", true),
            ("status!=PAID", false),
            ("status~aI", true),
            ("id=ch_Ab%c", true),
            ("id=ch_ab%c", false),
            ("id~AB%C", true),
            ("id~b_c", false),
            ("ref.name=CAFÉ_ö", true),
            ("company=0B0C2D4E-0000-4000-8000-0000000000AA", true),
            ("company~8000-0000000000AA", true),
            ("company=nothing", false),
            ("company!=nothing", true),
            ("amount=12.50", true),
            ("amount=12.5001", false),
            ("amount!=12.5001", true),
            ("amount>12.4999", true),
            ("amount>=12.5001", false),
            ("amount<12.5001", true),
            ("amount<=12.5", true),
            ("amount<12.5", false),
            ("createdDate=2026-01-31", true),
            ("createdDate=2026-01-31T01:00:00+01:00", true),
            ("createdDate>=2026-01-31T00:00:00.0000001Z", false),
            ("createdDate<2026-01-31T00:00:00.0000001Z", true),
            ("createdDate<=2026-01-31T00:00:00", true),
            ("dueDate=2026-01-31", false),
            ("dueDate!=2026-01-31", true),
            ("live=TRUE", true),
            ("live!=true", false),
            ("{status=lost||amount>1}&&live=true", true),
        ] {
            let filter = NOUN.bind(&parse(text).unwrap()).unwrap();
            assert_eq!(filter.matches(&read), wanted, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_compared_is_refused_with_a_reason() {
        for (text, reason) in [
            ("status>paid", "status cannot be compared this way"),
            ("amount~1", "amount cannot be compared this way"),
            ("amount=much", "must be compared with a number"),
            ("amount=1e3", "must be compared with a number"),
            ("createdDate>soon", "must be compared with a date"),
            ("createdDate>2026-02-30", "must be compared with a date"),
            ("createdDate>+12026-02-20T00:00:00Z", "must be compared with a date"),
            ("live=yes", "must be compared with true or false"),
        ] {
            let refused = NOUN.bind(&parse(text).unwrap()).unwrap_err();
            assert_eq!(refused.to_string(), "Error parsing query - Malformed query.");
            assert!(refused.reason().contains(reason), "{}", refused.reason());
        }
        let refused = NOUN.bind(&parse("lineItems.x=1").unwrap()).unwrap_err();
        assert_eq!(refused.to_string(), "Error parsing query - Could not resolve property lineItems.x on Payment");
        assert!(refused.reason().contains("ref.name"));
    }

    #[test]
    fn orders_are_read_and_gaps_come_last() {
        assert!(NOUN.order("-amount").unwrap().descending);
        assert!(!NOUN.order("amount").unwrap().descending);
        for text in ["", "-", "--amount", "nothing", "amount,id"] {
            assert!(NOUN.order(text).is_err(), "{text}");
        }
        let (one, two) = (Some(Datum::Number(1)), Some(Datum::Number(2)));
        assert_eq!(ascending(one.clone(), two.clone(), false), Ordering::Less);
        assert_eq!(ascending(one.clone(), two, true), Ordering::Greater);
        assert_eq!(ascending(one.clone(), None, true), Ordering::Less);
        assert_eq!(ascending(None, one, false), Ordering::Greater);
    }
}
