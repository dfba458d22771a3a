//! Questions about texts, asked once for each text of a column and not for each row.

use crate::check::text::TextTest;
use crate::evaluate::lane::{Data, Lane, Texts};
use polars_arrow::array::Utf8ViewArray;
use segment::Repeated;

/// What a question has been answered for texts of a column.
#[derive(Debug, Default)]
pub(crate) struct Answered<'a>(Option<(&'a Utf8ViewArray, Repeated)>);

impl<'a> Answered<'a> {
    fn of(&mut self, texts: &'a Utf8ViewArray) -> &mut Repeated {
        let known = self.0.take().filter(|(of, _)| std::ptr::eq(*of, texts));
        &mut self.0.insert(known.unwrap_or_else(|| (texts, Repeated::of(texts)))).1
    }
}

/// Marks the rows whose text passes; missing texts do not.
pub(crate) fn tested<'a>(test: &TextTest, lane: &Lane<'a>, rows: usize, answered: &mut Answered<'a>) -> Vec<u8> {
    // Of few chosen rows nothing is worth remembering.
    let Data::Text(Texts::Views(texts, start)) = &lane.data else {
        return (0..rows).map(|row| u8::from(lane.is_valid(row) && test.holds(lane.text(row)))).collect();
    };
    let repeated = answered.of(texts);
    let views = &texts.views()[*start..*start + rows];
    let mut one = |row: usize| repeated.number(views[row], || u32::from(test.holds(texts.value(start + row)))) as u8;
    match &lane.valid {
        None => (0..rows).map(one).collect(),
        Some(valid) => valid.iter().enumerate().map(|(row, valid)| if *valid == 1 { one(row) } else { 0 }).collect(),
    }
}
