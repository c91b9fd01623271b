"""What a home is worth, how sure that is, and why."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from application.doubts import Doubts, doubts_about, widened
from application.ports.clock import Clock
from application.served_model import PERCENTILES, ServedModel, ServedVersion
from domain.errors import FieldProblem, InvalidProperty
from domain.market_index import MarketIndex
from domain.model_version import FeatureSchema, ModelCard
from domain.property import Property, normalised, printable
from domain.uncertainty import Confidence, ErrorDistribution, Interval
from domain.valuation import Comparable, Explanation, LogEffects, Valuation, adjusted, explained
from domain.valuation_id import new_valuation_id

VALUATION_DATE = "valuation_date"
"""What the effect of the day is credited to."""


@dataclass(frozen=True, slots=True)
class ValuationRequest:
    """A property to be valued, under the caller's own reference, as of a date (None: today)."""

    property: Property
    client_ref: str | None = None
    valuation_date: date | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked for: when, at which level, whether with an explanation, and how many comparables."""

    at: datetime
    level: float
    explanation: bool
    comparables: int


@dataclass(frozen=True, slots=True)
class _Figure:
    """A home's value at the reference day of the index, calibrated, and the expected log error of it."""

    at_reference: float
    spread: float
    doubts: Doubts


@dataclass(frozen=True, slots=True)
class ValueProperty:
    """Values homes by the served model, at the interval level that training chose unless another is asked for."""

    served: ServedModel
    clock: Clock

    def __call__(
        self,
        requests: Sequence[ValuationRequest],
        level: float | None = None,
        *,
        explain: bool = False,
        comparables: int = 0,
        served: ServedVersion | None = None,
    ) -> list[Valuation]:
        """One valuation a request, in their order, all by one model version: `served`, or the one that is served now.

        A home outside the market that the model knows is refused, and has no figures. Raises NoModelServed, and
        InvalidProperty for a further feature of the wrong kind.
        """
        served = served or self.served.current()
        now = self.clock.now()
        features = served.description.card.features
        for request in requests:
            if problems := problems_of(request.property, features):
                raise InvalidProperty(problems)
        asked = _Asked(now, level or served.description.card.interval.level, explain, comparables)
        days = [request.valuation_date or now.date() for request in requests]
        return [
            _valuation(served, request, day, figure, asked)
            for request, day, figure in zip(requests, days, _figures(served, requests, days), strict=True)
        ]


def _figures(served: ServedVersion, requests: Sequence[ValuationRequest], days: Sequence[date]) -> Iterator[_Figure]:
    trained = served.trained
    homes = [request.property for request in requests]
    values = trained.model.value(homes)
    if trained.equity:
        for place, value in enumerate(values.tolist()):
            values[place] = trained.equity.apply(value)
    spreads = trained.spread.spreads(homes, values)
    doubts = doubts_about(trained, homes, days)
    for value, spread, doubt in zip(values.tolist(), spreads.tolist(), doubts, strict=True):
        yield _Figure(value, widened(trained, spread, doubt), doubt)


def _valuation(
    served: ServedVersion, request: ValuationRequest, day: date, figure: _Figure, asked: _Asked
) -> Valuation:
    card, trained, home = served.description.card, served.trained, request.property
    judgement = figure.doubts.judgement
    warnings = list(_warnings(request, figure.doubts, card, day))
    if judgement.refusal:  # which tells all that was found itself
        return Valuation(
            id=new_valuation_id(asked.at),
            currency=card.currency,
            valuation_date=day,
            model=served.description,
            refusal=judgement.refusal,
            client_ref=request.client_ref,
            warnings=tuple(warnings),
        )
    at, errors = figure.at_reference, trained.errors
    moved = served.price_level(normalised(home.sector), day)
    interval, percentiles = served.surroundings(asked.level).of(at, figure.spread)
    value = at * moved
    return Valuation(
        id=new_valuation_id(asked.at),
        currency=card.currency,
        valuation_date=day,
        model=served.description,
        value=value,
        interval=Interval(interval.low * moved, interval.high * moved, asked.level),
        percentiles=dict(zip(PERCENTILES, [moved * price for price in percentiles], strict=True)),
        confidence=Confidence.of(errors.fsd(figure.spread), figure.doubts.limiting_factors),
        explanation=explanation_of(served, home, day, value) if asked.explanation else None,
        comparables=comparables_of(served, home, day, value, asked.comparables) if asked.comparables else None,
        client_ref=request.client_ref,
        warnings=(*warnings, *judgement.warnings, *warnings_of_level(errors, at, asked.level)),
    )


def explanation_of(served: ServedVersion, home: Property, day: date, value: float) -> Explanation:
    """Shapley values of the model; the equity calibration stretches them, and the index adds that of the day."""
    trained = served.trained
    effects, equity = trained.model.explain(home), trained.equity
    stretch = equity.exponent if equity else 1.0
    base = math.log(equity.apply(math.exp(effects.base))) if equity else effects.base
    moved = _moves(trained.index, home, day)
    by_field = {field: stretch * effect for field, effect in effects.effects.items()}
    return explained(value, LogEffects(base, by_field | moved))


def _moves(index: MarketIndex, home: Property, day: date) -> dict[str, float]:
    return {VALUATION_DATE: index.log_level(normalised(home.sector), day)} if index.is_dated else {}


def comparables_of(
    served: ServedVersion, home: Property, day: date, value: float, count: int
) -> tuple[Comparable, ...]:
    """The sales most like `home`, each as of the day of its sale, adjusted to it as of `day`; names are spelled."""
    trained = served.trained
    stretch = trained.equity.exponent if trained.equity else 1.0
    found = []
    # Next to sales that are all old, none is the worse for it.
    as_of = min(day, trained.index.last_day) if trained.index.is_dated else day
    alike = trained.comparables.similar(home, count, as_of=as_of)
    values = trained.model.value([similar.sale.property for similar in alike]).tolist() if alike else []
    for similar, raw in zip(alike, values, strict=True):
        other, sold_on = similar.sale.property, similar.sale.sold_on
        steps = {field: stretch * step for field, step in trained.model.difference(home, other).items()}
        then = 0.0
        if trained.index.is_dated:
            index, sector = trained.index, normalised(other.sector)
            then = index.log_level(sector, sold_on) if sold_on else index.mean_log_level(sector)
            steps[VALUATION_DATE] = _moves(index, home, day)[VALUATION_DATE] - then
        predicted = (trained.equity.apply(raw) if trained.equity else raw) * math.exp(then)
        shown = replace(similar, sale=replace(similar.sale, property=trained.spellings.home(other)))
        found.append(adjusted(shown, predicted, value, steps))
    return tuple(found)


def problems_of(home: Property, features: FeatureSchema) -> list[FieldProblem]:
    """The further features of a home that a model of these features cannot read; none where it can be valued."""
    return [
        FieldProblem(name, "must be a finite number, or null where it is unknown")
        for name in features.numeric
        if not _is_number_or_unknown(home.extras.get(name))
    ] + [
        FieldProblem(name, "must be text, or null where it is unknown")
        for name in features.categorical
        if not isinstance(home.extras.get(name), str | None)
    ]


def _is_number_or_unknown(value: float | str | None) -> bool:
    return value is None or (isinstance(value, int | float) and math.isfinite(value))


def warnings_of_level(errors: ErrorDistribution, at_reference: float, level: float) -> list[str]:
    """What to say of an interval at this level around a value, at the reference day, of too few errors for it."""
    highest = errors.highest_level(at_reference)
    if level <= highest:
        return []
    known = f"the model knows errors enough for levels up to {highest:.3f}"
    return [f"{known}: this interval is as wide as the widest of them and may hold less than it says"]


def warning_of_unknown(feature: str) -> str:
    """What to say of a home of which a further feature was not given."""
    return f"'{feature}' was not given: valued without it"


def warnings_of_day(index: MarketIndex, day: date, *, asked: bool) -> list[str]:
    """What to say of a value as of a day; `asked`: that very day was asked for, and not just today."""
    if not index.is_dated:
        unmoved = "this model does not follow prices over time: the value is at the price level of its sales"
        return [unmoved] if asked else []
    if index.covers(day):
        return []
    guess = (
        f"the price index knows {index.first_day} to {index.last_day}; after that it goes on for at most "
        f"{index.drift_months} months and then stays, before it it stays: the level of {day} is a guess"
    )
    return [guess]


def _warnings(request: ValuationRequest, doubts: Doubts, card: ModelCard, day: date) -> Iterator[str]:
    home, features = request.property, card.features
    known = (*features.numeric, *features.categorical)
    for name in doubts.unknown:
        if name in known and home.extras.get(name) is None:
            yield warning_of_unknown(name)
    for name in home.extras:
        if name not in known:
            yield f"field '{printable(name)}' is not known and was ignored"
    yield from warnings_of_day(card.index, day, asked=request.valuation_date is not None)
