//! How the bytes of an entry lie when they are more than numbers in a row: texts, collections, classes.
//!
//! A layout gives one column: of a class that is one of its members, the others are passed over.

use crate::columns::{Prim, Type, Values};
use crate::error::{Error, Result};
use crate::stream::Cursor;

/// The bytes of a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Layout {
    Prim(Prim),
    /// A length and bytes.
    Text,
    /// So many of them.
    Fixed(Box<Layout>, usize),
    /// A number, and so many of them. With a header it may be written member by member.
    Collection {
        header: bool,
        item: Box<Layout>,
    },
    /// As many as the entry has bytes for.
    Rest(Box<Layout>),
    /// A byte count and a version before it.
    Headed(Box<Layout>),
    /// The members of a class; one of them is wanted.
    Record {
        members: Vec<Layout>,
        names: Vec<String>,
        wanted: usize,
    },
    /// Numbers as many as an earlier member of the class says, behind one byte.
    Pointed {
        prim: Prim,
        counter: usize,
    },
    /// TObject.
    Object,
    /// Something that cannot be passed over, and why.
    Unknown(String),
}

/// Set in a version: the members are written one after another, each of all elements.
const MEMBER_BY_MEMBER: u16 = 0x4000;

impl Layout {
    pub(crate) fn list(header: bool, item: Self) -> Self {
        Self::Collection { header, item: Box::new(item) }
    }

    pub(crate) fn headed(self) -> Self {
        Self::Headed(Box::new(self))
    }

    /// The type of the column; an error text when it has none.
    pub(crate) fn of(&self) -> Result<Type, String> {
        Ok(match self {
            Self::Prim(prim) => prim.of(),
            Self::Text => Type::Text,
            Self::Fixed(inner, size) => Type::Fixed(Box::new(inner.of()?), *size),
            Self::Collection { item: inner, .. } | Self::Rest(inner) => inner.of()?.list(),
            Self::Headed(inner) => inner.of()?,
            Self::Record { members, wanted, .. } => {
                if let Some(Self::Unknown(why)) = members[..*wanted].iter().find(|one| matches!(one, Self::Unknown(_)))
                {
                    return Err(format!("stands behind a member that cannot be read: {why}"));
                }
                members[*wanted].of()?
            }
            Self::Pointed { prim, .. } => prim.of().list(),
            Self::Object => return Err("an object without members of its own".to_owned()),
            Self::Unknown(why) => return Err(why.clone()),
        })
    }

    /// Decodes one value behind the others in `out`, or passes over it.
    pub(crate) fn decode(&self, cursor: &mut Cursor, out: Option<&mut Values>) -> Result<()> {
        match self {
            Self::Prim(prim) => numbers(*prim, 1, cursor, out),
            Self::Text => text(cursor, out),
            Self::Fixed(inner, size) => fixed(inner, *size, cursor, out),
            Self::Collection { header, item } => collection(*header, item, cursor, out),
            Self::Rest(item) => rest(item, cursor, out),
            Self::Headed(inner) => {
                let header = cursor.header()?;
                if header.end.is_none() {
                    return Err(Error::damaged("an object without a byte count"));
                }
                match &**inner {
                    // Nothing behind what is wanted needs to be known: the bytes say where the class ends.
                    _ if out.is_none() => {}
                    Self::Record { members, wanted, .. } => record(&members[..=*wanted], *wanted, cursor, out)?,
                    inner => inner.decode(cursor, out)?,
                }
                cursor.finish(header)
            }
            Self::Record { members, wanted, .. } => record(members, *wanted, cursor, out),
            Self::Object => cursor.object(),
            Self::Pointed { .. } => Err(Error::unknown("a counted array outside of a class")),
            Self::Unknown(why) => Err(Error::unknown(why.clone())),
        }
    }

    /// The fewest bytes of a value; at least one, so that numbers of values can be compared with what is left.
    fn least(&self) -> usize {
        match self {
            Self::Prim(prim) => prim.width(),
            Self::Fixed(inner, size) => inner.least().saturating_mul(*size).max(1),
            Self::Collection { header, .. } => {
                if *header {
                    10
                } else {
                    4
                }
            }
            Self::Headed(_) => 6,
            _ => 1,
        }
    }
}

fn numbers(prim: Prim, number: usize, cursor: &mut Cursor, out: Option<&mut Values>) -> Result<()> {
    let Some(bytes) = number.checked_mul(prim.width()) else {
        return Err(Error::damaged(format!("{number} numbers in one entry")));
    };
    let bytes = cursor.take(bytes, "numbers of an entry")?;
    if let Some(out) = out {
        prim.append(bytes, 0, out);
    }
    Ok(())
}

fn text(cursor: &mut Cursor, out: Option<&mut Values>) -> Result<()> {
    let bytes = cursor.text_bytes()?;
    if let Some(Values::Text(text)) = out {
        text.bytes.extend_from_slice(bytes);
        text.offsets.push(text.bytes.len() as i64);
    }
    Ok(())
}

fn fixed(inner: &Layout, size: usize, cursor: &mut Cursor, out: Option<&mut Values>) -> Result<()> {
    let mut values = None;
    if let Some(Values::Fixed { rows, values: all, .. }) = out {
        *rows += 1;
        values = Some(&mut **all);
    }
    several(inner, size, cursor, values)
}

fn several(item: &Layout, number: usize, cursor: &mut Cursor, mut out: Option<&mut Values>) -> Result<()> {
    if let Layout::Prim(prim) = item {
        return numbers(*prim, number, cursor, out);
    }
    (0..number).try_for_each(|_| item.decode(cursor, out.as_deref_mut()))
}

/// Calls `fill` with what the elements of a new list go to, and ends the list.
fn listed(out: Option<&mut Values>, fill: impl FnOnce(Option<&mut Values>) -> Result<()>) -> Result<()> {
    let Some(Values::List { offsets, values }) = out else { return fill(None) };
    fill(Some(values))?;
    offsets.push(values.len() as i64);
    Ok(())
}

fn collection(header: bool, item: &Layout, cursor: &mut Cursor, out: Option<&mut Values>) -> Result<()> {
    if !header {
        let number = cursor.count(item.least(), "a collection")?;
        return listed(out, |out| several(item, number, cursor, out));
    }
    let header = cursor.header()?;
    if header.end.is_none() {
        return Err(Error::damaged("a collection without a byte count"));
    }
    if header.version & MEMBER_BY_MEMBER == 0 {
        let number = cursor.count(item.least(), "a collection")?;
        listed(out, |out| several(item, number, cursor, out))?;
    } else {
        if cursor.i16()? <= 0 {
            cursor.skip(4)?;
        }
        let number = cursor.count(1, "a collection")?;
        listed(out, |out| member_by_member(item, number, cursor, out))?;
    }
    cursor.finish(header)
}

fn member_by_member(item: &Layout, number: usize, cursor: &mut Cursor, mut out: Option<&mut Values>) -> Result<()> {
    let record = if let Layout::Headed(inner) = item { inner } else { item };
    let Layout::Record { members, wanted, .. } = record else {
        return Err(Error::unknown("elements that are no classes, member by member"));
    };
    for (position, member) in members.iter().enumerate() {
        let last = position == *wanted;
        let out = if last { out.as_deref_mut() } else { None };
        match member {
            // One header for all of them.
            Layout::Headed(inner) if matches!(**inner, Layout::Text) => {
                cursor.header()?;
                several(inner, number, cursor, out)?;
            }
            Layout::Collection { header: true, item } => {
                let header = cursor.header()?;
                if header.version & MEMBER_BY_MEMBER != 0 {
                    return Err(Error::unknown("collections in collections, member by member"));
                }
                several(&Layout::list(false, (**item).clone()), number, cursor, out)?;
            }
            Layout::Prim(_) | Layout::Text | Layout::Fixed(..) => several(member, number, cursor, out)?,
            _ => return Err(Error::unknown("classes in classes, member by member")),
        }
        if last {
            break;
        }
    }
    Ok(())
}

fn rest(item: &Layout, cursor: &mut Cursor, out: Option<&mut Values>) -> Result<()> {
    listed(out, |mut out| {
        if let Layout::Prim(prim) = item {
            return numbers(*prim, cursor.left() / prim.width(), cursor, out);
        }
        while cursor.left() > 0 {
            let before = cursor.left();
            item.decode(cursor, out.as_deref_mut())?;
            if cursor.left() == before {
                return Err(Error::damaged("elements without bytes"));
            }
        }
        Ok(())
    })
}

fn record(members: &[Layout], wanted: usize, cursor: &mut Cursor, mut out: Option<&mut Values>) -> Result<()> {
    let mut counts: Vec<Option<usize>> = Vec::new();
    let counted = members.iter().any(|member| matches!(member, Layout::Pointed { .. }));
    for (position, member) in members.iter().enumerate() {
        let out = if position == wanted { out.as_deref_mut() } else { None };
        if counted {
            let number =
                if let Layout::Prim(Prim::I32 | Prim::U32) = member { cursor.clone().u32().ok() } else { None };
            counts.push(number.map(|number| number as usize));
        }
        if let Layout::Pointed { prim, counter } = member {
            let marker = cursor.u8()?;
            let number = counts.get(*counter).copied().flatten().filter(|_| marker != 0).unwrap_or(0);
            listed(out, |out| numbers(*prim, number, cursor, out))?;
        } else {
            member.decode(cursor, out)?;
        }
    }
    Ok(())
}
