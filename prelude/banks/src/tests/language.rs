//! The selection language over `run.events()`: banks are collections, and point at each other without a join. References are
//! loops over what was written.

use super::*;
use segment::random::SplitMix64;

#[derive(Debug, Clone, Copy)]
struct Particle {
    pid: i32,
    status: i16,
    charge: i8,
    p: [f32; 3],
}

#[derive(Debug, Clone, Copy)]
struct Cluster {
    pindex: i16,
    energy: f32,
}

type Event = (Vec<Particle>, Vec<Cluster>);

fn drawn(count: usize) -> Vec<Event> {
    let mut random = SplitMix64::new(3);
    let mut below = move |bound: u64| random.next() % bound;
    let one = |_| {
        let kinds = [(11, -1), (-11, 1), (22, 0), (22, 0), (211, 1), (2212, 1)];
        let particles: Vec<Particle> = (0..below(6))
            .map(|_| {
                let (pid, charge) = kinds[below(6) as usize];
                let p = [0; 3].map(|_| (below(2001) as f32 - 1000.0) / 300.0);
                Particle { pid, status: below(8001) as i16 - 4000, charge, p }
            })
            .collect();
        let many = particles.len() as u64;
        let clusters = (0..below(5)).map(|_| {
            let energy = below(1000) as f32 / 500.0;
            Cluster { pindex: below(many + 2) as i16 - 1, energy }
        });
        (particles.clone(), clusters.collect())
    };
    (0..count).map(one).collect()
}

fn written(events: &[Event], path: &Path) -> Hipo {
    let mut writer = Writer::builder().limits(11, 1 << 20);
    for schema in [
        "{REC::Particle/300/31}{pid/I,status/S,charge/B,px/F,py/F,pz/F}",
        "{REC::Calorimeter/300/32}{pindex/S,energy/F}",
    ] {
        writer = writer.schema(Schema::parse(schema).unwrap()).unwrap();
    }
    let mut writer = writer.create(path).unwrap();
    for (particles, clusters) in events {
        let mut bank = writer.bank("REC::Particle", particles.len()).unwrap();
        bank.put_column("pid", &Numbers::I32(particles.iter().map(|p| p.pid).collect())).unwrap();
        bank.put_column("status", &Numbers::I16(particles.iter().map(|p| p.status).collect())).unwrap();
        bank.put_column("charge", &Numbers::I8(particles.iter().map(|p| p.charge).collect())).unwrap();
        for (at, name) in ["px", "py", "pz"].into_iter().enumerate() {
            bank.put_column(name, &Numbers::F32(particles.iter().map(|p| p.p[at]).collect())).unwrap();
        }
        let mut other = writer.bank("REC::Calorimeter", clusters.len()).unwrap();
        other.put_column("pindex", &Numbers::I16(clusters.iter().map(|c| c.pindex).collect())).unwrap();
        other.put_column("energy", &Numbers::F32(clusters.iter().map(|c| c.energy).collect())).unwrap();
        let mut event = EventBuilder::new();
        event.add_bank(&bank).unwrap().add_bank(&other).unwrap();
        writer.write(&mut event).unwrap();
    }
    writer.finish().unwrap();
    hipo(path.to_str().unwrap()).unwrap()
}

impl Particle {
    fn wide(&self) -> [f64; 3] {
        self.p.map(f64::from)
    }

    fn momentum(&self) -> f64 {
        self.wide().iter().map(|x| x * x).sum::<f64>().sqrt()
    }
}

/// Photons have no mass.
fn mass(a: &Particle, b: &Particle) -> f64 {
    let sum: Vec<f64> = a.wide().iter().zip(b.wide()).map(|(x, y)| x + y).collect();
    let square = (a.momentum() + b.momentum()).powi(2) - sum.iter().map(|x| x * x).sum::<f64>();
    square.abs().sqrt().copysign(square)
}

fn numbers(group: &Group, text: &str) -> Vec<f64> {
    let frame = group.define("v", text).select(["v"]).collect().unwrap();
    let column = frame.column("v").unwrap().cast(&DataType::Float64).unwrap();
    column.f64().unwrap().iter().map(|value| value.unwrap_or(f64::NAN)).collect()
}

/// The particle that a cluster points at; a number below 0 is none.
fn pointed<'e>(event: &'e Event, cluster: &Cluster) -> Option<&'e Particle> {
    usize::try_from(cluster.pindex).ok().and_then(|at| event.0.get(at))
}

#[test]
fn events_speak_the_language_of_lists() {
    let events = drawn(400);
    let folder = tempfile::tempdir().unwrap();
    let run = written(&events, &folder.path().join("run.hipo"));
    let of = |value: &dyn Fn(&Event) -> f64| events.iter().map(value).collect::<Vec<f64>>();
    let truth = |holds: bool| f64::from(u8::from(holds));
    let trigger = |p: &&Particle| p.pid == 11 && p.status < 0;
    let expected = [
        (
            "Particle[pid == 11 & status < 0][0].px",
            of(&|e| e.0.iter().find(trigger).map_or(f64::NAN, |p| p.p[0].into())),
        ),
        (
            "where(count(Particle.pid == 11) == 1 & count(Particle.pid == 211) == 1, 1, 0)",
            of(&|e| {
                let count = |pid| e.0.iter().filter(|p| p.pid == pid).count();
                truth(count(11) == 1 && count(211) == 1)
            }),
        ),
        ("len(Particle[(status & 4) != 0])", of(&|e| e.0.iter().filter(|p| p.status & 4 != 0).count() as f64)),
        ("sum((p.status >> 2) | 1 for p in Particle)", of(&|e| e.0.iter().map(|p| f64::from(p.status >> 2 | 1)).sum())),
        (
            "argmax(momentum(p) for p in Particle if p.pid == 11 & p.status < 0).pz",
            of(&|e| {
                let mut best: Option<&Particle> = None;
                for p in e.0.iter().filter(trigger) {
                    if best.is_none_or(|best| p.momentum() > best.momentum()) {
                        best = Some(p);
                    }
                }
                best.map_or(f64::NAN, |p| p.p[2].into())
            }),
        ),
        (
            "sum(c.energy for c in Calorimeter if c.pindex == 0)",
            of(&|e| e.1.iter().filter(|c| c.pindex == 0).map(|c| f64::from(c.energy)).sum()),
        ),
        (
            "sum(c.energy for c in Calorimeter if Particle[c.pindex].charge < 0)",
            of(&|e| {
                let charged = |c: &&Cluster| pointed(e, c).is_some_and(|p| p.charge < 0);
                e.1.iter().filter(charged).map(|c| f64::from(c.energy)).sum()
            }),
        ),
        (
            "count(has(Particle[c.pindex]) for c in Calorimeter)",
            of(&|e| e.1.iter().filter(|c| pointed(e, c).is_some()).count() as f64),
        ),
        (
            "where(all(p.charge == 0 for p in Particle if p.pid not in [11, 211]), 1, 0)",
            of(&|e| truth(e.0.iter().all(|p| p.charge == 0 || [11, 211].contains(&p.pid)))),
        ),
    ];
    for (text, expected) in &expected {
        let found = numbers(&run.events(), text);
        assert!(
            found.iter().map(|x| x.to_bits()).eq(expected.iter().map(|x| (x + 0.0).to_bits())),
            "{text}: {found:?} {expected:?}"
        );
    }
}

#[test]
fn photon_pairs_and_the_scattered_electron_fill_histograms() {
    let events = drawn(300);
    let folder = tempfile::tempdir().unwrap();
    let run = written(&events, &folder.path().join("run.hipo"));
    let h = run.events().hist("[mass(a, b) for a, b in pairs(Particle[pid == 22])]", (40, 0.0, 8.0)).unwrap();
    let mut bins = vec![0.0; 40];
    for (particles, _) in &events {
        let photons: Vec<&Particle> = particles.iter().filter(|p| p.pid == 22).collect();
        for (at, a) in photons.iter().enumerate() {
            for b in &photons[at + 1..] {
                bins.get_mut((mass(a, b) / 0.2) as usize).into_iter().for_each(|bin| *bin += 1.0);
            }
        }
    }
    assert!(bins.iter().sum::<f64>() > 100.0);
    assert_eq!(h.counts(), bins);
    let e = "argmax(momentum(p) for p in Particle if p.pid == 11 & p.status < 0)";
    let with = run.events().define("e", e).query("has(e)");
    let some = |event: &&Event| event.0.iter().any(|p| p.pid == 11 && p.status < 0);
    let expected = events.iter().filter(some).count() as u64;
    assert_eq!(with.count().unwrap(), expected);
    assert_eq!(with.hist("momentum(e)", (10, 0.0, 10.0)).unwrap().entries(), expected);
    let flow = with.cutflow().unwrap().total();
    assert_eq!((flow[0].events, flow[1].events), (300, expected));
}

#[test]
fn what_is_wrong_is_said_before_anything_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let run = written(&drawn(3), &folder.path().join("run.hipo"));
    let said = |text: &str| run.events().query(text).count().unwrap_err().to_string();
    assert!(
        said("any(p.status & 4 == 4 for p in Particle)").contains("(p.status & 4) == 4, with the brackets"),
        "{}",
        said("any(p.status & 4 == 4 for p in Particle)")
    );
    assert!(said("len(Partcle) > 0").contains("Partcle"));
    assert!(said("Particle.px > Calorimeter.energy").contains("lists of different collections"));
    let path = folder.path().join("two.hipo");
    let mut writer = Writer::builder();
    for schema in ["{REC::Particle/300/31}{pid/I}", "{MC::Particle/40/2}{pid/I}"] {
        writer = writer.schema(Schema::parse(schema).unwrap()).unwrap();
    }
    let mut writer = writer.create(&path).unwrap();
    writer.write(&mut EventBuilder::new()).unwrap();
    writer.finish().unwrap();
    let said =
        hipo(path.to_str().unwrap()).unwrap().events().query("len(Particle) > 0").count().unwrap_err().to_string();
    assert!(said.contains("REC::Particle") && said.contains("MC::Particle"), "{said}");
}
