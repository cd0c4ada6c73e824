//! The shops: who they are and what they sell for which money.

use super::{Options, money::Currency};

/// What kind of business a shop has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// It sells things.
    Orders,
    /// It bills every month.
    Subscriptions,
    /// It has been there since 2013, and odd things have gathered.
    Old,
}

/// What makes one shop differ from another.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// The shop's name.
    pub name: &'static str,
    /// What follows the `@` of its addresses.
    pub domain: &'static str,
    /// What kind of shop it is.
    pub description: &'static str,
    /// Two letters.
    pub country: &'static str,
    /// Of the dashboard.
    pub timezone: &'static str,
    /// Merchant category.
    pub mcc: &'static str,
    /// The default currency.
    pub currency: Currency,
    /// What buyers pay in, and how often.
    pub presentment: &'static [(Currency, u64)],
    /// How many charges.
    pub charges: u64,
    /// Tax on Stripe's fees, in percent.
    pub fee_tax: i64,
    /// What kind of business it has.
    pub model: Model,
    /// Whether all the odd things happen here.
    pub full: bool,
    /// Products with the price of one in US cents.
    pub products: &'static [(&'static str, i64)],
}

impl Profile {
    /// What a charge in `presentment` settles in.
    pub fn settlement(&self, presentment: Currency) -> Currency {
        match presentment {
            Currency::Gbp if self.full => Currency::Gbp,
            Currency::Usd if self.model == Model::Old => Currency::Usd,
            _ => self.currency,
        }
    }

    /// Every currency that the balance can hold.
    pub fn settlements(&self) -> &'static [Currency] {
        match self.currency {
            Currency::Usd if self.full => &[Currency::Usd, Currency::Gbp],
            Currency::Usd => &[Currency::Usd],
            Currency::Gbp => &[Currency::Gbp],
            Currency::Huf => &[Currency::Huf, Currency::Usd],
            _ => &[Currency::Eur],
        }
    }
}

/// The accounts that `options` asks for.
pub fn profiles(options: &Options) -> Vec<Profile> {
    let mut profiles = vec![Profile { charges: options.charges, ..STORE }, CAFE, EMPTY, SOFTWARE, BAZAAR];
    let named = profiles.len();
    while profiles.len() < options.accounts {
        let number = profiles.len() - named;
        let charges = 150 + 37 * (number as u64 % 20);
        let (name, domain) = NAMES[number % NAMES.len()];
        profiles.push(Profile { name, domain, charges, ..MORE[number % MORE.len()] });
    }
    profiles.truncate(options.accounts);
    profiles
}

const STORE: Profile = Profile {
    name: "Northwind Outfitters",
    domain: "northwind-outfitters.example",
    description: "multi-currency store",
    country: "US",
    timezone: "America/New_York",
    mcc: "5655",
    currency: Currency::Usd,
    presentment: &[
        (Currency::Usd, 55),
        (Currency::Eur, 20),
        (Currency::Gbp, 12),
        (Currency::Jpy, 8),
        (Currency::Kwd, 5),
    ],
    charges: 0,
    fee_tax: 0,
    model: Model::Orders,
    full: true,
    products: &[
        ("Trail jacket", 12_900),
        ("Rain shell", 8_900),
        ("Wool base layer", 5_400),
        ("Hiking socks", 1_600),
        ("Merino hat", 2_400),
        ("Trekking poles", 7_900),
        ("Daypack 20 l", 6_900),
        ("Backpack 45 l", 14_900),
        ("Dry bag", 1_900),
        ("Steel bottle", 2_600),
        ("Camp mug", 1_400),
        ("Gas stove", 4_900),
        ("Titanium pot", 5_900),
        ("Headlamp", 3_900),
        ("Sleeping bag", 18_900),
        ("Sleeping mat", 9_900),
        ("Two-person tent", 32_900),
        ("Tarp", 7_400),
        ("First-aid kit", 2_900),
        ("Map case", 1_200),
        ("Compass", 3_400),
        ("Fleece gloves", 2_200),
        ("Gaiters", 3_700),
        ("Snow shovel", 5_200),
        ("Climbing rope 60 m", 17_900),
        ("Chalk bag", 1_800),
    ],
};

const CAFE: Profile = Profile {
    name: "Café Löwenzahn",
    domain: "cafe-loewenzahn.example",
    description: "café",
    country: "DE",
    timezone: "Europe/Berlin",
    mcc: "5814",
    currency: Currency::Eur,
    presentment: &[(Currency::Eur, 1)],
    charges: 420,
    fee_tax: 19,
    model: Model::Orders,
    full: false,
    products: &[
        ("Espresso", 250),
        ("Flat white", 390),
        ("Filter coffee", 320),
        ("Carrot cake", 450),
        ("Breakfast for two", 2_890),
        ("House blend 250 g", 990),
        ("Gift card", 2_500),
    ],
};

const EMPTY: Profile = Profile {
    name: "Lindqvist Keramik",
    domain: "lindqvist-keramik.example",
    description: "empty brand-new account",
    country: "IE",
    timezone: "Europe/Dublin",
    mcc: "5719",
    currency: Currency::Eur,
    presentment: &[(Currency::Eur, 1)],
    charges: 0,
    fee_tax: 0,
    model: Model::Orders,
    full: false,
    products: &[],
};

const SOFTWARE: Profile = Profile {
    name: "Tidewater Software",
    domain: "tidewater-software.example",
    description: "subscription business",
    country: "US",
    timezone: "America/Los_Angeles",
    mcc: "5734",
    currency: Currency::Usd,
    presentment: &[(Currency::Usd, 1)],
    // Enough for the months that it is to have; the subscriptions decide how many there are.
    charges: 700,
    fee_tax: 0,
    model: Model::Subscriptions,
    full: false,
    products: &[("Starter", 1_900), ("Team", 4_900), ("Company", 19_900)],
};

const BAZAAR: Profile = Profile {
    name: "Régi Bazár",
    domain: "regi-bazar.example",
    description: "old account with odd objects",
    country: "HU",
    timezone: "Europe/Budapest",
    mcc: "5932",
    currency: Currency::Huf,
    presentment: &[
        (Currency::Huf, 60),
        (Currency::Usd, 10),
        (Currency::Jpy, 4),
        (Currency::Krw, 4),
        (Currency::Kwd, 4),
        (Currency::Isk, 4),
        (Currency::Ugx, 4),
        (Currency::Twd, 4),
        (Currency::Idr, 3),
        (Currency::Vnd, 3),
    ],
    charges: 1_700,
    fee_tax: 27,
    model: Model::Old,
    full: false,
    products: &[("Samovar", 8_900), ("Carpet", 45_000), ("Gramophone", 32_000), ("Postcard", 150), ("Old map", 2_700)],
};

/// What further shops are called; the kinds in [`MORE`] take turns.
const NAMES: [(&str, &str); 12] = [
    ("Harbour Books", "harbour-books.example"),
    ("Juniper Florist", "juniper-florist.example"),
    ("Panadería Sol", "panaderia-sol.example"),
    ("Tide Yoga", "tide-yoga.example"),
    ("Lantern Books", "lantern-books.example"),
    ("Wild Thyme Flowers", "wild-thyme.example"),
    ("Horno del Puerto", "horno-del-puerto.example"),
    ("Stillwater Studio", "stillwater-studio.example"),
    ("Second Chapter", "second-chapter.example"),
    ("Prairie Blooms", "prairie-blooms.example"),
    ("La Miga", "la-miga.example"),
    ("North Shore Pilates", "north-shore-pilates.example"),
];

const SMALL: Profile = Profile {
    name: "Harbour Books",
    domain: "harbour-books.example",
    description: "bookshop",
    country: "GB",
    timezone: "Europe/London",
    mcc: "5942",
    currency: Currency::Gbp,
    presentment: &[(Currency::Gbp, 1)],
    charges: 0,
    fee_tax: 20,
    model: Model::Orders,
    full: false,
    products: &[("Paperback", 1_299), ("Hardback", 2_499), ("Notebook", 899), ("Tote bag", 1_500), ("Poster", 1_950)],
};

const MORE: [Profile; 4] = [
    SMALL,
    Profile {
        name: "Juniper Florist",
        domain: "juniper-florist.example",
        description: "florist",
        country: "US",
        timezone: "America/Chicago",
        mcc: "5992",
        currency: Currency::Usd,
        presentment: &[(Currency::Usd, 1)],
        fee_tax: 0,
        products: &[("Bouquet", 4_500), ("Wreath", 6_900), ("Single rose", 600), ("Potted fern", 2_800)],
        ..SMALL
    },
    Profile {
        name: "Panadería Sol",
        domain: "panaderia-sol.example",
        description: "bakery",
        country: "ES",
        timezone: "Europe/Madrid",
        mcc: "5462",
        currency: Currency::Eur,
        presentment: &[(Currency::Eur, 1)],
        fee_tax: 21,
        products: &[("Sourdough", 480), ("Croissant", 210), ("Birthday cake", 3_900), ("Rye loaf", 520)],
        ..SMALL
    },
    Profile {
        name: "Tide Yoga",
        domain: "tide-yoga.example",
        description: "yoga studio",
        country: "IE",
        timezone: "Europe/Dublin",
        mcc: "7997",
        currency: Currency::Eur,
        presentment: &[(Currency::Eur, 1)],
        fee_tax: 23,
        products: &[("Drop-in class", 1_800), ("Ten classes", 14_500), ("Mat hire", 300)],
        ..SMALL
    },
];
