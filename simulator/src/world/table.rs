//! Rows of one kind and the order in which they are listed.

/// What a table can hold.
pub trait Row {
    /// When the object was made, in Unix seconds.
    fn created(&self) -> i64;
}

/// No row.
pub const NONE: u32 = u32::MAX;

/// Rows that keep their number for ever, and their numbers sorted by (created, number): within one second the order
/// is stable.
#[derive(Debug)]
pub struct Table<R> {
    rows: Vec<R>,
    order: Vec<u32>,
    sealed: bool,
}

impl<R: Row> Table<R> {
    /// An empty table.
    pub fn new() -> Self {
        Self { rows: Vec::new(), order: Vec::new(), sealed: false }
    }

    /// Ends the making: sorts what was added. From then on each new row goes to its place in the order.
    pub fn seal(&mut self) {
        self.order = (0..self.len()).collect();
        if !self.rows.is_sorted_by_key(Row::created) {
            let rows = &self.rows;
            self.order.sort_unstable_by_key(|number| (rows[*number as usize].created(), *number));
        }
        self.rows.shrink_to_fit();
        self.sealed = true;
    }

    /// Adds a row and gives its number.
    pub fn add(&mut self, row: R) -> u32 {
        let number = self.len();
        if self.sealed {
            let key = (row.created(), number);
            let place = self.order.partition_point(|number| (self.at(*number).created(), *number) < key);
            self.order.insert(place, number);
        }
        self.rows.push(row);
        number
    }

    /// How many rows there are.
    pub fn len(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(NONE)
    }

    /// A row that exists.
    pub fn at(&self, number: u32) -> &R {
        &self.rows[number as usize]
    }

    /// The same, to change it. `created` must stay.
    pub fn at_mut(&mut self, number: u32) -> &mut R {
        &mut self.rows[number as usize]
    }

    /// All rows with their numbers, in the order of their making.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &R)> {
        (0..).zip(&self.rows)
    }

    /// The same, newest first.
    pub fn newest(&self) -> impl Iterator<Item = (u32, &R)> {
        self.order.iter().rev().map(|number| (*number, self.at(*number)))
    }

    /// The numbers, oldest first.
    pub fn order(&self) -> &[u32] {
        &self.order
    }
}
