//! All words of the language, in one place: which operators, functions and methods there are, what they take and mean,
//! and an example of each.
//!
//! The checker accepts a function or method only if it is listed here, the page about the language is written from this
//! list, and a test evaluates every example.

use std::collections::BTreeSet;

/// An operator, a function or a method.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word {
    /// Its name; of a method without the dot in front.
    pub name: &'static str,
    /// Other names for the same.
    pub also: &'static [&'static str],
    /// How it is written, with its arguments.
    pub form: &'static str,
    pub meaning: &'static str,
    /// An expression over the table of examples.
    pub example: &'static str,
}

const fn word(name: &'static str, form: &'static str, meaning: &'static str, example: &'static str) -> Word {
    Word { name, also: &[], form, meaning, example }
}

const fn named(
    names: (&'static str, &'static [&'static str]),
    form: &'static str,
    meaning: &'static str,
    example: &'static str,
) -> Word {
    Word { name: names.0, also: names.1, form, meaning, example }
}

/// From the weakest to the strongest; operators with the same number bind equally strongly.
#[rustfmt::skip]
pub(crate) const OPERATORS: [(u8, Word); 26] = [
    (1, named(("|", &["or", "||"]), "a | b", "one of two conditions holds, or both; between integers bit by bit", "x > 2 | y > 2")),
    (2, named(("&", &["and", "&&"]), "a & b", "both conditions hold; between integers bit by bit", "x > 2 & y > 2")),
    (3, word("not", "not a", "the condition does not hold", "not x > 2")),
    (4, word("<", "a < b", "less", "x < 2")),
    (4, word("<=", "a <= b", "less or equal", "x <= 2.5")),
    (4, word(">", "a > b", "greater", "3 > x > 2")),
    (4, word(">=", "a >= b", "greater or equal", "x >= 2.5")),
    (4, word("==", "a == b", "equal; of objects: the same object", "n == 7")),
    (4, word("!=", "a != b", "not equal; true where a value is missing", "n != 7")),
    (4, word("in", "a in [b, c]", "one of several values, or a value of a list", "n in [5, 7]")),
    (4, word("not in", "a not in [b, c]", "none of several values", "n not in [5, 7]")),
    (5, word("<<", "a << b", "bits of an integer shifted to the left", "n << 1")),
    (5, word(">>", "a >> b", "bits of an integer shifted to the right", "n >> 1")),
    (6, word("+", "a + b", "sum; of collections: one after the other", "x + y")),
    (6, word("-", "a - b", "difference", "x - y")),
    (7, word("*", "a * b", "product", "x * y")),
    (7, word("/", "a / b", "quotient, a floating-point number also of integers", "n / 2")),
    (7, word("//", "a // b", "quotient, rounded down", "n // 2")),
    (7, word("%", "a % b", "remainder, with the sign of the divisor", "-n % 4")),
    (8, named(("~", &["!"]), "~a", "the condition does not hold; of an integer: all bits inverted", "~(x > 2)")),
    (8, word("-", "-a", "the negative", "-x")),
    (8, word("+", "+a", "the same", "+x")),
    (9, word("**", "a ** b", "power, from the right: `2 ** 3 ** 2` is `2 ** 9`", "2 ** 3 ** 2")),
    (10, word("[]", "list[a]", "an element (`[0]`), a part (`[0:2]`), or those for which a condition holds", "len(Jet[pt > 30])")),
    (10, word(".", "a.b", "a field of an object, or a method", "Jet[0].pt")),
    (11, word("for", "f(a for b in c if d)", "an expression of every object of a list", "sum(j.pt for j in Jet if j.eta > 0)")),
];

/// Functions in the order of the page: a heading, then its functions.
#[rustfmt::skip]
pub(crate) const FUNCTIONS: [(&str, &[Word]); 4] = [
    (
        "Functions of numbers",
        &[
            word("abs", "abs(x)", "without the sign", "abs(y)"),
            word("sqrt", "sqrt(x)", "square root; missing below 0", "sqrt(x)"),
            word("exp", "exp(x)", "e to the power of x", "exp(x)"),
            word("expm1", "expm1(x)", "exp(x) - 1, exact near 0", "expm1(0.5)"),
            word("log", "log(x)", "natural logarithm", "log(x)"),
            word("log2", "log2(x)", "logarithm to base 2", "log2(8)"),
            word("log10", "log10(x)", "logarithm to base 10", "log10(1000)"),
            word("log1p", "log1p(x)", "log(1 + x), exact near 0", "log1p(0.5)"),
            word("pow", "pow(x, y)", "x to the power of y, as `x ** y`", "pow(x, 2)"),
            word("hypot", "hypot(x, y)", "square root of x² + y²", "hypot(3, 4)"),
            word("min", "min(x, y, ..)", "the least of two values or more", "min(x, y)"),
            word("max", "max(x, y, ..)", "the greatest of two values or more", "max(x, y)"),
            word("round", "round(x), round(x, digits)", "rounded, halves to the even neighbour", "round(x)"),
            word("floor", "floor(x)", "rounded down", "floor(y)"),
            word("ceil", "ceil(x)", "rounded up", "ceil(y)"),
            word("sign", "sign(x)", "-1, 0 or 1", "sign(y)"),
            word("sin", "sin(x)", "sine of an angle in radians", "sin(x)"),
            word("cos", "cos(x)", "cosine of an angle in radians", "cos(x)"),
            word("tan", "tan(x)", "tangent of an angle in radians", "tan(x)"),
            named(("arcsin", &["asin"]), "arcsin(x)", "angle with this sine, in radians", "arcsin(0.5)"),
            named(("arccos", &["acos"]), "arccos(x)", "angle with this cosine, in radians", "arccos(0.5)"),
            named(("arctan", &["atan"]), "arctan(x)", "angle with this tangent, in radians", "arctan(x)"),
            named(("arctan2", &["atan2"]), "arctan2(y, x)", "angle of the point (x, y), from -π to π", "arctan2(y, x)"),
            word("sinh", "sinh(x)", "hyperbolic sine", "sinh(x)"),
            word("cosh", "cosh(x)", "hyperbolic cosine", "cosh(x)"),
            word("tanh", "tanh(x)", "hyperbolic tangent", "tanh(x)"),
            named(("arcsinh", &["asinh"]), "arcsinh(x)", "inverse of sinh", "arcsinh(x)"),
            named(("arccosh", &["acosh"]), "arccosh(x)", "inverse of cosh", "arccosh(x)"),
            named(("arctanh", &["atanh"]), "arctanh(x)", "inverse of tanh", "arctanh(0.5)"),
            named(("radians", &["deg2rad"]), "radians(x)", "degrees to radians", "radians(180)"),
            named(("degrees", &["rad2deg"]), "degrees(x)", "radians to degrees", "degrees(x)"),
        ],
    ),
    (
        "Choices and missing values",
        &[
            word("where", "where(condition, a, b)", "a where the condition holds, else b", "where(x > 2, x, y)"),
            word("isnan", "isnan(x)", "the value is missing: NaN or null", "isnan(m)"),
            word("isfinite", "isfinite(x)", "neither missing nor infinite", "isfinite(x)"),
            word("isinf", "isinf(x)", "infinite", "isinf(x / 0)"),
        ],
    ),
    (
        "Functions of lists",
        &[
            word("len", "len(list)", "how many elements", "len(Jet)"),
            word("count", "count(condition)", "for how many elements the condition holds", "count(Jet.pt > 30)"),
            word("any", "any(condition)", "it holds for one element or more; false of none", "any(Jet.pt > 30)"),
            word("all", "all(condition)", "it holds for all elements; true of none", "all(Jet.pt > 30)"),
            word("sum", "sum(list)", "the sum; 0 of none", "sum(Jet.pt)"),
            word("mean", "mean(list)", "the mean; missing of none", "mean(Jet.pt)"),
            word("min", "min(list)", "the least; missing of none", "min(Jet.pt)"),
            word("max", "max(list)", "the greatest; missing of none", "max(Jet.pt)"),
            word("sort", "sort(list)", "the list from the least on", "sort(Jet.pt)"),
            word("argmax", "argmax(key for a in list)", "the object with the greatest key", "pt(argmax(abs(j.eta) for j in Jet))"),
            word("argmin", "argmin(key for a in list)", "the object with the least key", "pt(argmin(abs(j.eta) for j in Jet))"),
            word("has", "has(object)", "the object is there", "has(Jet[3])"),
            word("pairs", "pairs(list)", "each pair of two objects, once", "len(pairs(Jet))"),
            word("triples", "triples(list)", "each triple of objects, once", "len(triples(Jet))"),
        ],
    ),
    (
        "Functions of objects",
        &[
            word("pt", "pt(a, ..)", "transverse momentum of an object, or of the sum of several", "pt(Jet[0], Jet[1])"),
            word("eta", "eta(a, ..)", "pseudorapidity", "eta(Jet[0])"),
            word("phi", "phi(a, ..)", "azimuth, from -π to π", "phi(Jet[1])"),
            word("mass", "mass(a, ..)", "invariant mass; negative where E² < p²", "mass(Jet[0], Jet[1])"),
            word("energy", "energy(a, ..)", "energy", "energy(Jet[0])"),
            word("momentum", "momentum(a, ..)", "magnitude of the momentum", "momentum(Jet[0])"),
            word("charge", "charge(a, ..)", "sum of the charges", "charge(Muon[0], Muon[1])"),
            word("dphi", "dphi(a, b)", "difference of azimuths, from -π to π", "dphi(Jet[0], Jet[1])"),
            word("dR", "dR(a, b)", "distance in pseudorapidity and azimuth", "dR(Jet[0], Jet[1])"),
            word("angle", "angle(a, b)", "angle between the momenta, in radians", "angle(Jet[0], Jet[1])"),
            word("mt", "mt(a, b)", "transverse mass of two massless objects", "mt(Jet[0], Jet[1])"),
            word("boost", "boost(a, frame)", "the four-vector of a where frame is at rest", "energy(boost(Jet[0], Jet[1])) > 0"),
            word("p4", "p4(a, 'pt = f, ..')", "the same objects, with these fields as four-vector", "len(p4(Jet, 'pt = pt, phi = phi'))"),
        ],
    ),
];

/// Methods, `value.name(..)`, in the order of the page.
#[rustfmt::skip]
pub(crate) const METHODS: [(&str, &[Word]); 4] = [
    (
        "Methods of values",
        &[
            named(("isna", &["isnull"]), "x.isna()", "the value is missing: NaN or null", "m.isna()"),
            named(("notna", &["notnull"]), "x.notna()", "the value is there", "m.notna()"),
            word("fillna", "x.fillna(value)", "another value where it is missing", "m.fillna(-1)"),
            word("isin", "x.isin([a, b])", "one of several values, as `x in [a, b]`", "n.isin([5, 7])"),
            word("between", "x.between(low, high)", "inside, bounds included; `inclusive='left'`, `'right'`, `'neither'`", "x.between(2, 3)"),
            word("clip", "x.clip(low, high)", "moved to the nearer bound where it is outside", "x.clip(0, 2)"),
            word("abs", "x.abs()", "without the sign", "y.abs()"),
            word("round", "x.round(), x.round(digits)", "rounded, halves to the even neighbour", "x.round()"),
            word("pow", "x.pow(y)", "power", "x.pow(2)"),
            word("to_numpy", "x.to_numpy()", "the same; for texts from pandas", "x.to_numpy()"),
        ],
    ),
    (
        "Operators as methods",
        &[
            word("gt", "x.gt(y)", "`x > y`", "x.gt(2)"),
            word("ge", "x.ge(y)", "`x >= y`", "x.ge(2)"),
            word("lt", "x.lt(y)", "`x < y`", "x.lt(2)"),
            word("le", "x.le(y)", "`x <= y`", "x.le(2)"),
            word("eq", "x.eq(y)", "`x == y`", "x.eq(2)"),
            word("ne", "x.ne(y)", "`x != y`", "x.ne(2)"),
            word("add", "x.add(y)", "`x + y`", "x.add(2)"),
            word("sub", "x.sub(y)", "`x - y`", "x.sub(2)"),
            word("mul", "x.mul(y)", "`x * y`", "x.mul(2)"),
            word("div", "x.div(y)", "`x / y`", "x.div(2)"),
        ],
    ),
    (
        "Methods of a whole column",
        &[
            word("mean", "x.mean()", "mean of all rows, missing values left out", "x > x.mean()"),
            word("sum", "x.sum()", "sum of all rows", "x / x.sum()"),
            word("min", "x.min()", "least value of all rows", "x - x.min()"),
            word("max", "x.max()", "greatest value of all rows", "x - x.max()"),
            word("std", "x.std()", "standard deviation, with n - 1", "(x - x.mean()) / x.std()"),
            word("median", "x.median()", "median", "x > x.median()"),
        ],
    ),
    (
        "Methods of texts",
        &[
            word("str.contains", "s.str.contains(text)", "a regular expression matches somewhere; `case=False`, `regex=False`", "s.str.contains('mu')"),
            word("str.match", "s.str.match(text)", "a regular expression matches at the beginning", "s.str.match('Z')"),
            word("str.fullmatch", "s.str.fullmatch(text)", "a regular expression matches the whole text", "s.str.fullmatch('Z.*')"),
            word("str.startswith", "s.str.startswith(text)", "begins with a text, or with one of several", "s.str.startswith('Z')"),
            word("str.endswith", "s.str.endswith(text)", "ends with a text, or with one of several", "s.str.endswith(['mu', 'ee'])"),
            word("str.lower", "s.str.lower()", "in small letters", "s.str.lower()"),
            word("str.upper", "s.str.upper()", "in capital letters", "s.str.upper()"),
            word("str.strip", "s.str.strip()", "without blanks at both ends", "s.str.strip()"),
            word("str.lstrip", "s.str.lstrip()", "without blanks at the beginning", "s.str.lstrip()"),
            word("str.rstrip", "s.str.rstrip()", "without blanks at the end", "s.str.rstrip()"),
            word("str.len", "s.str.len()", "number of characters", "s.str.len()"),
        ],
    ),
];

fn names(groups: &'static [(&'static str, &'static [Word])]) -> impl Iterator<Item = &'static str> {
    let words = groups.iter().flat_map(|(_, words)| words.iter());
    words.flat_map(|word| std::iter::once(word.name).chain(word.also.iter().copied()))
}

/// Whether there is a function of this name.
pub(crate) fn is_function(name: &str) -> bool {
    names(&FUNCTIONS).any(|known| known == name)
}

/// Whether there is a method of this name.
pub(crate) fn is_method(name: &str) -> bool {
    names(&METHODS).any(|known| known == name)
}

/// The names of all functions, each once.
pub(crate) fn functions() -> BTreeSet<&'static str> {
    names(&FUNCTIONS).collect()
}

/// The names of all methods, each once.
pub(crate) fn methods() -> BTreeSet<&'static str> {
    names(&METHODS).collect()
}
