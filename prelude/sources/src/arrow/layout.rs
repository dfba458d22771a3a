//! Where the batches of an Arrow file or stream lie, and the fields that its schema names.
//!
//! The library keeps fields by name and gives up at types that it does not know. Here fields keep their positions, so that a
//! name that occurs twice, or a type that cannot be read, leaves the other columns as they are: for a field that is not
//! known there stand fields of the same buffers, which are passed over.

use polars::prelude::{ArrowField, ArrowSchema, PlSmallStr};
use polars_arrow::io::ipc::read::{FileMetadata, deserialize_schema};
use polars_arrow::io::ipc::{IpcField, IpcSchema};
use polars_arrow_format::ipc::planus::{Builder, ReadAsRoot};
use polars_arrow_format::ipc::{
    self, Block, Endianness, Field, FooterRef, Int, Message, MessageHeader, MessageHeaderRef, MessageRef, Schema, Type,
};
use recoil_bytes::Bytes;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The batches, and the columns.
pub(super) struct Layout {
    /// As the library wants it: the fields of its schema have names of their own where the file's are not enough.
    pub(super) metadata: FileMetadata,
    pub(super) columns: Vec<Named>,
}

/// A column of the file.
pub(super) struct Named {
    pub(super) name: PlSmallStr,
    /// Its position among the fields of the metadata, or its type and the reason why it cannot be read.
    pub(super) at: Result<usize, (String, String)>,
}

/// A file ends in a footer that lists its batches.
pub(super) fn of_file(file: &Bytes) -> Result<Layout, String> {
    let size = file.length();
    let mut end = [0; 10];
    let at = size.checked_sub(10).ok_or("it is too short")?;
    file.read_at(at, &mut end).map_err(|error| error.to_string())?;
    let (length, magic) = end.split_at(4);
    if magic != b"ARROW1" {
        return Err("the file does not end as an Arrow file".to_owned());
    }
    let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]);
    let footer = bytes(file, at.checked_sub(length.into()).ok_or("its footer is longer than it is")?, length.into())?;
    let footer = FooterRef::read_as_root(&footer).map_err(said)?;
    let blocks = |found: Option<ipc::planus::Vector<'_, ipc::BlockRef<'_>>>| {
        found.map(|found| found.iter().map(Block::from).collect::<Vec<_>>())
    };
    let batches = blocks(footer.record_batches().map_err(said)?).unwrap_or_default();
    let dictionaries = blocks(footer.dictionaries().map_err(said)?);
    let schema = footer.schema().map_err(said)?.ok_or("it has no schema")?;
    layout(Schema::try_from(schema).map_err(said)?, batches, dictionaries, size)
}

/// A stream is read once from message to message, over the heads of them.
pub(super) fn of_stream(file: &Bytes) -> Result<Layout, String> {
    let size = file.length();
    let (mut schema, mut batches, mut dictionaries) = (None, Vec::new(), Vec::new());
    let mut known = HashSet::new();
    let mut at = 0;
    while let Some((head, length)) = head(file, at, size)? {
        let stored = bytes(file, at + head, length)?;
        let message = MessageRef::read_as_root(&stored).map_err(said)?;
        let body = u64::try_from(message.body_length().map_err(said)?).map_err(said)?;
        let next =
            (at + head + length).checked_add(body).filter(|next| *next <= size).ok_or("its last batch is cut short")?;
        let block = Block {
            offset: at as i64,
            meta_data_length: i32::try_from(head + length).map_err(said)?,
            body_length: body as i64,
        };
        match message.header().map_err(said)? {
            Some(MessageHeaderRef::Schema(found)) if schema.is_none() => {
                schema = Some(Schema::try_from(found).map_err(said)?);
            }
            Some(MessageHeaderRef::RecordBatch(_)) => batches.push(block),
            Some(MessageHeaderRef::DictionaryBatch(found)) => {
                if !known.insert(found.id().map_err(said)?) || found.is_delta().map_err(said)? {
                    return Err("dictionaries that change within a stream are not supported".to_owned());
                }
                dictionaries.push(block);
            }
            _ => return Err("a message of this kind is not supported".to_owned()),
        }
        at = next;
    }
    layout(schema.ok_or("it has no schema")?, batches, Some(dictionaries), size)
}

/// The bytes before a message and those of its head; `None` at the end.
fn head(file: &Bytes, at: u64, size: u64) -> Result<Option<(u64, u64)>, String> {
    if at == size {
        return Ok(None);
    }
    let word = |at: u64| {
        let mut word = [0; 4];
        file.read_at(at, &mut word).map(|()| u32::from_le_bytes(word)).map_err(|error| error.to_string())
    };
    let (head, length) = match word(at)? {
        u32::MAX => (8, word(at + 4)?),
        length => (4, length),
    };
    if length == 0 {
        return Ok(None);
    }
    if at + head + u64::from(length) > size {
        return Err("its last message is cut short".to_owned());
    }
    Ok(Some((head, length.into())))
}

fn bytes(file: &Bytes, at: u64, length: u64) -> Result<Vec<u8>, String> {
    let mut stored = vec![0; usize::try_from(length).map_err(said)?];
    file.read_at(at, &mut stored).map_err(|error| error.to_string())?;
    Ok(stored)
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn layout(schema: Schema, blocks: Vec<Block>, dictionaries: Option<Vec<Block>>, size: u64) -> Result<Layout, String> {
    let is_little_endian = schema.endianness == Endianness::Little;
    let fields = schema.fields.unwrap_or_default();
    let mut times: HashMap<String, usize> = HashMap::new();
    fields.iter().for_each(|field| *times.entry(name(field)).or_default() += 1);
    let (mut known, mut places, mut columns) = (ArrowSchema::default(), Vec::new(), Vec::new());
    for field in fields {
        let name = name(&field);
        let unread = unknown(&field).map(|what| (what.to_owned(), "a kind of column that is not known".to_owned()));
        let parts = if unread.is_some() { passed_over(field) } else { vec![field] };
        let (at, plain) = (places.len(), unread.is_none() && times[&name] == 1);
        let mut dtype = String::new();
        for part in parts {
            let (mut field, place) = arrow_field(part)?;
            if !plain {
                // No column of the file is called so, since the name of none goes on after a zero byte.
                field.name = PlSmallStr::from_string(format!("{name}\0{}", places.len()));
            }
            dtype = crate::columns::name(&field.dtype);
            known.insert(field.name.clone(), field);
            places.push(place);
        }
        let twice = || (dtype, format!("{} columns of the file have this name", times[&name]));
        let unread = unread.or_else(|| (!plain).then(twice));
        columns.push(Named { name: PlSmallStr::from_string(name), at: unread.map_or(Ok(at), Err) });
    }
    if known.len() != places.len() {
        return Err("names of columns are not distinct".to_owned());
    }
    let metadata = FileMetadata {
        schema: Arc::new(known),
        custom_schema_metadata: None,
        custom_metadata: None,
        ipc_schema: IpcSchema { fields: places, is_little_endian },
        blocks,
        dictionaries,
        size,
    };
    Ok(Layout { metadata, columns })
}

fn name(field: &Field) -> String {
    field.name.clone().unwrap_or_default()
}

/// A field as the library has it: it reads schemas, so it is given one of this field alone.
fn arrow_field(mut field: Field) -> Result<(ArrowField, IpcField), String> {
    named(&mut field);
    let schema = Schema { fields: Some(vec![field]), ..Schema::default() };
    let message = Message { header: Some(MessageHeader::Schema(Box::new(schema))), ..Message::default() };
    let stored = Builder::new().finish(message, None).to_vec();
    let (fields, places, _) = deserialize_schema(&stored).map_err(said)?;
    let field = fields.iter_values().next().cloned();
    field.zip(places.fields.into_iter().next()).ok_or_else(|| "a field is not understood".to_owned())
}

/// Fields may have no name, which is the empty one.
fn named(field: &mut Field) {
    field.name.get_or_insert_default();
    field.children.iter_mut().flatten().for_each(named);
}

/// The kind that the library does not know, in a field or inside of it.
fn unknown(field: &Field) -> Option<&'static str> {
    match field.type_ {
        Some(Type::ListView(_) | Type::LargeListView(_)) => Some("list view"),
        Some(Type::RunEndEncoded(_)) => Some("run-end encoded"),
        _ => field.children.iter().flatten().find_map(unknown),
    }
}

/// Fields with as many nodes and buffers as an unknown one, one after another.
fn passed_over(field: Field) -> Vec<Field> {
    let children = field.children.clone().unwrap_or_default();
    let of = |type_: Type, children: Option<Vec<Field>>| Field {
        name: Some(String::new()),
        nullable: true,
        type_: Some(type_),
        children,
        ..Field::default()
    };
    let own = match field.type_ {
        // Which rows are there, where each begins, and how long it is.
        Some(Type::ListView(_) | Type::LargeListView(_)) => of(Type::Utf8(Box::default()), Some(Vec::new())),
        Some(Type::RunEndEncoded(_)) => of(Type::Null(Box::default()), Some(Vec::new())),
        // Which rows are there.
        Some(Type::Struct(_) | Type::FixedSizeList(_)) => of(Type::Struct(Box::default()), Some(Vec::new())),
        // Which rows are there, and where each begins.
        Some(Type::List(_) | Type::LargeList(_) | Type::Map(_)) => {
            of(Type::Int(Box::new(Int { bit_width: 32, is_signed: true })), Some(Vec::new()))
        }
        _ => return vec![field],
    };
    std::iter::once(own).chain(children.into_iter().flat_map(passed_over)).collect()
}
