"""`tasador models`: what is stored, which of it is served, and whether it is still what was stored."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import Command

OTHER_KEY = f"ed25519:{'A' * 43}="


def blob_of(tasador: Command, version: str, part: str = "artifact") -> Path:
    """The file that holds the bytes of a version, or another part of it."""
    sha256 = tasador("models", "show", version, "--json").json["description"][part]["sha256"]
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
        agreement = shown["description"]["card"]["agreement"]
        assert f"{agreement['homes']} homes valued both as fitted and as served" in out
        assert f"at most {agreement['furthest']:.2g} of the value apart" in out
        assert "1. promote, " in out
        assert out.rstrip().endswith(": trained by recipe forest")

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
        (log,) = Path("var/logs").glob("tasador-*.log")
        assert json.loads(log.read_text().splitlines()[-1])["by"] == "ana"

    def test_say_why(self, trained: dict[str, Any], tasador: Command) -> None:
        tasador("models", "promote", "v2", "--reason", "lower COD")
        tasador("models", "rollback", "--reason", "too dear in Vitacura")
        first, second = tasador("models", "list", "--json").json
        assert [promotion["reason"] for promotion in second["promotions"]] == ["lower COD"]
        assert first["promotions"][-1]["reason"] == "too dear in Vitacura"
        lines = tasador("models", "list").out.splitlines()
        assert lines[1].rstrip().endswith(": too dear in Vitacura")
        assert lines[2].rstrip().endswith(": lower COD")

    @pytest.mark.parametrize("reason", ["a\nb", "x" * 201, "\x1b[31m"])
    def test_refuse_a_reason_that_is_no_line(self, trained: dict[str, Any], tasador: Command, reason: str) -> None:
        assert tasador("models", "promote", "v2", "--reason", reason).code == 2
        assert served(tasador) == ["v1"]

    def test_to_nothing_is_refused(self, trained: dict[str, Any], tasador: Command) -> None:
        refused = tasador("models", "rollback")
        assert refused.code == 1
        assert "promote a version by name" in refused.told
        assert served(tasador) == ["v1"]

    def test_of_what_was_never_stored_is_refused(self, trained: dict[str, Any], tasador: Command) -> None:
        refused = tasador("models", "promote", "v9")
        assert refused.code == 1
        assert "no stored model version 'v9'" in refused.told
        assert served(tasador) == ["v1"]


class TestVerify:
    def test_finds_nothing_where_nothing_was_changed(self, trained: dict[str, Any], tasador: Command) -> None:
        ran = tasador("models", "verify")
        assert (ran.code, ran.err) == (0, "")
        assert ran.out.splitlines() == [
            "v1: unaltered, signed by a trusted key",
            "v2: unaltered, signed by a trusted key",
            "promotions: 1 record, none altered",
        ]

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
        assert "v1: unaltered, signed by a trusted key\n" in verified.out
        assert verified.line == "1 of 2 stored versions refused: v2"
        in_json = tasador("models", "verify", "--json")
        assert in_json.code == 1
        assert [model["refused"] is None for model in in_json.json["versions"]] == [True, False]
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

    def test_names_a_promotion_that_was_altered_and_checks_the_versions_all_the_same(
        self, trained: dict[str, Any], tasador: Command
    ) -> None:
        record = Path("var/models/promotions/00000001.json").resolve()
        record.write_text("{")
        verified = tasador("models", "verify")
        assert verified.code == 1
        assert verified.out.splitlines()[0] == "v1: unaltered, signed by a trusted key"
        assert f"{record} cannot be read" in verified.out
        assert verified.line == "the promotions cannot be read"
        assert "cannot be read" in tasador("models", "promote", "v2").told

    def test_names_a_picture_that_was_changed(self, trained: dict[str, Any], tasador: Command) -> None:
        picture = blob_of(tasador, "v2", "picture")
        picture.write_bytes(picture.read_bytes()[:-1] + b"x")
        verified = tasador("models", "verify")
        assert (verified.code, verified.line) == (1, "1 of 2 stored versions refused: v2")
        assert f"{picture} was altered" in verified.out
        assert tasador("models", "promote", "v2").code == 0, "the model itself is as it was"

    def test_names_what_no_version_needs(self, trained: dict[str, Any], tasador: Command) -> None:
        blob = blob_of(tasador, "v2")
        picture = blob_of(tasador, "v2", "picture")
        shutil.rmtree("var/models/versions/v2")
        verified = tasador("models", "verify")
        assert (verified.code, verified.err) == (0, "")
        for file in (blob, picture):
            assert f"note: no version needs {file}" in verified.out
        assert set(tasador("models", "verify", "--json").json["unreferenced"]) == {str(blob), str(picture)}


class TestSigning:
    def test_the_public_key_is_shown_as_it_is_pinned(self, trained: dict[str, Any], tasador: Command) -> None:
        key = tasador("models", "signing-key", "--json").json["public_key"]
        assert tasador("models", "signing-key").out == f'[model_repository]\ntrusted_keys = ["{key}"]\n'
        assert Path("var/model-signing-key.pem").stat().st_mode & 0o777 == 0o600

    def test_models_are_used_without_the_private_key_where_the_public_one_is_pinned(
        self, trained: dict[str, Any], tasador: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        key = tasador("models", "signing-key", "--json").json["public_key"]
        Path("var/model-signing-key.pem").unlink()
        lost = tasador("models", "show", "v1").told
        assert "no key is pinned" in lost
        assert lost.index("restore it from its backup") < lost.index("model_repository.trusted_keys")
        monkeypatch.setenv("TASADOR_MODEL_REPOSITORY__TRUSTED_KEYS", json.dumps([OTHER_KEY, key]))
        assert tasador("models", "verify").code == 0
        assert tasador("models", "promote", "v2").code == 0
        assert not Path("var/model-signing-key.pem").exists()

    def test_what_a_stranger_signed_is_refused(
        self, trained: dict[str, Any], tasador: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TASADOR_MODEL_REPOSITORY__TRUSTED_KEYS", json.dumps([OTHER_KEY]))
        refused = tasador("models", "promote", "v2")
        assert refused.code == 1
        assert "is signed with a key that is not trusted here, 'ed25519:" in refused.told
        trained_here = tasador("train")
        assert trained_here.code == 1
        assert 'which is not trusted here: add "ed25519:' in trained_here.told

    @pytest.mark.parametrize(
        "content", ["", "nonsense", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
    )
    def test_a_key_file_that_holds_no_key_is_named(
        self, trained: dict[str, Any], tasador: Command, content: str
    ) -> None:
        file = Path("var/model-signing-key.pem").resolve()
        file.write_text(content)
        assert f"The signing key {file} holds no Ed25519 private key" in tasador("train").told
        refused = tasador("models", "show", "v1").told
        assert f"{file} holds no Ed25519 private key" in refused
        assert f"mend {file} or restore it from its backup" in refused

    def test_a_key_that_others_can_read_is_refused(self, trained: dict[str, Any], tasador: Command) -> None:
        Path("var/model-signing-key.pem").chmod(0o644)
        assert "run chmod 600" in tasador("train").told

    def test_a_key_among_the_models_is_refused(self, configured: Path, tasador: Command) -> None:
        with (configured / "tasador.toml").open("a") as file:
            file.write('[model_repository]\nsigning_key_file = "var/models/../models/key.pem"\n')
        refused = tasador("train")
        assert refused.code == 2
        assert refused.told.startswith("model_repository.signing_key_file: it lies inside of model_repository.path")

    @pytest.mark.parametrize("keys", ['["secret"]', '["ed25519:AAAA"]', '["rsa:x", ""]'])
    def test_a_pinned_key_that_is_none_is_named(
        self, configured: Path, tasador: Command, monkeypatch: pytest.MonkeyPatch, keys: str
    ) -> None:
        monkeypatch.setenv("TASADOR_MODEL_REPOSITORY__TRUSTED_KEYS", keys)
        refused = tasador("models", "list")
        assert refused.code == 2
        assert (
            "model_repository.trusted_keys[0]: expected text as `tasador models signing-key` shows it of models, "
            "`tasador audit signing-key` of evidence" in refused.told
        )


class TestPrune:
    def test_removes_what_is_left_behind_and_keeps_every_version(
        self, trained: dict[str, Any], tasador: Command
    ) -> None:
        left = Path("var/models/blobs/sha256/.x.tmp").resolve()
        left.write_text("half a model")
        assert tasador("models", "prune").out == "0 versions and 0 files (0 KiB) removed\n"
        rehearsed = tasador("models", "prune", "--older-than", "0m", "--dry-run")
        assert rehearsed.out.splitlines()[0] == f"{left}: would be removed"
        assert left.exists()
        assert tasador("models", "prune", "--older-than", "0m", "--json").json == {
            "versions": [],
            "out_of_reach": [],
            "files": [str(left)],
            "size": 12,
            "dry_run": False,
        }
        assert not left.exists()
        assert tasador("models", "verify").code == 0

    def test_removes_old_versions_where_it_is_told_how_many_stay(
        self, trained: dict[str, Any], tasador: Command
    ) -> None:
        blob = blob_of(tasador, "v1")
        assert tasador("models", "prune", "--keep", "1").out == "0 versions and 0 files (0 KiB) removed\n"
        tasador("models", "promote", "v2")
        pruned = tasador("models", "prune", "--keep", "1", "--older-than", "0m")
        assert (pruned.code, pruned.err) == (0, "")
        assert pruned.out.splitlines()[:2] == ["v1: removed", "no rollback leads back to v1 any more"]
        assert not blob.exists()
        assert served(tasador) == ["v2"]
        assert "v1, which was served before, was removed" in tasador("models", "rollback").told
        assert "no stored model version 'v1'" in tasador("models", "promote", "v1").told

    @pytest.mark.parametrize("words", [("--keep", "0"), ("--keep", "-1"), ("--older-than", "soon")])
    def test_refuses_what_makes_no_sense(self, trained: dict[str, Any], tasador: Command, words: Any) -> None:
        assert tasador("models", "prune", *words).code == 2
        assert len(tasador("models", "list", "--json").json) == 2


class TestAVersionOfAnOlderProgram:
    @pytest.fixture
    def yesterday(self, trained: dict[str, Any]) -> None:
        """The folder as the program before this one left it."""
        for file in Path("var/models/versions").glob("*/manifest.json"):
            file.write_text(json.dumps({"format": 2, **json.loads(file.read_text())["manifest"]}))
        shutil.rmtree("var/models/promotions")
        Path("var/models/promotions.json").write_text('{"format": 1, "promotions": []}')
        Path("var/model-signing-key.pem").unlink()

    @pytest.mark.usefixtures("yesterday")
    def test_is_refused_with_the_advice_to_train_again(self, tasador: Command) -> None:
        for words in (("evaluate", "--version", "v1"), ("models", "show", "v1"), ("models", "promote", "v2")):
            refused = tasador(*words)
            assert refused.code == 1
            assert "it is in format 2, and this program reads format 3" in refused.told
            assert "train again with `tasador train`" in refused.told
        assert tasador("models", "list").code == 0

    @pytest.mark.usefixtures("yesterday")
    def test_is_followed_by_whatever_is_trained(self, tasador: Command) -> None:
        again = tasador("train")
        assert (again.code, again.err) == (0, "")
        assert "v3 (forest), served" in again.out
        assert served(tasador) == ["v3"]

    @pytest.mark.usefixtures("yesterday")
    def test_stays_until_it_is_pruned(self, tasador: Command) -> None:
        tasador("train")
        assert tasador("models", "prune", "--older-than", "0m", "--json").json["files"] == []
        pruned = tasador("models", "prune", "--keep", "1", "--older-than", "0m", "--json").json
        kinds = sorted(Path(file).suffix for file in pruned["files"])
        assert (pruned["versions"], kinds) == (["v1", "v2"], [".gz", ".joblib"]), "v3 is the model that v1 was"
        assert tasador("models", "verify").code == 0
