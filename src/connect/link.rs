//! Link URLs: an address that lets one business owner connect one company, for a day and once.
//!
//! The token in it is kept nowhere: it names its end and the serial of the row that it is for, under a MAC of the
//! installation's key. It is the same for an hour, and it is spent when the row's serial moves on.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use entity::id::CompanyId;
use entity::{company, connection};
use url::Url;

use base::vault::DataKey;

/// What the MAC is for.
const LABEL: &str = "link";

/// Where Link pages are, and how long an address of one lives.
#[derive(Clone, Copy, Debug)]
pub struct Links<'a> {
    /// The address that the outside knows us by.
    pub public_url: &'a Url,
    /// Hours.
    pub hours: u32,
}

impl Links<'_> {
    /// The address of a page of ours; `path` begins with a slash.
    ///
    /// # Errors
    /// When they make no address together.
    pub fn page(&self, path: &str) -> Result<Url, url::ParseError> {
        Url::parse(&format!("{}{path}", self.public_url.as_str().trim_end_matches('/')))
    }

    /// The address that Stripe sends owners back to; it is registered there.
    ///
    /// # Errors
    /// As [`Links::page`].
    pub fn callback(&self) -> Result<Url, url::ParseError> {
        self.page("/oauth/callback")
    }
}

/// The Link URL of a connection: it leads to its consent page.
///
/// # Errors
/// When the public address is none.
pub fn connection_url(
    key: &DataKey,
    links: Links<'_>,
    connection: &connection::Model,
    now: DateTime<Utc>,
) -> Result<Url, url::ParseError> {
    let token = token(key, &subject_of(connection), connection.link_serial, end(links, now));
    links.page(&format!("{}?token={token}", connection_path(connection)))
}

/// The path of a connection's consent page.
#[must_use]
pub fn connection_path(connection: &connection::Model) -> String {
    format!("/link/companies/{}/connections/{}/start", connection.company_id, connection.id)
}

/// The path of a company's choice of an integration.
#[must_use]
pub fn company_path(company: CompanyId) -> String {
    format!("/link/companies/{company}/start")
}

/// The Link URL of a company: it leads to the choice of an integration.
///
/// # Errors
/// When the public address is none.
pub fn company_url(
    key: &DataKey,
    links: Links<'_>,
    company: &company::Model,
    now: DateTime<Utc>,
) -> Result<Url, url::ParseError> {
    let token = token(key, &subject_of_company(company), company.link_serial, end(links, now));
    links.page(&format!("{}?token={token}", company_path(company.id)))
}

/// What a token turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// It may be used; using it spends this serial.
    Good(i32),
    /// It was good, and its day is over.
    Over,
    /// It was good, and it was used.
    Spent,
    /// It is none of ours, or of another company or connection.
    Unknown,
}

/// Reads the token of a connection's Link URL.
#[must_use]
pub fn read(key: &DataKey, connection: &connection::Model, token: &str, now: DateTime<Utc>) -> Token {
    check(key, &subject_of(connection), connection.link_serial, token, now)
}

/// Reads the token of a company's Link URL.
#[must_use]
pub fn read_company(key: &DataKey, company: &company::Model, token: &str, now: DateTime<Utc>) -> Token {
    check(key, &subject_of_company(company), company.link_serial, token, now)
}

fn subject_of(connection: &connection::Model) -> String {
    format!("connection {} {}", connection.company_id, connection.id)
}

fn subject_of_company(company: &company::Model) -> String {
    format!("company {}", company.id)
}

/// The Unix second at which a token made now is over: counted from the next full hour, so that it stays the same for
/// an hour and lives at least as long as it should.
fn end(links: Links<'_>, now: DateTime<Utc>) -> i64 {
    (now.timestamp().div_euclid(3600) + 1 + i64::from(links.hours)) * 3600
}

fn token(key: &DataKey, subject: &str, serial: i32, end: i64) -> String {
    let tag = key.mac(LABEL, signed(subject, serial, end).as_bytes());
    format!("{end}.{serial}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
}

fn signed(subject: &str, serial: i32, end: i64) -> String {
    format!("{subject} {serial} {end}")
}

fn check(key: &DataKey, subject: &str, serial: i32, token: &str, now: DateTime<Utc>) -> Token {
    let Some((end, made_for, tag)) = parts(token) else { return Token::Unknown };
    if !key.verify(LABEL, signed(subject, made_for, end).as_bytes(), &tag) {
        return Token::Unknown;
    }
    match () {
        () if made_for != serial => Token::Spent,
        () if now.timestamp() >= end => Token::Over,
        () => Token::Good(serial),
    }
}

fn parts(token: &str) -> Option<(i64, i32, Vec<u8>)> {
    let mut parts = token.splitn(3, '.');
    let (end, serial, tag) = (parts.next()?, parts.next()?, parts.next()?);
    Some((end.parse().ok()?, serial.parse().ok()?, BASE64_URL_SAFE_NO_PAD.decode(tag).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Duration;

    #[test]
    fn a_token_serves_its_subject_for_its_time_and_until_it_is_spent() {
        let (key, public) = (DataKey::generate(), Url::parse("https://link.example/").unwrap());
        let links = Links { public_url: &public, hours: 24 };
        let now = DateTime::from_timestamp(1_800_000_123, 0).unwrap();
        let made = token(&key, "company 1", 4, end(links, now));
        assert_eq!(made, token(&key, "company 1", 4, end(links, now + Duration::minutes(5))), "stable for the hour");
        let read = |subject: &str, serial, at| check(&key, subject, serial, &made, at);
        assert_eq!(read("company 1", 4, now + Duration::hours(24)), Token::Good(4));
        assert_eq!(read("company 1", 4, now + Duration::hours(25)), Token::Over);
        assert_eq!(read("company 1", 5, now), Token::Spent);
        assert_eq!(read("company 2", 4, now), Token::Unknown);
        assert_eq!(check(&DataKey::generate(), "company 1", 4, &made, now), Token::Unknown);
        let longer = made.replacen('1', "9", 1);
        for forged in [longer.as_str(), "", "1.2", "1.2.3", "a.b.c", &made[..made.len() - 2]] {
            assert_eq!(check(&key, "company 1", 4, forged, now), Token::Unknown, "{forged}");
        }
    }
}
