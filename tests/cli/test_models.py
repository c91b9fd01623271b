"""`tasador models`: what is stored, which of it is served, and whether it is still what was stored."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import Command


def blob_of(tasador: Command, version: str) -> Path:
    """The file that holds the bytes of a version."""
    sha256 = tasador("models", "show", version, "--json").json["description"]["artifact"]["sha256"]
    (file,) = Path("var/models").rglob(f"{sha256}*")
    return file.resolve()


def served(tasador: Command) -> list[str]:
    return [model["version"] for model in tasador("models", "list", "--json").json if model["serving"]]


class TestList:
    def test_shows_every_version_oldest_first(self, trained: dict[str, Any], tasador: Command) -> None:
        listed = tasador("models", "list", "--json").json
        assert [model["version"] for model in listed] == ["v1", "v2"]
        assert [model["serving"] for model in listed] == [True, False]
        assert listed[0]["description"]["card"]["metrics"] == trained["metrics"]
        lines = tasador("models", "list").out.splitlines()
        assert lines[1].split()[:3] == ["served", "v1", "forest"]
        assert lines[2].split()[:2] == ["v2", "boosted"]

    def test_of_none_says_how_to_make_one(self, configured: Path, tasador: Command) -> None:
        assert tasador("models", "list").out == "There are no models yet: train one with `tasador train`.\n"
        assert tasador("models", "list", "--json").json == []


class TestShow:
    def test_tells_all_that_is_known(self, trained: dict[str, Any], tasador: Command) -> None:
        shown = tasador("models", "show", "v1", "--json").json
        assert shown["description"]["artifact"] == trained["artifact"]
        assert shown["promotions"][0]["reason"] == "trained by recipe forest"
        out = tasador("models", "show", "v1").out
        assert "v1 (forest), served" in out
        assert "promote by" in out

    @pytest.mark.parametrize("name", ["v9", "V1", "", "../../etc", "v1\nv2"])
    def test_refuses_what_was_never_stored(self, trained: dict[str, Any], tasador: Command, name: str) -> None:
        refused = tasador("models", "show", name)
        assert refused.code == 1
        assert "no stored model version" in refused.told


class TestPromoteAndRollback:
    def test_change_what_is_served_and_back(self, trained: dict[str, Any], tasador: Command) -> None:
        promoted = tasador("models", "promote", "v2")
        assert (promoted.code, promoted.out) == (0, "v2 is served from now on.\n")
        assert served(tasador) == ["v2"]
        rolled_back = tasador("models", "rollback", "--json").json
        assert (rolled_back["version"], rolled_back["action"]) == ("v1", "rollback")
        assert served(tasador) == ["v1"]

    def test_say_who_did_it(self, trained: dict[str, Any], tasador: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LOGNAME", "ana")
        promotion = tasador("models", "promote", "v2", "--json").json
        assert promotion["by"] == "ana"
        assert '"by": "ana"' in next(Path("var/logs").glob("tasador-*.log")).read_text()

    def test_to_nothing_is_refused(self, trained: dict[str, Any], tasador: Command) -> None:
        refused = tasador("models", "rollback")
        assert refused.code == 1
        assert "none to roll back to" in refused.told
        assert served(tasador) == ["v1"]

    def test_of_what_was_never_stored_is_refused(self, trained: dict[str, Any], tasador: Command) -> None:
        refused = tasador("models", "promote", "v9")
        assert refused.code == 1
        assert "no stored model version 'v9'" in refused.told
        assert served(tasador) == ["v1"]


class TestVerify:
    def test_finds_nothing_where_nothing_was_changed(self, trained: dict[str, Any], tasador: Command) -> None:
        ran = tasador("models", "verify")
        assert (ran.code, ran.out, ran.err) == (0, "v1: unaltered\nv2: unaltered\n", "")

    @pytest.mark.parametrize(
        ("change", "cause"),
        [
            (lambda blob: blob.write_bytes(blob.read_bytes()[:-1] + b"x"), "was altered"),
            (lambda blob: blob.write_bytes(blob.read_bytes()[:100]), "is truncated: it has 100 of"),
            (lambda blob: blob.write_bytes(blob.read_bytes() + b"x"), "was altered"),
            (lambda blob: blob.unlink(), "is missing"),
        ],
    )
    def test_names_the_file_that_was_changed(
        self, trained: dict[str, Any], tasador: Command, change: Any, cause: str
    ) -> None:
        blob = blob_of(tasador, "v2")
        change(blob)
        verified = tasador("models", "verify")
        assert verified.code == 1
        assert f"{blob} {cause}" in verified.out
        assert "v1: unaltered\n" in verified.out
        assert verified.line == "1 of 2 stored versions refused: v2"
        in_json = tasador("models", "verify", "--json")
        assert in_json.code == 1
        assert [model["refused"] is None for model in in_json.json] == [True, False]
        assert in_json.line == verified.line

        for command in (("promote", "v2"), ("promote", "v2", "--json")):
            refused = tasador("models", *command)
            assert refused.code == 1
            assert refused.told.startswith("Model version v2 is refused: ")
        assert "is refused" in tasador("evaluate", "--version", "v2").told
        assert served(tasador) == ["v1"]

    def test_of_a_damaged_description_leaves_the_others_to_be_listed(
        self, trained: dict[str, Any], tasador: Command
    ) -> None:
        manifest = Path("var/models/versions/v1/manifest.json").resolve()
        manifest.write_text("{")
        assert "v1 is refused" in tasador("models", "verify").out
        listed = tasador("models", "list")
        assert listed.code == 0
        assert [line.split()[:2] for line in listed.out.splitlines()[1:3]] == [["served", "v1"], ["v2", "boosted"]]
        assert str(manifest) in listed.out
        shown = tasador("models", "show", "v1")
        assert shown.code == 1
        assert str(manifest) in shown.told
        in_json = tasador("models", "show", "v1", "--json")
        assert (in_json.code, in_json.json["description"]) == (1, None)


class TestAVersionOfAnOlderProgram:
    @pytest.fixture
    def yesterday(self, trained: dict[str, Any]) -> None:
        """The folder as the program before this one left it."""
        for manifest in Path("var/models/versions").glob("*/manifest.json"):
            manifest.write_text(manifest.read_text().replace('"format": 2', '"format": 1', 1))
        assert '"format": 1' in Path("var/models/promotions.json").read_text()

    @pytest.mark.usefixtures("yesterday")
    def test_is_refused_with_the_advice_to_train_again(self, tasador: Command) -> None:
        for words in (("evaluate",), ("models", "show", "v1"), ("models", "promote", "v2")):
            refused = tasador(*words)
            assert refused.code == 1
            assert "it is in format 1, and this program reads format 2" in refused.told
            assert "train again with `tasador train`" in refused.told
        assert tasador("models", "list").code == 0

    @pytest.mark.usefixtures("yesterday")
    def test_is_followed_by_whatever_is_trained(self, tasador: Command) -> None:
        again = tasador("train")
        assert (again.code, again.err) == (0, "")
        assert "v3 (forest), served" in again.out
        assert "v1 cannot be loaded to compare with" in again.out
        assert served(tasador) == ["v3"]
