"""Sales of which little can be learned: each table trains, or one line says why not."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.cli.command import CONFIGURATION, Command
from tests.fakes.sales import some_sales

FEW = some_sales(30)
GAPS = np.random.default_rng(0).random(60) < 0.3

TRAINS: dict[str, pd.DataFrame] = {
    "ten sales": some_sales(10),
    "one sector only": FEW.assign(sector="Ñuñoa"),
    "one sector and one type": FEW.assign(sector="Ñuñoa", type="casa"),
    "all prices equal": FEW.assign(price=100_000),
    "constant columns": FEW.assign(net_usable_area=70, net_area=80, n_rooms=3, n_bathroom=1, year_built=1990),
    "a sector seen once": FEW.assign(sector=["alone", *FEW["sector"][1:]]),
    "a sector for each sale": FEW.assign(sector=[f"sector {number}" for number in range(30)]),
    "prices over six orders of magnitude": FEW.assign(price=np.geomspace(1, 1e6, 30).round(2)),
    "extras of which 30 % are missing": some_sales(60).assign(
        year_built=pd.Series(np.arange(60) % 37 + 1980.0).mask(GAPS),
        heating=pd.Series(["gas", "wood"] * 30, dtype=object).mask(GAPS),
    ),
    "extras of which nothing is known": FEW.assign(year_built=None, heating=None),
}
DOES_NOT: dict[str, tuple[pd.DataFrame, str]] = {
    "no sale": (some_sales(0), "0 of 0 sales can be used, at least 10 are needed"),
    "one sale only": (some_sales(1), "1 of 1 sales can be used, at least 10 are needed"),
    "one home sold again and again": (
        pd.concat([some_sales(1).assign(id=f"s{number}") for number in range(20)]).assign(
            price=[1e5 + 1_000 * number for number in range(20)]
        ),
        "sales.csv: ",
    ),
}


def put(folder: Path, sales: pd.DataFrame) -> None:
    extras = [name for name in ("year_built", "heating") if name in sales]
    kinds = {"year_built": "numeric", "heating": "categorical"}
    named = "".join(f'{kinds[name]} = ["{name}"]\n' for name in extras)
    (folder / "tasador.toml").write_text(f"{CONFIGURATION}[data_source.extra]\n{named}")
    sales.to_csv(folder / "sales.csv", index=False)


@pytest.mark.parametrize(
    ("recipe", "poor"),
    [
        *(("forest", poor) for poor in TRAINS),
        ("notebook", "prices over six orders of magnitude"),
        ("boosted", "ten sales"),
    ],
)
def test_poor_sales_train(here: Path, tasador: Command, recipe: str, poor: str) -> None:
    """The quickest recipe for most; what the boosted one makes of such sales, tests/contracts/test_boosted.py."""
    put(here, TRAINS[poor])
    trained = tasador("train", "--json", "--recipe", recipe)
    assert (trained.code, trained.err) == (0, "")
    figures = [*trained.json["metrics"].values(), *trained.json["unknown"].values()]
    assert all(figure is None or np.isfinite(figure) for figure in figures)
    judged = tasador("evaluate", "--json")
    assert (judged.code, judged.json["metrics"]) == (0, trained.json["metrics"])


def test_sales_all_at_one_point_train(here: Path, tasador: Command) -> None:
    put(here, FEW.assign(latitude=-33.45, longitude=-70.6))
    trained = tasador("train")
    assert (trained.code, trained.err) == (0, "")
    put(here, FEW.assign(latitude=-33.45, longitude=-70.6, net_usable_area=70, net_area=80, n_rooms=3, type="casa"))
    refused = tasador("train")
    assert refused.code == 1
    assert "sales.csv" in refused.told


@pytest.mark.parametrize("poor", DOES_NOT)
def test_sales_that_say_nothing_are_refused_in_one_line(here: Path, tasador: Command, poor: str) -> None:
    sales, why = DOES_NOT[poor]
    put(here, sales)
    refused = tasador("train")
    assert refused.code == 1
    assert why in refused.told
    assert tasador("models", "list", "--json").json == []
