"""`tasador evaluate`: a stored model held against sales."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.cli.command import Command
from tests.fakes.sales import some_sales

FIGURES = ("metrics", "ratio_study", "interval")


class TestOnItsOwnHoldout:
    def test_gives_exactly_the_figures_of_training(self, trained: dict[str, Any], tasador: Command) -> None:
        ran = tasador("evaluate", "--json")
        assert (ran.code, ran.err) == (0, "")
        assert {part: ran.json[part] for part in FIGURES} == {part: trained[part] for part in FIGURES}
        assert (ran.json["version"], ran.json["recipe"], ran.json["own_holdout"]) == ("v1", "forest", True)
        assert ran.json["rows"]["used"] == trained["validation"]["test"]

    def test_judges_the_version_that_is_named(self, trained: dict[str, Any], tasador: Command) -> None:
        judged = tasador("evaluate", "--version", "v2", "--json").json
        card = tasador("models", "show", "v2", "--json").json["description"]["card"]
        assert {part: judged[part] for part in FIGURES} == {part: card[part] for part in FIGURES}

    def test_tells_a_person(self, trained: dict[str, Any], tasador: Command) -> None:
        out = tasador("evaluate").out
        assert f"{trained['validation']['test']} of " in out
        assert "its own holdout" in out
        assert f"{trained['ratio_study']['cod']:.2f}" in out

    def test_is_refused_where_the_sales_are_no_longer_those(self, trained: dict[str, Any], tasador: Command) -> None:
        some_sales(61).to_csv("sales.csv", index=False)
        refused = tasador("evaluate")
        assert refused.code == 1
        assert "sales.csv no longer holds the sales that v1 was trained on" in refused.told
        assert refused.told.endswith("give other sales with --data.")

    def test_does_not_mind_the_order_of_the_sales(self, trained: dict[str, Any], tasador: Command) -> None:
        some_sales().sample(frac=1, random_state=0).to_csv("sales.csv", index=False)
        assert tasador("evaluate", "--json").json["metrics"] == trained["metrics"]


class TestOnOtherSales:
    def test_judges_by_those(self, trained: dict[str, Any], tasador: Command) -> None:
        other = some_sales(25, seed=9).astype({"price": object})
        other.loc[0, "price"] = ""
        other.to_csv("other.csv", index=False)
        judged = tasador("evaluate", "--data", "other.csv", "--json").json
        assert (judged["rows"]["used"], judged["rows"]["quarantined"]) == (24, 1)
        assert judged["rows"]["quarantined_by_reason"] == {"price is missing": 1}
        assert pd.read_csv(judged["rows"]["quarantine"])["id"].tolist() == ["s0000"]
        assert judged["notes"] == []
        assert judged["own_holdout"] is False
        assert judged["source"].endswith("other.csv")
        assert judged["metrics"] != trained["metrics"]
        out = tasador("evaluate", "--data", "other.csv").out
        assert "24 of other.csv, 1 set aside (1 x price is missing)" in out
        assert re.search(r"^The rows that were set aside: .+/var/quarantine/.+\.csv$", out, re.MULTILINE)

    def test_that_were_learned_from_says_so(self, trained: dict[str, Any], tasador: Command) -> None:
        some_sales().to_csv("other.csv", index=False)
        (note,) = tasador("evaluate", "--data", "other.csv", "--json").json["notes"]
        assert note.startswith(
            f"{trained['validation']['train']} of these 60 sales are of homes that the model was trained on"
        )
        assert f"note: {note}" in tasador("evaluate", "--data", "other.csv").out

    def test_needs_no_training_sales(self, trained: dict[str, Any], tasador: Command) -> None:
        Path("sales.csv").rename("other.csv")
        judged = tasador("evaluate", "--data", "other.csv", "--json").json
        assert judged["rows"]["used"] == 60
        assert "cannot be told" in judged["notes"][0]

    @pytest.mark.parametrize(
        ("content", "code", "told"),
        [
            (None, 2, "Invalid value for '--data': Path 'other.csv' does not exist."),
            ("", 1, "other.csv is empty"),
            ("type,sector\n", 1, "other.csv has no column 'net_usable_area'"),
            (some_sales(0).to_csv(index=False), 1, "other.csv: none of the 0 sales can be used."),
        ],
    )
    def test_that_cannot_be_used_is_refused(
        self, trained: dict[str, Any], tasador: Command, content: str | None, code: int, told: str
    ) -> None:
        if content is not None:
            Path("other.csv").write_text(content)
        refused = tasador("evaluate", "--data", "other.csv")
        assert refused.code == code
        assert told in refused.told


class TestAVersion:
    def test_that_was_never_stored_is_refused(self, trained: dict[str, Any], tasador: Command) -> None:
        for name in ("v9", "../v1", "v1/"):
            refused = tasador("evaluate", "--version", name)
            assert refused.code == 1
            assert f"no stored model version '{name}'" in refused.told

    def test_must_be_served_where_none_is_named(self, configured: Path, tasador: Command) -> None:
        refused = tasador("evaluate")
        assert refused.code == 1
        assert refused.told.startswith("No version is served yet")
