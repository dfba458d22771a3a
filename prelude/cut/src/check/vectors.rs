//! Four-vectors of objects, by the fields that are there: (pt, eta, phi, mass), (px, py, pz, E), (px, py, pz, mass),
//! (px, py, pz, pid), (pt, phi). All of it is f64 from the first step on.

use crate::check::checker::{Checked, Checker};
use crate::check::functions::Name;
use crate::check::program::{Fold, Id, Op, Quantity};
use crate::check::shape::{Object, Shape};
use crate::check::types::{self, Type};
use crate::syntax::expr::{Binary, Expr, Kind};
use crate::value::Value;

/// Functions of objects, and how many they take.
pub(crate) const FUNCTIONS: [(&str, Option<usize>); 11] = [
    ("mass", None),
    ("pt", None),
    ("eta", None),
    ("phi", None),
    ("energy", None),
    ("momentum", None),
    ("charge", None),
    ("dphi", Some(2)),
    ("dR", Some(2)),
    ("angle", Some(2)),
    ("mt", Some(2)),
];

pub(crate) const MASS: [&str; 2] = ["mass", "m"];
pub(crate) const ENERGY: [&str; 3] = ["E", "energy", "e"];

/// A component of a four-vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    X,
    Y,
    Z,
    Energy,
    Pt,
    Eta,
    Phi,
    Mass,
}

impl Checker<'_> {
    /// A function of objects.
    pub fn vector(&mut self, expr: &Expr, name: &str, arguments: &[Expr]) -> Checked {
        let wanted = FUNCTIONS.iter().find(|(known, _)| *known == name).and_then(|(_, count)| *count);
        if arguments.is_empty() || wanted.is_some_and(|count| count != arguments.len()) {
            let wanted = if wanted.is_some() { "two objects" } else { "one object or more" };
            return self.note(expr, format!("`{name}` takes {wanted}, not {}", arguments.len()), "");
        }
        let shapes: Vec<_> = arguments.iter().map(|argument| self.objects_of(argument)).collect();
        let shapes = shapes.into_iter().collect::<Checked<Vec<Shape>>>()?;
        match name {
            "charge" => return self.charge(expr, &shapes),
            "dphi" | "dR" | "angle" | "mt" => return self.between_two(expr, name, arguments, &shapes),
            _ => {}
        }
        if let [Shape::Object(object)] = shapes.as_slice()
            && self.in_scope(self.object_domain(object))
        {
            return self.of_one(expr, name, object);
        }
        let parts: &[Part] = match name {
            "pt" | "phi" => &[Part::X, Part::Y],
            "eta" | "momentum" => &[Part::X, Part::Y, Part::Z],
            "energy" => &[Part::Energy],
            _ => &[Part::X, Part::Y, Part::Z, Part::Energy],
        };
        let mut vectors: Vec<Vec<Id>> = Vec::new();
        for shape in &shapes {
            vectors.extend(self.summands(expr, shape, parts)?);
        }
        if name == "mass" {
            return Ok(self.push(Op::Vector(Quantity::Mass, vectors.concat()), Type::F64));
        }
        let sums: Vec<Id> =
            (0..parts.len()).map(|part| self.added(vectors.iter().map(|vector| vector[part]))).collect();
        Ok(match name {
            "energy" => sums[0],
            "phi" => self.float(Name::Arctan2, vec![sums[1], sums[0]]),
            "eta" => self.pseudorapidity(&sums),
            _ => self.push(Op::Vector(Quantity::Length, sums), Type::F64),
        })
    }

    pub fn objects_of(&mut self, argument: &Expr) -> Checked<Shape> {
        if let Kind::Call(name, arguments) = argument.kind()
            && &**name == "boost"
            && arguments.len() == 2
        {
            return self.boosted(argument, arguments).map(Shape::Object);
        }
        match self.shape(argument)? {
            Shape::Value(id) => {
                let dtype = self.dtype(id);
                self.note(argument, format!("{argument} is {dtype}, not an object"), "objects have fields: Jet[0], MET")
            }
            shape => Ok(shape),
        }
    }

    /// The components of all vectors that an argument adds: one for each object, or the sum over a list.
    pub fn summands(&mut self, expr: &Expr, shape: &Shape, parts: &[Part]) -> Checked<Vec<Vec<Id>>> {
        let objects = match shape {
            Shape::Object(object) => vec![*object],
            Shape::Tuple(objects) => objects.clone(),
            Shape::Value(_) => Vec::new(),
        };
        let list = !self.in_scope(self.shape_domain(shape));
        if list && objects.len() > 1 {
            return self.note(expr, "the sum of a list of combinations", "name them: mass(a, b) for a, b in pairs(..)");
        }
        let mut vectors = Vec::with_capacity(objects.len());
        for object in &objects {
            let mut vector = Vec::with_capacity(parts.len());
            for part in parts {
                vector.push(self.part(expr, object, *part)?);
            }
            if list {
                let outer = self.outer_of(self.object_domain(object));
                vector = self.where_all_are(&vector);
                vector = vector.into_iter().map(|id| self.push_fold(Fold::Sum, id, outer)).collect();
            }
            vectors.push(vector);
        }
        Ok(vectors)
    }

    /// The sum of components, from the first on.
    pub fn added(&mut self, mut parts: impl Iterator<Item = Id>) -> Id {
        let first = parts.next().unwrap_or_else(|| self.push(Op::Literal(Value::Float(f64::NAN)), Type::F64));
        parts.fold(first, |sum, part| self.push(Op::Arithmetic(Binary::Add, sum, part), Type::F64))
    }

    /// The same, missing together: a vector without one of its components adds nothing.
    fn where_all_are(&mut self, vector: &[Id]) -> Vec<Id> {
        if vector.len() == 1 {
            return vector.to_vec();
        }
        let nan = self.push(Op::Literal(Value::Float(f64::NAN)), Type::F64);
        let missing: Vec<Id> = vector.iter().map(|id| self.push(Op::IsMissing(*id), Type::Bool)).collect();
        let any = self.push(Op::Or(missing), Type::Bool);
        vector.iter().map(|id| self.push(Op::Where(any, nan, *id), Type::F64)).collect()
    }

    fn of_one(&mut self, expr: &Expr, name: &str, object: &Object) -> Checked {
        match name {
            "pt" => self.part(expr, object, Part::Pt),
            "eta" => self.part(expr, object, Part::Eta),
            "phi" => self.part(expr, object, Part::Phi),
            "energy" => self.part(expr, object, Part::Energy),
            "mass" => self.part(expr, object, Part::Mass),
            _ => {
                let (pt, z) = (self.part(expr, object, Part::Pt)?, self.part(expr, object, Part::Z)?);
                Ok(self.push(Op::Vector(Quantity::Length, vec![pt, z]), Type::F64))
            }
        }
    }

    fn between_two(&mut self, expr: &Expr, name: &str, arguments: &[Expr], shapes: &[Shape]) -> Checked {
        let [Shape::Object(a), Shape::Object(b)] = shapes else {
            let at = usize::from(matches!(shapes[0], Shape::Object(_)));
            let written = &arguments[at];
            return self.note(written, format!("`{name}` takes two objects, and {written} is a combination"), "");
        };
        if name == "angle" {
            let mut all = Vec::new();
            for object in [a, b] {
                for part in [Part::X, Part::Y, Part::Z] {
                    all.push(self.part(expr, object, part)?);
                }
            }
            return Ok(self.push(Op::Vector(Quantity::Angle, all), Type::F64));
        }
        let phis = vec![self.part(expr, a, Part::Phi)?, self.part(expr, b, Part::Phi)?];
        let dphi = self.push(Op::Vector(Quantity::Wrapped, phis), Type::F64);
        match name {
            "dphi" => Ok(dphi),
            "dR" => {
                let (x, y) = (self.part(expr, a, Part::Eta)?, self.part(expr, b, Part::Eta)?);
                let deta = self.push(Op::Arithmetic(Binary::Sub, x, y), Type::F64);
                Ok(self.push(Op::Vector(Quantity::Length, vec![deta, dphi]), Type::F64))
            }
            _ => {
                let (x, y) = (self.part(expr, a, Part::Pt)?, self.part(expr, b, Part::Pt)?);
                Ok(self.push(Op::Vector(Quantity::TransverseMass, vec![x, y, dphi]), Type::F64))
            }
        }
    }

    fn charge(&mut self, expr: &Expr, shapes: &[Shape]) -> Checked {
        let mut total: Option<Id> = None;
        for shape in shapes {
            let objects = match shape {
                Shape::Tuple(objects) => objects.clone(),
                Shape::Object(object) => vec![*object],
                Shape::Value(_) => Vec::new(),
            };
            for object in objects {
                let mut charge = self.object_field(expr, &object, "charge")?;
                let domain = self.object_domain(&object);
                if !self.in_scope(domain) {
                    let outer = self.outer_of(domain);
                    charge = self.push_fold(Fold::Sum, charge, outer);
                }
                total = Some(match total {
                    None => charge,
                    Some(before) => {
                        let (a, b) = (self.dtype(before), self.dtype(charge));
                        let dtype = types::arithmetic(Binary::Add, &a, &b, [false; 2], false);
                        self.push(Op::Arithmetic(Binary::Add, before, charge), dtype)
                    }
                });
            }
        }
        total.ok_or(crate::check::checker::Noted)
    }

    /// A component of an object: computed for all of its collection, and looked up.
    fn part(&mut self, expr: &Expr, object: &Object, part: Part) -> Checked {
        let all = Object { position: None, ..*object };
        let here = std::mem::replace(&mut self.here, self.collections[object.collection].domain);
        let value = self.part_of_all(expr, &all, part);
        self.here = here;
        let value = value?;
        Ok(object.position.map_or(value, |position| self.gather(value, position)))
    }

    fn part_of_all(&mut self, expr: &Expr, all: &Object, part: Part) -> Checked {
        if let Some(stored) = self.stored(expr, all, part)? {
            return Ok(stored);
        }
        let polar = self.component(all, &["pt"]).is_some() && self.component(all, &["phi"]).is_some();
        let missing = |names: &[&str], checker: &Self| checker.component(all, names).is_none();
        let lacks = if polar {
            let longitudinal = matches!(part, Part::Z | Part::Eta) || matches!(part, Part::Energy | Part::Mass);
            if longitudinal && missing(&["eta"], self) { Some("eta") } else { None }
        } else {
            let needed = if matches!(part, Part::Phi | Part::Pt | Part::X | Part::Y) { 2 } else { 3 };
            ["px", "py", "pz"][..needed].iter().find(|name| missing(&[name], self)).copied()
        };
        let energy = matches!(part, Part::Energy | Part::Mass);
        let no_mass = energy && !self.has_mass(all) && (polar || missing(&["pid"], self));
        if let Some(lacks) = lacks.or(no_mass.then_some("mass")) {
            let name = self.collections[all.collection].name.clone();
            let help =
                "four-vectors are (pt, eta, phi, mass), (px, py, pz, E), (px, py, pz, mass) or (px, py, pz, pid)";
            return self.note(expr, format!("`{name}` has no field `{lacks}`, which {expr} needs"), help);
        }
        self.computed(expr, all, part, polar)
    }

    /// A component that is a field.
    fn stored(&mut self, expr: &Expr, all: &Object, part: Part) -> Checked<Option<Id>> {
        let names: &[&str] = match part {
            Part::X => &["px"],
            Part::Y => &["py"],
            Part::Z => &["pz"],
            Part::Energy => &ENERGY,
            Part::Pt => &["pt"],
            Part::Eta => &["eta"],
            Part::Phi => &["phi"],
            Part::Mass => &MASS,
        };
        let Some(name) = self.component(all, names) else { return Ok(None) };
        let id = self.object_field(expr, all, &name)?;
        let dtype = self.dtype(id);
        if !dtype.is_number() && dtype != Type::Null {
            return self.note(expr, format!("the field `{name}` is {dtype}, not a number"), "");
        }
        Ok(Some(if dtype == Type::F64 { id } else { self.push(Op::Vector(Quantity::Length, vec![id]), Type::F64) }))
    }

    fn computed(&mut self, expr: &Expr, all: &Object, part: Part, polar: bool) -> Checked {
        let get = |checker: &mut Self, part| checker.part_of_all(expr, all, part);
        Ok(match part {
            Part::X | Part::Y => {
                let (pt, phi) = (get(self, Part::Pt)?, get(self, Part::Phi)?);
                let along = if part == Part::X { Quantity::AlongX } else { Quantity::AlongY };
                self.push(Op::Vector(along, vec![pt, phi]), Type::F64)
            }
            Part::Z => {
                let (pt, eta) = (get(self, Part::Pt)?, get(self, Part::Eta)?);
                self.push(Op::Vector(Quantity::AlongZ, vec![pt, eta]), Type::F64)
            }
            Part::Pt => {
                let xy = vec![get(self, Part::X)?, get(self, Part::Y)?];
                self.push(Op::Vector(Quantity::Length, xy), Type::F64)
            }
            Part::Phi => {
                let yx = vec![get(self, Part::Y)?, get(self, Part::X)?];
                self.float(Name::Arctan2, yx)
            }
            Part::Eta => {
                let xyz = [get(self, Part::X)?, get(self, Part::Y)?, get(self, Part::Z)?];
                self.pseudorapidity(&xyz)
            }
            Part::Energy => {
                let mut all_parts = if polar {
                    vec![get(self, Part::Pt)?, get(self, Part::Z)?]
                } else {
                    vec![get(self, Part::X)?, get(self, Part::Y)?, get(self, Part::Z)?]
                };
                all_parts.push(get(self, Part::Mass)?);
                self.push(Op::Vector(Quantity::Energy, all_parts), Type::F64)
            }
            Part::Mass if self.component(all, &ENERGY).is_some() => {
                let parts = [Part::X, Part::Y, Part::Z, Part::Energy];
                let parts = parts.into_iter().map(|part| get(self, part)).collect::<Checked<Vec<Id>>>()?;
                self.push(Op::Vector(Quantity::Mass, parts), Type::F64)
            }
            Part::Mass => {
                let pid = self.object_field(expr, all, "pid")?;
                self.float(Name::PdgMass, vec![pid])
            }
        })
    }

    fn pseudorapidity(&mut self, xyz: &[Id]) -> Id {
        let pt = self.push(Op::Vector(Quantity::Length, xyz[..2].to_vec()), Type::F64);
        let slope = self.push(Op::Arithmetic(Binary::Div, xyz[2], pt), Type::F64);
        self.float(Name::Arcsinh, vec![slope])
    }

    fn float(&mut self, name: Name, inputs: Vec<Id>) -> Id {
        self.push(Op::Function(name, inputs), Type::F64)
    }
}
