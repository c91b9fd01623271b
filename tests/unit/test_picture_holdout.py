"""The picture of a holdout, which training keeps with the model."""

import pytest

from application.build_report import Report
from application.picture_holdout import picture_holdout
from domain.holdout_picture import HoldoutPicture
from tests.fakes.sales import some_sales
from tests.unit.test_build_report import Bench


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench(some_sales(400, dated=True))


@pytest.fixture(scope="module")
def report(bench: Bench) -> Report:
    return bench.report()


@pytest.fixture(scope="module")
def picture(bench: Bench) -> HoldoutPicture:
    return bench.models.picture("v1")


def test_training_keeps_what_the_report_of_the_holdout_shows(picture: HoldoutPicture, report: Report) -> None:
    assert picture.sales == report.evaluation.judgement.metrics.count == 100
    assert picture.levels == report.levels
    for pictured, grouping in ((picture.by_sector, report.by_sector), (picture.by_type, report.by_type)):
        assert len(pictured) == len(grouping.shown) > 0
        for group, shown in zip(pictured, grouping.shown, strict=True):
            assert (group.label, group.sales, group.cod) == (shown.label, shown.study.count, shown.study.cod)
            assert (group.low_quartile, group.median, group.high_quartile) == shown.quartiles
            assert group.mdape == shown.study.mdape
    assert [(one.id, one.value, one.price) for one in picture.worst] == [
        (one.label, one.value, one.price) for one in report.worst
    ]


def test_every_sale_is_a_point_where_these_are_few(picture: HoldoutPicture, report: Report) -> None:
    points = picture.points
    assert points.price == tuple(point.price for point in report.points)
    assert points.value == pytest.approx([point.value for point in report.points], rel=1e-5)
    assert points.latitude == pytest.approx([point.latitude for point in report.points], abs=1e-5)
    assert None not in points.sold_on
    held = [low <= price <= high for low, price, high in zip(points.low, points.price, points.high, strict=True)]
    assert sum(held) / 100 == report.evaluation.judgement.interval.coverage


def test_every_ratio_is_counted_also_what_is_beyond_the_edges(picture: HoldoutPicture) -> None:
    assert sum(picture.ratios.counts) == picture.sales
    assert len(picture.ratios.edges) == len(picture.ratios.counts) + 1


def test_within_ten_per_cent_can_be_read_off_the_edges(picture: HoldoutPicture, report: Report) -> None:
    ratios = picture.ratios
    start, end = ratios.edges.index(0.9), ratios.edges.index(1.1)
    assert sum(ratios.counts[start:end]) / picture.sales == pytest.approx(report.evaluation.judgement.metrics.pe10)


def test_tenths_are_by_the_value_given_and_told_by_what_they_span(bench: Bench) -> None:
    evaluation = bench.evaluation(given=some_sales(230, seed=2))
    picture = picture_holdout(bench.models.load("v1"), evaluation.sales, evaluation.appraised, 0.9, 0)
    spans = [(group.low, group.high) for group in picture.by_price]
    assert len(spans) == 10
    assert spans == sorted(spans)
    assert set(picture.points.sold_on) == {None}


def test_many_sales_are_thinned_the_same_way_each_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("application.picture_holdout.MOST_POINTS", 15)
    evaluation = bench.evaluation()
    first, second = (
        picture_holdout(bench.models.load("v1"), evaluation.sales, evaluation.appraised, 0.9, 0) for _ in range(2)
    )
    assert first == second
    assert (first.sales, len(first.points.price), sum(first.ratios.counts)) == (100, 15, 100)
