"""What every memory of finished parts keeps."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import adapters
from adapters.finished_parts.folder import FinishedPartsFolder
from adapters.finished_parts.nowhere import NoFinishedParts
from application.ports.finished_parts import FinishedParts
from application.ports.valuation_engine import ValuedPart
from domain.errors import OutputBusy, OutputUnavailable
from domain.portfolio_totals import PortfolioTotals
from tests.fakes.in_memory_finished_parts import InMemoryFinishedParts

TOTALS = PortfolioTotals(2, {"invalid_property": 1}, 300000.1, {"high": 1, "low": 1})
PART = ValuedPart(0, "key-0", 0.25, b"first\nsecond\0\xff", TOTALS)
SAID = {"input": "homes.csv 17", "model version": "v3"}
_ROOT = Path(adapters.__file__).parents[1]
_HOLD = """
import sys, time
from pathlib import Path
from adapters.finished_parts.folder import FinishedPartsFolder
with FinishedPartsFolder(Path(sys.argv[1])).alone():
    sys.stdout.write("held")
    sys.stdout.flush()
    sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / ".homes.csv.tasador"


@pytest.fixture(params=[lambda _: InMemoryFinishedParts(), FinishedPartsFolder], ids=["fake", "folder"])
def finished(request: pytest.FixtureRequest, folder: Path) -> FinishedParts:
    make: Callable[[Path], FinishedParts] = request.param
    return make(folder)


def test_what_is_finished_is_found_again_until_it_is_discarded(finished: FinishedParts) -> None:
    assert finished.begun() is None
    with finished.alone():
        finished.begin(SAID)
        last = replace(PART, number=7, key="key-7", share=None, piece=b"", totals=PortfolioTotals())
        for part in (PART, last):
            finished.keep(part)
        assert finished.begun() == SAID
        assert finished.find("key-0", 0) == PART
        assert finished.find("key-7", 7) == last
        finished.discard()
        assert finished.begun() is None
        assert finished.find("key-0", 0) is None


def test_another_key_or_number_is_another_part(finished: FinishedParts) -> None:
    with finished.alone():
        finished.begin(SAID)
        finished.keep(PART)
        assert finished.find("key-1", 0) is None
        assert finished.find("key-0", 1) is None
        finished.keep(replace(PART, key="key-1"))
        assert finished.find("key-0", 0) is None
        assert finished.find("key-1", 0) == replace(PART, key="key-1")


def test_a_run_that_begins_anew_knows_nothing_of_the_last_one(finished: FinishedParts) -> None:
    with finished.alone():
        finished.begin(SAID)
        finished.keep(PART)
    with finished.alone():
        assert finished.find("key-0", 0) == PART
        finished.begin({"input": "other.csv"})
        assert finished.find("key-0", 0) is None
        assert finished.begun() == {"input": "other.csv"}


def test_one_run_at_a_time(finished: FinishedParts) -> None:
    with finished.alone(), pytest.raises(OutputBusy, match="Another run"), finished.alone():
        pass
    with finished.alone():
        pass


def test_nowhere_keeps_nothing() -> None:
    nowhere = NoFinishedParts()
    with nowhere.alone():
        nowhere.begin(SAID)
        nowhere.keep(PART)
        assert (nowhere.begun(), nowhere.find("key-0", 0)) == (None, None)
        nowhere.discard()


def test_a_run_that_ended_well_leaves_no_folder(folder: Path) -> None:
    finished = FinishedPartsFolder(folder)
    with finished.alone():
        finished.begin(SAID)
        finished.keep(PART)
        finished.discard()
    assert not folder.exists()


def test_a_torn_or_altered_part_is_as_if_it_were_not_there(folder: Path) -> None:
    finished = FinishedPartsFolder(folder)
    finished.begin(SAID)
    finished.keep(PART)
    file = next(folder.glob("part-*"))
    whole = file.read_bytes()
    altered = [bytes([*whole[:place], whole[place] ^ 1, *whole[place + 1 :]]) for place in range(0, len(whole), 9)]
    for content in (*(whole[:length] for length in range(0, len(whole), 9)), *altered):
        file.write_bytes(content)
        assert finished.find("key-0", 0) is None
    file.write_bytes(whole)
    assert finished.find("key-0", 0) == PART


def test_what_is_kept_is_for_its_owner_alone(folder: Path) -> None:
    finished = FinishedPartsFolder(folder)
    with finished.alone():
        finished.begin(SAID)
        finished.keep(PART)
        assert folder.stat().st_mode & 0o777 == 0o700
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_holder_is_named_and_when_it_is_killed_nothing_is_locked(folder: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, folder],
        env=os.environ | {"PYTHONPATH": str(_ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.read(4) == b"held"
        finished = FinishedPartsFolder(folder)
        with pytest.raises(OutputBusy, match=rf"process {holder.pid} on .+, since 20.+ UTC\. "), finished.alone():
            pass
        holder.kill()
        holder.wait()
        with finished.alone():
            pass


def test_what_others_left_is_forgotten_after_some_days_unless_somebody_holds_it(tmp_path: Path) -> None:
    def days_ago(name: str, days: int) -> FinishedPartsFolder:
        left = FinishedPartsFolder(tmp_path / name)
        with left.alone():
            left.begin(SAID)
            left.keep(PART)
        at = time.time() - days * 86_400
        os.utime(tmp_path / name, (at, at))
        return left

    held = days_ago("held", 31)
    for name, days in (("old", 31), ("young", 29), ("mine", 31), ("not-only-ours", 0)):
        days_ago(name, days)
    (tmp_path / "not-only-ours" / "photo.jpg").touch()
    (tmp_path / "standard-input-1").touch()
    for path in (tmp_path / "not-only-ours", tmp_path / "standard-input-1"):
        os.utime(path, (0, 0))
    with held.alone():
        os.utime(tmp_path / "held", (0, 0))
        with FinishedPartsFolder(tmp_path / "mine", keep_days=30).alone():
            there = {path.name for path in tmp_path.iterdir()}
        assert there == {"held", "young", "mine", "not-only-ours", "standard-input-1"}
        assert held.find("key-0", 0) == PART
    assert FinishedPartsFolder(tmp_path / "mine").find("key-0", 0) == PART
    assert (tmp_path / "not-only-ours" / "run.json").exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    finished = FinishedPartsFolder(tmp_path / "file" / "parts")
    with pytest.raises(OutputUnavailable, match="not a directory"), finished.alone():
        pass


def test_parts_that_another_could_have_put_there_are_not_believed(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir(0o777)
    (tmp_path / "run").chmod(0o777)
    with pytest.raises(OutputUnavailable, match="others may write"), FinishedPartsFolder(tmp_path / "run").alone():
        pass
