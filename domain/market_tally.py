"""The homes that a model was asked about, counted field by field against those that it learned from."""

from collections import Counter
from collections.abc import Sequence

from domain.drift_tally import CategoryTally, NumberTally, SeenHomes
from domain.market_reference import MarketReference
from domain.property import PROPERTY_FIELDS, Property, normalised

_COORDINATES = ("latitude", "longitude")


class MarketTally:
    """Counts each home once, however often it was valued: by all fields that the model knows.

    decimals: to how many coordinates are rounded before they are kept, so that both sides are; None: not at all.
    """

    def __init__(self, reference: MarketReference, decimals: int | None = None) -> None:
        self.reference = reference
        self._decimals = decimals
        rounded = {
            name: each.rounded(decimals) if decimals is not None and name in _COORDINATES else each
            for name, each in reference.numbers.items()
        }
        self.numbers = {name: NumberTally(each) for name, each in rounded.items()}
        self.categories = {name: CategoryTally(each) for name, each in reference.categories.items()}
        self.log_values = NumberTally(reference.log_values)
        self.refused: Counter[str] = Counter()
        self.limited: Counter[str] = Counter()
        self.homes = self.limited_homes = 0
        self._seen = SeenHomes()

    def add(
        self,
        home: Property,
        log_value: float | None,
        refusal: str | None,
        factors: Sequence[str],
        decimals: int | None = None,
    ) -> None:
        """Counts a home, unless it was there before: with the log of its value at the reference day, or its refusal.

        factors: what limits the value, as JudgedHomes counts it. decimals: to how many its coordinates were rounded.
        """
        numbers = {name: _number(_field(home, name)) for name in self.numbers}
        categories = {name: _text(_field(home, name)) for name in self.categories}
        if not self._seen.is_new((*numbers.values(), *(text and normalised(text) for text in categories.values()))):
            return
        self.homes += 1
        is_as_exact = decimals is None or (self._decimals is not None and decimals >= self._decimals)
        for name, number in numbers.items():
            if is_as_exact or name not in _COORDINATES:
                self.numbers[name].add(self._as_kept(name, number))
        for name, text in categories.items():
            self.categories[name].add(text)
        if log_value is not None:
            self.log_values.add(log_value)
        if refusal:
            self.refused[refusal] += 1
        self.limited.update(factors)
        self.limited_homes += bool(refusal or factors)

    def _as_kept(self, name: str, number: float | None) -> float | None:
        if number is None or self._decimals is None or name not in _COORDINATES:
            return number
        return round(number, self._decimals)


def _field(home: Property, name: str) -> float | str | None:
    given: float | str | None = getattr(home, name) if name in PROPERTY_FIELDS else home.extras.get(name)
    return given


def _number(given: float | str | None) -> float | None:
    return float(given) if isinstance(given, int | float) else None


def _text(given: float | str | None) -> str | None:
    return None if given is None else str(given)
