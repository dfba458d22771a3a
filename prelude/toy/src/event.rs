use crate::Process;
use crate::random::Random;
use polars::prelude::{Column, NamedFrom as _, Series};
use std::f64::consts::{PI, TAU};

const MUON: f64 = 0.105_658_375_5; // GeV
const ELECTRON_BEAM: f64 = 7.007; // GeV
const POSITRON_BEAM: f64 = 4.002; // GeV
const ENERGY: f64 = ELECTRON_BEAM + POSITRON_BEAM;
const MOMENTUM: f64 = ELECTRON_BEAM - POSITRON_BEAM;

/// Names of the floating point columns, in the order in which [`candidate`] pushes them.
const NAMES: [&str; 56] = [
    "__weight__",
    "mu1Px",
    "mu1Py",
    "mu1Pz",
    "mu1P",
    "mu1E",
    "mu1Theta",
    "mu1Phi",
    "mu1clusterE",
    "mu1clusterEoP",
    "mu1clusterTheta",
    "mu1clusterPhi",
    "mu1nCDCHits",
    "mu2Px",
    "mu2Py",
    "mu2Pz",
    "mu2P",
    "mu2E",
    "mu2Theta",
    "mu2Phi",
    "mu2clusterE",
    "mu2clusterEoP",
    "mu2clusterTheta",
    "mu2clusterPhi",
    "mu2nCDCHits",
    "pRecoil",
    "eRecoil",
    "m2Recoil",
    "mRecoil",
    "pRecoilTheta",
    "pRecoilPhi",
    "E",
    "theta",
    "phi",
    "totalMuonMomentum",
    "absdPhi",
    "absdPhiMu1",
    "absdPhiMu2",
    "absdThetaMu1",
    "absdThetaMu2",
    "min_deltaMuPRecoil",
    "beamE",
    "vpho_px",
    "vpho_py",
    "vpho_pz",
    "vpho_E",
    "psnm_ffo",
    "nTracks",
    "nTracksROE",
    "nGammaROE",
    "nPhotonCands",
    "sumE_offcone",
    "sumE_offcone_barrel",
    "isSignal",
    "truePhotonE",
    "truePhotonTheta",
];

/// Candidates, column by column.
#[derive(Default)]
pub(super) struct Rows {
    run: Vec<i32>,
    event: Vec<u32>,
    candidate: Vec<i32>,
    candidates: Vec<i32>,
    values: Vec<Vec<f64>>,
}

impl Rows {
    pub(super) fn into_columns(self) -> Vec<Column> {
        let rows = self.run.len();
        let mut columns = vec![
            Series::new("__experiment__".into(), vec![26_i32; rows]),
            Series::new("__run__".into(), self.run),
            Series::new("__event__".into(), self.event),
            Series::new("__production__".into(), vec![1_i32; rows]),
            Series::new("__candidate__".into(), self.candidate),
            Series::new("__ncandidates__".into(), self.candidates),
        ];
        columns.extend(NAMES.iter().zip(self.values).map(|(name, values)| Series::new((*name).into(), values)));
        columns.into_iter().map(Column::from).collect()
    }
}

/// A momentum and an energy, in GeV.
#[derive(Clone, Copy)]
struct Four {
    e: f64,
    p: [f64; 3],
}

impl Four {
    fn massive(p: [f64; 3], mass: f64) -> Self {
        Self { e: (dot(p, p) + mass * mass).sqrt(), p }
    }

    /// Seen from a system that moves with -`beta`.
    fn boosted(self, beta: [f64; 3]) -> Self {
        let b2 = dot(beta, beta);
        let gamma = 1.0 / (1.0 - b2).sqrt();
        let along = dot(beta, self.p);
        let factor = if b2 > 0.0 { (gamma - 1.0) * along / b2 } else { 0.0 } + gamma * self.e;
        Self { e: gamma * (self.e + along), p: std::array::from_fn(|i| self.p[i] + factor * beta[i]) }
    }

    fn momentum(self) -> f64 {
        dot(self.p, self.p).sqrt()
    }

    fn theta(self) -> f64 {
        (self.p[2] / self.momentum()).clamp(-1.0, 1.0).acos()
    }

    fn phi(self) -> f64 {
        self.p[1].atan2(self.p[0])
    }
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn spherical(p: f64, cosine: f64, phi: f64) -> [f64; 3] {
    let sine = (1.0 - cosine * cosine).max(0.0).sqrt();
    [p * sine * phi.cos(), p * sine * phi.sin(), p * cosine]
}

/// An angle in (-π, π].
fn wrapped(angle: f64) -> f64 {
    PI - (PI - angle).rem_euclid(TAU)
}

/// What the detector says of a muon's shower; NaN without a cluster, as basf2 writes it.
struct Cluster {
    energy: f64,
    theta: f64,
    phi: f64,
    hits: f64,
}

/// Adds the candidates of one event.
pub(super) fn generate(process: &Process, event: u64, block: u64, random: &mut Random, rows: &mut Rows) {
    let (muons, photon) = decay(process, random);
    let candidates = if random.happens(0.12) { 2 + (random.unit() * 3.0) as i32 } else { 1 };
    let tracks = 2.0 + random.poisson(0.15);
    let rest = [tracks, tracks - 2.0, random.poisson(2.5), random.poisson(1.6), random.exponential(0.3)];
    for candidate in 0..candidates {
        // A wrong candidate takes another track for the second muon.
        let second = if candidate == 0 {
            muons[1]
        } else {
            let p = random.exponential(0.8) + 0.1;
            Four::massive(spherical(p, random.uniform(-0.8, 0.95), random.uniform(-PI, PI)), MUON)
        };
        rows.run.push((block % 60) as i32 + 1);
        rows.event.push((event % u64::from(u32::MAX)) as u32);
        rows.candidate.push(candidate);
        rows.candidates.push(candidates);
        let values = self::candidate(process, [muons[0], second], photon, candidate == 0, &rest, random);
        rows.values.resize_with(NAMES.len(), Vec::new);
        for (column, value) in rows.values.iter_mut().zip(values) {
            column.push(value);
        }
    }
}

/// The smeared muons and the true photon of an event, in the laboratory.
fn decay(process: &Process, random: &mut Random) -> ([Four; 2], Four) {
    let s = ENERGY * ENERGY - MOMENTUM * MOMENTUM;
    let root = s.sqrt();
    let fraction = random.uniform(0.01_f64.ln(), 0.95_f64.ln()).exp();
    let energy = fraction * root / 2.0;
    let photon = Four { e: energy, p: spherical(energy, random.uniform(-2.2, 2.2).tanh(), random.uniform(-PI, PI)) };
    let mass2 = s * (1.0 - fraction);
    let cosine = loop {
        let cosine = random.uniform(-1.0, 1.0);
        if random.uniform(0.0, 2.0) < 1.0 + cosine * cosine {
            break cosine;
        }
    };
    let p = (mass2 / 4.0 - MUON * MUON).max(1e-6).sqrt();
    let direction = spherical(p, cosine, random.uniform(-PI, PI));
    let recoil = photon.p.map(|x| -x / (root - energy));
    let beams = [0.0, 0.0, MOMENTUM / ENERGY];
    let muons = [1.0, -1.0].map(|sign| {
        let muon = Four::massive(direction.map(|x| sign * x), MUON).boosted(recoil).boosted(beams);
        let scale = (1.0 + random.normal(0.004)) * random.uniform(process.kept.0, process.kept.1);
        Four::massive(muon.p.map(|x| x * scale), MUON)
    });
    (muons, photon.boosted(beams))
}

fn cluster(muon: Four, random: &mut Random) -> Cluster {
    let hits = (38.0 + random.normal(38.0_f64.sqrt())).round().max(0.0);
    if !random.happens(0.97) {
        return Cluster { energy: f64::NAN, theta: f64::NAN, phi: f64::NAN, hits };
    }
    let energy = random.gamma(9, 0.022);
    Cluster { energy, theta: muon.theta() + random.normal(0.01), phi: wrapped(muon.phi() + random.normal(0.01)), hits }
}

/// One row, in the order of [`NAMES`].
fn candidate(
    process: &Process,
    muons: [Four; 2],
    photon: Four,
    is_true: bool,
    rest: &[f64; 5],
    random: &mut Random,
) -> [f64; NAMES.len()] {
    let clusters = muons.map(|muon| cluster(muon, random));
    let recoil = Four {
        e: ENERGY - muons[0].e - muons[1].e,
        p: std::array::from_fn(|i| [0.0, 0.0, MOMENTUM][i] - muons[0].p[i] - muons[1].p[i]),
    };
    let p = recoil.momentum();
    let mass2 = recoil.e * recoil.e - p * p;
    let found = is_true && p > 0.1 && random.happens(process.efficiency);
    let seen =
        |value: f64, sigma: f64, random: &mut Random| if found { value + random.normal(sigma) } else { f64::NAN };
    let mut row = [0.0; NAMES.len()];
    let mut at = 0;
    let mut push = |values: &[f64]| {
        row[at..at + values.len()].copy_from_slice(values);
        at += values.len();
    };
    push(&[1.0]);
    for (muon, cluster) in muons.iter().zip(&clusters) {
        let momentum = muon.momentum();
        push(&[muon.p[0], muon.p[1], muon.p[2], momentum, muon.e, muon.theta(), muon.phi(), cluster.energy]);
        push(&[cluster.energy / momentum, cluster.theta, cluster.phi, cluster.hits]);
    }
    push(&[p, recoil.e, mass2, mass2.abs().sqrt().copysign(mass2), recoil.theta(), recoil.phi()]);
    push(&[seen(p * 0.99, 0.03 * p, random), seen(recoil.theta(), 0.01, random), seen(recoil.phi(), 0.01, random)]);
    let angle = |muon: &Four| (dot(muon.p, recoil.p) / (muon.momentum() * p)).clamp(-1.0, 1.0).acos();
    let dphi = |cluster: &Cluster| wrapped(cluster.phi - recoil.phi()).abs();
    let dtheta = |cluster: &Cluster| (cluster.theta - recoil.theta()).abs();
    push(&[muons[0].momentum() + muons[1].momentum(), wrapped(muons[0].phi() - muons[1].phi()).abs()]);
    push(&[dphi(&clusters[0]), dphi(&clusters[1]), dtheta(&clusters[0]), dtheta(&clusters[1])]);
    push(&[angle(&muons[0]).min(angle(&muons[1])), ENERGY, 0.0, 0.0, MOMENTUM, ENERGY]);
    push(&[
        f64::from(u8::from(random.happens(0.8))),
        rest[0],
        rest[1],
        rest[2],
        rest[3],
        rest[4],
        rest[4] * random.unit(),
    ]);
    push(&[f64::from(u8::from(is_true)), photon.e, photon.theta()]);
    row
}
