//! The domains of a program, and how they belong together.

use crate::check::domain::{Domain, DomainId, Kind, ROWS, Seen};
use crate::check::program::Program;

impl Program {
    /// Adds a domain, or finds the equal one.
    pub fn domain(&mut self, parent: DomainId, kind: Kind) -> DomainId {
        let same = |domain: &Domain| {
            domain.parent == parent
                && match (&domain.kind, &kind) {
                    (Kind::Objects { name: a, .. }, Kind::Objects { name: b, .. }) => a == b,
                    (a, b) => a == b,
                }
        };
        if let Some(found) = self.domains.iter().position(same) {
            if let (Kind::Objects { sources, .. }, Kind::Objects { sources: more, .. }) =
                (&mut self.domains[found].kind, kind)
            {
                sources.extend(more.into_iter().filter(|column| !sources.contains(column)).collect::<Vec<_>>());
            }
            return found;
        }
        for id in kind.nodes() {
            self.nodes[*id].uses += 2;
        }
        self.domains.push(Domain { parent, kind, whole: false, seen: Seen::default() });
        self.domains.len() - 1
    }

    /// Notes that something looks into a domain by position, list by list of `outer`.
    pub fn whole(&mut self, domain: DomainId, outer: DomainId) {
        if domain == outer || domain == ROWS {
            return;
        }
        let Domain { parent, kind, .. } = self.domains[domain].clone();
        if !std::mem::replace(&mut self.domains[domain].whole, true) {
            let around = if let Kind::Items { outer, .. } = kind { outer } else { parent };
            for of in kind.others() {
                self.whole(of, around);
            }
        }
        self.whole(parent, outer);
    }

    /// Whether each lane of `domain` belongs to one lane of `ancestor`.
    pub fn within(&self, mut domain: DomainId, ancestor: DomainId) -> bool {
        while domain != ancestor && domain != ROWS {
            domain = self.domains[domain].parent;
        }
        domain == ancestor
    }

    pub fn depth(&self, mut domain: DomainId) -> usize {
        let mut depth = 0;
        while domain != ROWS {
            domain = self.domains[domain].parent;
            depth += 1;
        }
        depth
    }

    /// Whether the lanes of a domain belong to those of the part that is looked at of `anchor`.
    pub fn is_anchored(&self, mut domain: DomainId, anchor: DomainId) -> bool {
        while domain != ROWS && self.anchor(domain) != anchor {
            domain = self.domains[domain].parent;
        }
        self.anchor(domain) == anchor
    }

    /// The objects and combinations that have been looked at since the last call: what they are, and how many.
    pub fn looked_at(&self) -> Vec<(String, u64)> {
        let mut all: Vec<(String, u64)> = Vec::new();
        for (domain, one) in self.domains.iter().enumerate().filter(|(domain, _)| *domain != ROWS) {
            let (seen, name) = (one.seen.take(), self.lanes_are(domain));
            if seen == 0 {
                continue;
            }
            match all.iter_mut().find(|(known, _)| *known == name) {
                Some((_, total)) => *total += seen,
                None => all.push((name, seen)),
            }
        }
        all
    }

    /// What the lanes of a domain are.
    pub fn lanes_are(&self, domain: DomainId) -> String {
        match &self.domains[domain].kind {
            Kind::Rows => "rows".to_owned(),
            Kind::Objects { name, .. } => {
                let name = name.rsplit_once("::").map_or(&**name, |(_, last)| last);
                name.rsplit_once(['.', '_']).map_or(name, |(collection, _)| collection).to_owned()
            }
            Kind::Combinations { of, size: 2 } => format!("pairs({})", self.lanes_are(*of)),
            Kind::Combinations { of, .. } => format!("triples({})", self.lanes_are(*of)),
            Kind::Items { of, outer } => {
                let parent = self.domains[domain].parent;
                let one = self.lanes_are(*of);
                if parent == *outer { one } else { format!("{} x {one}", self.lanes_are(parent)) }
            }
            Kind::Filter { of, .. } | Kind::Slice { of, .. } | Kind::Sorted(of) => self.lanes_are(*of),
            Kind::Concat(parts) => parts.iter().map(|part| self.lanes_are(*part)).collect::<Vec<_>>().join(" + "),
            Kind::InList(_) => "objects of combinations".to_owned(),
        }
    }

    /// Whether it has the lanes of another domain, one to one.
    pub fn is_identity(&self, domain: DomainId) -> bool {
        matches!(self.domains[domain].kind, Kind::Items { outer, .. } if outer == self.domains[domain].parent)
    }

    /// The domain whose lanes come in parts, of which this one has some; [`ROWS`] when it is there at once.
    pub fn anchor(&self, domain: DomainId) -> DomainId {
        let Domain { parent, kind, whole, .. } = &self.domains[domain];
        match kind {
            Kind::Rows | Kind::Objects { .. } => ROWS,
            _ if *whole => self.anchor(*parent),
            Kind::Items { of, .. } if self.is_identity(domain) => self.anchor(*of),
            Kind::Items { .. } | Kind::Combinations { .. } => domain,
            Kind::Filter { of, .. } => self.anchor(*of),
            Kind::Slice { .. } | Kind::Concat(_) | Kind::Sorted(_) | Kind::InList(_) => self.anchor(*parent),
        }
    }
}
