"""`tasador monitor coverage` and `sample`, and `tasador audit override`."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from config.container import Container
from config.loader import load_settings
from domain.follow_up import Outcome, ReviewSample, ValuerOverride
from domain.valuation_id import new_valuation_id
from tests.cli.command import Command
from tests.fakes.records import PLACE, a_record

if TYPE_CHECKING:
    from adapters.valuation_logs.jsonl_files import JsonlValuationLog

MADE = datetime(2026, 9, 1, 12, tzinfo=UTC)
SOLD = MADE + timedelta(days=30)
IDS = [new_valuation_id(MADE + timedelta(minutes=number)) for number in range(25)]
HOSTILE = '=HYPERLINK("http://x")'


@pytest.fixture
def log(here: Path) -> "JsonlValuationLog":
    """The log of the test's folder with 25 homes valued at 100, one of them refused; 24 were sold for 111 later."""
    container = Container(settings=load_settings(None, {}, here).settings)
    log = cast("JsonlValuationLog", container.evidence_archive())
    for number, name in enumerate(IDS):
        home = replace(PLACE, net_area=100.0 + number, sector=HOSTILE if number == 1 else "Ñuñoa", extras={"+x": "-1"})
        value = None if number == 0 else 100.0
        log.record([a_record(name, value, at=MADE + timedelta(minutes=number), home=home, client_ref="@ref")])
    log.follow_up([Outcome(name, 111.0, SOLD.date(), SOLD) for name in IDS[1:]])
    log.close()
    return log


@pytest.mark.usefixtures("log")
class TestCoverage:
    def test_shows_the_figures_with_their_intervals_and_says_what_fell_short(self, tasador: Command) -> None:
        ran = tasador("monitor", "coverage")
        assert (ran.code, ran.err) == (0, "")
        assert "25 valuations, until" in ran.out
        assert "the sale is known of 24" in ran.out
        assert "9.9\u00a0% (9.9 to 9.9)" in ran.out
        assert "90 %: 0.0\u00a0% (0.0 to 13.8) of 24" in ran.out
        assert 'too few to judge by sector: =hyperlink("http://x") 1\n' in ran.out
        assert "Overall, the 90 % interval held 0.0 % of 24 prices" in ran.out

    def test_gives_the_same_to_programs(self, tasador: Command) -> None:
        study = tasador("monitor", "coverage", "--json").json
        assert study["overall"]["figures"]["mdape"]["value"] == pytest.approx(11 / 111)
        assert study["by"]["sector"].keys() == {"nunoa", '=hyperlink("http://x")'}

    def test_takes_a_period_and_a_version(self, tasador: Command) -> None:
        assert tasador("monitor", "coverage", "--since", "2026-09-01T12:05", "--json").json["valuations"] == 20
        for words, code, message in (
            (("--version", "v2"), 1, "There is no stored model version 'v2', and no valuation by it is on record."),
            (("--version", ""), 1, "There is no stored model version ''"),
            (("--since", "2026-09-02", "--until", "2026-09-01"), 2, "since: must lie before until"),
        ):
            ran = tasador("monitor", "coverage", *words)
            assert (ran.code, message in ran.told) == (code, True)
        told = tasador("monitor", "coverage", "--until", "soon")
        assert (told.code, "'soon' must be a day like 2026-11-22" in told.told) == (2, True)


class TestASample:
    def test_is_drawn_again_by_what_it_says(self, log: "JsonlValuationLog", tasador: Command) -> None:
        first = tasador("monitor", "sample", "--count", "5")
        assert first.code == 0
        assert "5 of 25 valuations drawn; --count 5 --seed " in first.out
        assert "The draw is on record: 1 sample until now." in first.out
        words = first.out.split("drawn; ")[1].split(" draws")[0].split()
        again = tasador("monitor", "sample", *words, "--json").json
        assert again["already_known"]
        assert all(name in first.out for name in again["valuation_ids"])
        [sample] = log.follow_ups(again["id"])
        assert isinstance(sample, ReviewSample)
        assert (sample.population, list(sample.valuation_ids)) == (25, again["valuation_ids"])

    @pytest.mark.usefixtures("log")
    def test_in_a_file_starts_no_formula(self, here: Path, tasador: Command) -> None:
        ran = tasador("monitor", "sample", "--count", "25", "--seed", "1", "sample.csv")
        assert ran.code == 0
        rows = list(csv.DictReader(io.StringIO((here / "sample.csv").read_text("utf-8"))))
        assert {row["valuation_id"] for row in rows} == {*IDS}
        cells = [cell for row in rows for cell in row.values()]
        assert [cell for cell in cells if cell.startswith(("=", "+", "@"))] == []
        row = next(row for row in rows if row["valuation_id"] == IDS[1])
        assert (row["sector"], row["client_ref"], row["'+x"]) == (f"'{HOSTILE}", "'@ref", "'-1")
        assert float(row["latitude"]) == PLACE.latitude
        assert (here / "sample.csv").stat().st_mode & 0o077 == 0

    @pytest.mark.parametrize(
        ("words", "code", "told"),
        [
            ([], 2, "Missing option '--count'"),
            (["--count", "0"], 2, "0 is not in the range x>=1"),
            (["--count", "200000"], 2, "A sample has from 1 to 100000 valuations"),
            (["--count", "5", "--until", "2999-01-01"], 2, "not over"),
            (["--count", "5", "nowhere/sample.csv"], 1, "there is no folder nowhere, make it first"),
        ],
    )
    def test_that_cannot_be_drawn_is_told(
        self, log: "JsonlValuationLog", tasador: Command, words: list[str], code: int, told: str
    ) -> None:
        ran = tasador("monitor", "sample", *words)
        assert (ran.code, told in ran.told) == (code, True)
        assert not [each for each in log.follow_ups() if isinstance(each, ReviewSample)]


class TestAnOverride:
    def test_is_on_record_and_shown(self, log: "JsonlValuationLog", tasador: Command) -> None:
        words = ["audit", "override", IDS[3], "--value", "95.5", "--reason", "roof", "--valuer", "M. Rojas"]
        assert "M. Rojas's value of 95.5 for valuation" in tasador(*words).out
        assert tasador(*words, "--json").json["status"] == "already_known"
        [override] = [each for each in log.follow_ups(IDS[3]) if isinstance(each, ValuerOverride)]
        assert (override.value, override.key_id) == (95.5, "")
        assert override.by
        assert "roof" in tasador("audit", "show", IDS[3]).out
        assert "1 valuation overridden by valuers, by -4.5 % in the median." in tasador("monitor", "coverage").out
        log.follow_up([ValuerOverride(IDS[0], 95.0, "no value", "M. Rojas", SOLD)])
        told = "2 valuations overridden by valuers; the 1 that had a value, by -4.5 % in the median."
        assert told in tasador("monitor", "coverage").out

    @pytest.mark.usefixtures("log")
    @pytest.mark.parametrize(
        ("change", "code", "told"),
        [
            ({"--value": "nan"}, 2, "value: must be a number from 0.01 to 1e+15"),
            ({"--reason": " "}, 2, "reason: must not be empty"),
            ({"ID": "nobody"}, 1, "No valuation 'nobody' is on record"),
        ],
    )
    def test_that_cannot_be_is_told(self, tasador: Command, change: dict[str, str], code: int, told: str) -> None:
        words = {"--value": "1", "--reason": "r", "--valuer": "v", "ID": IDS[3]} | change
        name = words.pop("ID")
        ran = tasador("audit", "override", name, *(word for pair in words.items() for word in pair))
        assert (ran.code, told in ran.told) == (code, True)
