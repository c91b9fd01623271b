"""Training, from sales to a served model."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from application.ports.model_trainer import Extras, ValuationModel
from application.sales.table import SalesLayout
from application.train_model import TrainingPlan, TrainModel
from domain.errors import DomainError, ModelStoreUnavailable, NoUsableSales, PriceLeak, QuarantineUnavailable
from domain.model_version import FeatureSchema, served_stack
from domain.property import Property
from domain.ratio_study import Vector
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.in_memory_data_source import InMemoryDataSource
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.in_memory_model_trainer import InMemoryModelTrainer
from tests.fakes.in_memory_quarantine import InMemoryQuarantine
from tests.fakes.sales import some_sales

PLAN = TrainingPlan(
    layout=SalesLayout(),
    currency="UF",
    recipe="boosted",
    validation="random",
    test_fraction=0.25,
    seed=0,
    interval_level=0.9,
)


class Bench:
    """A training with fakes at every port."""

    def __init__(self, sales: pd.DataFrame, holdout: pd.DataFrame | None = None, plan: TrainingPlan = PLAN) -> None:
        self.models = InMemoryModelRepository()
        self.quarantine = InMemoryQuarantine()
        self.train = TrainModel(
            InMemoryDataSource(sales, holdout),
            self.quarantine,
            InMemoryModelTrainer(),
            self.models,
            FixedClock(),
            plan,
        )


def test_a_training_stores_a_judged_model_and_serves_it() -> None:
    bench = Bench(some_sales(200))
    report = bench.train(by="ana")
    card = report.stored.card
    assert served_stack(bench.models.promotions()) == [report.stored.version] == ["v1"]
    assert bench.models.promotions()[0].by == "ana"
    assert report.promoted
    assert (card.recipe, card.currency, card.validation.scheme) == ("boosted", "UF", "random")
    assert (card.validation.train, card.validation.test) == (150, 50)
    assert card.metrics.count == card.ratio_study.count == 50
    assert card.cross_validation.count == 150
    assert (card.data.read, card.data.used, card.data.quarantined) == (200, 200, 0)


def test_without_promotion_the_model_is_stored_and_not_served() -> None:
    bench = Bench(some_sales(100))
    report = bench.train(by="ana", promote=False)
    assert bench.models.versions() == ["v1"]
    assert not bench.models.promotions()
    assert not report.promoted


def test_the_same_sales_in_another_order_give_the_same_figures() -> None:
    sales = some_sales(200)
    first = Bench(sales).train(by="ana").stored
    second = Bench(sales.sample(frac=1, random_state=3)).train(by="ana").stored
    assert first == second


def test_a_given_holdout_judges_the_model_and_is_not_learned_from() -> None:
    bench = Bench(some_sales(100), some_sales(40, seed=9))
    card = bench.train(by="ana").stored.card
    assert (card.validation.scheme, card.validation.train, card.validation.test) == ("given", 100, 40)
    assert card.data.read == 140


def test_a_given_holdout_of_homes_that_were_learned_from_is_remarked_on() -> None:
    sales = some_sales(100)
    report = Bench(sales, sales.head(30)).train(by="ana")
    assert any("30 of the 30 given holdout sales" in note for note in report.notes)


def test_unusable_rows_are_kept_and_counted_by_reason() -> None:
    sales = some_sales(100).astype(object)
    sales.loc[3, "net_area"] = "big"
    sales.loc[[5, 8], "price"] = None
    bench = Bench(sales)
    report = bench.train(by="ana")
    data = report.stored.card.data
    assert (data.read, data.used, data.quarantined) == (100, 97, 3)
    assert sum(data.quarantined_by_reason.values()) == 3
    kept = bench.quarantine.kept[report.quarantine or ""]
    assert list(kept.columns[:2]) == ["row", "reason"]
    assert set(kept["row"]) == {4, 6, 9}
    assert any(note.startswith("the first set aside: row 4: net_area is not a number: 'big'") for note in report.notes)


def test_unusable_rows_of_the_holdout_are_kept_as_well() -> None:
    holdout = some_sales(40, seed=9).astype(object)
    holdout.loc[0, "price"] = None
    bench = Bench(some_sales(100), holdout)
    report = bench.train(by="ana")
    assert report.stored.card.data.quarantined == 1
    assert len(bench.quarantine.kept[report.quarantine or ""]) == 1


def test_where_rows_cannot_be_kept_nothing_is_trained() -> None:
    sales = some_sales(100).astype(object)
    sales.loc[0, "price"] = None
    bench = Bench(sales)
    train = replace(bench.train, quarantine=InMemoryQuarantine(full=True))
    with pytest.raises(QuarantineUnavailable):
        train(by="ana")
    assert not bench.models.versions()


@pytest.mark.parametrize("count", [0, 1, 9])
def test_too_few_sales_are_refused_with_their_number(count: int) -> None:
    bench = Bench(some_sales(count))
    with pytest.raises(NoUsableSales, match=f"{count} of {count} sales can be used, at least 10"):
        bench.train(by="ana")
    assert not bench.models.versions()


def test_where_no_row_can_be_used_the_first_is_named_with_its_reason() -> None:
    with pytest.raises(NoUsableSales, match=r"0 of 30 .* 30 x price .*row 1: .*memory:"):
        Bench(some_sales(30).assign(price=-1.0)).train(by="ana")


def test_ten_sales_are_enough() -> None:
    assert Bench(some_sales(10)).train(by="ana").stored.card.metrics.count >= 2


def test_sales_of_one_home_alone_are_refused() -> None:
    with pytest.raises(NoUsableSales, match=r"training\.validation"):
        Bench(pd.concat([some_sales(1)] * 30, ignore_index=True)).train(by="ana")


def test_a_leaking_feature_stops_the_training() -> None:
    with pytest.raises(PriceLeak):
        Bench(some_sales(100).assign(net_area=lambda sales: sales["price"])).train(by="ana")


def test_nothing_is_promoted_where_storing_fails() -> None:
    bench = Bench(some_sales(100))
    bench.models.go_down()
    with pytest.raises(ModelStoreUnavailable):
        bench.train(by="ana")
    bench.models.come_back()
    assert not bench.models.promotions()


def test_what_a_source_says_of_its_trouble_reaches_the_user() -> None:
    trouble = DomainError("the source is on fire")
    bench = Bench(some_sales(10))
    train = replace(bench.train, sales=InMemoryDataSource(some_sales(10), out_of_order=trouble))
    with pytest.raises(DomainError, match="on fire"):
        train(by="ana")


def test_progress_is_told_to_the_end() -> None:
    told: list[tuple[str, int, int]] = []
    Bench(some_sales(60)).train(by="ana", progress=lambda *step: told.append(step))
    assert ("cross-validating", 5, 5) in told
    assert told[-1] == ("fitting the model", 1, 1)


class RememberingTrainer(InMemoryModelTrainer):
    """Its models know the prices of the very sales that they were fitted to, and of others nothing but the median."""

    def __init__(self) -> None:
        self.fitted_to: list[set[str]] = []

    def fit(self, sales: pd.DataFrame, recipe: str, extras: Extras, seed: int) -> "RememberingModel":
        self.fitted_to.append(set(sales["id"]))
        prices = dict(zip(sales["id"], sales["price"], strict=True))
        return RememberingModel(super().fit(sales, recipe, extras, seed).features, prices)


class RememberingModel(ValuationModel):
    def __init__(self, features: FeatureSchema, prices: dict[str, float]) -> None:
        self._features = features
        self._prices = prices

    @property
    def features(self) -> FeatureSchema:
        return self._features

    def value(self, properties: Sequence[Property]) -> Vector:
        raise AssertionError("training values tables")

    def value_table(self, properties: pd.DataFrame) -> Vector:
        median = float(np.median(list(self._prices.values())))
        return np.array([self._prices.get(sale, median) for sale in properties["id"]])


def trained_with_memory(count: int) -> tuple[RememberingTrainer, Bench]:
    trainer, bench = RememberingTrainer(), Bench(some_sales(count))
    replace(bench.train, trainer=trainer)(by="ana")
    return trainer, bench


def test_no_sale_is_valued_by_a_model_that_has_seen_it() -> None:
    """A model that remembers would be without error on any sale that it was fitted to."""
    _, bench = trained_with_memory(200)
    stored = bench.models.describe("v1")
    errors = bench.models.load("v1").errors.log_ratios
    assert len(errors) == stored.card.cross_validation.count == 150
    assert sum(abs(error) < 1e-9 for error in errors) <= 5  # but for those that cost the median
    assert stored.card.cross_validation.mape > 0.1
    assert stored.card.metrics.mape > 0.1


def test_the_folds_cover_the_training_sales_and_the_last_model_learns_from_all_of_them_and_no_more() -> None:
    trainer, _ = trained_with_memory(200)
    *folds, final = trainer.fitted_to
    assert len(folds) == 5
    assert len(final) == 150
    assert all(fold < final for fold in folds)
    assert [sum(sale not in fold for fold in folds) for sale in final] == [1] * 150


def test_the_errors_are_the_prices_relative_to_the_values() -> None:
    """Every price is 1,000 but for a tenth that are dearer: the intervals reach up, and not down."""
    sales = some_sales(200).assign(price=lambda sales: np.where(sales.index % 10 == 0, 1500.0, 1000.0))
    bench = Bench(sales)
    replace(bench.train, trainer=RememberingTrainer())(by="ana")
    errors = bench.models.load("v1").errors.log_ratios
    assert errors[0] == 0.0
    assert errors[-1] == pytest.approx(np.log(1.5))
    assert list(errors) == sorted(errors)


def test_of_very_many_errors_as_many_are_kept_as_tell_the_same() -> None:
    bench = Bench(some_sales(15_000))
    bench.train(by="ana")
    errors = bench.models.load("v1").errors
    assert len(errors.log_ratios) == 10_000
    assert np.median(errors.log_ratios) == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize("homes", [2, 4])
def test_sales_of_fewer_homes_than_folds_are_refused(homes: int) -> None:
    with pytest.raises(NoUsableSales, match="different homes"):
        Bench(pd.concat([some_sales(homes)] * 12, ignore_index=True), some_sales(20, seed=9)).train(by="ana")


def test_a_recipe_that_leaves_further_columns_out_says_so() -> None:
    class Plain(InMemoryModelTrainer):
        def fit(self, sales: pd.DataFrame, recipe: str, extras: Extras, seed: int) -> ValuationModel:
            return super().fit(sales, recipe, Extras(), seed)

    layout = SalesLayout(extras=Extras(("year_built",)))
    bench = Bench(some_sales(50).assign(year_built=2000.0), plan=replace(PLAN, layout=layout))
    report = replace(bench.train, trainer=Plain())(by="ana")
    assert any("year_built was not learned from" in note for note in report.notes)


def test_the_days_of_the_sales_that_were_learned_from_are_on_the_card() -> None:
    data = (
        Bench(some_sales(200, dated=True), plan=replace(PLAN, validation="temporal")).train(by="ana").stored.card.data
    )
    assert data.first_sale is not None
    assert data.last_sale is not None
    assert data.first_sale < data.last_sale
    assert Bench(some_sales(50)).train(by="ana").stored.card.data.last_sale is None


def test_the_typical_home_is_one_of_the_market() -> None:
    sales = some_sales(200)
    home = Bench(sales).train(by="ana").stored.card.typical_home
    assert home["type"] == "departamento"
    assert home["sector"] in {"nunoa", "las condes", "puente alto"}
    assert sales["net_usable_area"].min() <= float(home["net_usable_area"]) <= sales["net_usable_area"].max()
