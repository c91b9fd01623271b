"""A home as the market describes it, and the rules that its fields keep."""

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from domain.errors import FieldProblem, InvalidProperty

TEXT_FIELDS = ("type", "sector")


@dataclass(frozen=True, slots=True)
class NumberRule:
    """The values that a number may take: `above` excludes its bound, `at_least` and `at_most` include theirs."""

    name: str
    unit: str
    above: float | None = None
    at_least: float | None = None
    at_most: float | None = None

    def problem_with(self, number: float) -> str | None:
        """What is wrong with `number`, or None. NaN and infinities are never right."""
        if not math.isfinite(number):
            return "must be a finite number"
        if self.above is not None and not number > self.above:
            return f"must be greater than {self.above:g}"
        if self.at_least is not None and not number >= self.at_least:
            return f"must be at least {self.at_least:g}"
        if self.at_most is not None and not number <= self.at_most:
            return f"must be at most {self.at_most:g}"
        return None


LARGEST_AREA = 1e9
LARGEST_COUNT = 1e6
"""Beyond these a number is a slip of somebody's, and arithmetic on it would overflow sooner or later."""

NUMBER_RULES = (
    NumberRule("net_usable_area", unit="m2", above=0, at_most=LARGEST_AREA),
    NumberRule("net_area", unit="m2", above=0, at_most=LARGEST_AREA),
    NumberRule("n_rooms", unit="rooms", at_least=0, at_most=LARGEST_COUNT),
    NumberRule("n_bathroom", unit="bathrooms", at_least=0, at_most=LARGEST_COUNT),
    NumberRule("latitude", unit="degrees", at_least=-90, at_most=90),
    NumberRule("longitude", unit="degrees", at_least=-180, at_most=180),
)
NUMBER_FIELDS = tuple(rule.name for rule in NUMBER_RULES)
PROPERTY_FIELDS = TEXT_FIELDS + NUMBER_FIELDS


def normalised(text: str) -> str:
    """The form in which types and sectors are compared: no accents, no case, single spaces.

    >>> normalised("  Ñuñoa ") == normalised("NUNOA")
    True
    """
    return _normalised_before(text) if len(text) <= _LONGEST_REMEMBERED else _bare(text)


def _bare(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(bare.casefold().split())


# Names of sectors come again and again; a caller who sends novels instead must not fill the memory with them.
_LONGEST_REMEMBERED = 100
_normalised_before = lru_cache(maxsize=65_536)(_bare)


_LONGEST_SHOWN = 40


def printable(text: str) -> str:
    """A caller's own text in a sentence: on one line, without what a terminal would act on, and not too long."""
    text = " ".join(text[: 4 * _LONGEST_SHOWN].split())
    cut = text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in cut)


@dataclass(frozen=True, slots=True)
class Property:
    """A home to be valued. Areas in m2, coordinates in degrees (WGS 84).

    `extras` holds the further features that the model was trained with (number, text, or None where unknown).

    Raises InvalidProperty, naming every bad field.
    """

    type: str
    sector: str
    net_usable_area: float
    net_area: float
    n_rooms: float
    n_bathroom: float
    latitude: float
    longitude: float
    extras: Mapping[str, float | str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # In one go, since nearly all are sound; NaN compares as false.
        if not (
            0 < self.net_usable_area <= LARGEST_AREA
            and 0 < self.net_area <= LARGEST_AREA
            and 0 <= self.n_rooms <= LARGEST_COUNT
            and 0 <= self.n_bathroom <= LARGEST_COUNT
            and -90 <= self.latitude <= 90
            and -180 <= self.longitude <= 180
            and normalised(self.type)
            and normalised(self.sector)
        ):
            self._name_every_problem()

    def _name_every_problem(self) -> None:
        problems = [
            FieldProblem(name, "must not be empty") for name in TEXT_FIELDS if not normalised(getattr(self, name))
        ]
        problems += [
            FieldProblem(rule.name, message)
            for rule in NUMBER_RULES
            if (message := rule.problem_with(getattr(self, rule.name)))
        ]
        if problems:
            raise InvalidProperty(problems)
