"""The negative binomial distribution by mean and variance: how odd a count is, and which counts are usual.

Counts of posts vary more than Poisson counts, since posts answer each other; this is the simplest distribution that can be told
how much more. Plain Python: the tails are an incomplete beta function, whose continued fraction needs some tens of steps for
counts of any size; they agree with SciPy to 1e-9 of their value (tests/analysis/test_negative_binomial.py).
"""

from dataclasses import dataclass
from math import exp, lgamma, log, log1p, pi

from monitor.errors import UsageError

# The fraction settles within some sqrt(max(size, count)) steps; this is enough for 10 million posts an hour.
_MOST_STEPS = 20_000
_SETTLED = 1e-15
_TINY = 1e-300  # stands for 0 in a denominator (Lentz)


@dataclass(frozen=True, slots=True, kw_only=True)
class NegativeBinomial:
    """Counts 0, 1, 2, ... with this mean (> 0) and variance (> mean). Raises UsageError for others."""

    mean: float
    variance: float

    def __post_init__(self) -> None:
        if not 0 < self.mean < self.variance:
            raise UsageError(
                f"A negative binomial needs a mean above 0 and a variance above the mean, not {self.mean} and {self.variance}."
            )

    @property
    def size(self) -> float:
        """The parameter r: mean**2 / (variance - mean); large is near to Poisson."""
        return self.mean**2 / (self.variance - self.mean)

    def at_least(self, count: int) -> float:
        """P(Y >= count), exact also where it is tiny."""
        if count <= 0:
            return 1.0
        # P(Y >= y) = I_q(y, r) with q = 1 - mean / variance (Johnson, Kemp, Kotz 2005, equation 5.31).
        return _incomplete_beta(count, self.size, x=1 - self.mean / self.variance, rest=self.mean / self.variance)

    def at_most(self, count: int) -> float:
        """P(Y <= count), exact also where it is tiny."""
        if count < 0:
            return 0.0
        return _incomplete_beta(self.size, count + 1, x=self.mean / self.variance, rest=1 - self.mean / self.variance)

    def quantile(self, probability: float) -> int:
        """The smallest count with P(Y <= count) >= probability. Raises UsageError unless 0 <= probability < 1."""
        if not 0 <= probability < 1:
            raise UsageError(f"A quantile belongs to a probability from 0 to below 1, not {probability}.")
        # Asked by the upper tail, where 1 - probability would be lost in rounding.
        beyond = 1 - probability
        low, high = -1, max(1, int(self.mean))
        while self.at_least(high + 1) > beyond:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            if self.at_least(middle + 1) > beyond:
                low = middle
            else:
                high = middle
        return high


def _incomplete_beta(a: float, b: float, *, x: float, rest: float) -> float:
    """The regularised I_x(a, b), with `rest` = 1 - x given so that nothing is lost when x is near 1."""
    if x > (a + 1) / (a + b + 2):  # beyond it the fraction of the other end settles faster (DLMF 8.17.4)
        return 1 - _front(b, a, x=rest, rest=x) * _fraction(b, a, x=rest)
    return _front(a, b, x=x, rest=rest) * _fraction(a, b, x=x)


def _front(a: float, b: float, *, x: float, rest: float) -> float:
    log_x = log(x) if x < 0.5 else log1p(-rest)
    log_rest = log(rest) if rest < 0.5 else log1p(-x)
    return exp(a * log_x + b * log_rest - _log_beta(a, b)) / a


def _log_beta(a: float, b: float) -> float:
    """The logarithm of B(a, b).

    For large arguments the three ln Gamma nearly cancel; in Stirling's series (DLMF 5.11.1) they do so before rounding.
    """
    small, large = sorted((a, b))
    if large < 10:
        return lgamma(a) + lgamma(b) - lgamma(a + b)
    if small < 10:
        # ln Gamma(large) - ln Gamma(large + small)
        gap = _stirling_rest(large) - _stirling_rest(large + small)
        return lgamma(small) + gap - small * log(large + small) - (large - 0.5) * log1p(small / large) + small
    rests = _stirling_rest(small) + _stirling_rest(large) - _stirling_rest(small + large)
    powers = small * log(small / (small + large)) - (large - 0.5) * log1p(small / large)
    return 0.5 * log(2 * pi / small) + rests + powers


def _stirling_rest(z: float) -> float:
    """What Stirling's formula lacks of ln Gamma(z), for z >= 10: the terms up to z**-11 leave less than 1e-15."""
    terms = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)
    return sum(term / z ** (2 * number + 1) for number, term in enumerate(terms))


def _fraction(a: float, b: float, *, x: float) -> float:
    """The continued fraction of the incomplete beta function by Lentz's method.

    Source: DLMF 8.17.22; Press and others 2007, Numerical Recipes, section 6.4 (the method, not the code).
    """
    c, d = 1.0, 1 / _off_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _MOST_STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        step = 1.0
        for coefficient in (even, odd):
            d = 1 / _off_zero(1 + coefficient * d)
            c = _off_zero(1 + coefficient / c)
            step = c * d
            value *= step
        if abs(step - 1) < _SETTLED:
            break
    return value


def _off_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
