"""`tasador evaluate --report`: one page that asks for nothing from anywhere."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from application.build_report import Report
from domain.equity import EquityCalibration, EquityFigures
from domain.market_index import NO_INDEX
from entrypoints.cli.output_file import write_page
from entrypoints.cli.report.page import rendered
from entrypoints.cli.report.svg import Scale
from tests.cli.command import Command
from tests.fakes.sales import some_sales
from tests.unit.test_build_report import Bench

HOSTILE = "<script>alert('x')</script>\" onload=\"alert(1)' &amp;"


class Page(HTMLParser):
    """What a browser would make of a page: its elements with their attributes, and its text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, attribute: str) -> list[str]:
        return [attributes[attribute] or "" for _, attributes in self.elements if attribute in attributes]


def dated() -> pd.DataFrame:
    return some_sales(240, dated=True)


@pytest.fixture(scope="module")
def report() -> Report:
    bench = Bench(dated())
    return bench.report(bench.evaluation(given=some_sales(230, seed=4, dated=True)))


@pytest.fixture(scope="module")
def page(report: Report) -> str:
    return rendered(report)


def assert_asks_for_nothing(source: str) -> None:
    page = Page(source)
    assert not {tag for tag, _ in page.elements} & {"script", "link", "img", "iframe", "object", "base", "form"}
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert not page.of("src")
    assert not page.of("style")
    assert all(target.startswith("#") for target in page.of("href"))
    assert not re.search(r"https?:|url\(|@import", source)


class TestThePage:
    def test_asks_for_nothing_and_allows_nothing(self, page: str) -> None:
        assert_asks_for_nothing(page)
        assert "default-src 'none'" in page

    def test_leads_to_every_section(self, page: str) -> None:
        ids = Page(page).of("id")
        assert len(ids) == len(set(ids))
        assert {target[1:] for target in Page(page).of("href")} == set(ids)

    def test_has_charts_that_say_what_they_show(self, page: str) -> None:
        charts = [ET.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]  # noqa: S314
        told = [chart.get("aria-label") for chart in charts if chart.get("role") == "img"]
        assert len(told) == 10
        assert all(told)
        assert all(chart.get("aria-hidden") == "true" for chart in charts if chart.get("role") != "img")

    def test_draws_no_figure_that_is_none(self, page: str) -> None:
        for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
            assert "nan" not in re.sub(r">[^<]*<", "><", svg)

    def test_tells_verdicts_in_words_too(self, page: str, report: Report) -> None:
        text = Page(page).text
        assert "✓ within" in text
        assert f"{report.evaluation.judgement.ratio_study.cod:.2f}" in text

    def test_tells_what_training_knows(self, page: str, report: Report) -> None:
        card = report.evaluation.version.card
        text = Page(page).text
        for told in (card.data.sha256, report.evaluation.version.artifact.sha256, card.gate.reason, "notebook", "v1"):
            assert told in text

    def test_lists_the_farthest_off(self, page: str, report: Report) -> None:
        text = Page(page).text
        assert all(one.label in text for one in report.worst)


class TestWhatSourcesSay:
    def test_is_text_and_nothing_else(self) -> None:
        sales = dated()
        for column in ("type", "sector", "id"):
            sales.loc[::2, column] = HOSTILE
        bench = Bench(sales)
        evaluation = replace(bench.evaluation(), source=f"</title>{HOSTILE}", notes=(HOSTILE,))
        evaluation = replace(
            evaluation,
            quarantined_by_reason={HOSTILE: 1},
            appraised=replace(evaluation.appraised, refused=(HOSTILE,) * 60),
        )
        card = replace(evaluation.version.card, currency="<b>$", importance={HOSTILE: 0.1})
        source = rendered(bench.report(replace(evaluation, version=replace(evaluation.version, card=card))))
        assert_asks_for_nothing(source)
        assert "<b>$" not in source
        assert HOSTILE in Page(source).text
        for svg in re.findall(r"<svg.*?</svg>", source, re.DOTALL):
            ET.fromstring(svg)  # noqa: S314


class TestUnusualEvaluations:
    def test_of_many_sales_say_how_many_are_drawn(self, report: Report) -> None:
        few = replace(report, points=report.points[:100])
        text = Page(rendered(few)).text
        assert text.count("100 sales of 230, drawn at random") == 2
        assert "drawn at random" not in Page(rendered(report)).text

    @pytest.mark.parametrize(
        "changes",
        [
            {"price": 1000.0},
            {"latitude": -33.45, "longitude": -70.6},
            {"net_usable_area": 80.0, "price": 1000.0, "latitude": 89.9, "longitude": 180.0},
            {"price": [10.0**power for power in range(-3, 9)] * 5},
        ],
    )
    def test_can_be_told_all_the_same(self, report: Report, changes: dict[str, Any]) -> None:
        bench = Bench(some_sales(60))
        for given in (some_sales(60, seed=3).assign(**changes), some_sales(60, seed=3).assign(**changes).tail(1)):
            source = rendered(bench.report(bench.evaluation(given=given)))
            assert_asks_for_nothing(source)
            assert "nan" not in source.lower().replace("finance", "")

    def test_without_an_index_an_equity_calibration_or_effects(self, report: Report) -> None:
        card = replace(report.evaluation.version.card, index=NO_INDEX, equity=None, importance={})
        evaluation = replace(report.evaluation, version=replace(report.evaluation.version, card=card))
        text = Page(rendered(replace(report, evaluation=evaluation, index=()))).text
        assert "does not follow prices over time" in text
        assert "call for none" in text
        assert "Price index" not in text

    def test_with_an_equity_calibration_show_what_it_trades(self, report: Report) -> None:
        before = EquityFigures(mae=100.0, mdape=0.08, cod=9.0, prd=1.05, prb=None)
        equity = EquityCalibration(1.1, 1000.0, 1.0, reached=False, before=before, after=replace(before, prd=1.01))
        card = replace(report.evaluation.version.card, equity=equity)
        evaluation = replace(report.evaluation, version=replace(report.evaluation.version, card=card))
        text = Page(rendered(replace(report, evaluation=evaluation))).text
        assert "1.050" in text
        assert "no calibration brings both" in text


class TestTicks:
    @pytest.mark.parametrize(
        ("low", "high"), [(1, 10), (0.001, 1e9), (99, 101), (12_345, 12_346), (5e-324, 1e300), (80_000, 900_000)]
    )
    def test_are_few_and_within_the_scale(self, low: float, high: float) -> None:
        for logarithmic in (True, False):
            ticks = Scale(low, high, 0, 100, logarithmic=logarithmic).ticks(6)
            assert 1 <= len(ticks) <= 7
            assert all(low - 1e-6 * (high - low) <= tick <= high * (1 + 1e-6) for tick in ticks)


class TestTheFile:
    def test_is_written_and_named(self, trained: dict[str, Any], tasador: Command) -> None:
        ran = tasador("evaluate", "--report", "r.html")
        assert (ran.code, ran.err) == (0, "")
        assert ran.out.splitlines()[-1] == "The report: r.html"
        text = Page(Path("r.html").read_text()).text
        assert f"{trained['ratio_study']['cod']:.2f}" in text
        assert [file.name for file in Path().iterdir() if "r.html" in file.name] == ["r.html"]

    def test_leaves_the_json_document_alone(self, trained: dict[str, Any], tasador: Command) -> None:
        some_sales(25, seed=9).to_csv("other.csv", index=False)
        arguments = ("evaluate", "--version", "v2", "--data", "other.csv", "--json")
        plain, ran = tasador(*arguments), tasador(*arguments, "--report", "r.html")
        assert ran.err == ""
        assert ran.json == plain.json | {"report": "r.html"}
        assert "v1, in service" in Page(Path("r.html").read_text()).text

    @pytest.mark.parametrize(
        ("file", "why"),
        [("no/r.html", "there is no folder no, make it first"), (".", "it is there already and is no file")],
    )
    def test_that_cannot_be_is_refused_before_the_work(self, here: Path, tasador: Command, file: str, why: str) -> None:
        refused = tasador("evaluate", "--report", file)
        assert refused.code == 1
        assert refused.told == f"{file} cannot be written: {why}."

    def test_in_a_folder_that_may_not_be_written_is_refused(
        self, here: Path, tasador: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "touch", refuse)  # root, who may run the tests, may write everywhere
        refused = tasador("evaluate", "--report", "r.html")
        assert (refused.code, refused.told) == (1, "r.html cannot be written: permission denied.")

    def test_replaces_the_old_report_at_once_and_keeps_a_link_a_link(self, here: Path) -> None:
        Path("kept.html").write_text("old")
        Path("r.html").symlink_to("kept.html")
        write_page(Path("r.html"), "new")
        assert Path("kept.html").read_text() == "new"
        assert Path("r.html").is_symlink()
        assert sorted(file.name for file in Path().iterdir()) == ["kept.html", "r.html"]
