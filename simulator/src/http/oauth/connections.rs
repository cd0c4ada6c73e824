//! Which accounts have let the platform in: codes, grants and tokens, in memory.

use rand::distr::{Alphanumeric, SampleString};
use serde::Serialize;
use std::collections::HashMap;

/// A code works this long, in microseconds.
pub const CODE_LIVES: i64 = 5 * 60 * 1_000_000;

/// What a connection allows. The order is by how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Every GET.
    ReadOnly,
    /// Everything.
    ReadWrite,
}

impl Scope {
    /// Reads the word that OAuth uses.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "read_only" => Some(Self::ReadOnly),
            "read_write" => Some(Self::ReadWrite),
            _ => None,
        }
    }

    /// The word that OAuth uses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ReadOnly => "read_only",
            Self::ReadWrite => "read_write",
        }
    }
}

/// What the token endpoint hands out.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// `sk_test_…` or `sk_live_…`; never expires.
    pub access: String,
    /// `rt_…`
    pub refresh: String,
    /// `pk_test_…` or `pk_live_…`
    pub publishable: String,
    /// What they allow.
    pub scope: Scope,
    /// `acct_…`
    pub account: String,
}

/// How an access token stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It works.
    Good(String, Scope),
    /// A refresh has replaced it.
    Replaced,
    /// Its account has disconnected.
    Revoked(String),
}

#[derive(Debug)]
struct Code {
    account: String,
    scope: Scope,
    expires: i64,
    used: bool,
}

#[derive(Debug)]
struct Grant {
    scope: Scope,
    tokens: Vec<Tokens>,
}

/// All connections of the one platform that the simulator knows, in the one mode of its key.
#[derive(Debug, Default)]
pub struct Connections {
    livemode: bool,
    codes: HashMap<String, Code>,
    /// By account; an account that is not in it is not connected.
    grants: HashMap<String, Vec<Grant>>,
    standing: HashMap<String, Standing>,
}

impl Connections {
    /// No connections yet, in this mode.
    #[must_use]
    pub fn new(livemode: bool) -> Self {
        Self { livemode, ..Self::default() }
    }

    /// The owner of an account has approved: a code for the redirect.
    pub fn approve(&mut self, account: &str, scope: Scope, now: i64) -> String {
        let code = random("ac_");
        let made = Code { account: account.to_owned(), scope, expires: now + CODE_LIVES, used: false };
        self.codes.insert(code.clone(), made);
        code
    }

    /// Exchanges a code. A second use revokes everything and disconnects the account (trap 46).
    ///
    /// # Errors
    /// The text of `invalid_grant`.
    pub fn exchange(&mut self, code: &str, now: i64) -> Result<Tokens, String> {
        let Some(known) = self.codes.get_mut(code) else {
            return Err(format!("Authorization code does not exist: {code}"));
        };
        let (account, scope) = (known.account.clone(), known.scope);
        if known.used {
            self.disconnect(&account);
            return Err(
                "This authorization code has already been used. All tokens issued with this code have been revoked."
                    .to_owned(),
            );
        }
        if now > known.expires {
            return Err(format!("Authorization code expired: {code}"));
        }
        known.used = true;
        Ok(self.issue(&account, scope, None))
    }

    /// Hands out a token for a refresh token; an earlier one of the same scope stops working.
    ///
    /// # Errors
    /// The code and text of the OAuth error.
    pub fn refresh(&mut self, token: &str, scope: Option<Scope>) -> Result<Tokens, (&'static str, String)> {
        let unknown = || ("invalid_grant", format!("Refresh token does not exist: {token}"));
        let known = self.grants.values().flatten().flat_map(|grant| &grant.tokens).find(|known| known.refresh == token);
        let known = known.cloned().ok_or_else(unknown)?;
        let scope = scope.unwrap_or(known.scope);
        if scope > known.scope {
            let text = format!("Requested scope {} is more than the token's {}", scope.word(), known.scope.word());
            return Err(("invalid_scope", text));
        }
        Ok(self.issue(&known.account, scope, Some(&known.refresh)))
    }

    fn issue(&mut self, account: &str, scope: Scope, refresh: Option<&str>) -> Tokens {
        let mode = if self.livemode { "live" } else { "test" };
        let tokens = Tokens {
            access: random(&format!("sk_{mode}_")),
            refresh: refresh.map_or_else(|| random("rt_"), str::to_owned),
            publishable: random(&format!("pk_{mode}_")),
            scope,
            account: account.to_owned(),
        };
        let grants = self.grants.entry(account.to_owned()).or_default();
        let at = grants.iter().position(|grant| grant.scope == scope).unwrap_or_else(|| {
            grants.push(Grant { scope, tokens: Vec::new() });
            grants.len() - 1
        });
        if refresh.is_some() {
            for replaced in grants[at].tokens.drain(..) {
                self.standing.insert(replaced.access, Standing::Replaced);
            }
        }
        grants[at].tokens.push(tokens.clone());
        self.standing.insert(tokens.access.clone(), Standing::Good(account.to_owned(), scope));
        tokens
    }

    /// Ends all access to an account; whether there was any. A code that is still unused can connect it again.
    pub fn disconnect(&mut self, account: &str) -> bool {
        let grants = self.grants.remove(account);
        for tokens in grants.iter().flatten().flat_map(|grant| &grant.tokens) {
            self.standing.insert(tokens.access.clone(), Standing::Revoked(account.to_owned()));
        }
        grants.is_some()
    }

    /// What the platform's key may do with an account: the widest of its grants, or nothing. An account that is connected
    /// again with another scope keeps what it had granted before (trap 44).
    #[must_use]
    pub fn scope(&self, account: &str) -> Option<Scope> {
        self.grants.get(account)?.iter().map(|grant| grant.scope).max()
    }

    /// How an access token stands; nothing when it was never handed out.
    #[must_use]
    pub fn standing(&self, access_token: &str) -> Option<&Standing> {
        self.standing.get(access_token)
    }
}

fn random(prefix: &str) -> String {
    format!("{prefix}{}", Alphanumeric.sample_string(&mut rand::rng(), 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "acct_1";

    fn connected(scope: Scope) -> (Connections, Tokens) {
        let mut connections = Connections::new(false);
        let code = connections.approve(ACCOUNT, scope, 0);
        let tokens = connections.exchange(&code, 1).unwrap();
        (connections, tokens)
    }

    #[test]
    fn a_code_works_five_minutes_and_only_once() {
        let mut connections = Connections::new(false);
        let late = connections.approve(ACCOUNT, Scope::ReadOnly, 0);
        assert!(connections.exchange(&late, CODE_LIVES + 1).unwrap_err().contains("expired"));
        assert_eq!(connections.scope(ACCOUNT), None);
        let code = connections.approve(ACCOUNT, Scope::ReadOnly, 0);
        let tokens = connections.exchange(&code, CODE_LIVES).unwrap();
        assert_eq!(connections.scope(ACCOUNT), Some(Scope::ReadOnly));
        assert!(connections.exchange(&code, 2).unwrap_err().contains("revoked"));
        assert_eq!(connections.scope(ACCOUNT), None, "trap 46: the second use disconnects");
        assert_eq!(connections.standing(&tokens.access), Some(&Standing::Revoked(ACCOUNT.to_owned())));
        assert!(connections.refresh(&tokens.refresh, None).is_err());
    }

    #[test]
    fn a_refresh_narrows_but_never_widens_and_replaces_its_equal() {
        let (mut connections, wide) = connected(Scope::ReadWrite);
        let narrow = connections.refresh(&wide.refresh, Some(Scope::ReadOnly)).unwrap();
        assert_eq!(connections.standing(&wide.access), Some(&Standing::Good(ACCOUNT.to_owned(), Scope::ReadWrite)));
        let again = connections.refresh(&wide.refresh, None).unwrap();
        assert_eq!(connections.standing(&wide.access), Some(&Standing::Replaced));
        assert_eq!(again.scope, Scope::ReadWrite);
        assert_eq!(connections.standing(&narrow.access), Some(&Standing::Good(ACCOUNT.to_owned(), Scope::ReadOnly)));
        let (mut connections, small) = connected(Scope::ReadOnly);
        assert_eq!(connections.refresh(&small.refresh, Some(Scope::ReadWrite)).unwrap_err().0, "invalid_scope");
    }

    #[test]
    fn a_reconnected_account_works_again_but_its_old_tokens_do_not() {
        let (mut connections, old) = connected(Scope::ReadWrite);
        assert!(connections.disconnect(ACCOUNT));
        assert!(!connections.disconnect(ACCOUNT));
        let code = connections.approve(ACCOUNT, Scope::ReadOnly, 0);
        connections.exchange(&code, 1).unwrap();
        assert_eq!(connections.scope(ACCOUNT), Some(Scope::ReadOnly));
        assert_eq!(connections.standing(&old.access), Some(&Standing::Revoked(ACCOUNT.to_owned())));
    }
}
