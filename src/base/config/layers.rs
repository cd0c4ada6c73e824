//! Where the value of a setting comes from: the embedded defaults, a file, the environment, an option.

use std::{collections::BTreeMap, ffi::OsString, fmt, path::Path};

use toml::{Table, Value};

use super::ConfigError;

/// The defaults, which are the manual as well.
pub const DEFAULTS: &str = include_str!("../defaults.toml");
/// How the name of an environment variable of ours begins.
const PREFIX: &str = "TRIBUTARY_";
/// A variable that names the file of settings; it is no setting itself.
const FILE_VARIABLE: &str = "TRIBUTARY_CONFIG";

/// Where a value was set, for a message about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The embedded defaults.
    Default,
    /// A file of settings.
    File(String),
    /// An environment variable.
    Environment(String),
    /// An option on the command line.
    Option(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the defaults"),
            Self::File(path) => write!(f, "the file {path}"),
            Self::Environment(name) => write!(f, "the variable {name}"),
            Self::Option(name) => write!(f, "the option {name}"),
        }
    }
}

/// One setting's value as text, and where it was set.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The value.
    pub text: String,
    /// Who set it.
    pub source: Source,
}

/// The settings by their path (`stripe.api_base`), each as the strongest layer has it.
///
/// It is not `Debug`, since values may be secret.
pub struct Layers(BTreeMap<String, Setting>);

impl Layers {
    /// The embedded defaults. Their paths are the settings that exist.
    ///
    /// # Errors
    /// Only if the embedded file is broken, which a test excludes.
    pub fn defaults() -> Result<Self, ConfigError> {
        let settings = flatten(DEFAULTS, &Source::Default)?;
        Ok(Self(settings.into_iter().map(|(path, text)| (path, Setting { text, source: Source::Default })).collect()))
    }

    /// Lays the file at `path` over the settings.
    ///
    /// # Errors
    /// When it cannot be read, is no TOML, or has a setting that does not exist.
    pub fn file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let source = Source::File(path.display().to_string());
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::File { source_name: source.to_string(), reason: error.to_string() })?;
        for (path, text) in flatten(&text, &source)? {
            self.set(&path, text, source.clone())?;
        }
        Ok(())
    }

    /// Lays the variables that begin with `TRIBUTARY_` over the settings.
    ///
    /// # Errors
    /// When a variable names no setting or is no Unicode.
    pub fn environment(
        &mut self,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<(), ConfigError> {
        for (name, value) in variables {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX) && *name != FILE_VARIABLE) else {
                continue;
            };
            let source = Source::Environment(name.to_owned());
            let path = self.0.keys().find(|path| variable(path) == name).cloned();
            let path = path.ok_or_else(|| self.unknown(&name[PREFIX.len()..].to_lowercase(), &source))?;
            let text = value.into_string().map_err(|_| ConfigError::Bad {
                setting: path.clone(),
                source_name: source.to_string(),
                allowed: "text in UTF-8".to_owned(),
            })?;
            self.set(&path, text, source)?;
        }
        Ok(())
    }

    /// Lays an option of the command line over the setting `path`.
    ///
    /// # Errors
    /// When there is no such setting.
    pub fn option(&mut self, path: &str, text: String) -> Result<(), ConfigError> {
        let name = format!("--{}", path.replace(['.', '_'], "-"));
        self.set(path, text, Source::Option(name))
    }

    /// The setting `path`.
    ///
    /// # Errors
    /// When there is no such setting.
    pub fn get(&self, path: &str) -> Result<&Setting, ConfigError> {
        self.0.get(path).ok_or_else(|| self.unknown(path, &Source::Default))
    }

    fn set(&mut self, path: &str, text: String, source: Source) -> Result<(), ConfigError> {
        if !self.0.contains_key(path) {
            return Err(self.unknown(path, &source));
        }
        self.0.insert(path.to_owned(), Setting { text, source });
        Ok(())
    }

    fn unknown(&self, path: &str, source: &Source) -> ConfigError {
        let known = self.0.keys().cloned().collect::<Vec<_>>().join(", ");
        ConfigError::Unknown { setting: path.to_owned(), source_name: source.to_string(), known }
    }
}

/// The environment variable of the setting `path`: `stripe.api_base` is `TRIBUTARY_STRIPE_API_BASE`.
fn variable(path: &str) -> String {
    format!("{PREFIX}{}", path.replace('.', "_").to_uppercase())
}

/// The leaves of a TOML text by their paths, each value as text.
fn flatten(text: &str, source: &Source) -> Result<BTreeMap<String, String>, ConfigError> {
    let broken = |error: toml::de::Error| ConfigError::File {
        source_name: source.to_string(),
        // Only the first line: the others would repeat the text around the error, which may be a secret.
        reason: error.message().lines().next().unwrap_or("it is no TOML").to_owned(),
    };
    let mut leaves = BTreeMap::new();
    walk("", &text.parse::<Table>().map_err(broken)?, source, &mut leaves)?;
    Ok(leaves)
}

fn walk(
    prefix: &str,
    table: &Table,
    source: &Source,
    leaves: &mut BTreeMap<String, String>,
) -> Result<(), ConfigError> {
    for (key, value) in table {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        let text = match value {
            Value::Table(inner) => {
                walk(&path, inner, source, leaves)?;
                continue;
            }
            Value::String(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            Value::Boolean(flag) => flag.to_string(),
            Value::Float(_) | Value::Datetime(_) | Value::Array(_) => {
                return Err(ConfigError::Bad {
                    setting: path,
                    source_name: source.to_string(),
                    allowed: "a text, a whole number, or true or false".to_owned(),
                });
            }
        };
        leaves.insert(path, text);
    }
    Ok(())
}
