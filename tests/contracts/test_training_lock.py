"""What keeps two trainings into one repository apart."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.training_locks.lock_file import LockFileTrainingLock
from application.ports.training_lock import TrainingLock
from domain.errors import ModelStoreUnavailable, TrainingBusy
from tests.fakes.in_memory_training_lock import InMemoryTrainingLock

REPOSITORY = Path(__file__).parents[2]
HOLD = """
import sys, time
from pathlib import Path
from adapters.training_locks.lock_file import LockFileTrainingLock
with LockFileTrainingLock(Path(sys.argv[1])).held("bo"):
    print("held", flush=True)
    time.sleep(60)
"""
Shop = Callable[[], TrainingLock]


@pytest.fixture(params=["memory", "file"])
def locks(request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    """Makes locks of one repository, one for each training."""
    if request.param == "memory":
        only = InMemoryTrainingLock()
        return lambda: only
    return lambda: LockFileTrainingLock(tmp_path / "models" / "training.lock")


class TestATraining:
    def test_that_comes_second_is_told_who_holds_the_lock(self, locks: Shop) -> None:
        with locks().held("ana"), pytest.raises(TrainingBusy, match=r"under way \(.*ana.*\)"), locks().held("bo"):
            pytest.fail("both trained at once")

    def test_that_has_ended_lets_the_next_one_in(self, locks: Shop) -> None:
        with locks().held("ana"):
            pass
        with locks().held("bo"), pytest.raises(TrainingBusy, match="bo"), locks().held("ana"):
            pytest.fail("both trained at once")

    def test_that_fails_lets_the_next_one_in(self, locks: Shop) -> None:
        with suppress(ZeroDivisionError), locks().held("ana"):
            raise ZeroDivisionError
        with locks().held("bo"):
            pass


class TestALockFile:
    def test_is_waited_for_if_asked(self, tmp_path: Path) -> None:
        file, held, done = tmp_path / "lock", threading.Event(), threading.Event()

        def train() -> None:
            with LockFileTrainingLock(file).held("ana"):
                held.set()
                done.wait(30)

        first = threading.Thread(target=train)
        first.start()
        held.wait(30)
        threading.Timer(0.01, done.set).start()
        with LockFileTrainingLock(file).held("bo", timedelta(minutes=1)):
            assert "bo" in file.read_text()
        first.join()

    def test_is_free_once_its_holder_is_killed(self, tmp_path: Path) -> None:
        file = tmp_path / "lock"
        command = [sys.executable, "-c", HOLD, str(file)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPOSITORY) as holder:
            assert holder.stdout
            assert holder.stdout.readline() == b"held\n"
            with (
                pytest.raises(TrainingBusy, match=f"process {holder.pid} of bo on "),
                LockFileTrainingLock(file).held("a"),
            ):
                pytest.fail("both trained at once")
            os.kill(holder.pid, signal.SIGKILL)
        with LockFileTrainingLock(file).held("ana"):
            assert f"process {os.getpid()} of ana" in file.read_text()

    def test_that_cannot_be_made_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        lock = LockFileTrainingLock(tmp_path / "file" / "training.lock")
        with pytest.raises(ModelStoreUnavailable, match="cannot be locked"), lock.held("ana"):
            pytest.fail("it trained without a lock")
