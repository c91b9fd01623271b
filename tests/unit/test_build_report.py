"""What an evaluation's report is made of."""

import numpy as np
import pandas as pd
import pytest

from application.build_report import BuildReport, Report
from application.compare_versions import CompareVersions
from application.evaluate_model import EvaluateModel, Evaluation
from application.pick_sales import WORST
from application.ports.data_source import DataSource
from application.read_sales import SalesReading
from application.sales.layout import SalesLayout
from application.train_model import TrainingPlan, TrainModel, no_progress
from domain.errors import SourceUnavailable
from tests.fakes.fixed_clock import FixedClock
from tests.fakes.in_memory_data_source import InMemoryDataSource
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.in_memory_model_trainer import InMemoryModelTrainer
from tests.fakes.in_memory_quarantine import InMemoryQuarantine
from tests.fakes.sales import some_sales

READING = SalesReading(SalesLayout())


class Bench:
    """A version trained on `sales`, and what evaluates and reports on it, with fakes at every port."""

    def __init__(self, sales: pd.DataFrame) -> None:
        self.source: DataSource = InMemoryDataSource(sales)
        self.models = InMemoryModelRepository()
        self.train()

    def train(self, *, force: bool = False) -> None:
        plan = TrainingPlan(
            reading=READING,
            currency="UF",
            recipe="boosted",
            validation="random",
            test_fraction=0.25,
            seed=0,
            interval_level=0.9,
        )
        ports = (self.source, InMemoryQuarantine(), InMemoryModelTrainer(), self.models, FixedClock())
        TrainModel(*ports, plan)("ana", force=force)

    def evaluation(self, version: str | None = None, given: pd.DataFrame | None = None) -> Evaluation:
        evaluate = EvaluateModel(self.models, self.source, InMemoryQuarantine(), FixedClock(), READING)
        return evaluate(version, None if given is None else InMemoryDataSource(given, name="new sales"))

    def report(self, evaluation: Evaluation | None = None) -> Report:
        compare = CompareVersions(self.models, self.source, InMemoryModelTrainer(), READING)
        return BuildReport(self.models, compare, FixedClock())(evaluation or self.evaluation(), no_progress)


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench(some_sales(160, dated=True))


@pytest.fixture(scope="module")
def report(bench: Bench) -> Report:
    return bench.report()


class TestTheComparison:
    def test_judges_simpler_recipes_on_the_same_sales(self, report: Report) -> None:
        own, *others = report.comparison.contenders
        assert (own.name, [other.name for other in others]) == ("v1 (boosted)", ["notebook", "forest"])
        judgement = report.evaluation.judgement
        assert (own.mae, own.mdape, own.pe10) == (
            judgement.metrics.mae,
            judgement.metrics.mdape,
            judgement.metrics.pe10,
        )
        assert own.coverage == judgement.interval.coverage
        assert {other.sales for other in others} == {judgement.metrics.count}
        assert [other.coverage for other in others] == [None, None]
        assert report.comparison.notes == ()

    def test_is_fitted_to_what_the_version_learned_from(self, report: Report) -> None:
        # The fake learns the same of the same sales, whatever the recipe: only the index tells them apart.
        own, _, forest = report.comparison.contenders
        assert forest.mae == pytest.approx(own.mae)

    def test_says_so_where_the_training_sales_have_changed(self, bench: Bench) -> None:
        evaluation = bench.evaluation(given=some_sales(40, seed=3))
        changed = Bench(some_sales(160, dated=True))
        changed.source = InMemoryDataSource(some_sales(161, dated=True))
        report = changed.report(evaluation)
        assert [one.name for one in report.comparison.contenders] == ["v1 (boosted)"]
        assert report.comparison.notes[0].startswith("notebook and forest: not compared, the sales or settings")

    def test_says_so_where_the_training_sales_are_gone(self, bench: Bench) -> None:
        evaluation = bench.evaluation(given=some_sales(40, seed=3))
        gone = Bench(some_sales(160, dated=True))
        gone.source = InMemoryDataSource(some_sales(1), out_of_order=SourceUnavailable("sales.csv is not there."))
        assert "sales.csv is not there" in gone.report(evaluation).comparison.notes[0]

    def test_holds_the_version_in_service_beside_another(self) -> None:
        bench = Bench(some_sales(160))
        bench.train()
        report = bench.report(bench.evaluation("v1"))
        assert [one.name for one in report.comparison.contenders][-1] == "v2, in service"
        assert report.comparison.contenders[-1].coverage is not None
        assert report.comparison.beside_served == ()

    def test_leaves_out_what_the_version_in_service_has_learned_from(self) -> None:
        bench = Bench(some_sales(160))
        bench.source = InMemoryDataSource(some_sales(150, seed=8))
        bench.train(force=True)
        both = pd.concat([some_sales(60, seed=9), some_sales(150, seed=8).head(40)])
        report = bench.report(bench.evaluation("v1", both))
        first, second = report.comparison.beside_served
        assert (first.name, second.name) == ("v1 (boosted)", "v2, in service")
        assert first.sales == second.sales < 100
        assert any("v2, in service, has learned from" in note for note in report.comparison.notes)


class TestTheGroups:
    def test_hold_every_sale_once_shown_or_told(self, bench: Bench) -> None:
        report = bench.report(bench.evaluation(given=some_sales(230, seed=2)))
        for grouping in (report.by_decile, report.by_type, report.by_sector, report.by_area):
            shown = sum(group.study.count for group in grouping.shown)
            assert shown + grouping.too_few[1] + grouping.beyond[1] == 230
            assert all(group.study.count >= 20 for group in grouping.shown)

    def test_too_small_are_told_and_not_shown(self, bench: Bench) -> None:
        few = some_sales(60, seed=2).assign(sector=["rare"] * 5 + ["Las Condes"] * 55)
        grouping = bench.report(bench.evaluation(given=few)).by_sector
        assert [group.label for group in grouping.shown] == ["Las Condes"]
        assert grouping.too_few == (1, 5)

    def test_of_value_are_by_the_value_given_and_ascend(self, bench: Bench) -> None:
        report = bench.report(bench.evaluation(given=some_sales(230, seed=2)))
        ends = [(group.low, group.high) for group in report.by_decile.shown]
        assert len(ends) == 10
        assert ends == sorted(ends)
        assert ends[-1][1] == report.evaluation.appraised.values.max()

    def test_have_the_quartiles_of_their_ratios(self, report: Report) -> None:
        for group in (*report.by_type.shown, *report.by_sector.shown):
            low, middle, high = group.quartiles
            assert low <= middle <= high
            assert middle == pytest.approx(group.study.median)
            assert group.study.intervals


class TestTheIntervals:
    def test_at_the_models_own_level_are_those_that_were_judged(self, report: Report) -> None:
        own = next(one for one in report.levels if one.level == 0.9)
        judged_as = report.evaluation.judgement.interval
        assert (own.coverage, own.mean_width) == (judged_as.coverage, judged_as.mean_width)

    def test_hold_more_and_are_wider_the_higher_the_level(self, report: Report) -> None:
        assert [one.level for one in report.levels] == [0.5, 0.6, 0.7, 0.8, 0.9, 0.95]
        for lower, higher in zip(report.levels, report.levels[1:], strict=False):
            assert lower.coverage <= higher.coverage
            assert lower.mean_width <= higher.mean_width

    def test_by_tenth_hold_what_all_hold_together(self, bench: Bench) -> None:
        report = bench.report(bench.evaluation(given=some_sales(200, seed=2)))
        held = float(np.mean([one.coverage for one in report.deciles]))
        assert held == pytest.approx(report.evaluation.judgement.interval.coverage)

    def test_by_tenth_are_not_told_of_few_sales(self, report: Report) -> None:
        assert report.deciles == ()


class TestThePoints:
    def test_are_thinned_the_same_way_each_time(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("application.build_report.MOST_POINTS", 15)
        evaluation = bench.evaluation()
        report = bench.report(evaluation)
        assert len(report.points) == 15 < len(evaluation.sales)
        assert len({point.label for point in report.points}) == 15
        assert report.points == bench.report(evaluation).points

    def test_are_all_sales_where_these_are_few(self, report: Report) -> None:
        assert len(report.points) == report.evaluation.judgement.metrics.count


def test_the_worst_are_the_farthest_off_with_what_a_person_needs_to_look_at_them(report: Report) -> None:
    off = [abs(np.log(one.value / one.price)) for one in report.worst]
    said = report.evaluation.appraised
    farthest = np.sort(np.abs(np.log(said.values / report.evaluation.sales["price"].to_numpy())))[::-1]
    assert off == pytest.approx(farthest[:WORST])
    first = report.worst[0]
    assert first.label in set(report.evaluation.sales["id"])
    assert {"type", "sector", "net_usable_area", "latitude"} <= set(first.facts)
    assert first.sold_on is not None
    assert first.confidence in ("high", "medium", "low")


def test_sales_without_ids_are_told_by_their_place(bench: Bench) -> None:
    report = bench.report(bench.evaluation(given=some_sales(30, seed=2).drop(columns="id")))
    assert all(one.label.startswith("sale ") for one in report.worst)


def test_the_index_has_level_1_on_its_reference_day(report: Report) -> None:
    index = report.evaluation.version.card.index
    for one in report.index:
        assert len(one.levels) == len(index.months)
        member = next((sector for sector, group in index.group_of_sector.items() if group == one.group), "")
        middle = pd.Timestamp(f"{index.months[0]}-01").date()
        assert np.log(one.levels[0]) == pytest.approx(index.log_level(member, middle))
