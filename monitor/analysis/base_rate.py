"""The base rate of two accounts that share the same thing at the same time: what shuffling who shared gives them on average."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from math import inf, lgamma, log

Pair = tuple[str, str]

_NEGLIGIBLE = 1e-12


class BaseRate:
    """Made of shares by their places in a list: whose each is, in which stratum it may be shuffled, and which lie near each other.

    It depends on nothing that shuffling within the strata changes, so it is the same for all shuffled worlds and the real one.
    `places`: of each stratum, in the order of their first share.
    """

    def __init__(self, accounts: Sequence[str], strata: Sequence[int], near: Iterable[tuple[int, int]]) -> None:
        self.places: defaultdict[int, list[int]] = defaultdict(list)
        self._shares: defaultdict[str, Counter[int]] = defaultdict(Counter)
        for place, (account, stratum) in enumerate(zip(accounts, strata, strict=True)):
            self.places[stratum].append(place)
            self._shares[account][stratum] += 1
        self._near: defaultdict[int, Counter[int]] = defaultdict(Counter)
        for one, other in near:
            self._near[strata[one]][strata[other]] += 1
            if strata[one] != strata[other]:
                self._near[strata[other]][strata[one]] += 1
        self._known: dict[Pair, float] = {}

    def expected(self, pair: Pair) -> float:
        """How many near shares fall to these two when accounts are shuffled: the sum, over all near shares, of that chance."""
        if pair not in self._known:
            first, second = (self._shares[account] for account in pair)
            self._known[pair] = sum(
                near * first[one] * second[other] * self._chance_of_one(one, other)
                for one in first
                for other, near in self._near[one].items()
                if other in second
            )
        return self._known[pair]

    def surprise(self, pair: Pair, things: int) -> float:
        """Minus the logarithm of the Poisson tail: how unlikely so many are where `expected` are the mean."""
        mean = self.expected(pair)
        if mean == 0:
            return inf if things else 0.0
        term = total = 1.0
        number = things
        while term > _NEGLIGIBLE * total:
            number += 1
            term *= mean / number
            total += term
        return mean - things * log(mean) + lgamma(things + 1) - log(total)

    def _chance_of_one(self, one: int, other: int) -> float:
        """That two given shares fall to one given share's owner each: drawn without putting back within a stratum."""
        if one != other:
            return 1 / (len(self.places[one]) * len(self.places[other]))
        size = len(self.places[one])
        return 2 / (size * (size - 1))
