"""What a home is worth."""

import math
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from application.ports.clock import Clock
from application.served_model import ServedModel
from domain.errors import FieldProblem, InvalidProperty
from domain.model_version import FeatureSchema, ModelCard
from domain.property import Property, normalised
from domain.valuation import ErrorDistribution, Valuation

_FRESH = timedelta(days=365)
"""How long after the last sale a value at the level of the sales goes without a warning."""


@dataclass(frozen=True, slots=True)
class ValuationRequest:
    """A property to be valued, under the caller's own reference, as of a date (None: today)."""

    property: Property
    client_ref: str | None = None
    valuation_date: date | None = None


@dataclass(frozen=True, slots=True)
class ValueProperty:
    """Values homes by the served model, at the interval level that training chose unless another is asked for."""

    served: ServedModel
    clock: Clock

    def __call__(self, requests: Sequence[ValuationRequest], level: float | None = None) -> list[Valuation]:
        """One valuation a request, in their order, all by one model version.

        Raises NoModelServed, and InvalidProperty for a further feature of the wrong kind.
        """
        served = self.served.current()
        card = served.description.card
        today = self.clock.now().date()
        for request in requests:
            _check_extras(request.property, card.features)
        level = level or card.interval.level
        doubts = _doubts_of_level(served.trained.errors, level)
        values = served.trained.model.value([request.property for request in requests])
        return [
            Valuation(
                id=str(uuid.uuid4()),
                status="valued",
                currency=card.currency,
                valuation_date=request.valuation_date or today,
                value=value,
                interval=served.trained.errors.interval(value, level),
                model=served.description,
                client_ref=request.client_ref,
                warnings=(*_warnings(request, card, today), *doubts),
            )
            for request, value in zip(requests, values.tolist(), strict=True)
        ]


def _check_extras(home: Property, features: FeatureSchema) -> None:
    problems = [
        FieldProblem(name, "must be a finite number, or null where it is unknown")
        for name in features.numeric
        if not _is_number_or_unknown(home.extras.get(name))
    ] + [
        FieldProblem(name, "must be text, or null where it is unknown")
        for name in features.categorical
        if not isinstance(home.extras.get(name), str | None)
    ]
    if problems:
        raise InvalidProperty(problems)


def _is_number_or_unknown(value: float | str | None) -> bool:
    return value is None or (isinstance(value, int | float) and math.isfinite(value))


def _doubts_of_level(errors: ErrorDistribution, level: float) -> list[str]:
    if level <= errors.highest_level:
        return []
    known = f"the model knows {len(errors.log_ratios)} errors, which speak for levels up to {errors.highest_level:.3f}"
    return [f"{known}: this interval is as wide as the widest of them and may hold less than it says"]


def _warnings(request: ValuationRequest, card: ModelCard, today: date) -> Iterator[str]:
    home, features = request.property, card.features
    if normalised(home.type) not in features.types:
        yield f"type '{home.type}' is not among the sales that the model knows: valued from the other features"
    if normalised(home.sector) not in features.sectors:
        yield f"sector '{home.sector}' is not among the sales that the model knows: valued from its coordinates"
    known = (*features.numeric, *features.categorical)
    for name in known:
        if home.extras.get(name) is None:
            yield f"'{name}' was not given: valued without it"
    for name in home.extras:
        if name not in known:
            yield f"field '{name}' is not known and was ignored"
    first, last = card.data.first_sale, card.data.last_sale
    day = request.valuation_date or today
    if first is None or last is None:
        if request.valuation_date is not None:
            yield "this model does not follow prices over time: the value is at the price level of its sales"
    elif not first <= day <= last + _FRESH:
        yield (
            f"the sales that the model knows are from {first} to {last}, and it does not follow prices over time: the "
            f"value is at their price level, not at that of {day}"
        )
