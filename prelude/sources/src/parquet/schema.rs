//! The columns of a Parquet file: those that can be read, as what, and those that cannot.
//!
//! The file says its types twice: in its own words, and, from some writers, in those of Arrow. Its own words say how the
//! values are stored, so they win where the two disagree: a time is in the unit in which it is stored.

use crate::columns::{Unreadable, readable, unnamed_zone};
use crate::guard::guarded;
use polars::prelude::*;
use polars_arrow::datatypes::{ArrowDataType as D, TimeUnit as ArrowTimeUnit};
use polars_parquet::parquet::schema::Repetition;
use polars_parquet::parquet::schema::types::{GroupConvertedType, GroupLogicalType};
use polars_parquet::read::schema::{
    SchemaInferenceOptions, parquet_to_arrow_schema_with_options, read_custom_key_value_metadata,
    read_schema_from_metadata,
};
use polars_parquet::read::{FileMetadata, ParquetType, PhysicalType, PrimitiveLogicalType, n_columns};
use std::collections::HashMap;
use std::sync::Arc;

/// What [`columns`] finds.
pub(super) struct Columns {
    /// Columns that can be read, as they are decoded.
    pub(super) fields: ArrowSchema,
    /// The same, as they are held.
    pub(super) schema: Schema,
    pub(super) unreadable: Vec<Unreadable>,
    /// The zones of columns whose type cannot say it.
    pub(super) zones: Vec<(PlSmallStr, Arc<str>)>,
}

/// The columns of a file.
pub(super) fn columns(metadata: &FileMetadata) -> Columns {
    let types = metadata.schema().fields();
    let hints = hints(metadata).unwrap_or_default();
    let options = Some(SchemaInferenceOptions { int96_coerce_to_timeunit: int96_unit(metadata) });
    let mut times = HashMap::new();
    types.iter().for_each(|parquet| *times.entry(parquet.name()).or_insert(0) += 1);
    let mut columns = Columns {
        fields: ArrowSchema::default(),
        schema: Schema::default(),
        unreadable: Vec::new(),
        zones: Vec::new(),
    };
    for parquet in types {
        let name = PlSmallStr::from_str(parquet.name());
        let found = match times[parquet.name()] {
            1 => field(parquet, hints.get(&name), &options),
            many => Err(refused(parquet, format!("{many} columns of the file have this name"))),
        };
        match found {
            Ok((field, dtype)) => {
                let zone = hints.get(&name).and_then(|hint| unnamed_zone(&hint.dtype));
                columns.zones.extend(zone.map(|zone| (name.clone(), zone)));
                columns.fields.insert(name.clone(), field);
                columns.schema.insert(name, dtype);
            }
            Err(unreadable) if columns.unreadable.contains(&unreadable) => {}
            Err(unreadable) => columns.unreadable.push(unreadable),
        }
    }
    columns
}

/// The types in Arrow's words, if the file has them and they are understood.
fn hints(metadata: &FileMetadata) -> Option<ArrowSchema> {
    let mut known = read_custom_key_value_metadata(metadata.key_value_metadata());
    guarded(|| read_schema_from_metadata(&mut known)).ok()?.ok()?
}

/// The unit of times of 96 bits, which hold more than any other: those of Spark and Hive are whole microseconds, of years
/// that nanoseconds cannot hold; others are taken for nanoseconds. Values that do not fit are refused when they are read.
fn int96_unit(metadata: &FileMetadata) -> ArrowTimeUnit {
    let writer = metadata.created_by.as_deref().unwrap_or_default();
    if writer.starts_with("parquet-mr") { ArrowTimeUnit::Microsecond } else { ArrowTimeUnit::Nanosecond }
}

fn field(
    parquet: &ParquetType,
    hint: Option<&ArrowField>,
    options: &Option<SchemaInferenceOptions>,
) -> Result<(ArrowField, DataType), Unreadable> {
    let refuse = |reason: String| refused(parquet, reason);
    let derive = || parquet_to_arrow_schema_with_options(std::slice::from_ref(parquet), options);
    let derived = guarded(derive).map_err(refuse)?;
    let Some(mut derived) = derived.iter_values().next().cloned() else {
        return Err(refuse("it holds no values".to_owned()));
    };
    if let ParquetType::PrimitiveType(primitive) = parquet
        && primitive.logical_type == Some(PrimitiveLogicalType::Float16)
        && derived.dtype == D::FixedSizeBinary(2)
    {
        derived.dtype = D::Float16;
    }
    unannotated(parquet, &mut derived);
    let leaves = leaves(parquet);
    if leaves > 1 || !matches!(parquet, ParquetType::PrimitiveType(_)) {
        nested(parquet).map_err(refuse)?;
    }
    let fits = |field: &ArrowField| guarded(|| n_columns(&field.dtype)) == Ok(leaves);
    if let Some(hint) = hint {
        let field = ArrowField { dtype: merged(&derived.dtype, &hint.dtype), ..derived.clone() };
        let metadata = if field.dtype == hint.dtype { hint.metadata.clone() } else { derived.metadata.clone() };
        let field = ArrowField { metadata, ..field };
        if fits(&field)
            && let Ok(found) = readable(&field)
        {
            return Ok(found);
        }
    }
    let found = readable(&derived).map_err(|error| refuse(error.reason))?;
    if fits(&found.0) { Ok(found) } else { Err(refuse("its parts do not fit together".to_owned())) }
}

/// Says of lists that are not marked as lists that neither they nor their values can be null: a field that is repeated has
/// values or none, and the levels of its pages count so. They may stand in structs, in the values of other lists, and in maps.
fn unannotated(parquet: &ParquetType, field: &mut ArrowField) {
    let parts = |fields: &[ParquetType], dtype: &mut D| {
        if let D::Struct(children) = dtype {
            fields.iter().zip(children).for_each(|(parquet, child)| unannotated(parquet, child));
        }
    };
    let repeated = parquet.get_field_info().repetition == Repetition::Repeated;
    match (parquet, &mut field.dtype) {
        (_, D::LargeList(inner)) if repeated => {
            (field.is_nullable, inner.is_nullable) = (false, false);
            if let ParquetType::GroupType { fields, .. } = parquet {
                parts(fields, &mut inner.dtype);
            }
        }
        (ParquetType::GroupType { fields, .. }, D::LargeList(values)) => {
            if let [entry @ ParquetType::GroupType { fields, .. }] = fields.as_slice() {
                // A group that is the value itself, and not only what holds it, as writers of old have it.
                match fields.len() > 1 || entry.name() == "array" || entry.name() == format!("{}_tuple", parquet.name())
                {
                    true => parts(fields, &mut values.dtype),
                    false => fields.iter().for_each(|value| unannotated(value, values)),
                }
                list_of_lists(entry, values);
            }
        }
        (ParquetType::GroupType { fields, .. }, D::Map(entry, _)) => {
            if let [ParquetType::GroupType { fields, .. }] = fields.as_slice() {
                parts(fields, &mut entry.dtype);
            }
        }
        (ParquetType::GroupType { fields, logical_type: None, converted_type: None, .. }, dtype) => {
            parts(fields, dtype)
        }
        _ => {}
    }
}

/// The values of a list that are lists themselves, of two levels each: the library has a struct of one field for them.
fn list_of_lists(entry: &ParquetType, values: &mut ArrowField) {
    let ParquetType::GroupType { logical_type, converted_type, .. } = entry else { return };
    let is_list = *logical_type == Some(GroupLogicalType::List) || *converted_type == Some(GroupConvertedType::List);
    if let (true, D::Struct(fields)) = (is_list, &mut values.dtype)
        && let [only] = fields.as_slice()
        && matches!(only.dtype, D::LargeList(_))
    {
        values.dtype = only.dtype.clone();
    }
}

fn refused(parquet: &ParquetType, reason: String) -> Unreadable {
    Unreadable { name: PlSmallStr::from_str(parquet.name()), dtype: described(parquet), reason }
}

fn leaves(parquet: &ParquetType) -> usize {
    match parquet {
        ParquetType::PrimitiveType(_) => 1,
        ParquetType::GroupType { fields, .. } => fields.iter().map(leaves).sum(),
    }
}

/// Refuses what is not understood inside of lists and structs.
fn nested(parquet: &ParquetType) -> Result<(), String> {
    match parquet {
        ParquetType::PrimitiveType(primitive) if primitive.physical_type == PhysicalType::Int96 => {
            Err("times of 96 bits inside of a list or struct".to_owned())
        }
        ParquetType::PrimitiveType(_) => Ok(()),
        ParquetType::GroupType { fields, .. } => fields.iter().try_for_each(nested),
    }
}

/// A type in the file's words.
fn described(parquet: &ParquetType) -> String {
    match parquet {
        ParquetType::PrimitiveType(primitive) => match primitive.logical_type {
            Some(logical) => format!("{logical:?} in {:?}", primitive.physical_type).to_lowercase(),
            None => format!("{:?}", primitive.physical_type).to_lowercase(),
        },
        ParquetType::GroupType { fields, .. } => {
            format!("group of {}", fields.iter().map(ParquetType::name).collect::<Vec<_>>().join(", "))
        }
    }
}

/// A type in Arrow's words where it goes with how the values are stored, else the stored one.
fn merged(stored: &D, hint: &D) -> D {
    let within = |stored: &ArrowField, hint: &ArrowField| {
        // What can be null decides how levels are counted.
        let dtype = merged(&stored.dtype, &hint.dtype);
        Box::new(ArrowField { dtype, is_nullable: stored.is_nullable, ..hint.clone() })
    };
    match (stored, hint) {
        (_, D::Extension(extension)) => merged(stored, &extension.inner),
        (D::Timestamp(unit, _), D::Timestamp(_, zone)) => D::Timestamp(*unit, zone.clone()),
        (D::LargeList(stored), D::LargeList(hint) | D::List(hint)) => D::LargeList(within(stored, hint)),
        (D::LargeList(stored), D::FixedSizeList(hint, size)) => D::FixedSizeList(within(stored, hint), *size),
        (D::Struct(all), D::Struct(hints))
            if all.len() == hints.len() && all.iter().zip(hints).all(|(stored, hint)| stored.name == hint.name) =>
        {
            D::Struct(all.iter().zip(hints).map(|(stored, hint)| *within(stored, hint)).collect())
        }
        _ if goes_with(stored, hint) => hint.clone(),
        _ => stored.clone(),
    }
}

/// Whether values that are stored as one type are decoded as another without being changed.
fn goes_with(stored: &D, hint: &D) -> bool {
    match (stored, hint) {
        (_, D::Dictionary(_, values, _)) => goes_with(stored, values),
        (D::Int32, D::Null) | (D::Int64, D::Duration(_)) | (D::BinaryView, D::Utf8View | D::LargeBinary) => true,
        (D::Boolean, D::Struct(fields)) => fields.is_empty(),
        (D::FixedSizeBinary(2), D::Float16) | (D::FixedSizeBinary(16), D::Int128 | D::UInt128) => true,
        (D::Decimal(digits, scale), D::Decimal256(hint_digits, hint_scale)) => {
            (digits, scale) == (hint_digits, hint_scale)
        }
        _ => stored == hint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_the_unit_in_which_they_are_stored() {
        let stored = D::Timestamp(ArrowTimeUnit::Microsecond, Some("+00:00".into()));
        let hint = D::Timestamp(ArrowTimeUnit::Nanosecond, Some("Europe/Berlin".into()));
        assert_eq!(merged(&stored, &hint), D::Timestamp(ArrowTimeUnit::Microsecond, Some("Europe/Berlin".into())));
        let list = |dtype| D::LargeList(Box::new(ArrowField::new("item".into(), dtype, true)));
        assert_eq!(merged(&list(stored.clone()), &list(D::Timestamp(ArrowTimeUnit::Nanosecond, None))), {
            list(D::Timestamp(ArrowTimeUnit::Microsecond, None))
        });
    }

    #[test]
    fn a_hint_that_does_not_go_with_the_stored_type_is_not_followed() {
        assert_eq!(merged(&D::Int32, &D::UInt64), D::Int32);
        assert_eq!(merged(&D::Int64, &D::Duration(ArrowTimeUnit::Second)), D::Duration(ArrowTimeUnit::Second));
        assert_eq!(merged(&D::FixedSizeBinary(2), &D::Float16), D::Float16);
        assert_eq!(merged(&D::Utf8View, &D::Float64), D::Utf8View);
    }
}
