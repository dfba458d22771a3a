//! From histograms and what the user chose to a problem.

use crate::axis::Axis;
use crate::error::{Error, Result};
use crate::fit::bin::Bin;
use crate::fit::bounds::Bounds;
use crate::fit::options::{Fit, Method};
use crate::fit::points::Points;
use crate::fit::problem::{Channel, Problem, Quantity, choose};
use crate::fit::shape::{Frame, Role};
use crate::fit::starts::starts;
use crate::hist::Hist;

/// The bins of one histogram with its model, and the parameters of that model.
pub(crate) fn channel(name: &str, hist: &Hist, fit: &Fit) -> Result<(Channel, Vec<Quantity>)> {
    let edges = only_axis(hist)?.edges();
    let width = (edges[edges.len() - 1] - edges[0]) / hist.axes()[0].bins() as f64;
    channel_of(name, hist, fit, width)
}

/// Values, which are fitted themselves, with their bins; the model is per unit of x.
pub(crate) fn channel_of_points(bins: &Hist, points: Points, fit: &Fit) -> Result<(Channel, Vec<Quantity>)> {
    let (mut channel, quantities) = channel_of("", bins, fit, 1.0)?;
    channel.points = Some(points);
    channel.method = Method::Unbinned;
    Ok((channel, quantities))
}

/// The model is per so much of x.
fn channel_of(name: &str, hist: &Hist, fit: &Fit, width: f64) -> Result<(Channel, Vec<Quantity>)> {
    let edges = only_axis(hist)?.edges();
    let (lower, upper) = fit.wish.range.unwrap_or((edges[0], edges[edges.len() - 1]));
    if !(lower < upper && lower.is_finite() && upper.is_finite()) {
        return Err(Error::Fit(format!("the range of a fit must increase, not go from {lower} to {upper}")));
    }
    let inside = |bin: &Bin| (lower..=upper).contains(&bin.middle());
    let all: Vec<Bin> = bins(hist, &edges, width).into_iter().filter(inside).collect();
    let method = method(hist, fit, &all)?;
    let bins: Vec<Bin> = all.iter().copied().filter(|bin| usable(bin, method)).collect();
    let frame = Frame { middle: 0.5 * (lower + upper), half: 0.5 * (upper - lower), width };
    let quantities = quantities(fit, &bins, &frame)?;
    let channel = Channel {
        name: name.to_owned(),
        model: fit.wish.model.clone(),
        method,
        averaged: fit.wish.averaged,
        frame,
        skipped: all.len() - bins.len(),
        span: all.first().map_or(lower, |bin| bin.lower)..all.last().map_or(upper, |bin| bin.upper),
        bins,
        range: (lower, upper),
        points: None,
        places: (0..quantities.len()).collect(),
    };
    Ok((channel, quantities))
}

fn only_axis(hist: &Hist) -> Result<&Axis> {
    match hist.axes() {
        [axis] if axis.categories().is_none() => Ok(axis),
        [axis] => Err(Error::Fit(format!("categories cannot be fitted: `{axis}`"))),
        axes => Err(Error::Fit(format!("a fit needs one axis, not {}: use `project` or `pick`", axes.len()))),
    }
}

/// All bins, whose widths are told in units of `unit`. Values of a profile are means and do not grow with the width of
/// their bin.
fn bins(hist: &Hist, edges: &[f64], unit: f64) -> Vec<Bin> {
    let (values, variances) = (hist.values(), hist.variances());
    let average = (edges[edges.len() - 1] - edges[0]) / values.len() as f64;
    let regular = unit == average && edges.windows(2).all(|pair| ((pair[1] - pair[0]) / average - 1.0).abs() < 1e-9);
    let positive = |sums: &[f64]| sums.iter().filter(|sum| sum.is_finite() && **sum > 0.0).sum::<f64>();
    let usual = positive(&values) / positive(&variances);
    let usual = if usual.is_finite() && usual > 0.0 { usual } else { 1.0 };
    let one = |((pair, &value), &variance): ((&[f64], &f64), &f64)| Bin {
        lower: pair[0],
        upper: pair[1],
        value,
        variance,
        scale: if regular || hist.is_profile() { 1.0 } else { (pair[1] - pair[0]) / unit },
        entries: if value > 0.0 && variance > 0.0 { value / variance } else { usual },
    };
    edges.windows(2).zip(&values).zip(&variances).map(one).collect()
}

/// What suits the histogram: a likelihood for counts and positive weights, chi-square for means and differences.
fn method(hist: &Hist, fit: &Fit, bins: &[Bin]) -> Result<Method> {
    let broken = |bin: &&Bin| !(hist.is_profile() || bin.value.is_finite() && bin.variance.is_finite());
    if let Some(bin) = bins.iter().find(broken) {
        let (middle, value) = (bin.middle(), bin.value);
        return Err(Error::Fit(format!("the bin at {middle} holds {value}: a weight was no finite number")));
    }
    let negative = bins.iter().find(|bin| bin.value < 0.0);
    match (fit.wish.method, hist.is_profile(), negative) {
        (Some(Method::Likelihood), true, _) => {
            Err(Error::Fit("a Poisson likelihood needs counts; the bins of this one are means".to_owned()))
        }
        (Some(Method::Likelihood), _, Some(bin)) => Err(Error::Fit(format!(
            "a Poisson likelihood needs counts or positive weights, and the bin at {} holds {}: use `.chi_square()`",
            bin.middle(),
            bin.value
        ))),
        (Some(method), _, _) => Ok(method),
        (None, false, None) => Ok(Method::Likelihood),
        (None, _, _) => Ok(Method::ChiSquare),
    }
}

fn usable(bin: &Bin, method: Method) -> bool {
    method == Method::Likelihood || (bin.value.is_finite() && bin.variance > 0.0)
}

/// The parameters of a model, with guesses and with what the user chose.
fn quantities(fit: &Fit, bins: &[Bin], frame: &Frame) -> Result<Vec<Quantity>> {
    let names = fit.wish.model.names();
    let starts = starts(&fit.wish.model, bins, frame);
    let peaks = fit.wish.model.parts.shapes.iter().filter(|shape| shape.role() == Role::Peak).count();
    let places = fit.wish.model.parts.shapes.iter().zip(fit.wish.model.places());
    let heights: Vec<usize> =
        places.filter(|(shape, _)| peaks > 1 && shape.role() == Role::Peak).map(|(_, place)| place.start).collect();
    // The third parameter of every peak is its width.
    let places = fit.wish.model.parts.shapes.iter().zip(fit.wish.model.places());
    let widths: Vec<usize> =
        places.filter(|(shape, _)| shape.role() == Role::Peak).map(|(_, place)| place.start + 2).collect();
    let narrow = bins.iter().map(|bin| bin.upper - bin.lower).sum::<f64>() / bins.len().max(1) as f64;
    let one = |(at, unsigned): (usize, bool)| Quantity {
        name: names[at].clone(),
        starts: starts.iter().map(|start| start[at].0).collect(),
        scale: starts[0][at].1,
        fixed: false,
        bounds: Bounds::Free,
        constraint: None,
        unsigned,
        height: heights.contains(&at),
        least: if widths.contains(&at) { 0.1 * narrow } else { 0.0 },
    };
    let mut quantities: Vec<Quantity> = fit.wish.model.unsigned().into_iter().enumerate().map(one).collect();
    choose(fit, &names, &mut quantities)?;
    Ok(quantities)
}

/// One problem of channels. Parameters with a name in `shared` are one for all channels; the others, of several
/// channels, get the name of their channel before their own.
pub(crate) fn problem(parts: Vec<(Channel, Vec<Quantity>, &Fit)>, shared: &[String]) -> Result<Problem> {
    let several = parts.len() > 1;
    let mut problem = Problem { channels: Vec::new(), quantities: Vec::<Quantity>::new() };
    for (mut channel, quantities, fit) in parts {
        let ties = ties(fit, &quantities)?;
        let mut places = vec![0; quantities.len()];
        for (at, mut quantity) in quantities.into_iter().enumerate().filter(|(at, _)| ties[*at] == *at) {
            if several && !shared.contains(&quantity.name) {
                quantity.name = format!("{}.{}", channel.name, quantity.name);
            }
            let known = problem.quantities.iter().position(|known| several && known.name == quantity.name);
            places[at] = known.unwrap_or(problem.quantities.len());
            if known.is_none() {
                problem.quantities.push(quantity);
            }
        }
        channel.places = ties.iter().map(|&at| places[at]).collect();
        problem.channels.push(channel);
    }
    if let Some(name) = shared.iter().find(|name| !problem.quantities.iter().any(|known| known.name == **name)) {
        return Err(Error::Fit(format!("no model has a parameter `{name}` to share")));
    }
    problem.check()?;
    Ok(problem)
}

/// For each parameter the one that it is the same as, or itself.
fn ties(fit: &Fit, quantities: &[Quantity]) -> Result<Vec<usize>> {
    let find = |name: &String| {
        let names = || quantities.iter().map(|quantity| quantity.name.as_str());
        names().position(|known| known == name).ok_or_else(|| {
            let known = names().collect::<Vec<_>>().join(", ");
            Error::Fit(format!("the model has no parameter `{name}`; it has {known}"))
        })
    };
    let mut ties: Vec<usize> = (0..quantities.len()).collect();
    for (name, to) in &fit.wish.ties {
        let (at, to) = (find(name)?, find(to)?);
        if ties[to] == at {
            return Err(Error::Fit(format!("`{name}` cannot be tied to itself")));
        }
        let to = ties[to];
        ties.iter_mut().filter(|tie| **tie == at).for_each(|tie| *tie = to);
    }
    Ok(ties)
}
