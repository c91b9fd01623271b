"""A new model beside the one in service, on sales that both have not seen."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from application.appraisal import appraise_table
from application.hold_against_served import FEWEST_COMPARED, hold_against_served
from application.ports.model_trainer import TrainedModel
from domain.errors import ModelStoreUnavailable
from domain.model_version import FeatureSchema, Gate
from domain.property import PROPERTY_FIELDS, Property
from domain.sale import Sale
from tests.fakes.fixed_clock import NOON
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.models import ANYWHERE, SCHEMA, ConstantPricePerArea, KnownSales, a_card, a_trained_model
from tests.fakes.sales import some_sales

SALES = some_sales(120)


def knowing(sales: pd.DataFrame) -> KnownSales:
    """The sales that a model learned from."""
    homes = [Property(*row) for row in sales[list(PROPERTY_FIELDS)].itertuples(index=False)]
    return KnownSales(tuple((f"{place}", Sale(home, 1.0)) for place, home in enumerate(homes)))


def a_model(price_per_m2: float, learned_from: pd.DataFrame, **parts: Any) -> TrainedModel:
    errors = tuple(np.linspace(-0.5, 0.5, 99))
    return a_trained_model(price_per_m2, log_ratios=errors, extent=ANYWHERE, comparables=knowing(learned_from), **parts)


def served(model: TrainedModel, **card: Any) -> InMemoryModelRepository:
    models = InMemoryModelRepository()
    models.store(model, a_card(**card))
    models.promote("v1", NOON, "ana")
    return models


def gate(models: InMemoryModelRepository, trained: TrainedModel, test: pd.DataFrame = SALES) -> Gate:
    appraised = appraise_table(trained, test, 0.9)
    return hold_against_served(models, trained, appraised, test, level=0.9, currency="USD")


ELSEWHERE = some_sales(5, seed=77)


def test_where_nothing_is_served_anything_may_be() -> None:
    found = gate(InMemoryModelRepository(), a_model(1.0, ELSEWHERE))
    assert (found.against, found.passed, found.reason) == (None, True, "it is the first version")


@pytest.mark.parametrize(("price_per_m2", "passed"), [(60.0, True), (61.0, True), (200.0, False)])
def test_what_is_as_good_passes_and_what_is_much_worse_does_not(price_per_m2: float, passed: bool) -> None:
    found = gate(served(a_model(60.0, ELSEWHERE)), a_model(price_per_m2, ELSEWHERE))
    assert (found.against, found.passed, found.sales) == ("v1", passed, 120)
    assert {check.name for check in found.checks} >= {"MdAPE", "coverage", "COD", "PRB"}
    assert ("v1" in found.reason) == (found.reason != "")


@pytest.mark.parametrize(
    ("new", "old", "left"),
    [
        (SALES.head(40), ELSEWHERE, 80),
        (ELSEWHERE, SALES.tail(30), 90),
        (SALES.head(40), SALES.tail(30), 50),
        (SALES.head(40), SALES.head(50), 70),
    ],
)
def test_sales_of_homes_that_either_has_learned_from_are_not_compared(
    new: pd.DataFrame, old: pd.DataFrame, left: int
) -> None:
    found = gate(served(a_model(60.0, old)), a_model(60.0, new))
    assert (found.sales, found.passed) == (left, True)


@pytest.mark.parametrize("left", [0, 1, FEWEST_COMPARED - 1])
def test_too_few_unseen_sales_hold_nobody_back(left: int) -> None:
    found = gate(served(a_model(60.0, SALES.tail(120 - left))), a_model(600.0, ELSEWHERE))
    assert (found.sales, found.passed, found.checks) == (left, True, ())
    assert found.reason.startswith(f"only {left} of its holdout sales")


def test_a_version_that_cannot_be_loaded_holds_nobody_back() -> None:
    models = served(a_model(60.0, ELSEWHERE))
    models.damage("v1")
    found = gate(models, a_model(600.0, ELSEWHERE))
    assert (found.against, found.passed) == ("v1", True)
    assert "altered" in found.reason


def test_a_repository_that_is_down_stops_it_all() -> None:
    models = served(a_model(60.0, ELSEWHERE))
    models.go_down()
    with pytest.raises(ModelStoreUnavailable):
        gate(models, a_model(60.0, ELSEWHERE))


def test_values_in_another_currency_are_not_compared() -> None:
    found = gate(served(a_model(60.0, ELSEWHERE), currency="UF"), a_model(60.0, ELSEWHERE))
    assert not found.passed
    assert found.reason == "it values in USD, and v1 in service in UF"


class Particular(ConstantPricePerArea):
    """Cannot do without its further columns, each of its kind."""

    def value_table(self, properties: pd.DataFrame) -> Any:
        properties[list(self.features.numeric)].to_numpy(dtype=np.float64)
        for name in self.features.categorical:
            assert all(pd.isna(value) or isinstance(value, str) for value in properties[name])
        return super().value_table(properties)


@pytest.mark.parametrize("now", ["as then", "gone", "the other way round"])
def test_further_columns_that_have_changed_since_are_unknown_to_the_version_in_service(now: str) -> None:
    schema = FeatureSchema(("year_built",), ("heating",), SCHEMA.types, SCHEMA.sectors)
    models = served(a_model(60.0, ELSEWHERE, model=Particular(60.0, schema)), features=schema)
    columns: dict[str, dict[str, Any]] = {
        "as then": {"year_built": 1990.0, "heating": "gas"},
        "gone": {},
        "the other way round": {"year_built": "old", "heating": 3.0},
    }
    assert gate(models, a_model(60.0, ELSEWHERE), SALES.assign(**columns[now])).passed
