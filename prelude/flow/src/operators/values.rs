//! The values of a column with the groups of their rows, without what is missing.

use crate::error::Result;
use polars::prelude::*;

/// A row without a group.
pub(crate) const NONE: u32 = u32::MAX;

/// A value as it is compared.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(super) enum Order {
    Float(f64),
    Signed(i64),
    Unsigned(u64),
    Wide(i128),
}

/// Calls with group and value of every row that has both, as a floating point number.
pub(super) fn each_float(column: &Series, groups: &[u32], mut take: impl FnMut(usize, f64)) -> Result<()> {
    let values = match column.dtype() {
        DataType::Decimal(..) => column.cast(&DataType::Float64)?,
        _ => column.to_physical_repr().cast(&DataType::Float64)?,
    };
    if values.null_count() == 0 {
        let values = values.rechunk();
        for (&value, &group) in values.f64()?.cont_slice()?.iter().zip(groups) {
            if group != NONE && !value.is_nan() {
                take(group as usize, value);
            }
        }
        return Ok(());
    }
    for (value, &group) in values.f64()?.iter().zip(groups) {
        if let Some(value) = value
            && group != NONE
            && !value.is_nan()
        {
            take(group as usize, value);
        }
    }
    Ok(())
}

/// Calls with group and value of every row that has both, as integers; of decimals with their digits.
pub(super) fn each_whole(column: &Series, groups: &[u32], mut take: impl FnMut(usize, i128)) -> Result<()> {
    let physical = column.to_physical_repr();
    if physical.dtype() == &DataType::UInt64 {
        for (value, &group) in physical.u64()?.iter().zip(groups) {
            if let (Some(value), true) = (value, group != NONE) {
                take(group as usize, value.into());
            }
        }
        return Ok(());
    }
    if physical.dtype() == &DataType::Int128 {
        for (value, &group) in physical.i128()?.iter().zip(groups) {
            if let (Some(value), true) = (value, group != NONE) {
                take(group as usize, value);
            }
        }
        return Ok(());
    }
    let values = physical.cast(&DataType::Int64)?.rechunk();
    let values = values.i64()?;
    if values.null_count() == 0 {
        for (&value, &group) in values.cont_slice()?.iter().zip(groups) {
            if group != NONE {
                take(group as usize, value.into());
            }
        }
        return Ok(());
    }
    for (value, &group) in values.iter().zip(groups) {
        if let (Some(value), true) = (value, group != NONE) {
            take(group as usize, value.into());
        }
    }
    Ok(())
}

/// Calls with group and value of every row that has both, in the order of its type.
pub(super) fn each_order(column: &Series, groups: &[u32], mut take: impl FnMut(usize, Order)) -> Result<()> {
    let physical = column.to_physical_repr();
    if physical.dtype().is_float() {
        return each_float(column, groups, |group, value| take(group, Order::Float(value)));
    }
    if physical.dtype() == &DataType::Int128 {
        return each_whole(column, groups, |group, value| take(group, Order::Wide(value)));
    }
    if physical.dtype().is_unsigned_integer() {
        let values = physical.cast(&DataType::UInt64)?;
        for (value, &group) in values.u64()?.iter().zip(groups) {
            if let (Some(value), true) = (value, group != NONE) {
                take(group as usize, Order::Unsigned(value));
            }
        }
        return Ok(());
    }
    let values = physical.cast(&DataType::Int64)?;
    for (value, &group) in values.i64()?.iter().zip(groups) {
        if let (Some(value), true) = (value, group != NONE) {
            take(group as usize, Order::Signed(value));
        }
    }
    Ok(())
}

/// Calls with group and row of every row that has a group and a value.
pub(super) fn each_present(column: &Series, groups: &[u32], mut take: impl FnMut(usize, usize)) -> Result<()> {
    if column.dtype().is_float() {
        let values = column.cast(&DataType::Float64)?;
        for (row, (value, &group)) in values.f64()?.iter().zip(groups).enumerate() {
            if group != NONE && value.is_some_and(|value| !value.is_nan()) {
                take(group as usize, row);
            }
        }
        return Ok(());
    }
    let present = column.is_not_null();
    for (row, (present, &group)) in present.iter().zip(groups).enumerate() {
        if group != NONE && present == Some(true) {
            take(group as usize, row);
        }
    }
    Ok(())
}
