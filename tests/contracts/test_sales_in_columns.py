"""The sales that a model learned from, in columns: what every kind of them keeps to."""

import pickle

import numpy as np
import pandas as pd
import pytest

from adapters.valuation_models.trainer import RecipeTrainer
from application.ports.model_trainer import ComparableSales, ModelTrainer
from domain.model_version import FeatureSchema
from domain.property import NUMBER_FIELDS, TEXT_FIELDS, Property, normalised
from tests.fakes.in_memory_model_trainer import InMemoryModelTrainer
from tests.fakes.sales import some_sales

PLAIN = FeatureSchema((), (), (), ())


@pytest.fixture(params=["fake", "recipes"])
def trainer(request: pytest.FixtureRequest) -> ModelTrainer:
    return InMemoryModelTrainer() if request.param == "fake" else RecipeTrainer()


def checked(sales: pd.DataFrame) -> pd.DataFrame:
    """Sales as `check_sales` leaves them."""
    return sales.assign(type=sales["type"].map(normalised), sector=sales["sector"].map(normalised))


def as_rows(known: ComparableSales) -> pd.DataFrame:
    """The sales that are told in columns, as a table of sales by id."""
    columns = known.columns()
    texts = {name: np.array(columns.words[name], dtype=object)[columns.codes[name]] for name in TEXT_FIELDS}
    days = np.full(len(columns), np.nan) if columns.days is None else columns.days
    told = {**texts, **columns.numbers, "price": columns.prices, "day": days}
    return pd.DataFrame(told, index=known.ids_of(range(len(columns)))).sort_index()


@pytest.mark.parametrize("dated", [False, True])
def test_every_sale_is_told_as_it_was(trainer: ModelTrainer, dated: bool) -> None:
    sales = checked(some_sales(60, dated=dated))
    told = as_rows(trainer.comparables(sales, PLAIN))
    assert told.index.tolist() == sales["id"].tolist()
    for name in (*TEXT_FIELDS, *NUMBER_FIELDS, "price"):
        assert told[name].tolist() == sales[name].tolist(), name
    days = [each.toordinal() for each in sales["sold_on"]] if dated else [None] * 60
    assert told["day"].replace({np.nan: None}).tolist() == days


def test_words_are_distinct_and_in_order(trainer: ModelTrainer) -> None:
    columns = trainer.comparables(checked(some_sales(60)), PLAIN).columns()
    assert columns.words["sector"] == ("las condes", "nunoa", "puente alto")
    assert columns.words["type"] == ("casa", "departamento")
    assert set(columns.codes["sector"].tolist()) == {0, 1, 2}


def test_the_ids_are_those_of_comparables(trainer: ModelTrainer) -> None:
    known = trainer.comparables(checked(some_sales(30)).drop(columns="id"), PLAIN)
    home = Property("departamento", "nunoa", 75.5, 90.0, 9.0, 9.0, -33.456, -70.597)
    similar = {each.id: each.sale.price for each in known.similar(home, 30)}
    columns = known.columns()
    assert similar == dict(zip(known.ids_of(range(30)), columns.prices.tolist(), strict=True))


def test_they_are_the_same_each_time_and_once_stored(trainer: ModelTrainer) -> None:
    known = trainer.comparables(checked(some_sales(40)), PLAIN)
    stored = pickle.loads(pickle.dumps(known))  # noqa: S301
    pd.testing.assert_frame_equal(as_rows(known), as_rows(known))
    pd.testing.assert_frame_equal(as_rows(known), as_rows(stored))


def test_further_features_are_told_where_they_are_known() -> None:
    sales = checked(some_sales(3)).assign(year_built=[1990.0, np.nan, 2001.0], heating=np.array(["gas", None, "wood"]))
    columns = RecipeTrainer().comparables(sales, FeatureSchema(("year_built",), ("heating",), (), ())).columns()
    assert sorted(columns.numbers["year_built"].tolist(), key=str) == [
        1990.0,
        2001.0,
        pytest.approx(np.nan, nan_ok=True),
    ]
    assert columns.words["heating"] == ("", "gas", "wood")
