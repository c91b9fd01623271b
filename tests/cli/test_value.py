"""`tasador value`: a portfolio from the command line."""

import csv
import io
import json
import os
import signal
import sqlite3
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from adapters.valuation_engines import processes
from adapters.valuation_engines.in_this_process import InThisProcess
from application.value_portfolio import ValuePortfolio
from tests.cli.command import Command
from tests.fakes.sales import some_sales


def homes(here: Path) -> pd.DataFrame:
    """Homes of the market that the folder's models learned from, the third without an area, in homes.csv."""
    table = some_sales(6, seed=5).drop(columns="price").astype(object)
    table.insert(0, "loan", [f"00{number}" for number in range(6)])
    table.loc[2, "net_area"] = None
    table.to_csv(here / "homes.csv", index=False, sep=";")
    return table


def test_values_a_file_into_another(tasador: Command, trained: dict[str, Any], here: Path) -> None:
    table = homes(here).assign(valuation_date="2026-01-31")
    table.to_csv(here / "homes.csv", index=False, sep=";")
    ran = tasador("value", "homes.csv", "out.csv", "--comparables", "1", "--explain", "--as-of", "2026-02-28")
    assert (ran.code, ran.err) == (0, "")
    assert "as of 2026-02-28, or each row's own valuation_date," in " ".join(ran.out.split())
    assert "6 read, 5 valued, 1 refused" in ran.out
    assert "1 x invalid_property" in ran.out
    with (here / "out.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter=";"))
    assert [row["loan"] for row in rows] == table["loan"].tolist()
    assert [row["status"] for row in rows] == ["valued", "valued", "refused", "valued", "valued", "valued"]
    assert rows[2]["detail"] == "line 4: net_area is missing"
    assert {row["model_version"] for row in rows} == {"v1"}
    assert all(float(row["value_low"]) < float(row["value"]) < float(row["value_high"]) for row in rows if row["value"])
    told = json.loads(rows[0]["explanation"])
    added = sum(each["effect"] for each in told["contributions"])
    assert told["base_value"] + added == pytest.approx(float(rows[0]["value"]))
    assert len(json.loads(rows[0]["comparables"])) == 1
    assert not list((here / "var" / "portfolios").iterdir())


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts are valued right here: a process takes longer to start than so few homes to value."""
    monkeypatch.setattr(processes, "Processes", lambda _workers: InThisProcess())


@pytest.mark.usefixtures("at_once")
def test_values_by_another_version_as_of_another_day(tasador: Command, trained: dict[str, Any], here: Path) -> None:
    table = homes(here)
    ran = tasador("value", "homes.csv", "out.parquet", "--version", "v2", "--as-of", "2026-01-31", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json["rows"] == {
        "read": 6,
        "valued": 5,
        "refused": 1,
        "refused_by_reason": {"invalid_property": 1},
        "resumed": 0,
    }
    assert (ran.json["model_version"], ran.json["valuation_date"]) == ("v2", "2026-01-31")
    assert (ran.json["valuation_date_column"], ran.json["currency"]) == (None, "UF")
    parquet = pd.read_parquet(here / "out.parquet")
    assert parquet["loan"].tolist() == table["loan"].tolist()
    assert parquet["value"].sum() == pytest.approx(ran.json["total_value"])
    assert not list((here / "var" / "portfolios").iterdir())


@pytest.mark.usefixtures("at_once")
def test_values_a_table_into_another(tasador: Command, trained: dict[str, Any], here: Path) -> None:
    with sqlite3.connect(here / "bank.db") as database:
        homes(here).to_sql("homes", database, index=False)
    asked = ("sqlite:///bank.db", "sqlite:///valued.db", "--query", "select * from homes", "--table", "valued")
    ran = tasador("value", *asked, "--json")
    assert (ran.code, ran.json["rows"]["valued"]) == (0, 5)
    with sqlite3.connect(here / "valued.db") as database:
        [(rows,)] = database.execute("select count(value) from valued")
    assert rows == 5
    assert "--replace" in tasador("value", *asked).told


@pytest.mark.usefixtures("at_once")
def test_standard_output_holds_nothing_but_the_answers(
    tasador: Command, trained: dict[str, Any], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    homes(here)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO((here / "homes.csv").read_bytes())))
    ran = tasador("value", "-", "-")
    assert ran.code == 0
    assert [row["loan"] for row in csv.DictReader(io.StringIO(ran.out), delimiter=";")][-1] == "005"
    assert "6 rows: 5 valued, 1 refused" in ran.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("nothing.csv", "out.csv"), 1, "nothing.csv"),
        (("homes.xlsx", "out.csv"), 2, "--input-format"),
        (("homes.csv", "out.doc"), 2, "--output-format"),
        (("homes.csv", "no/such/folder/out.csv"), 1, "no/such/folder"),
        (("homes.csv", "out.csv", "--version", "v9"), 1, "v9"),
        (("homes.csv", "out.csv", "--as-of", "31/12/2026"), 2, "2026-11-23"),
        (("homes.csv", "out.csv", "--as-of", "1850-01-01"), 2, "from 1900-01-01"),
        (("homes.csv", "out.csv", "--level", "1"), 2, "--level"),
        (("homes.csv", "out.csv", "--level", "nan"), 2, "--level"),
        (("homes.csv", "out.csv", "--version", ""), 2, "empty"),
        (("", "out.csv"), 2, "empty"),
        (("homes.csv", "out.csv", "--prefix", "a\nb"), 2, "control characters"),
        (("homes.csv", "out.csv", "--query", "select 1"), 2, "INPUT is none"),
        (("homes.csv", "out.csv", "--scheduler", "tcp://127.0.0.1:1"), 2, "--engine dask"),
        (("homes.csv", "out.csv", "--replace"), 2, "--replace"),
        (("homes.csv", "-", "--json"), 2, "standard output"),
        (("homes.csv", "-", "--resume"), 2, "--resume"),
        (("sqlite:///bank.db", "out.csv"), 2, "--query"),
        (("homes.csv", "sqlite:///bank.db"), 2, "--table"),
        (("host=h password=canary", "out.csv"), 2, "--input-format"),
        (("postgresql://ana:canary@127.0.0.1/bank", "out.csv", "--query", "select 1"), 2, "list of processes"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    tasador: Command, trained: dict[str, Any], here: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    homes(here)
    ran = tasador("value", *arguments)
    assert ran.code == code
    assert said in ran.told
    assert "canary" not in ran.told
    assert not list(here.glob("out*"))


def test_without_a_model_says_what_to_do(tasador: Command, configured: Path) -> None:
    homes(configured)
    ran = tasador("value", "homes.csv", "out.csv")
    assert ran.code == 1
    assert "tasador train" in ran.told


def test_ends_promptly_where_it_is_told_to(
    tasador: Command, trained: dict[str, Any], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    homes(here)
    monkeypatch.setattr(ValuePortfolio, "__call__", lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    ran = tasador("value", "homes.csv", "out.csv")
    assert (ran.code, ran.told) == (143, "terminated.")
