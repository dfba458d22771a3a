//! Four-vectors whose components have other names, `p4`, and four-vectors in another frame, `boost`.

use crate::check::checker::{Checked, Checker, quoted};
use crate::check::program::{Id, Op, Quantity};
use crate::check::shape::{Collection, Fields, Object, Shape};
use crate::check::types::Type;
use crate::check::vectors::{ENERGY, MASS, Part};
use crate::syntax::expr::{Expr, Kind, Name};
use crate::value::Value;

/// How components are called in the text of `p4`, and what they are.
const COMPONENTS: [(&str, &str); 14] = [
    ("pt", "pt"),
    ("eta", "eta"),
    ("phi", "phi"),
    ("mass", "mass"),
    ("m", "mass"),
    ("E", "E"),
    ("e", "E"),
    ("energy", "E"),
    ("px", "px"),
    ("py", "py"),
    ("pz", "pz"),
    ("x", "px"),
    ("y", "py"),
    ("z", "pz"),
];

impl Checker<'_> {
    /// `p4(Jet, "pt = rawPt, eta = eta, ..")`: the same objects with a four-vector of these fields.
    pub fn named(&mut self, expr: &Expr, objects: &Expr, written: &Expr) -> Checked<Shape> {
        let shape = self.shape(objects)?;
        let Shape::Object(object) = shape else {
            return self.note(objects, format!("{objects} is no object and no list of objects"), "");
        };
        let Kind::Literal(Value::Text(text)) = written.kind() else {
            return self.note(expr, "`p4` takes a text that names the components", "");
        };
        let fields = self.field_names(object.collection);
        let mut named: Vec<(Name, Name)> = Vec::new();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let Some((component, field)) = part.split_once('=').map(|(a, b)| (a.trim(), b.trim())) else {
                return self.note(written, format!("`{}` names nothing", part.trim()), "write component = field");
            };
            let Some((_, component)) = COMPONENTS.iter().find(|(known, _)| *known == component) else {
                let help = "components are pt, eta, phi, mass, E, px, py, pz";
                return self.note(written, format!("a four-vector has no component `{component}`"), help);
            };
            if !fields.iter().any(|known| &**known == field) {
                let names: Vec<&str> = fields.iter().map(|name| &**name).collect();
                let help = match segment::nearest(field, names.iter().copied()).as_slice() {
                    [] => format!("there are {}", names.join(", ")),
                    near => format!("did you mean {}?", quoted(near)),
                };
                let name = self.collections[object.collection].name.clone();
                return self.note(written, format!("`{name}` has no field `{field}`"), help);
            }
            named.push(((*component).into(), field.into()));
        }
        let Collection { name, domain, .. } = self.collections[object.collection].clone();
        let fields = Fields::Named(object.collection, named);
        let collection = self.collection(Collection { name, domain, fields });
        Ok(Shape::Object(Object { collection, position: object.position }))
    }

    /// The field that is a component of the four-vector of objects, by the first of these names that is there.
    pub fn component(&self, object: &Object, names: &[&str]) -> Option<Name> {
        match &self.collections[object.collection].fields {
            Fields::Named(_, named) => {
                let field = |name: &&str| named.iter().find(|(component, _)| **component == **name);
                names.iter().find_map(field).map(|(_, field)| field.clone())
            }
            _ => names.iter().find(|name| self.has_field(object, name)).map(|name| (*name).into()),
        }
    }

    /// `boost(a, frame)`: the four-vector of `a` where that of `frame` is at rest. Both are one object, or the sum of several.
    pub fn boosted(&mut self, expr: &Expr, arguments: &[Expr]) -> Checked<Object> {
        let mut inputs: Vec<Id> = Vec::with_capacity(8);
        for argument in arguments {
            let shape = self.objects_of(argument)?;
            let vectors = self.summands(expr, &shape, &[Part::X, Part::Y, Part::Z, Part::Energy])?;
            for part in 0..4 {
                inputs.push(self.added(vectors.iter().map(|vector| vector[part])));
            }
        }
        let parts =
            [("px", Quantity::BoostX), ("py", Quantity::BoostY), ("pz", Quantity::BoostZ), ("E", Quantity::BoostE)];
        let fields: Vec<(Name, Id)> = parts
            .into_iter()
            .map(|(name, quantity)| (name.into(), self.push(Op::Vector(quantity, inputs.clone()), Type::F64)))
            .collect();
        let domain = self.domain_of(fields[0].1);
        let name = expr.to_string().as_str().into();
        let collection = self.collection(Collection { name, domain, fields: Fields::Computed(fields) });
        Ok(Object { collection, position: None })
    }

    /// Whether the objects have a mass or an energy.
    pub fn has_mass(&self, object: &Object) -> bool {
        self.component(object, &MASS).is_some() || self.component(object, &ENERGY).is_some()
    }
}
