"""What is answered about drift: over HTTP, and as JSON by `tasador monitor drift`."""

from datetime import datetime
from typing import Annotated, Any, Self

import msgspec
from msgspec import Meta, Struct

from domain.drift import FEWEST_HOMES, DriftStudy


def _told(description: str, *examples: object) -> Meta:
    return Meta(description=description, examples=list(examples) or None)


class BarAnswer(Struct, kw_only=True):
    """A part of the homes, by one field."""

    label: Annotated[str, _told("A category, a number, or a band of numbers, in the unit of the field.", "94 to 121")]
    training: Annotated[float, _told("Its share of the homes that the model learned from.", 0.12)]
    served: Annotated[float, _told("Its share of the homes valued.", 0.31)]
    low: Annotated[
        float | None, _told("Where a band of numbers begins, in the unit of the field; null for the lowest.", 94.0)
    ]
    high: Annotated[float | None, _told("Where it ends; null for the highest.", 121.0)]


class FeatureDriftAnswer(Struct, kw_only=True):
    """A field of the homes, or their values."""

    name: Annotated[
        str,
        _told(
            "The field of a home; or `value`: what the homes are worth, in `currency`, at the reference day of the "
            "model's price index, so that dearer times alone change nothing.",
            "net_usable_area",
        ),
    ]
    differs: Annotated[bool, _told("Whether it differs beyond chance: `p_corrected` is at most `method.level`.")]
    drifted: Annotated[bool, _told("Whether it differs beyond chance, and by a `psi` of at least `method.psi`.")]
    psi: Annotated[
        float | None, _told("Population stability index; numbers by tenths of training. Null: nothing known.", 0.31)
    ]
    test: Annotated[str, _told("`kolmogorov_smirnov`, or `chi_square` where there are few different ones.")]
    statistic: Annotated[float | None, _told("The largest distance of both distributions, or chi-square.", 0.28)]
    p_value: Annotated[float | None, _told("How often chance alone brings as much.", 1e-9)]
    p_corrected: Annotated[float | None, _told("The same for all tests of this study together (Holm).", 2e-8)]
    homes: Annotated[int, _told("Homes valued of which it is known.", 412)]
    training_homes: Annotated[int, _told("Homes learned from of which it is known.", 2180)]
    quartiles: Annotated[
        tuple[float, float, float] | None,
        _told(
            "Of the homes valued, a quarter, half and three quarters lie below, each a number that a home has, of more "
            "than 1,000 homes by a sample; in the unit of the field: areas in m2, coordinates in degrees, `value` in "
            "`currency`. Null for text.",
            [101, 142, 178],
        ),
    ]
    training_quartiles: Annotated[
        tuple[float, float, float] | None, _told("The same of the homes learned from, in the same unit.", [72, 96, 131])
    ]
    bars: Annotated[list[BarAnswer], _told("Both distributions, in parts.")]


class ShareDriftAnswer(Struct, kw_only=True):
    """How many of the homes something holds of."""

    kind: Annotated[
        str,
        _told(
            "`unseen` (of a category that the model never saw), `missing` (not given), `refused`, or `out_of_domain` "
            "(refused, or with something about them that the model does not know).",
            "unseen",
        ),
    ]
    feature: Annotated[str | None, _told("The field, of `unseen` and `missing`.", "sector")]
    drifted: Annotated[bool, _told("Whether there are more than before, beyond chance.")]
    hits: Annotated[int, _told("Of how many homes valued it holds.", 37)]
    homes: Annotated[int, _told("Of how many homes it could.", 412)]
    training_hits: Annotated[
        int,
        _told(
            "Of how many homes it holds of those that the model was judged by, or learned from where it is of a field "
            "(`unseen`: as many as were the only ones of their category).",
            3,
        ),
    ]
    training_homes: Annotated[int, _told("Of how many of those it could.", 2180)]
    counts: Annotated[
        dict[str, int], _told("What it is, the ten most frequent: categories as callers wrote them.", {"atlantis": 34})
    ]
    p_value: Annotated[float | None, _told("How often chance alone brings as many; null: nothing to compare.", 1e-12)]
    p_corrected: Annotated[float | None, _told("The same for all tests of this study together (Holm).", 2e-11)]


class DriftMethod(Struct, kw_only=True):
    """What it takes to be told of."""

    level: Annotated[float, _told("How often any drift may be told of without one, all tests together.", 0.01)]
    psi: Annotated[float, _told("How large a change must be, as a population stability index.", 0.1)]
    fewest_homes: Annotated[int, _told("Of fewer different homes nothing is said.", FEWEST_HOMES)]


class DriftAnswer(Struct, kw_only=True):
    """The homes that a version valued, each once, held against those that it learned from."""

    version: Annotated[str, _told("The version.", "v3")]
    currency: Annotated[
        str, _told("Of all amounts, which are those of the reference day of the version's price index.", "USD")
    ]
    from_: Annotated[datetime, _told("Valuations from this moment on, UTC.", "2026-10-24T12:00:00Z")] = msgspec.field(
        name="from"
    )
    until: Annotated[datetime, _told("And before this one, UTC.", "2026-11-23T12:00:00Z")]
    valuations: Annotated[int, _told("How many there are on record.", 640)]
    homes: Annotated[int, _told("How many different homes they are of.", 412)]
    training_homes: Annotated[int, _told("How many homes the version learned from.", 2180)]
    enough: Annotated[bool, _told("Whether there are homes enough to say anything.")]
    drifted: Annotated[bool, _told("Whether anything changed; false where nothing can be said.")]
    sentences: Annotated[
        list[str],
        _told(
            "What changed; or what differs beyond chance, but by less than `method.psi`; or that nothing does; or why "
            "nothing is said.",
            ["sector: 10 of 100 homes are in sectors that the model never saw: 'Atlantis' (15)."],
        ),
    ]
    unreadable: Annotated[int, _told("Records that could not be read, and are left out.", 0)]
    features: Annotated[list[FeatureDriftAnswer], _told("Field by field; empty where nothing is said.")]
    shares: Annotated[list[ShareDriftAnswer], _told("What is unusual about homes; empty where nothing is said.")]
    method: Annotated[DriftMethod, _told("What it takes to be told of.")]

    @classmethod
    def of(cls, study: DriftStudy) -> Self:
        """The answer that tells this study."""
        return cls(
            version=study.version,
            currency=study.currency,
            from_=study.since,
            until=study.until,
            valuations=study.valuations,
            homes=study.homes,
            training_homes=study.training_homes,
            enough=study.is_enough,
            drifted=study.drifted,
            sentences=list(study.sentences),
            unreadable=study.unreadable,
            features=_same_fields(study.features, list[FeatureDriftAnswer]),
            shares=_same_fields(study.shares, list[ShareDriftAnswer]),
            method=DriftMethod(level=study.level, psi=study.psi, fewest_homes=FEWEST_HOMES),
        )


def _same_fields(source: object, wire: Any) -> Any:
    return msgspec.convert(source, wire, from_attributes=True)
