"""What has changed since a model was trained: the findings of a study of the homes that it values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

FEWEST_HOMES = 100
"""Of fewer different homes nothing is said."""
MOST_DAYS = 3650
"""So far back a study looks at most."""
VALUE = "value"
"""The name that values stand under beside the fields of a home."""
REFUSED, OUT_OF_DOMAIN, UNSEEN, MISSING = "refused", "out_of_domain", "unseen", "missing"

NEVER_SEEN = "never seen"
"""The label of the homes of categories that the model never saw."""

Test = Literal["kolmogorov_smirnov", "chi_square"]


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of the homes, and the share that it has of both; low, high: its bounds where it is of numbers."""

    label: str
    training: float
    served: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """A field of the homes (or VALUE) then and now.

    statistic: the largest distance between both distributions, or chi-square. p_value: how often chance alone brings
    that; p_corrected: the same for all tests of the study together. quartiles: of numbers, of VALUE in the study's
    currency. homes: of which the field is known. p_corrected and the tests' figures are None where there was nothing to
    test. differs: beyond chance; drifted: and by as much as is told of.
    """

    name: str
    test: Test
    homes: int
    training_homes: int
    bars: tuple[Bar, ...]
    statistic: float | None = None
    psi: float | None = None
    p_value: float | None = None
    p_corrected: float | None = None
    quartiles: tuple[float, float, float] | None = None
    training_quartiles: tuple[float, float, float] | None = None
    differs: bool = False
    drifted: bool = False


@dataclass(frozen=True, slots=True)
class ShareDrift:
    """How many of the homes something holds of, then and now, tested for a rise.

    kind: REFUSED, OUT_OF_DOMAIN, or of the field `feature` UNSEEN (a category that the model never saw; then: as many
    as were the only ones of theirs) or MISSING. counts: of what it is now, the most frequent first.
    """

    kind: str
    feature: str | None
    hits: int
    homes: int
    training_hits: int
    training_homes: int
    counts: Mapping[str, int] = field(default_factory=dict)
    p_value: float | None = None
    p_corrected: float | None = None
    drifted: bool = False


@dataclass(frozen=True, slots=True)
class DriftStudy:
    """The homes that a version valued from `since` until `until`, each once, held against those it learned from.

    valuations: how many of them there are on record. currency: of amounts, which are those of the reference day of the
    price index. level: how often any alarm may come by chance; psi: how large a shift must be. sentences: what
    changed, for people, or why nothing is said. drifted: whether anything did. unreadable: how many records could not
    be read, and are left out.
    """

    version: str
    currency: str
    since: datetime
    until: datetime
    valuations: int
    homes: int
    training_homes: int
    level: float
    psi: float
    features: tuple[FeatureDrift, ...] = ()
    shares: tuple[ShareDrift, ...] = ()
    sentences: tuple[str, ...] = ()
    unreadable: int = 0

    @property
    def is_enough(self) -> bool:
        """Whether there are homes enough to say anything."""
        return self.homes >= FEWEST_HOMES

    @property
    def drifted(self) -> bool:
        """Whether anything changed, as far as can be told."""
        return any(each.drifted for each in self.features) or any(each.drifted for each in self.shares)
