"""`tasador train` where nobody watches: exit codes, a summary for programs, one training at a time, a prompt end."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from adapters.training_locks.lock_file import LockFileTrainingLock
from application.train_model import TrainModel
from tests.cli.command import Command

REPOSITORY = Path(__file__).parents[2]
TASADOR = [sys.executable, "-c", "from entrypoints.cli.main import main; main()"]
SUMMARY = Path("summary.json")


def summary() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(SUMMARY.read_text())
    return document


class TestTheSummary:
    def test_tells_of_a_promoted_model(self, configured: Path, tasador: Command) -> None:
        ran = tasador("train", "--json", "--summary", SUMMARY, "--exit-codes")
        told = summary()
        assert ran.code == told["exit_code"] == 0
        assert (told["outcome"], told["version"], told["reason"]) == ("promoted", "v1", "it is the first version")
        assert told["metrics"] == ran.json["metrics"]
        assert told["rows"]["read"] == 60
        assert told["started_at"] < told["ended_at"]
        assert 0 < told["seconds"] < 600

    def test_tells_of_a_model_that_the_gate_kept_back_and_a_code_may(
        self, trained: dict[str, Any], tasador: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TASADOR_MARKET__CURRENCY", "USD")
        assert tasador("train", "--summary", SUMMARY, "--exit-codes").code == 3
        told = summary()
        assert (told["outcome"], told["version"], told["exit_code"]) == ("kept", "v3", 3)
        assert told["reason"] == "it values in USD, and v1 in service in UF"

    def test_tells_of_a_model_that_was_to_be_kept(self, configured: Path, tasador: Command) -> None:
        assert tasador("train", "--no-promote", "--summary", SUMMARY, "--exit-codes").code == 0
        assert (summary()["outcome"], summary()["reason"]) == ("kept", "--no-promote was given")

    @pytest.mark.parametrize(("change", "code"), [("sales.csv", 1), ("tasador.toml", 2)])
    def test_tells_of_a_failure(self, configured: Path, tasador: Command, change: str, code: int) -> None:
        (configured / change).write_text("nothing\n")
        ran = tasador("train", "--summary", SUMMARY)
        told = summary()
        assert (ran.code, told["outcome"], told["exit_code"]) == (code, "failed", code)
        assert told["reason"] == ran.told
        assert told["version"] is told["metrics"] is None

    def test_that_cannot_be_written_is_told_before_the_long_work(self, configured: Path, tasador: Command) -> None:
        refused = tasador("train", "--summary", "nowhere/summary.json")
        assert refused.code == 1
        assert "there is no folder nowhere" in refused.told
        assert not (configured / "var/models/versions").exists()

    def test_that_cannot_be_written_in_the_end_takes_nothing_back(
        self, configured: Path, tasador: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(file: Path, page: str) -> None:
            raise OutputUnwritable(f"{file} cannot be written: no space left on device.")

        from entrypoints.cli import training_run
        from entrypoints.cli.output_file import OutputUnwritable

        monkeypatch.setattr(training_run, "write_page", full)
        refused = tasador("train", "--summary", SUMMARY)
        assert refused.code == 1
        assert refused.told.endswith("no space left on device. Model v1 is stored and served all the same.")


class TestASecondTraining:
    def test_begins_nothing_and_says_who_is_at_it(self, configured: Path, tasador: Command) -> None:
        with LockFileTrainingLock(configured / "var/models/training.lock").held("ana"):
            refused = tasador("train", "--summary", SUMMARY)
        assert refused.code == 4
        assert f"process {os.getpid()} of ana" in refused.told
        assert (summary()["outcome"], summary()["exit_code"]) == ("busy", 4)
        assert list((configured / "var/models").iterdir()) == [configured / "var/models/training.lock"]
        assert tasador("train").code == 0

    def test_waits_no_time_that_is_none(self, configured: Path, tasador: Command) -> None:
        refused = tasador("train", "--wait", "soon")
        assert refused.code == 2
        assert "Invalid value for --wait" in refused.told


class TestATrainingThatIsToEnd:
    def test_ends_with_a_line_a_code_and_a_summary(
        self, configured: Path, tasador: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(TrainModel, "_fit", lambda *_: os.kill(os.getpid(), signal.SIGTERM))
        before = signal.getsignal(signal.SIGTERM)
        ended = tasador("train", "--summary", SUMMARY)
        assert (ended.code, ended.told) == (143, "terminated.")
        assert (summary()["outcome"], summary()["exit_code"], summary()["reason"]) == ("failed", 143, "terminated.")
        assert signal.getsignal(signal.SIGTERM) == before
        assert not (configured / "var/models/versions").exists()
        monkeypatch.undo()

    def test_leaves_nothing_behind_and_the_lock_free(self, configured: Path) -> None:
        lock = configured / "var/models/training.lock"
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        with subprocess.Popen([*TASADOR, "train"], env=environment, stderr=subprocess.PIPE, text=True) as training:
            deadline = time.monotonic() + 60
            while not (lock.exists() and lock.read_text()) and time.monotonic() < deadline:
                time.sleep(0.01)
            training.terminate()
            assert training.stderr
            assert training.stderr.read() == "tasador: terminated.\n"
        assert training.returncode == 143
        assert not [path for path in (configured / "var").rglob("*") if path.name.endswith(".tmp")]
        with LockFileTrainingLock(lock).held("ana"):
            pass
