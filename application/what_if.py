"""What a home would be worth, were it another."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from application.ports.model_trainer import LOCATION
from application.served_model import ServedModel, ServedVersion
from application.value_property import VALUATION_DATE, ValuationRequest, ValueProperty, problems_of
from domain.errors import FieldProblem, InvalidProperty
from domain.market_index import MarketIndex
from domain.model_version import FeatureSchema
from domain.property import NUMBER_FIELDS, PROPERTY_FIELDS, TEXT_FIELDS, Property, normalised, printable
from domain.valuation import Contribution, Valuation, amounts

_COORDINATES = ("latitude", "longitude")

Changes = Mapping[str, float | str | date | None]


@dataclass(frozen=True, slots=True)
class ChangedValuation:
    """A home's valuation before and after changes, both by one model, and what each changed field does to the value.

    The effects, in the market's currency, add up to the difference; where either is refused there are none. `request`
    is what was asked with the changes in it.
    """

    before: Valuation
    after: Valuation
    request: ValuationRequest
    effects: tuple[Contribution, ...] = ()

    @property
    def difference(self) -> float | None:
        """The value after less the value before, in the market's currency; None where either is refused."""
        if self.before.value is None or self.after.value is None:
            return None
        return self.after.value - self.before.value

    @property
    def difference_share(self) -> float | None:
        """The difference as a share of the value before."""
        if self.difference is None or not self.before.value:
            return None
        return self.difference / self.before.value


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Values a home as it is and as it might be."""

    value_property: ValueProperty
    served: ServedModel

    def __call__(self, request: ValuationRequest, changes: Changes, level: float | None = None) -> ChangedValuation:
        """Both valuations, where `changes` holds other fields of the property, its extras, or a `valuation_date`.

        Raises as ValueProperty does, and InvalidProperty for a change of what the model does not value from; fields
        are named like `property.year_built` and `changes.year_built`.
        """
        changed = _changed(request, changes)
        while True:
            served = self.served.current()
            _check_known(changes, served.description.card.features)
            before, after = self._valuations(request, changed, changes, level)
            # Another version may have been promoted meanwhile, and both values are explained by the one they are of.
            if before.model.version == served.description.version:
                break
        if before.value is None or after.value is None:
            return ChangedValuation(before, after, changed)
        steps = _log_effects(
            served, (request.property, before.valuation_date), (changed.property, after.valuation_date)
        )
        effects = amounts(before.value, after.value, steps)
        told = (Contribution(feature, effect) for feature, effect in effects.items())
        return ChangedValuation(before, after, changed, tuple(sorted(told, key=lambda each: -abs(each.effect))))

    def _valuations(
        self, request: ValuationRequest, changed: ValuationRequest, changes: Changes, level: float | None
    ) -> list[Valuation]:
        try:
            return self.value_property([request, changed], level)
        except InvalidProperty as error:
            features = self.served.current().description.card.features
            own = _under("property", problems_of(request.property, features))
            others = [each for each in problems_of(changed.property, features) if each.field in changes]
            raise InvalidProperty([*own, *_under("changes", others)] or error.problems) from None


def _under(part: str, problems: Iterable[FieldProblem]) -> list[FieldProblem]:
    return [FieldProblem(f"{part}.{problem.field}", problem.message) for problem in problems]


def _changed(request: ValuationRequest, changes: Changes) -> ValuationRequest:
    fields: dict[str, Any] = {name: changes[name] for name in PROPERTY_FIELDS if name in changes}
    extras: dict[str, Any] = {
        name: value for name, value in changes.items() if name not in fields and name != VALUATION_DATE
    }
    try:
        home = replace(request.property, **fields, extras={**request.property.extras, **extras})
    except InvalidProperty as error:
        raise InvalidProperty(_under("changes", error.problems)) from None
    day: Any = changes.get(VALUATION_DATE, request.valuation_date)
    return replace(request, property=home, valuation_date=day)


def _check_known(changes: Changes, features: FeatureSchema) -> None:
    known = {*PROPERTY_FIELDS, VALUATION_DATE, *features.numeric, *features.categorical}
    if unknown := [name for name in changes if name not in known]:
        message = "is not a field that the served model values from"
        raise InvalidProperty(_under("changes", [FieldProblem(printable(name), message) for name in unknown]))


def _log_effects(
    served: ServedVersion, before: tuple[Property, date], after: tuple[Property, date]
) -> dict[str, float]:
    """What each changed field does to the logarithm of the value."""
    trained, features = served.trained, served.description.card.features
    # An equity calibration raises values to a power, which multiplies all that happens to their logarithms.
    exponent = trained.equity.exponent if trained.equity else 1.0
    effects = {feature: exponent * effect for feature, effect in trained.model.difference(after[0], before[0]).items()}
    by_sector, by_date = _market_effects(trained.index, (before[0].sector, before[1]), (after[0].sector, after[1]))
    effects["sector"] = effects.get("sector", 0.0) + by_sector
    effects[VALUATION_DATE] = by_date
    fields = dict.fromkeys(_changed_fields(before[0], after[0], features))
    if before[1] != after[1]:
        fields[VALUATION_DATE] = None
    return {feature: effects.get(feature, 0.0) for feature in fields}


def _market_effects(index: MarketIndex, before: tuple[str, date], after: tuple[str, date]) -> tuple[float, float]:
    """What the market's level does to the logarithm, for the sector and for the day.

    Each is the mean of both orders of changing them (their Shapley value), so that they add up to the whole step.
    """
    sectors = normalised(before[0]), normalised(after[0])
    first, last = index.log_level(sectors[0], before[1]), index.log_level(sectors[1], after[1])
    other_sector, other_day = index.log_level(sectors[1], before[1]), index.log_level(sectors[0], after[1])
    by_sector = ((other_sector - first) + (last - other_day)) / 2
    by_day = ((other_day - first) + (last - other_sector)) / 2
    return by_sector, by_day


def _changed_fields(before: Property, after: Property, features: FeatureSchema) -> Iterator[str]:
    """The fields in which two homes differ for a model, by the names that their effects are credited to."""
    for name in TEXT_FIELDS:
        if normalised(getattr(before, name)) != normalised(getattr(after, name)):
            yield name
    for name in NUMBER_FIELDS:
        if getattr(before, name) != getattr(after, name):
            yield LOCATION if name in _COORDINATES else name
    for name in features.numeric:
        if before.extras.get(name) != after.extras.get(name):
            yield name
    for name in features.categorical:
        if _category(before, name) != _category(after, name):
            yield name


def _category(home: Property, name: str) -> str | None:
    value = home.extras.get(name)
    return normalised(value) if isinstance(value, str) else None
