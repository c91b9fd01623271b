"""What a home would be worth, were it another."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from application.served_model import ServedModel
from application.value_property import ValuationRequest, ValueProperty
from application.what_if import WhatIf
from domain.equity import EquityCalibration
from domain.errors import InvalidProperty
from domain.market_index import ALL_SECTORS, MarketIndex
from domain.model_version import FeatureSchema
from domain.property import Property, normalised
from domain.valuation import Valuation
from tests.fakes.fixed_clock import NOON, FixedClock
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.models import SCHEMA, TRADED, ConstantPricePerArea, a_card, a_trained_model

HOME = Property("Departamento", "Ñuñoa", 80.0, 90.0, 3.0, 2.0, -33.45, -70.6, {"year_built": 1987.0, "heating": "gas"})
FEATURES = FeatureSchema(("year_built",), ("heating",), SCHEMA.types, SCHEMA.sectors)
EQUITY = EquityCalibration(1.2, 150_000.0, 0.98, reached=True, before=TRADED, after=TRADED)
LEVELS = {"nunoa": {"2021-03": -0.3, "2026-11": 0.1}, ALL_SECTORS: {"2021-03": -0.1, "2026-11": 0.0}}
INDEX = MarketIndex(
    reference=date(2026, 11, 30),
    months=("2021-03", "2026-11"),
    log_levels={group: tuple(levels.values()) for group, levels in LEVELS.items()},
    group_of_sector={"nunoa": "nunoa"},
    drift=dict.fromkeys(LEVELS, 0.0),
    counts=(10, 10),
)
STEPS = {"net_area": 0.1, "n_rooms": 0.05, "n_bathroom": 0.07, "latitude": 2.0, "longitude": -3.0}


@dataclass(frozen=True, slots=True)
class LogLinear(ConstantPricePerArea):
    """A model whose logarithm is a sum of one term a field, so that every effect is known."""

    def value(self, properties: Sequence[Property]) -> NDArray[np.float64]:
        return np.array([math.exp(math.fsum(terms(home).values())) for home in properties])

    def difference(self, home: Property, baseline: Property) -> Mapping[str, float]:
        to, since = terms(home), terms(baseline)
        return {field: to[field] - since[field] for field in to}


def terms(home: Property) -> dict[str, float]:
    years = home.extras.get("year_built")
    return {
        "net_usable_area": math.log(home.net_usable_area * 2000),
        "location": sum(STEPS[name] * getattr(home, name) / 100 for name in ("latitude", "longitude")),
        **{name: STEPS[name] * getattr(home, name) / 10 for name in ("net_area", "n_rooms", "n_bathroom")},
        "type": 0.2 if normalised(home.type) == "casa" else 0.0,
        "sector": 0.3 if normalised(home.sector) == "vitacura" else 0.0,
        "year_built": (years - 1980) / 100 if isinstance(years, float) else 0.0,
        "heating": 0.05 if normalised(str(home.extras.get("heating"))) == "gas" else 0.0,
    }


def of_a_service(equity: EquityCalibration | None = None) -> WhatIf:
    models = InMemoryModelRepository()
    trained = a_trained_model(model=LogLinear(2000.0, FEATURES), index=INDEX, equity=equity)
    models.store(trained, a_card(features=FEATURES))
    models.promote("v1", NOON, "ana")
    served = ServedModel(models)
    served.refresh()
    return WhatIf(ValueProperty(served, FixedClock()), served)


def effects_of(changes: Mapping[str, Any], equity: EquityCalibration | None = None) -> dict[str, float]:
    changed = of_a_service(equity)(ValuationRequest(HOME), changes)
    return {each.feature: each.effect for each in changed.effects}


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["Departamento", "CASA"]),
        "sector": st.sampled_from(["ñuñoa", "Vitacura", "Las Condes"]),
        "net_usable_area": st.floats(60, 100),
        "net_area": st.floats(60, 100),
        "n_rooms": st.sampled_from([1.0, 3.0, 6.0]),
        "latitude": st.floats(-33.46, -33.44),
        "longitude": st.floats(-70.61, -70.59),
        "year_built": st.none() | st.floats(1950, 2020),
        "heating": st.sampled_from([None, "GAS", "wood"]),
        "valuation_date": st.none() | st.dates(date(2021, 3, 1), date(2026, 11, 30)),
    },
)


@given(changes=CHANGES, equity=st.sampled_from([None, EQUITY]))
@settings(max_examples=50)
def test_the_effects_of_the_changes_add_up_to_the_difference(
    changes: dict[str, Any], equity: EquityCalibration | None
) -> None:
    changed = of_a_service(equity)(ValuationRequest(HOME), changes)
    assert changed.before.value is not None
    assert changed.after.value is not None
    assert changed.difference == changed.after.value - changed.before.value
    effects = math.fsum(each.effect for each in changed.effects)
    assert effects == pytest.approx(changed.difference, rel=1e-6, abs=1e-6 * changed.before.value)
    names = {"location" if name in {"latitude", "longitude"} else name for name in changes}
    assert {each.feature for each in changed.effects} <= names


@pytest.mark.parametrize("equity", [None, EQUITY])
def test_a_change_of_one_field_has_the_whole_difference(equity: EquityCalibration | None) -> None:
    for changes in ({"net_usable_area": 100.0}, {"heating": "wood"}, {"valuation_date": date(2023, 1, 1)}):
        changed = of_a_service(equity)(ValuationRequest(HOME), changes)
        [effect] = changed.effects
        assert effect.feature in changes
        assert effect.effect == pytest.approx(changed.difference)
        assert changed.difference_share == pytest.approx(effect.effect / (changed.before.value or 0))


def test_the_largest_effect_comes_first() -> None:
    assert list(effects_of({"n_rooms": 4.0, "net_usable_area": 160.0, "year_built": 1990.0})) == [
        "net_usable_area",
        "year_built",
        "n_rooms",
    ]


def test_a_sector_has_the_effect_of_its_own_market_too() -> None:
    changed = of_a_service()(ValuationRequest(HOME, valuation_date=date(2021, 3, 1)), {"sector": "Las Condes"})
    [effect] = changed.effects
    assert effect.feature == "sector"
    assert changed.difference_share == pytest.approx(math.exp(0.3) - 1)  # -0.1 there, -0.4 here


def test_a_sector_and_a_day_share_what_both_together_do() -> None:
    effects = effects_of({"sector": "Las Condes", "valuation_date": date(2021, 3, 1)})
    assert effects.keys() == {"sector", "valuation_date"}
    assert effects["sector"] / effects["valuation_date"] == pytest.approx(0.15 / -0.25)  # the means of both orders


def test_equity_changes_the_effects_with_the_values() -> None:
    [plain], [calibrated] = (
        effects_of({"net_usable_area": 96.0}).values(),
        effects_of({"net_usable_area": 96.0}, EQUITY).values(),
    )
    assert calibrated != pytest.approx(plain, rel=0.05)


@pytest.mark.parametrize("changes", [{}, {"sector": "NUNOA", "n_rooms": 3.0}, {"heating": "GAS"}])
def test_nothing_changed_is_no_difference(changes: dict[str, Any]) -> None:
    changed = of_a_service()(ValuationRequest(HOME), changes)
    assert changed.effects == ()
    assert (changed.difference, changed.difference_share) == (0, 0)


def test_a_day_is_changed_from_the_day_of_the_request() -> None:
    request = ValuationRequest(HOME, "file 7", date(2023, 1, 1))
    changed = of_a_service()(request, {"valuation_date": None})
    assert (changed.before.valuation_date, changed.after.valuation_date) == (date(2023, 1, 1), NOON.date())
    assert (changed.before.client_ref, changed.after.client_ref) == ("file 7", "file 7")
    assert [each.feature for each in changed.effects] == ["valuation_date"]


def test_a_change_of_what_the_model_does_not_value_from_is_refused() -> None:
    with pytest.raises(InvalidProperty, match=r"changes\.garden: is not a field") as refused:
        of_a_service()(ValuationRequest(HOME), {"garden": 3.0, "client_ref": "x", "n_rooms": 4.0})
    assert [problem.field for problem in refused.value.problems] == ["changes.garden", "changes.client_ref"]


@pytest.mark.parametrize(
    ("home", "changes", "named"),
    [
        (HOME, {"net_area": -1.0, "sector": " "}, ["changes.sector", "changes.net_area"]),
        (HOME, {"year_built": "old"}, ["changes.year_built"]),
        (replace(HOME, extras={"year_built": "old"}), {"n_rooms": 4.0}, ["property.year_built"]),
        (replace(HOME, extras={"year_built": "old"}), {"year_built": 1990.0}, ["property.year_built"]),
        (replace(HOME, extras={"year_built": "old"}), {"heating": 3.0}, ["property.year_built", "changes.heating"]),
    ],
)
def test_bad_fields_are_named_with_their_part(home: Property, changes: dict[str, Any], named: list[str]) -> None:
    with pytest.raises(InvalidProperty) as refused:
        of_a_service()(ValuationRequest(home), changes)
    assert [problem.field for problem in refused.value.problems] == named


def test_where_either_home_is_refused_there_is_no_difference() -> None:
    changed = of_a_service()(ValuationRequest(HOME), {"latitude": 40.4, "longitude": -3.7})
    assert (changed.before.status, changed.after.status) == ("valued", "refused")
    assert (changed.difference, changed.difference_share, changed.effects) == (None, None, ())


def test_a_promotion_in_between_explains_no_value_by_another_model() -> None:
    models = InMemoryModelRepository()
    for price in (2000.0, 3000.0):
        models.store(a_trained_model(price), a_card())
    models.promote("v1", NOON, "ana")
    served = ServedModel(models)
    served.refresh()

    class Overtaken(ValueProperty):
        """Values just after another version was promoted."""

        def __call__(self, *request: Any, **asked: Any) -> list[Valuation]:
            models.promote("v2", NOON, "ana")
            served.refresh()
            return ValueProperty.__call__(self, *request, **asked)

    changed = WhatIf(Overtaken(served, FixedClock()), served)(ValuationRequest(HOME), {"net_usable_area": 100.0})
    assert (changed.before.model.version, changed.after.model.version) == ("v2", "v2")
    assert (changed.before.value, changed.difference) == (240_000, 60_000)
