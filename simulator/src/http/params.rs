//! Stripe's way to write nested parameters in a query or a form: `created[gte]=1`, `expand[]=a`, `expand[0]=a`.

use super::error::Error;

/// One parameter as it came: `created[gte]=1` has the name `created`, the inner key `gte` and the value `1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// As written, for messages: `created[gte]`.
    pub key: String,
    /// Before the first bracket.
    pub name: String,
    /// What stands in the brackets; empty for `expand[]`.
    pub inner: Vec<String>,
    /// Decoded.
    pub value: String,
}

/// All parameters of a request that have not been taken yet.
#[derive(Debug, Default)]
pub struct Params(Vec<Param>);

impl Params {
    /// Reads a query string or a form body.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self(url::form_urlencoded::parse(text.as_bytes()).map(|(key, value)| split(&key, &value)).collect())
    }

    /// Whether there is anything of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|param| param.name == name)
    }

    /// Takes everything of this name.
    pub fn take(&mut self, name: &str) -> Vec<Param> {
        self.0.extract_if(.., |param| param.name == name).collect()
    }

    /// Takes a plain value; the last one counts when it was given twice.
    ///
    /// # Errors
    /// 400 when it is nested or empty.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, Error> {
        let Some(last) = self.take(name).pop() else { return Ok(None) };
        if !last.inner.is_empty() {
            return Err(Error::invalid("Invalid string: a hash or an array was given.").of(&last.key));
        }
        if last.value.is_empty() {
            return Err(Error::empty(name));
        }
        Ok(Some(last.value))
    }

    /// Takes an array: `name[]=a&name[]=b`, or with numbers in the brackets.
    ///
    /// # Errors
    /// 400 when it is a plain value or a hash, or an entry is empty.
    pub fn list(&mut self, name: &str) -> Result<Vec<String>, Error> {
        self.take(name).into_iter().map(|param| entry(name, param)).collect()
    }

    /// Nothing may be left over.
    ///
    /// # Errors
    /// 400 `parameter_unknown` naming what is left.
    pub fn finish(self) -> Result<(), Error> {
        let mut names: Vec<String> = Vec::new();
        for Param { name, .. } in self.0 {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        match names.as_slice() {
            [] => Ok(()),
            names => Err(Error::unknown_parameters(names)),
        }
    }
}

fn entry(name: &str, param: Param) -> Result<String, Error> {
    let is_index = |inner: &str| inner.bytes().all(|byte| byte.is_ascii_digit());
    match param.inner.as_slice() {
        [index] if is_index(index) && param.value.is_empty() => Err(Error::empty(&param.key)),
        [index] if is_index(index) => Ok(param.value),
        _ => Err(Error::invalid("Invalid array").of(name)),
    }
}

fn split(key: &str, value: &str) -> Param {
    let whole = || (key.to_owned(), Vec::new());
    let (name, inner) = match key.split_once('[') {
        Some((name, rest)) if rest.ends_with(']') && !name.is_empty() => {
            let inside = rest.strip_suffix(']').unwrap_or(rest);
            (name.to_owned(), inside.split("][").map(str::to_owned).collect())
        }
        _ => whole(),
    };
    Param { key: key.to_owned(), name, inner, value: value.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_are_read_in_all_their_forms() {
        let mut params = Params::parse("created%5Bgte%5D=1&expand[]=a&expand[1]=b&limit=3&payment[type]=x&odd[=1");
        let created = params.take("created");
        assert_eq!((created[0].inner.as_slice(), created[0].value.as_str()), (["gte".to_owned()].as_slice(), "1"));
        assert_eq!(params.list("expand").unwrap(), ["a", "b"]);
        assert_eq!(params.text("limit").unwrap().as_deref(), Some("3"));
        assert_eq!(params.take("payment")[0].inner, ["type"]);
        let left = params.finish().unwrap_err();
        assert_eq!(left.param.as_deref(), Some("odd["));
    }

    #[test]
    fn a_list_in_place_of_a_value_and_the_reverse_are_refused() {
        assert!(Params::parse("limit[]=3").text("limit").is_err());
        assert!(Params::parse("expand=a").list("expand").is_err());
        assert!(Params::parse("expand[x]=a").list("expand").is_err());
        assert!(Params::parse("starting_after=").text("starting_after").is_err());
    }
}
