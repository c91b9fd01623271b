"""`tasador monitor drift`, and its page."""

import os
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from application.ports.model_trainer import TrainedModel
from config.loader import load_settings
from domain.property import Property
from domain.valuation_record import ValuationRecord
from entrypoints.cli.report.drift_page import rendered
from entrypoints.cli.session import container_of
from tests.cli.command import Command, own_logging
from tests.cli.test_report import HOSTILE, Page, assert_asks_for_nothing
from tests.fakes.sales import some_sales
from tests.fakes.valued_homes import a_model_with_reference, homes_from, on_record
from tests.unit.test_study_drift import EARLIER, studied


def on_file(here: Path, records: list[ValuationRecord]) -> None:
    """Puts these on record as a service of this folder would."""
    with own_logging():
        container_of(load_settings(None, os.environ, here)).valuation_log().record(records)


def larger_homes() -> list[Property]:
    """Of the market that the folder's models learned from, and three times as large."""
    return [
        replace(home, net_usable_area=3 * home.net_usable_area, net_area=3 * home.net_area)
        for home in homes_from(some_sales(150, seed=5))
    ]


class TestTheCommand:
    def test_tells_people_and_programs_what_has_changed(
        self, tasador: Command, trained: dict[str, Any], here: Path
    ) -> None:
        on_file(here, on_record(larger_homes(), datetime.now(UTC)))
        ran = tasador("monitor", "drift", "--report", "drift.html")
        assert (ran.code, ran.err) == (0, "")
        assert "v1: 150 different homes in 150 valuations" in ran.out
        assert re.search(r"net_usable_area .* DRIFTED", ran.out)
        assert "value (UF, at the index's reference day)" in ran.out
        assert "PSI: the population stability index" in ran.out
        assert "net_usable_area: homes asked for are larger: half are above" in ran.out
        assert_asks_for_nothing((here / "drift.html").read_text())

        told = tasador("monitor", "drift", "--json").json
        assert (told["version"], told["homes"], told["drifted"]) == ("v1", 150, True)
        assert "from" in told
        other = tasador("monitor", "drift", "--version", "v2", "--days", "3", "--json")
        assert (other.code, other.json["homes"], other.json["drifted"]) == (0, 0, False)

    def test_needs_a_version_that_there_is(self, tasador: Command, trained: dict[str, Any]) -> None:
        ran = tasador("monitor", "drift", "--version", "v9")
        assert (ran.code, "v9" in ran.told) == (1, True)

    def test_without_a_model_says_what_to_do(self, tasador: Command, configured: Path) -> None:
        ran = tasador("monitor", "drift")
        assert ran.code == 1
        assert "tasador train" in ran.told


@pytest.fixture(scope="module")
def knowing() -> TrainedModel:
    """A model that learned from sales whose sectors were not named by friends."""
    sales = some_sales(300)
    sales.loc[::2, "sector"] = HOSTILE
    return a_model_with_reference(sales)


class TestThePage:
    def test_shows_each_field_and_asks_for_nothing(self, knowing: TrainedModel) -> None:
        homes = [replace(home, type=HOSTILE) if place % 3 else home for place, home in enumerate(larger_homes())]
        page = rendered(replace(studied(knowing, on_record(homes, EARLIER)), currency="<b>$"))
        assert_asks_for_nothing(page)
        assert "default-src 'none'" in page
        parsed = Page(page)
        assert {target[1:] for target in parsed.of("href")} == set(parsed.of("id"))
        assert "<script>alert" not in page
        assert "types that the model never saw" in parsed.text
        charts = [ET.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]  # noqa: S314
        assert len(charts) == 9
        assert all(chart.get("aria-label") for chart in charts)
        assert "nan" not in re.sub(r">[^<]*<", "><", "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL)))

    def test_tells_what_differs_by_less_than_is_told_of_from_what_is_as_before(self, knowing: TrainedModel) -> None:
        study = studied(knowing, on_record(larger_homes(), EARLIER))
        [area, *others] = [replace(each, drifted=False, differs=False) for each in study.features]
        text = Page(rendered(replace(study, features=(replace(area, differs=True), *others)))).text
        assert text.count("differs, by less than is told of") == 1
        assert "PSI is the population stability index" in text
        assert "USD at the reference day of the price index" in text

    def test_says_so_where_nothing_can_be_said(self, knowing: TrainedModel) -> None:
        page = rendered(studied(knowing, []))
        assert_asks_for_nothing(page)
        assert "of fewer than 100 nothing can be said" in Page(page).text
