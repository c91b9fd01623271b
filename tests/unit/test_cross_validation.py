"""Out-of-fold values, and what is learned from their errors."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from application.cross_validation import FOLDS, OutOfFold, Way, at_reference, cross_validate, learn_errors, look_back
from application.fit_market_index import log_levels_of_table
from application.ports.data_source import SourceTable
from application.ports.model_trainer import ALL_EXTRAS, Extras, SpreadModel, ValuationModel
from application.sales.layout import SalesLayout
from application.sales.table import check_sales
from application.split_sales import home_numbers
from domain.equity import EquityCalibration
from domain.market_index import NO_INDEX
from domain.model_version import FeatureSchema
from tests.fakes.in_memory_model_trainer import InMemoryModelTrainer
from tests.fakes.models import SCHEMA, TRADED, ConstantPricePerArea, EvenSpread
from tests.fakes.sales import some_sales
from tests.unit.test_train_model import rising

EXTRAS = Extras(("year_built",), ("heating",))


def checked(sales: pd.DataFrame) -> pd.DataFrame:
    return check_sales(SourceTable(sales.astype(object), "test", "row"), SalesLayout()).usable


def silent(*_: Any) -> None:
    """Nobody watches."""


class SectorModel(ConstantPricePerArea):
    """Knows prices by sector, and by year where that is given."""

    def value_table(self, properties: pd.DataFrame) -> Any:
        dear = np.where(properties["sector"] == "las condes", 2.0, 1.0)
        years = properties["year_built"] if "year_built" in properties else pd.Series(np.zeros(len(properties)))
        return super().value_table(properties) * dear * np.exp(years.fillna(0).to_numpy())


class WatchfulTrainer(InMemoryModelTrainer):
    """Remembers what it was given to learn from."""

    def __init__(self) -> None:
        self.fitted_to: list[pd.DataFrame] = []
        self.spread_from: list[tuple[pd.DataFrame, Any, Any]] = []

    def fit(self, sales: pd.DataFrame, recipe: str, extras: Extras, seed: int) -> ValuationModel:
        self.fitted_to.append(sales)
        return super().fit(sales, recipe, extras, seed)

    def fit_spread(
        self, sales: pd.DataFrame, log_errors: Any, values: Any, features: FeatureSchema, seed: int
    ) -> SpreadModel:
        self.spread_from.append((sales, log_errors, values))
        return super().fit_spread(sales, log_errors, values, features, seed)


class SectorTrainer(InMemoryModelTrainer):
    def fit(self, sales: pd.DataFrame, recipe: str, extras: Extras, seed: int) -> ValuationModel:
        schema = FeatureSchema(extras.numeric, extras.categorical, SCHEMA.types, SCHEMA.sectors)
        return SectorModel(1000.0, schema)


def way(trainer: InMemoryModelTrainer, recipe: str = "boosted", extras: Extras = EXTRAS) -> Way:
    return Way(trainer, recipe, extras, seed=0)


class TestOutOfFold:
    def test_each_sale_is_valued_by_models_of_the_other_folds_and_no_home_stands_in_two(self) -> None:
        sales = checked(pd.concat([some_sales(80), some_sales(80).assign(price=1e5)], ignore_index=True))
        trainer = WatchfulTrainer()
        found = cross_validate(way(trainer, extras=Extras()), sales, NO_INDEX, silent)
        assert len(trainer.fitted_to) == FOLDS
        assert np.isfinite(found.values).all()
        homes = home_numbers(sales)
        for learned in trainer.fitted_to:
            inside = set(learned["id"])
            assert not {homes[row] for row in range(len(sales)) if sales["id"][row] in inside} & {
                homes[row] for row in range(len(sales)) if sales["id"][row] not in inside
            }
        assert sum(len(sales) - len(learned) for learned in trainer.fitted_to) == len(sales)

    def test_prices_are_learned_from_and_held_against_at_the_reference_day(self) -> None:
        sales = checked(rising())
        trainer = WatchfulTrainer()
        where = way(trainer, extras=Extras())
        index = where.index(sales)
        found = cross_validate(where, sales, index, silent)
        level = np.exp(log_levels_of_table(index, sales))
        np.testing.assert_allclose(found.prices * level, sales["price"])
        first = trainer.fitted_to[0].set_index("id")["price"]
        np.testing.assert_allclose(first, pd.Series(found.prices, index=sales["id"])[first.index])

    def test_a_recipe_that_follows_no_time_has_prices_as_they_were_paid(self) -> None:
        sales = checked(rising())
        assert way(InMemoryModelTrainer(), "notebook").index(sales) == NO_INDEX
        assert at_reference(sales, NO_INDEX) is sales

    def test_what_hiding_a_field_costs_is_measured(self) -> None:
        random = np.random.default_rng(0)
        year = random.normal(0, 0.5, 200)
        sales = checked(some_sales(200)).assign(year_built=year, heating="gas")
        sales = sales.assign(
            price=1000.0
            * sales["net_usable_area"]
            * np.where(sales["sector"] == "las condes", 2, 1)
            * np.exp(year + random.normal(0, 0.1, 200))
        )
        unknown = cross_validate(way(SectorTrainer()), sales, NO_INDEX, silent).unknown
        assert set(unknown) == {"type", "sector", "year_built", "heating", ALL_EXTRAS}
        assert unknown[ALL_EXTRAS] == pytest.approx(unknown["year_built"])
        assert unknown["type"] == unknown["heating"] == 1.0
        assert unknown["sector"] > 2
        assert unknown["year_built"] > 3

    def test_where_values_are_without_error_hiding_costs_nothing(self) -> None:
        sales = checked(some_sales(60)).assign(price=lambda sales: 1000.0 * sales["net_usable_area"])
        found = cross_validate(way(InMemoryModelTrainer(), extras=Extras()), sales, NO_INDEX, silent)
        assert dict(found.unknown) == {"type": 1.0, "sector": 1.0}

    def test_progress_is_told_fold_by_fold(self) -> None:
        told: list[tuple[str, int, int]] = []
        cross_validate(
            way(InMemoryModelTrainer(), extras=Extras()),
            checked(some_sales(30)),
            NO_INDEX,
            lambda *step: told.append(step),
        )
        assert told == [("cross-validating", done, FOLDS) for done in range(FOLDS + 1)]


class TestLearnedErrors:
    def found(self, sales: pd.DataFrame) -> OutOfFold:
        return OutOfFold(60.0 * sales["net_usable_area"].to_numpy(), sales["price"].to_numpy(), {})

    def test_spreads_are_learned_without_the_sales_that_they_are_held_against(self) -> None:
        sales, trainer = checked(some_sales(100)), WatchfulTrainer()
        errors = learn_errors(way(trainer), sales, self.found(sales), None, SCHEMA, 1.0)
        assert len(trainer.spread_from) == FOLDS
        assert sum(len(sales) - len(learned) for learned, *_ in trainer.spread_from) == len(sales)
        assert sum(len(band.scores) for band in errors.bands) == len(sales)

    def test_scores_are_errors_in_units_of_what_was_expected(self) -> None:
        class Doubtful(InMemoryModelTrainer):
            def fit_spread(self, *_: Any) -> SpreadModel:
                return EvenSpread(0.5)

        sales = checked(some_sales(100))
        found = self.found(sales)
        errors = learn_errors(way(Doubtful()), sales, found, None, SCHEMA, 1.25)
        (band,) = errors.bands
        np.testing.assert_allclose(band.scores, np.sort(np.log(found.prices / found.values) / 0.5))
        assert errors.allowance == 1.25

    def test_errors_are_those_of_calibrated_values(self) -> None:
        sales, trainer = checked(some_sales(100)), WatchfulTrainer()
        doubled = EquityCalibration(1.0, 1.0, 2.0, reached=True, before=TRADED, after=TRADED)
        learn_errors(way(trainer), sales, self.found(sales), doubled, SCHEMA, 1.0)
        learned, errors, values = trainer.spread_from[0]
        np.testing.assert_allclose(values, 120 * learned["net_usable_area"])
        np.testing.assert_allclose(errors, np.log(learned["price"] / values))


class TestLookingBack:
    def allowance(self, sales: pd.DataFrame, recipe: str) -> float:
        sales = checked(sales)
        where = way(InMemoryModelTrainer(), recipe, Extras())
        found = cross_validate(where, sales, where.index(sales), silent)
        return look_back(where, sales, found, silent)

    def test_a_market_that_moves_unseen_makes_later_values_less_certain(self) -> None:
        assert self.allowance(rising(), "notebook") > 1.05

    def test_an_index_takes_most_of_that_back(self) -> None:
        assert 1 <= self.allowance(rising(), "boosted") < self.allowance(rising(), "notebook")

    @pytest.mark.parametrize("sales", [some_sales(100), some_sales(100).assign(sold_on="2024-05-05")])
    def test_without_days_there_is_nothing_to_look_back_on(self, sales: pd.DataFrame) -> None:
        assert self.allowance(sales, "boosted") == 1

    def test_only_earlier_sales_are_learned_from(self) -> None:
        sales, trainer = checked(rising()), WatchfulTrainer()
        where = way(trainer, extras=Extras())
        found = OutOfFold(sales["price"].to_numpy(), sales["price"].to_numpy(), {})
        look_back(where, sales, found, silent)
        assert trainer.fitted_to
        lasts = [learned["sold_on"].max() for learned in trainer.fitted_to]
        assert lasts == sorted(lasts)
        assert all(last < sales["sold_on"].max() for last in lasts)
