//! Names, places and odd texts.

use super::chance::Chance;
use serde_json::{Map, Value, json};

const FIRST: [&str; 32] = [
    "Ada", "Ben", "Clara", "Diego", "Elif", "Femi", "Greta", "Hana", "Ivo", "June", "Kofi", "Lena", "Mateo", "Nora",
    "Omar", "Priya", "Quinn", "Rosa", "Sven", "Tara", "Uma", "Viktor", "Wen", "Ximena", "Yara", "Zoe", "Aoife",
    "Björn", "Chloé", "Emre", "Freya", "José",
];
const LAST: [&str; 32] = [
    "Andersen",
    "Brown",
    "Costa",
    "Dubois",
    "Evans",
    "Fischer",
    "García",
    "Haddad",
    "Ito",
    "Jensen",
    "Kowalski",
    "Lopez",
    "Müller",
    "Nakamura",
    "O'Brien",
    "Patel",
    "Quist",
    "Rossi",
    "Silva",
    "Tanaka",
    "Ueda",
    "Varga",
    "Walsh",
    "Xu",
    "Yilmaz",
    "Zhang",
    "Nováková",
    "Østergaard",
    "Schmidt",
    "Murphy",
    "Okafor",
    "Larsen",
];
const STREETS: [&str; 8] = [
    "Mill Lane",
    "High Street",
    "Station Road",
    "Harbour View",
    "Oak Avenue",
    "Lindenstraße",
    "Rue du Port",
    "Elm Court",
];
const PLACES: [(&str, &str, Option<&str>, &str); 10] = [
    ("Portland", "97205", Some("OR"), "US"),
    ("Austin", "78701", Some("TX"), "US"),
    ("Berlin", "10115", None, "DE"),
    ("Lyon", "69002", None, "FR"),
    ("Leeds", "LS1 4AP", None, "GB"),
    ("Cork", "T12 W8KP", None, "IE"),
    ("大阪市", "530-0001", Some("大阪府"), "JP"),
    ("Kuwait City", "13001", None, "KW"),
    ("Toronto", "M5H 2N2", Some("ON"), "CA"),
    ("Zürich", "8001", None, "CH"),
];

/// The odd ones among a full shop's customers, by number (trap 15): one address twice and in another case, other
/// scripts, an emoji, text that looks like HTML and SQL, no name and no address.
const ODD: [(Option<&str>, Option<&str>); 9] = [
    (Some("Ana Sousa"), Some("ana.sousa@example.com")),
    (Some("Ana Sousa"), Some("ana.sousa@example.com")),
    (Some("ANA SOUSA"), Some("Ana.Sousa@Example.COM")),
    (Some("山田 花子"), Some("hanako@example.jp")),
    (Some("Дмитрий Иванов"), Some("dmitri@example.com")),
    (Some("محمد علي"), None),
    (Some("🦊 Fox & Söhne <b>GmbH</b>"), Some("fox+söhne@example.com")),
    (Some("Robert'); DROP TABLE customers;--"), Some("<script>alert(1)</script>@example.com")),
    (None, None),
];

/// How many customers are odd in a full shop.
pub const ODD_CUSTOMERS: u32 = 9;

/// A person's name and e-mail address.
pub fn person(chance: Chance, number: u32, full: bool) -> (Option<String>, Option<String>) {
    if let Some((name, email)) = ODD.get(number as usize).filter(|_| full) {
        return (name.map(str::to_owned), email.map(str::to_owned));
    }
    let (first, last) = (*chance.pick("first", &FIRST), *chance.pick("last", &LAST));
    let mailbox: String = format!("{first}.{last}")
        .to_lowercase()
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '.')
        .collect();
    (Some(format!("{first} {last}")), Some(format!("{mailbox}{}@example.com", number % 97)))
}

/// A postal address.
pub fn address(chance: Chance) -> Value {
    let (city, postal_code, state, country) = *chance.pick("place", &PLACES);
    json!({
        "city": city,
        "country": country,
        "line1": format!("{} {}", chance.between("house", 1, 240), chance.pick("street", &STREETS)),
        "line2": if chance.one_in("flat", 6) { json!(format!("Flat {}", chance.between("flat", 1, 40))) } else { Value::Null },
        "postal_code": postal_code,
        "state": state,
    })
}

/// An address with nothing in it.
pub fn no_address() -> Value {
    json!({ "city": null, "country": null, "line1": null, "line2": null, "postal_code": null, "state": null })
}

/// A phone number from a range kept for fiction.
pub fn phone(chance: Chance) -> String {
    format!("+1{}5550{}", chance.between("area", 201, 989), chance.between("line", 100, 199))
}

/// 5,000 characters of several widths (trap 15).
pub fn long_text() -> String {
    "Größe 42 – 靴 👟 “left” & <right> %00 \\ ' ; -- ".chars().cycle().take(5_000).collect()
}

/// 50 keys with values that look like markup, code and numbers (trap 15).
pub fn odd_metadata() -> Value {
    const VALUES: [&str; 6] = ["<b>bold</b>", "'; DELETE FROM orders; --", "{\"a\": [1, 2]}", "007", "ключ 🔑", " "];
    let entries: Map<String, Value> =
        (0..50_usize).map(|number| (format!("key_{number:02}"), json!(VALUES[number % VALUES.len()]))).collect();
    Value::Object(entries)
}

/// The season of a second, in the north.
pub fn season(at: i64) -> &'static str {
    const SEASONS: [&str; 4] = ["winter", "spring", "summer", "autumn"];
    // Mean seasons; nothing but a product's description depends on them.
    let quarter = (at.rem_euclid(31_556_952) + 2_629_746) / 7_889_238;
    SEASONS[usize::try_from(quarter).unwrap_or(0) % SEASONS.len()]
}
