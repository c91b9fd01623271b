"""`tasador train`: from a table of sales to a stored, judged and served model."""

import io
import re
import sqlite3
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import create_engine, make_url

from application.sales.layout import M2_PER_FT2
from entrypoints.cli.main import exit_code
from tests.cli.command import CONFIGURATION, Command, own_logging
from tests.fakes.sales import some_sales, with_errors

DOCUMENTED = {
    "": {"version", "recipe", "promoted", "rows", "validation", "metrics", "ratio_study", "interval", "index", "gate"},
    "rows": {"read", "used", "quarantined", "screened", "screened_share"},
    "validation": {"scheme", "train", "test"},
    "metrics": {"rmse", "mae", "mape", "mdape", "pe10", "pe20", "r2"},
    "ratio_study": {"median", "cod", "prd", "prb"},
    "interval": {"level", "coverage", "mean_width"},
}
OF_THE_RUN = {"version", "trained_at", "training_seconds", "source", "gate", "notes"}


def figures(report: dict[str, Any]) -> dict[str, Any]:
    """All that the same sales and seed decide."""
    return {key: value for key, value in report.items() if key not in OF_THE_RUN}


def add_features(folder: Path, columns: dict[str, "pd.Series[Any]"], kind: str = "numeric") -> None:
    """Adds columns to the sales and names them as features."""
    pd.concat([some_sales(), pd.DataFrame(columns)], axis="columns").to_csv(folder / "sales.csv", index=False)
    names = ", ".join(f'"{name}"' for name in columns)
    (folder / "tasador.toml").write_text(CONFIGURATION + f"[data_source.extra]\n{kind} = [{names}]\n")


class TestTheDocument:
    def test_holds_all_that_is_documented(self, trained: dict[str, Any]) -> None:
        for part, fields in DOCUMENTED.items():
            assert fields <= set(trained[part] if part else trained)
        assert (trained["version"], trained["recipe"], trained["promoted"]) == ("v1", "forest", True)
        assert trained["rows"]["read"] == trained["rows"]["used"] == 60
        assert trained["validation"]["train"] + trained["validation"]["test"] == 60
        assert trained["validation"]["scheme"] == "random"
        assert trained["interval"]["level"] == 0.9
        assert trained["currency"] == "UF"

    def test_holds_figures_that_a_market_of_ten_per_cent_luck_allows(self, trained: dict[str, Any]) -> None:
        assert 0 < trained["metrics"]["mdape"] < 0.4
        assert 0 <= trained["metrics"]["pe10"] <= trained["metrics"]["pe20"] <= 1
        assert 0.7 < trained["ratio_study"]["median"] < 1.3

    def test_is_the_same_for_the_same_seed_and_sales(self, trained: dict[str, Any], tasador: Command) -> None:
        again = tasador("train", "--json")
        assert (again.code, again.err) == (0, "")
        assert again.json["version"] == "v3"
        assert figures(again.json) == figures(trained)
        assert re.fullmatch(r"[0-9a-f]{64}", again.json["artifact"]["sha256"])

    def test_differs_for_another_seed(
        self, trained: dict[str, Any], tasador: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TASADOR_TRAINING__SEED", "1")
        other = tasador("train", "--json").json
        assert other["seed"] == 1
        assert other["artifact"]["sha256"] != trained["artifact"]["sha256"]
        assert other["data_sha256"] == trained["data_sha256"]


class TestTheTable:
    def test_tells_a_person_what_came_of_it(self, configured: Path, tasador: Command) -> None:
        ran = tasador("train")
        assert (ran.code, ran.err) == (0, "")
        assert re.search(r"^model +v1 \(forest\), served", ran.out, re.MULTILINE)
        assert f"60 read from {configured}/sales.csv, 60 used, 0 set aside" in ran.out
        for figure in ("MAE, UF", "MdAPE", "within 10 % (PE10)", "COD", "PRD", "90% interval"):
            assert figure in ran.out

    def test_tells_which_rows_were_set_aside_and_why(self, configured: Path, tasador: Command) -> None:
        sales = some_sales(62).astype({"net_area": object})
        sales.loc[3, "net_area"] = "viel"
        sales.loc[7, "net_area"] = "-5"
        sales.to_csv("sales.csv", index=False)
        ran = tasador("train")
        assert "62 read from" in ran.out
        assert "60 used, 2 set aside (1 x net_area is not a number, 1 x net_area is out of range)" in ran.out
        quarantine = Path(re.search(r"set aside: (.+\.csv)", ran.out)[1])  # type: ignore[index]
        assert quarantine.parent == configured / "var/quarantine"
        rows = pd.read_csv(quarantine)
        assert rows["row"].tolist() == [5, 9]
        assert rows["reason"][0] == "net_area is not a number: 'viel'"
        assert rows["id"].tolist() == ["s0003", "s0007"]

    def test_goes_on_a_terminal_with_progress_beside_it(
        self, configured: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        class Screen(io.StringIO):
            def isatty(self) -> bool:
                return True

        screen = Screen()
        monkeypatch.setattr(sys, "stderr", screen)
        with own_logging():
            assert exit_code(["train", "--json"]) == 0
        assert "cross-validating" in screen.getvalue()
        assert capsys.readouterr().out.startswith("{")


class TestWhatIsServed:
    def test_is_the_new_model_unless_it_is_only_to_be_stored(self, trained: dict[str, Any], tasador: Command) -> None:
        stored = tasador("train", "--no-promote")
        assert "Stored, not served: `tasador models promote v3` serves it." in stored.out
        assert [model["serving"] for model in tasador("models", "list", "--json").json] == [True, False, False]
        assert tasador("train", "--json").json["promoted"] is True
        assert [model["serving"] for model in tasador("models", "list", "--json").json] == [False, False, False, True]

    def test_is_not_what_the_gate_keeps_back_unless_it_is_forced(
        self, trained: dict[str, Any], tasador: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TASADOR_MARKET__CURRENCY", "USD")
        kept_back = tasador("train")
        assert kept_back.code == 0
        assert "note: not promoted: it values in USD, and v1 in service in UF." in kept_back.out
        assert "Stored, not served: `tasador models promote v3` serves it." in kept_back.out
        forced = tasador("train", "--force", "--json").json
        assert (forced["promoted"], forced["gate"]["passed"], forced["gate"]["against"]) == (True, False, "v1")
        (promotion,) = tasador("models", "show", "v4", "--json").json["promotions"]
        assert promotion["reason"].startswith("trained by recipe forest, forced though it values in USD")

    def test_cannot_be_forced_and_held_back_at_once(self, configured: Path, tasador: Command) -> None:
        refused = tasador("train", "--force", "--no-promote")
        assert refused.code == 2
        assert "--no-promote and --force contradict each other" in refused.told


class TestScreening:
    def sales(self) -> pd.DataFrame:
        return with_errors(some_sales(150), areas=[7])

    def test_tells_what_was_set_aside_and_its_share(self, configured: Path, tasador: Command) -> None:
        self.sales().to_csv("sales.csv", index=False)
        rows = tasador("train", "--json").json["rows"]
        assert rows["quarantined_by_reason"] == {"impossible_area": 1}
        assert (rows["screened"], rows["screened_share"]) == (1, 1 / 150)
        assert pd.read_csv(rows["quarantine"])["reason"][0].startswith("impossible_area: ")

    def test_can_be_switched_off(self, configured: Path, tasador: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TASADOR_SCREENING__ENABLED", "false")
        self.sales().to_csv("sales.csv", index=False)
        assert tasador("train", "--json").json["rows"]["screened"] == 0


class TestTheSource:
    def test_may_be_a_spreadsheet_with_its_own_names_separators_and_dates(self, here: Path, tasador: Command) -> None:
        sales = some_sales(dated=True)
        (here / "plain.toml").write_text(CONFIGURATION)
        sales.to_csv("sales.csv", index=False)
        plain = tasador("train", "--json", "--config", "plain.toml").json
        names = {"type": "Tipo", "net_usable_area": "Sup. útil", "price": "Precio", "sold_on": "Fecha"}
        sales["sold_on"] = sales["sold_on"].dt.strftime("%d/%m/%Y")
        own = sales.rename(columns=names).to_csv(sep=";", decimal=",", index=False)
        (here / "own.csv").write_bytes(b"\xef\xbb\xbf" + own.replace("\n", "\r\n").encode())
        mapped = "\n".join(f'{name} = "{own_name}"' for name, own_name in names.items())
        configuration = CONFIGURATION.replace("sales.csv", "own.csv")
        (here / "own.toml").write_text(f"{configuration}\n[data_source.columns]\n{mapped}\n")
        ran = tasador("train", "--json", "--config", "own.toml")
        assert (ran.code, ran.err) == (0, "")
        assert plain["validation"]["scheme"] == "temporal"
        assert figures(ran.json) == figures(plain)
        assert [note for note in ran.json["notes"] if "semicolons" in note]
        assert [note for note in ran.json["notes"] if note.startswith("net_usable_area: decimal comma")]

    def test_may_measure_in_square_feet(self, trained: dict[str, Any], tasador: Command) -> None:
        sales = some_sales()
        for area in ("net_usable_area", "net_area"):
            sales[area] = sales[area] / M2_PER_FT2
        sales.to_csv("sales.csv", index=False)
        Path("tasador.toml").write_text(CONFIGURATION.replace("[data_source]", 'area_unit = "ft2"\n[data_source]'))
        in_feet = tasador("train", "--json").json
        assert in_feet["metrics"]["mae"] == pytest.approx(trained["metrics"]["mae"], rel=0.02)

    def test_may_be_a_sqlite_database(self, trained: dict[str, Any], tasador: Command) -> None:
        with sqlite3.connect("sales.db") as connection:
            some_sales().to_sql("sales", connection, index=False)
        connection.close()
        source = '[data_source]\nkind = "sql"\nurl = "sqlite:///sales.db"\nquery = "select * from sales"\n'
        Path("sql.toml").write_text(source + '[market]\ncurrency = "UF"\n')
        assert figures(tasador("train", "--json", "--config", "sql.toml", "--recipe", "forest").json) == figures(
            trained
        )

    def test_may_be_a_postgresql_database(
        self, trained: dict[str, Any], tasador: Command, fresh_postgres_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        engine = create_engine(make_url(fresh_postgres_url).set(drivername="postgresql+psycopg"))
        some_sales().sample(frac=1, random_state=0).to_sql("sales", engine, index=False)
        engine.dispose()
        monkeypatch.setenv("TASADOR_DATA_SOURCE__KIND", "sql")
        monkeypatch.setenv("TASADOR_DATA_SOURCE__URL", fresh_postgres_url)
        monkeypatch.setenv("TASADOR_DATA_SOURCE__QUERY", "select * from sales")
        assert figures(tasador("train", "--json").json) == figures(trained)

    def test_may_come_with_a_holdout(self, here: Path, tasador: Command) -> None:
        (here / "tasador.toml").write_text(CONFIGURATION.replace("[training]", 'test_path = "test.csv"\n[training]'))
        some_sales().to_csv("sales.csv", index=False)
        some_sales(20, seed=1).to_csv("test.csv", index=False)
        report = tasador("train", "--json").json
        judged_by = report["validation"]
        assert (judged_by["scheme"], judged_by["train"], judged_by["test"]) == ("given", 60, 20)
        assert report["rows"]["used"] == 80
        own = tasador("evaluate", "--json").json
        assert own["metrics"] == report["metrics"]
        assert own["source"] == f"{here}/test.csv"
        some_sales(20, seed=2).to_csv("test.csv", index=False)
        assert "test.csv no longer holds the sales" in tasador("evaluate").told

    def test_may_bring_further_features_with_gaps(self, here: Path, tasador: Command) -> None:
        years = np.random.default_rng(0).integers(1900, 2020, 60).astype(object)
        years[::5] = ""
        heating = ["gas", "", "electric"] * 20
        some_sales().assign(year_built=years, heating=heating).to_csv("sales.csv", index=False)
        extra = '[data_source.extra]\nnumeric = ["year_built"]\ncategorical = ["heating"]\n'
        (here / "tasador.toml").write_text(CONFIGURATION + extra)
        report = tasador("train", "--json", "--recipe", "forest").json
        assert report["rows"]["used"] == 60
        card = tasador("models", "show", "v1", "--json").json["description"]["card"]
        assert (card["features"]["numeric"], card["features"]["categorical"]) == (["year_built"], ["heating"])


class TestAFeatureThatDeterminesThePrice:
    PRICE = some_sales()["price"]
    AREA = some_sales()["net_usable_area"]

    @pytest.mark.parametrize(
        ("name", "column", "how"),
        [
            ("asking_price", PRICE, "determines the price"),
            ("tax", PRICE * 0.012 + 35, "determines the price"),
            ("price_rank", PRICE.rank(), "determines the price"),
            ("negative", -PRICE, "determines the price"),
            ("uf_per_m2", PRICE / AREA, "is the price per area"),
        ],
    )
    def test_is_refused_by_name(
        self, configured: Path, tasador: Command, name: str, column: "pd.Series[float]", how: str
    ) -> None:
        add_features(configured, {name: column, "honest": pd.Series(np.arange(60) % 7)})
        refused = tasador("train", "--json")
        assert refused.code == 1
        assert refused.told.startswith(f"Not trained: '{name}' {how}. ")
        assert "honest" not in refused.told
        assert tasador("models", "list", "--json").json == []

    def test_is_refused_where_it_is_a_price_in_words(self, configured: Path, tasador: Command) -> None:
        add_features(configured, {"price_tag": "UF " + self.PRICE.astype(str)}, "categorical")
        assert "'price_tag' determines the price" in tasador("train").told

    def test_is_named_as_the_source_calls_it(self, configured: Path, tasador: Command) -> None:
        add_features(configured, {"Tasación": self.PRICE})
        extra = '[data_source.extra]\nnumeric = ["tax"]\n[data_source.columns]\ntax = "Tasación"\n'
        (configured / "tasador.toml").write_text(CONFIGURATION + extra)
        assert "'tax (column 'Tasación')' determines the price" in tasador("train").told
