"""Training, from sales to a served model."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from application.ports.model_trainer import Extras, ValuationModel
from application.read_sales import SalesReading
from application.sales.layout import SalesLayout
from application.screening.thresholds import ScreeningThresholds
from application.train_model import TrainingPlan, TrainingReport, TrainModel
from domain.errors import (
    DomainError,
    ModelDisagreement,
    ModelStoreUnavailable,
    NoUsableSales,
    PriceLeak,
    QuarantineUnavailable,
    UnknownRecipe,
)
from domain.market_index import NO_INDEX
from domain.model_version import FeatureSchema, Gate, ModelCard, served_stack
from domain.property import Property
from domain.ratio_study import Vector
from domain.valuation import LogEffects
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.in_memory_data_source import InMemoryDataSource
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.in_memory_model_trainer import InMemoryModelTrainer
from tests.fakes.in_memory_quarantine import InMemoryQuarantine
from tests.fakes.sales import some_sales, with_errors

PLAN = TrainingPlan(
    reading=SalesReading(SalesLayout()),
    currency="UF",
    recipe="boosted",
    validation="random",
    test_fraction=0.25,
    seed=0,
    interval_level=0.9,
)
SCREENED = replace(PLAN, reading=SalesReading(SalesLayout(), ScreeningThresholds()))


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


Trained = tuple[Bench, TrainingReport]


@pytest.fixture(scope="module")
def trained() -> Trained:
    """A training on 200 sales, and what it told; for tests that change nothing of it."""
    bench = Bench(some_sales(200))
    return bench, bench.train(by="ana")


def test_a_training_stores_a_judged_model_and_serves_it(trained: Trained) -> None:
    bench, report = trained
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


def test_the_same_sales_in_another_order_give_the_same_figures(trained: Trained) -> None:
    _, report = trained
    assert Bench(some_sales(200).sample(frac=1, random_state=3)).train(by="ana").stored == report.stored


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
    assert ("fitting the model", 1, 1) in told
    assert told[-1] == ("judging the model", 1, 1)


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

    def explain(self, home: Property) -> LogEffects:
        return LogEffects(0.0, {})

    def difference(self, home: Property, baseline: Property) -> Mapping[str, float]:
        return {}


def scores(bench: "Bench") -> list[float]:
    """The errors of cross-validation that v1 keeps, in units of what was expected."""
    return [score for band in bench.models.load("v1").errors.bands for score in band.scores]


@pytest.fixture(scope="module")
def trained_with_memory() -> tuple[RememberingTrainer, Bench]:
    trainer, bench = RememberingTrainer(), Bench(some_sales(200))
    replace(bench.train, trainer=trainer)(by="ana")
    return trainer, bench


def test_no_sale_is_valued_by_a_model_that_has_seen_it(trained_with_memory: tuple[RememberingTrainer, Bench]) -> None:
    """A model that remembers would be without error on any sale that it was fitted to."""
    _, bench = trained_with_memory
    stored = bench.models.describe("v1")
    errors = scores(bench)
    assert len(errors) == stored.card.cross_validation.count == 150
    assert sum(abs(error) < 1e-9 for error in errors) <= 5  # but for those that cost the median
    assert stored.card.cross_validation.mape > 0.1
    assert stored.card.metrics.mape > 0.1


def test_the_folds_cover_the_training_sales_and_the_last_model_learns_from_all_of_them_and_no_more(
    trained_with_memory: tuple[RememberingTrainer, Bench],
) -> None:
    trainer, _ = trained_with_memory
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
    trained, errors = bench.models.load("v1"), scores(bench)
    (spread,) = trained.spread.spreads_table(sales.head(1), np.array([1000.0]))
    interval = trained.errors.interval(1000.0, spread, 0.9)
    assert (interval.low, errors) == (1000.0, sorted(errors))
    assert interval.high == pytest.approx(1500, rel=0.1)


@pytest.mark.parametrize("homes", [2, 4])
def test_sales_of_fewer_homes_than_folds_are_refused(homes: int) -> None:
    with pytest.raises(NoUsableSales, match="different homes"):
        Bench(pd.concat([some_sales(homes)] * 12, ignore_index=True), some_sales(20, seed=9)).train(by="ana")


def test_a_recipe_that_leaves_further_columns_out_says_so() -> None:
    class Plain(InMemoryModelTrainer):
        def fit(self, sales: pd.DataFrame, recipe: str, extras: Extras, seed: int) -> ValuationModel:
            return super().fit(sales, recipe, Extras(), seed)

    reading = SalesReading(SalesLayout(extras=Extras(("year_built",))))
    bench = Bench(some_sales(50).assign(year_built=2000.0), plan=replace(PLAN, reading=reading))
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


def test_the_typical_home_is_one_of_the_market(trained: Trained) -> None:
    sales, home = some_sales(200), trained[1].stored.card.typical_home
    assert home["type"] == "departamento"
    assert home["sector"] in set(sales["sector"])
    assert sales["net_usable_area"].min() <= float(home["net_usable_area"]) <= sales["net_usable_area"].max()


@pytest.mark.parametrize("part", ["fit", "fit_to_publish", "fit_spread", "comparables", "libraries"])
def test_nothing_is_stored_where_any_part_of_it_fails(part: str) -> None:
    def fail(*_: Any) -> None:
        raise ModelDisagreement(f"{part} went wrong")

    trainer = type("Failing", (InMemoryModelTrainer,), {part: fail})()
    bench = Bench(some_sales(60))
    with pytest.raises(ModelDisagreement, match=part):
        replace(bench.train, trainer=trainer)(by="ana")
    assert (bench.models.versions(), bench.models.promotions()) == ([], [])


def test_an_unknown_recipe_is_told_of_before_the_sales_are_read() -> None:
    bench = Bench(some_sales(60))
    unread = InMemoryDataSource(some_sales(60), out_of_order=DomainError("read"))
    with pytest.raises(UnknownRecipe):
        replace(bench.train, sales=unread)(by="ana", recipe="magic")


def test_what_matters_to_the_model_is_on_the_card_the_most_first() -> None:
    importance = Bench(some_sales(60)).train(by="ana").stored.card.importance
    assert next(iter(importance)) == "net_usable_area"
    assert list(importance.values()) == sorted(importance.values(), reverse=True)


def test_a_home_listed_again_never_stands_on_both_sides() -> None:
    """Each home is sold twice under ids of their own: a model that remembers homes knows none that it is judged by."""

    class RememberingHomes(RememberingTrainer):
        def fit(self, sales: pd.DataFrame, recipe: str, extras: Extras, seed: int) -> "RememberingModel":
            self.fitted_to.append({name.removesuffix(" again") for name in sales["id"]})
            return super().fit(sales, recipe, extras, seed)

    sales = some_sales(120)
    again = sales.assign(id=sales["id"] + " again", net_area=(sales["net_area"] * 1.004).round(1))
    trainer, bench = RememberingHomes(), Bench(pd.concat([sales, again], ignore_index=True))
    card = replace(bench.train, trainer=trainer)(by="ana").stored.card
    assert card.validation.train % 2 == card.validation.test % 2 == 0
    assert card.metrics.mape > 0.1
    assert card.cross_validation.mape > 0.1


Screened = tuple[RememberingTrainer, Bench, TrainingReport]


class TestScreening:
    @staticmethod
    def planted(count: int = 400) -> tuple[pd.DataFrame, set[str], set[str]]:
        """Sales with eight prices a thousand times too high and three homes with absurd areas; the ids of both."""
        sales = some_sales(count)
        ids = sales["id"].tolist()
        return with_errors(sales, prices=range(10, 18), areas=range(20, 23)), set(ids[10:18]), set(ids[20:23])

    @pytest.fixture(scope="class")
    @classmethod
    def screened(cls) -> Screened:
        """A training on them by models that remember what they were fitted to."""
        trainer, bench = RememberingTrainer(), Bench(cls.planted()[0], plan=SCREENED)
        return trainer, bench, replace(bench.train, trainer=trainer)(by="ana")

    def test_sets_planted_errors_aside_and_counts_them(self, screened: Screened) -> None:
        trainer, bench, report = screened
        _, prices, areas = self.planted()
        card = report.stored.card
        learned_from, kept = trainer.fitted_to[-1], bench.quarantine.kept[report.quarantine or ""]
        assert not learned_from & (prices | areas)
        assert areas <= set(kept["id"]) <= prices | areas
        assert card.screened == card.data.quarantined == len(kept)
        assert card.data.read == 400 == card.data.used + card.data.quarantined
        assert len(learned_from) == card.validation.train == card.data.used - card.validation.test

    def test_never_cleans_the_holdout_by_its_prices(self, screened: Screened) -> None:
        trainer, bench, report = screened
        sales, prices, _ = self.planted()
        kept = set(bench.quarantine.kept[report.quarantine or ""]["id"])
        judged_by = set(sales["id"]) - trainer.fitted_to[-1] - kept
        assert judged_by & prices, "the split put none of them into the holdout: plant others"
        assert len(judged_by) == report.stored.card.validation.test
        assert report.stored.card.metrics.rmse > 100_000

    def test_never_cleans_a_given_holdout_by_its_prices(self) -> None:
        holdout = with_errors(some_sales(60, seed=9), prices=[5], areas=[7])
        sales, _, _ = self.planted()
        card = Bench(sales, holdout, plan=SCREENED).train(by="ana").stored.card
        assert card.validation.test == 59
        assert card.screened == 8 + 3 + 1
        assert card.metrics.rmse > 100_000

    def test_can_be_left_out(self) -> None:
        report = Bench(self.planted()[0]).train(by="ana")
        assert (report.stored.card.screened, report.stored.card.data.quarantined) == (0, 0)
        assert report.quarantine is None

    def test_leaves_sound_sales_alone(self) -> None:
        assert Bench(some_sales(300), plan=SCREENED).train(by="ana").stored.card.screened == 0


def rising(count: int = 400) -> pd.DataFrame:
    """Dated sales of a market that rises by one and a half per cent a month."""
    sales = some_sales(count, dated=True)
    months = (sales["sold_on"] - sales["sold_on"].min()).dt.days / 30.4
    return sales.assign(price=(sales["price"] * np.exp(0.015 * months)).round())


class TestDatedSales:
    plan = replace(PLAN, validation="auto")

    @pytest.fixture(scope="class")
    @classmethod
    def dated(cls) -> tuple[Bench, ModelCard, list[str]]:
        """A training on the sales of a rising market: its card, and the stages that it told of."""
        bench, told = Bench(rising(), plan=cls.plan), list[str]()
        card = bench.train(by="ana", progress=lambda stage, *_: told.append(stage)).stored.card
        return bench, card, told

    def test_are_validated_out_of_time_with_an_index_on_the_card(
        self, dated: tuple[Bench, ModelCard, list[str]]
    ) -> None:
        bench, card, _ = dated
        trained = bench.models.load("v1")
        assert card.validation.scheme == "temporal"
        assert card.index.is_dated
        assert card.index == trained.index
        assert card.index.last_day == card.data.last_sale
        assert card.index.log_level("", card.index.first_day) < -0.2
        assert trained.errors.allowance >= 1

    def test_undated_ones_have_none(self) -> None:
        bench = Bench(some_sales(100), plan=self.plan)
        card = bench.train(by="ana").stored.card
        assert (card.validation.scheme, card.index) == ("random", NO_INDEX)
        assert bench.models.load("v1").errors.allowance == 1

    def test_a_recipe_that_follows_no_time_is_less_sure_of_later_sales(self) -> None:
        bench = Bench(rising(), plan=self.plan)
        card = bench.train(by="ana", recipe="notebook").stored.card
        assert card.index == NO_INDEX
        assert bench.models.load("v1").errors.allowance > 1

    def test_the_index_makes_values_of_later_sales_better(self, dated: tuple[Bench, ModelCard, list[str]]) -> None:
        without = Bench(rising(), plan=self.plan).train(by="ana", recipe="notebook").stored.card
        assert dated[1].metrics.mdape < without.metrics.mdape

    def test_looking_back_is_told_of(self, dated: tuple[Bench, ModelCard, list[str]]) -> None:
        assert "looking back" in dated[2]


def steep_sales() -> pd.DataFrame:
    """Sales whose price per m2 rises a little with the area, which the fake does not know."""
    sales = some_sales(400)
    area, luck = sales["net_usable_area"], np.random.default_rng(0).normal(0, 0.03, 400)
    return sales.assign(price=(60 * area * (area / 100) ** 0.2 * np.exp(luck)).round())


class TestEquity:
    """The fake values all homes at one price per m2: cheap homes too high, dear ones too low."""

    @pytest.fixture(scope="class")
    @classmethod
    def wanting(cls) -> Trained:
        bench = Bench(steep_sales())
        return bench, bench.train(by="ana")

    def test_that_is_wanting_is_remarked_on_with_the_cost_of_mending_it(self, wanting: Trained) -> None:
        bench, report = wanting
        assert report.stored.card.equity is not None
        assert not report.stored.card.equity_applied
        assert bench.models.load("v1").equity is None
        (note,) = [note for note in report.notes if "training.equity_calibration = true" in note]
        assert "PRD" in note
        assert "MAE" in note

    def test_is_mended_where_that_is_asked_for(self, wanting: Trained) -> None:
        bench = Bench(steep_sales(), plan=replace(PLAN, equity_calibration=True))
        report = bench.train(by="ana")
        card, plain = report.stored.card, wanting[1].stored.card
        assert card.equity == bench.models.load("v1").equity == plain.equity
        assert card.equity_applied
        assert any("calibrated for equity" in note for note in report.notes)
        assert abs(card.ratio_study.prd - 1) < abs(plain.ratio_study.prd - 1)
        assert card.cross_validation.mae == pytest.approx(card.equity.after.mae if card.equity else None)

    def test_that_no_calibration_brings_about_is_told_and_none_is_applied(self) -> None:
        bench = Bench(some_sales(400), plan=replace(PLAN, equity_calibration=True))
        report = bench.train(by="ana")
        assert report.stored.card.equity is not None
        assert not report.stored.card.equity.reached
        assert not report.stored.card.equity_applied
        assert bench.models.load("v1").equity is None
        assert any("none brings PRD and PRB into the standard's ranges" in note for note in report.notes)

    def test_that_is_fine_is_left_alone(self) -> None:
        sales = some_sales(400)
        random = np.random.default_rng(0)
        even = sales.assign(price=(sales["net_usable_area"] * 60 * np.exp(random.normal(0, 0.05, 400))).round())
        report = Bench(even, plan=replace(PLAN, equity_calibration=True)).train(by="ana")
        assert report.stored.card.equity is None
        assert not [note for note in report.notes if "equity" in note]


class UnevenTrainer(InMemoryModelTrainer):
    """Its `notebook` values homes at three times what they are worth."""

    def fit(self, sales: pd.DataFrame, recipe: str, extras: Extras, seed: int) -> ValuationModel:
        raised = sales.assign(price=3 * sales["price"]) if recipe == "notebook" else sales
        return super().fit(raised, recipe, extras, seed)


class TestTheGate:
    def fresh(self) -> Bench:
        """Nothing is trained yet."""
        bench = Bench(some_sales(200))
        bench.train = replace(bench.train, trainer=UnevenTrainer())
        return bench

    @pytest.fixture
    def bench(self, trained: Trained) -> Bench:
        """v1 by `boosted` is served: a copy of the test's own."""
        bench = deepcopy(trained[0])
        bench.train = replace(bench.train, trainer=UnevenTrainer())
        return bench

    def test_lets_the_first_version_pass(self) -> None:
        report = self.fresh().train(by="ana", recipe="notebook")
        assert report.promoted
        assert report.stored.card.gate == Gate(None, passed=True, reason="it is the first version")

    def test_lets_a_version_that_is_no_worse_pass(self, bench: Bench) -> None:
        report = bench.train(by="ana")
        gate = report.stored.card.gate
        assert report.promoted
        assert (gate.against, gate.passed, gate.sales) == ("v1", True, 50)
        assert any(note.startswith("held against v1 in service: not worse than v1") for note in report.notes)
        assert served_stack(bench.models.promotions()) == ["v1", "v2"]

    def test_keeps_a_worse_version_back_and_says_why(self, bench: Bench) -> None:
        report = bench.train(by="ana", recipe="notebook")
        gate = report.stored.card.gate
        assert not report.promoted
        assert not gate.passed
        assert "MdAPE" in {check.name for check in gate.checks if not check.passed}
        assert f"not promoted: {gate.reason}." in report.notes
        assert bench.models.describe("v2").card.gate == gate
        assert served_stack(bench.models.promotions()) == ["v1"]

    def test_lets_a_better_version_pass(self) -> None:
        bench = self.fresh()
        bench.train(by="ana", recipe="notebook")
        assert bench.train(by="ana").promoted

    def test_yields_to_force_on_record(self, bench: Bench) -> None:
        report = bench.train(by="ana", recipe="notebook", force=True)
        assert report.promoted
        assert not report.stored.card.gate.passed
        assert bench.models.promotions()[-1].reason.startswith("trained by recipe notebook, forced though MdAPE")
        assert any(note.startswith("promoted by force: MdAPE") for note in report.notes)

    def test_needs_no_force_for_what_passes_anyway(self) -> None:
        bench = self.fresh()
        bench.train(by="ana", force=True)
        assert bench.models.promotions()[-1].reason == "trained by recipe boosted"

    def test_is_asked_but_not_told_of_where_nothing_is_to_be_promoted(self, bench: Bench) -> None:
        report = bench.train(by="ana", recipe="notebook", promote=False)
        assert not report.stored.card.gate.passed
        assert not [note for note in report.notes if "promoted" in note]

    def test_compares_by_sales_alone_that_neither_version_has_learned_from(self) -> None:
        trainer, bench = RememberingTrainer(), Bench(some_sales(400).head(280))
        bench.train = replace(bench.train, trainer=trainer)
        bench.train(by="ana")
        known = trainer.fitted_to[-1]
        grown = replace(bench.train, sales=InMemoryDataSource(some_sales(400)))
        gate = grown(by="ana").stored.card.gate
        unseen = set(some_sales(400)["id"]) - known - trainer.fitted_to[-1]
        assert gate.sales == len(unseen)
        assert 10 <= len(unseen) < 100

    def test_lets_pass_what_cannot_be_compared(self, bench: Bench) -> None:
        few = InMemoryDataSource(some_sales(200), some_sales(200).sample(40, random_state=1))
        report = replace(bench.train, sales=few)(by="ana", recipe="notebook")
        assert report.promoted
        assert "too few to compare" in report.stored.card.gate.reason

    def test_lets_pass_what_follows_a_version_that_cannot_be_loaded(self, bench: Bench) -> None:
        bench.models.damage("v1")
        report = bench.train(by="ana")
        assert report.promoted
        assert report.stored.card.gate.against == "v1"
        assert any("v1 cannot be loaded to compare with" in note for note in report.notes)

    def test_keeps_another_currency_back(self, bench: Bench) -> None:
        report = replace(bench.train, plan=replace(PLAN, currency="USD"))(by="ana")
        assert not report.promoted
        assert report.stored.card.gate.reason == "it values in USD, and v1 in service in UF"
