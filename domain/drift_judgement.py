"""Judges by the homes counted what has changed, and what chance alone may have brought."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.drift import (
    FEWEST_HOMES,
    MISSING,
    OUT_OF_DOMAIN,
    REFUSED,
    UNSEEN,
    VALUE,
    DriftStudy,
    FeatureDrift,
    ShareDrift,
    Test,
)
from domain.drift_bars import category_bars, number_bars
from domain.drift_measures import chi_square, pooled, stability_index
from domain.drift_sentences import sentences, too_few
from domain.drift_tally import CategoryTally, NumberTally
from domain.market_tally import MarketTally
from domain.significance import holm, ks_p_value, more_often_p_value

_QUARTERS = (0.25, 0.5, 0.75)
_BANDS = 10
_MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class DriftLimits:
    """level: how often any alarm may come without a shift, all tests together. psi: how large a shift must be."""

    level: float
    psi: float


def judge_drift(
    tally: MarketTally,
    limits: DriftLimits,
    version: str,
    currency: str,
    span: tuple[datetime, datetime],
    valuations: int,
    to_value: Callable[[float], float],
) -> DriftStudy:
    """The study of the homes of `tally`; to_value: from a log value to what is told of it, an amount in `currency`.

    There is an alarm where the tests, corrected for their number (Holm), show a difference at `limits.level`, and it is
    of at least `limits.psi` (a smaller one is said to differ, and is no alarm); of shares (unseen categories, missing
    fields, refusals) where they show a rise.
    """
    study = DriftStudy(
        version=version,
        currency=currency,
        since=span[0],
        until=span[1],
        valuations=valuations,
        homes=tally.homes,
        training_homes=tally.reference.homes,
        level=limits.level,
        psi=limits.psi,
    )
    if not study.is_enough:
        return replace(study, sentences=(too_few(tally.homes, FEWEST_HOMES),))
    features = [
        *(_category(name, each) for name, each in tally.categories.items()),
        *(_number(name, each) for name, each in tally.numbers.items()),
        _number(VALUE, tally.log_values, to_value),
    ]
    shares = list(_shares(tally))
    p_values = {each.name: each.p_value for each in features if each.p_value is not None}
    p_values |= {_key(each): each.p_value for each in shares if each.p_value is not None}
    corrected = holm(p_values)
    judged = tuple(_judged(each, corrected.get(each.name), limits) for each in features)
    risen = tuple(
        replace(
            each,
            p_corrected=corrected.get(_key(each)),
            drifted=corrected.get(_key(each), 1.0) <= limits.level,
        )
        for each in shares
    )
    return replace(study, features=judged, shares=risen, sentences=sentences(judged, risen, currency, limits.psi))


def _judged(each: FeatureDrift, p_corrected: float | None, limits: DriftLimits) -> FeatureDrift:
    differs = p_corrected is not None and p_corrected <= limits.level
    drifted = differs and (each.psi or 0.0) >= limits.psi
    return replace(each, p_corrected=p_corrected, differs=differs, drifted=drifted)


def _key(each: ShareDrift) -> str:
    return f"{each.kind} {each.feature}"


def _number(name: str, tally: NumberTally, shown: Callable[[float], float] = float) -> FeatureDrift:
    """By Kolmogorov and Smirnov's test; of few different numbers by chi-square. The index is of tenths of training."""
    reference = tally.reference
    test: Test = "chi_square" if reference.counts else "kolmogorov_smirnov"
    told = FeatureDrift(name, test, tally.known, reference.known, number_bars(tally, shown))
    if not tally.known or not reference.known:
        return told
    told = replace(
        told,
        quartiles=_shown(tally.quantile, shown),
        training_quartiles=_shown(reference.quantile, shown),
    )
    if reference.counts:
        return _by_chi_square(told, [*reference.counts_in_order(), 0], tally.at_grid())
    edges = sorted({reference.quantile(band / _BANDS) for band in range(1, _BANDS)})
    distance = tally.distance()
    return replace(
        told,
        statistic=distance,
        psi=stability_index(reference.within(edges), tally.within(edges)),
        p_value=ks_p_value(distance, reference.known, tally.known),
    )


def _shown(quantile: Callable[[float], float], shown: Callable[[float], float]) -> tuple[float, float, float]:
    low, middle, high = (shown(quantile(share)) for share in _QUARTERS)
    return low, middle, high


def _by_chi_square(told: FeatureDrift, training: Sequence[int], served: Sequence[int]) -> FeatureDrift:
    then, now = pooled(training, served)
    found = chi_square(then, now)
    return replace(told, statistic=found.statistic, psi=stability_index(then, now), p_value=found.p_value)


def _category(name: str, tally: CategoryTally) -> FeatureDrift:
    reference = tally.reference
    told = FeatureDrift(name, "chi_square", tally.known, reference.known, category_bars(tally))
    if not tally.known or not reference.known:
        return told
    return _by_chi_square(told, [*reference.counts.values(), 0], [*tally.counts.values(), tally.new_homes])


def _shares(tally: MarketTally) -> Iterator[ShareDrift]:
    for name, each in tally.categories.items():
        known = each.reference
        yield _rise(UNSEEN, name, each.new_homes, each.known, known.single, known.known, each.new.most_common())
    # The model's own fields are always given; a further one may be left out more often than it was in training.
    fields: dict[str, CategoryTally | NumberTally] = {**tally.categories, **tally.numbers}
    for name, field in fields.items():
        there = field.reference
        if field.missing or there.missing:
            yield _rise(
                MISSING, name, field.missing, field.missing + field.known, there.missing, there.missing + there.known
            )
    judged = tally.reference.judged
    refused, factors = tally.refused, tally.refused + tally.limited
    yield _rise(REFUSED, None, refused.total(), tally.homes, judged.refused_homes, judged.homes, refused.most_common())
    yield _rise(
        OUT_OF_DOMAIN,
        None,
        tally.limited_homes,
        tally.homes,
        judged.limited_homes,
        judged.homes,
        factors.most_common(),
    )


def _rise(
    kind: str,
    feature: str | None,
    hits: int,
    homes: int,
    training_hits: int,
    training_homes: int,
    counts: Sequence[tuple[str, int]] = (),
) -> ShareDrift:
    testable = homes > 0 and training_homes > 0
    p_value = more_often_p_value(hits, homes, training_hits, training_homes) if testable else None
    return ShareDrift(kind, feature, hits, homes, training_hits, training_homes, dict(counts[:_MOST_NAMED]), p_value)
