//! Masses of combinations: the components of their objects are added as they are looked up, and not looked up first.

use crate::check::program::{Id, Op};
use crate::evaluate::evaluator::Evaluator;
use crate::evaluate::gather::NOWHERE;
use crate::evaluate::kernel::Arg;
use crate::evaluate::lane::{Data, Lane};
use crate::evaluate::objects::positions;
use crate::evaluate::vectors::{every, masses};
use std::rc::Rc;

impl<'p, 'a> Evaluator<'p, 'a> {
    /// The masses of sums of vectors (x, y, z, E): of combinations the components are added as they are looked up.
    pub(super) fn mass_of_sum(&mut self, inputs: &[Id]) -> Lane<'a> {
        let rows = self.len();
        let mut sums: [Vec<f64>; 4] = std::array::from_fn(|_| Vec::new());
        for (at, id) in inputs.iter().enumerate() {
            let (values, places) = self.not_gathered(*id);
            let (values, sum) = (values.f64(), &mut sums[at % 4]);
            let value = |row: usize, places: &[u32]| match &values {
                Arg::One(_) if places[row] == NOWHERE => f64::NAN,
                Arg::One(value) => *value,
                Arg::Many(values) => values.get(places[row] as usize).copied().unwrap_or(f64::NAN),
            };
            match (places, at < 4) {
                (None, true) => *sum = every(&values, rows).into_owned(),
                (None, false) => sum.iter_mut().zip(&*every(&values, rows)).for_each(|(sum, x)| *sum += x),
                (Some(places), first) => {
                    let places = &positions(&places)[..rows];
                    if first {
                        *sum = (0..rows).map(|row| value(row, places)).collect();
                    } else {
                        sum.iter_mut().enumerate().for_each(|(row, sum)| *sum += value(row, places));
                    }
                }
            }
        }
        Lane::new(Data::F64(masses(sums).into()))
    }

    /// The values of a node, or those that it looks up and the positions at which it does.
    fn not_gathered(&mut self, id: Id) -> (Rc<Lane<'a>>, Option<Rc<Lane<'a>>>) {
        let program = self.program;
        match program.op(id) {
            Op::Gather(values, position) if self.shared[id].is_none() => {
                let same = matches!(program.op(*position), Op::Lane(_))
                    && program.is_identity(program.nodes[*position].domain);
                let places = (!same).then(|| self.lane(*position));
                (self.lane(*values), places)
            }
            _ => (self.lane(id), None),
        }
    }
}
