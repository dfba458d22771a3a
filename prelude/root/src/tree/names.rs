//! C++ type names in all their spellings.

use crate::columns::{Packing, Prim};

/// A type name in its parts: `map<string,vector<int> >` is `map` with two arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TypeName {
    pub name: String,
    pub arguments: Vec<TypeName>,
}

/// Templates in templates that are followed.
const DEPTH: usize = 32;

impl TypeName {
    /// Parts a name. What cannot be parted is a name without arguments.
    pub(crate) fn parse(text: &str) -> Self {
        Self::nested(text, 0)
    }

    fn nested(text: &str, depth: usize) -> Self {
        let text = text.trim();
        let text = text.strip_prefix("const ").unwrap_or(text).trim();
        let text = text.strip_prefix("::").unwrap_or(text);
        let plain = |name: &str| Self { name: short(name), arguments: Vec::new() };
        let Some((name, rest)) = text.split_once('<') else { return plain(text) };
        let Some(inner) = rest.trim_end().strip_suffix('>') else { return plain(text) };
        if depth > DEPTH {
            return plain(text);
        }
        let arguments = parts(inner).into_iter().map(|part| Self::nested(part, depth + 1)).collect();
        Self { name: short(name), arguments }
    }
}

/// Parts at the commas that are not within brackets.
fn parts(text: &str) -> Vec<&str> {
    let mut depth = 0usize;
    let outside = |c: char| {
        match c {
            '<' | '(' => depth += 1,
            '>' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    };
    text.split(outside).collect()
}

fn short(name: &str) -> String {
    let name = name.trim();
    let name = name.strip_prefix("std::").unwrap_or(name);
    let name = name.strip_prefix("ROOT::VecOps::").or_else(|| name.strip_prefix("ROOT::")).unwrap_or(name);
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The number type of a name; none when it is another type.
pub(crate) fn number(name: &str) -> Option<Prim> {
    Some(match name {
        "bool" | "Bool_t" => Prim::Bool,
        "char" | "signed char" | "Char_t" | "int8_t" | "Int8_t" => Prim::I8,
        "unsigned char" | "UChar_t" | "uint8_t" | "byte" | "Byte_t" => Prim::U8,
        "short" | "short int" | "Short_t" | "int16_t" | "Int16_t" => Prim::I16,
        "unsigned short" | "unsigned short int" | "UShort_t" | "uint16_t" => Prim::U16,
        "int" | "Int_t" | "int32_t" | "Int32_t" => Prim::I32,
        "unsigned int" | "unsigned" | "UInt_t" | "uint32_t" => Prim::U32,
        "long" | "long int" | "Long_t" | "Long64_t" | "long long" | "long long int" | "int64_t" => Prim::I64,
        "unsigned long" | "unsigned long int" | "ULong_t" | "ULong64_t" | "unsigned long long" | "uint64_t"
        | "size_t" => Prim::U64,
        "float" | "Float_t" => Prim::F32,
        "double" | "Double_t" => Prim::F64,
        "Double32_t" => Prim::Double32(Packing::Float),
        "Float16_t" => Prim::Float16(Packing::Short(12)),
        _ => return None,
    })
}

/// The number type of a streamer code, with `title` for the range of packed numbers.
pub(crate) fn code(kind: i32, title: &str) -> Option<Prim> {
    Some(match kind {
        1 => Prim::I8,
        2 => Prim::I16,
        3 => Prim::I32,
        4 | 16 => Prim::I64,
        5 => Prim::F32,
        6 | 13 | 15 => Prim::U32,
        8 => Prim::F64,
        9 => Prim::Double32(super::range::packing(title, false)),
        11 => Prim::U8,
        12 => Prim::U16,
        14 | 17 => Prim::U64,
        18 => Prim::Bool,
        19 => Prim::Float16(super::range::packing(title, true)),
        _ => return None,
    })
}

/// How a number type is called in messages and listings.
pub(crate) fn spelled(prim: Prim) -> &'static str {
    match prim {
        Prim::Bool => "bool",
        Prim::I8 => "int8_t",
        Prim::U8 => "uint8_t",
        Prim::I16 => "int16_t",
        Prim::U16 => "uint16_t",
        Prim::I32 => "int32_t",
        Prim::U32 => "uint32_t",
        Prim::I64 => "int64_t",
        Prim::U64 => "uint64_t",
        Prim::F32 => "float",
        Prim::F64 => "double",
        Prim::Double32(_) => "Double32_t",
        Prim::Float16(_) => "Float16_t",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parted() {
        let map = TypeName::parse("std::map<std::string, std::vector<double> >");
        assert_eq!((map.name.as_str(), map.arguments.len()), ("map", 2));
        assert_eq!(map.arguments[1].arguments[0].name, "double");
        assert_eq!(TypeName::parse("ROOT::VecOps::RVec<unsigned  long long>").arguments[0].name, "unsigned long long");
        assert_eq!(TypeName::parse("vector<").arguments.len(), 0);
    }
}
