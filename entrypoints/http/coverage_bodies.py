"""What is answered of the forward test."""

from datetime import datetime
from typing import Annotated, Any, Self

import msgspec
from msgspec import Meta, Struct

from domain.coverage_study import CoverageStudy
from entrypoints.http.schemas import RatioStudyAnswer


def _told(description: str, example: Any = None) -> Meta:
    return Meta(description=description, examples=None if example is None else [example])


class ShareAnswer(Struct, kw_only=True):
    """A share, with Wilson's interval."""

    hits: Annotated[int, _told("How many.", 184)]
    count: Annotated[int, _told("Of how many.", 210)]
    share: Annotated[float, _told("Their share, between 0 and 1.", 0.876)]
    low: Annotated[float, _told("Lower end of the 95 per cent interval.", 0.825)]
    high: Annotated[float, _told("Upper end of it.", 0.914)]


class MedianAnswer(Struct, kw_only=True):
    """A median, with the bootstrap's interval."""

    value: Annotated[float, _told("The median.", 0.064)]
    low: Annotated[float | None, _told("Lower end of the 95 per cent interval; null of fewer than 10.", 0.055)]
    high: Annotated[float | None, _told("Upper end of it, likewise.", 0.072)]


class CoverageAnswer(Struct, kw_only=True):
    """A promise, and what came of it."""

    promised: Annotated[float, _told("Share of prices that should be held, between 0 and 1.", 0.9)]
    held: Annotated[ShareAnswer, _told("Share of prices that were held.")]


class ForwardHitRateAnswer(Struct, kw_only=True):
    """What is left where only values up to an FSD are taken."""

    fsd_at_most: Annotated[float, _told("The highest FSD taken, as a share of the value.", 0.13)]
    hits: Annotated[ShareAnswer, _told("The homes left, of all that were sold, those that were refused among them.")]
    mdape: Annotated[MedianAnswer | None, _told("Median of |value - price| / price; null where none is left.")]


class ForwardFiguresAnswer(Struct, kw_only=True):
    """What became of the values of a group."""

    mdape: Annotated[MedianAnswer, _told("Median of |value - price| / price.")]
    pe10: Annotated[ShareAnswer, _told("Homes valued within 10 per cent of the price.")]
    pe20: Annotated[ShareAnswer, _told("Homes valued within 20 per cent of the price.")]
    intervals: Annotated[list[CoverageAnswer], _told("How intervals held the prices, by their level.")]
    fsd: Annotated[CoverageAnswer, _told("Prices within one FSD of the value; 0.68 is promised.")]
    hit_rates: Annotated[list[ForwardHitRateAnswer], _told("What is left where only surer values are taken.")]
    ratio_study: Annotated[RatioStudyAnswer, _told("The ratio study.")]


class ForwardGroupAnswer(Struct, kw_only=True):
    """Homes that were sold later."""

    valued: Annotated[int, _told("Homes that had been valued.", 210)]
    refused: Annotated[int, _told("Homes that had been refused a value.", 4)]
    figures: Annotated[ForwardFiguresAnswer | None, _told("What became of the values; null of fewer than 20.")]


class ShortfallAnswer(Struct, kw_only=True):
    """A promise that was not kept."""

    way: Annotated[str, _told("By what homes were grouped: version, month, sector or confidence; overall.", "sector")]
    group: Annotated[str, _told("Which group; empty of overall.", "north ames")]
    what: Annotated[str, _told("What fell short.", "90 % interval")]
    coverage: Annotated[CoverageAnswer, _told("The promise, and what came of it.")]
    p_value: Annotated[
        float, _told("How probable so few are if the promise is true, corrected for the number of promises.", 0.003)
    ]


class OverrideStudyAnswer(Struct, kw_only=True):
    """Valuations that a valuer put another value in the place of."""

    count: Annotated[int, _told("How many.", 12)]
    compared: Annotated[int, _told("How many of them had been given a value, which `difference` is of.", 11)]
    difference: Annotated[
        MedianAnswer | None, _told("Median of override / value - 1; null where no value had been given.")
    ]


class CoverageStudyAnswer(Struct, kw_only=True):
    """Valuations held against the sales that came later, which no model could have learned from."""

    since: Annotated[datetime | None, _told("Valuations from this moment on; null: from the first.")]
    until: Annotated[datetime, _told("And before this one.")]
    version: Annotated[str | None, _told("Of this version of the model; null: of all.", "v3")]
    valuations: Annotated[int, _told("How many there were.", 1800)]
    with_outcome: Annotated[int, _told("Of how many the sale is known.", 230)]
    sold_before: Annotated[int, _told("Of those, how many were made after the sale: it tests nothing.", 9)]
    superseded: Annotated[
        int, _told("Of those, how many were followed by another of the same home before the same sale.", 7)
    ]
    overall: Annotated[ForwardGroupAnswer, _told("All that are left.")]
    by: Annotated[
        dict[str, dict[str, ForwardGroupAnswer]],
        _told(
            "The same by `version`, `month` of the sale, `sector` and level of `confidence`; by version, each with all "
            "homes that it valued, also where another version valued them again."
        ),
    ]
    promises: Annotated[int, _told("How many coverages, of 20 prices or more, were looked at.", 14)]
    shortfalls: Annotated[
        list[ShortfallAnswer], _told("Those significantly below their promise, at 5 per cent for all of them together.")
    ]
    overrides: Annotated[OverrideStudyAnswer, _told("What valuers hold instead.")]
    sentences: Annotated[list[str], _told("What there is to say of it.")]
    unreadable: Annotated[int, _told("Records that could not be read, and are left out.", 0)]

    @classmethod
    def of(cls, study: CoverageStudy) -> Self:
        """The answer that tells this study."""
        return msgspec.convert(study, cls, from_attributes=True)
