"""A lock that the operating system keeps on a file, and gives up when its holder ends, however it ends."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from adapters.durable_files import make_folder
from application.ports.training_lock import TrainingLock
from domain.errors import ModelStoreUnavailable, TrainingBusy

_POLL_SECONDS = 0.2
_LONGEST_HOLDER = 200


class LockFileTrainingLock(TrainingLock):
    """Locks `file`, which stays, and names its last holder."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @contextmanager
    def held(self, by: str, wait: timedelta = timedelta(0)) -> Iterator[None]:
        """Asks for the lock again and again while it waits."""
        # A lock file that tells by its existence alone (the fall-back) would outlive a killed training.
        lock = FileLock(self._file, mode=0o600, poll_interval=_POLL_SECONDS, fallback_to_soft=False)
        try:
            make_folder(self._file.parent)
            lock.acquire(timeout=wait.total_seconds())
        except Timeout:  # an OSError itself
            raise TrainingBusy(
                f"Another training into this repository is under way ({self._holder()}): nothing was begun. Try again "
                "when it is done, or give --wait 30m."
            ) from None
        except OSError as error:
            raise ModelStoreUnavailable(
                f"{self._file} cannot be locked, so that two trainings might run at once: "
                f"{(error.strerror or str(error)).lower()}. Give this user the right to write there, on a file system "
                "that knows locks."
            ) from error
        try:
            with suppress(OSError):  # the name is a courtesy: a full disk must be told of by what needs it
                now = datetime.now(UTC)
                self._file.write_text(f"process {os.getpid()} of {by} on {socket.gethostname()} since {now:%F %T} UTC")
            yield
        finally:
            lock.release()

    def _holder(self) -> str:
        with suppress(OSError, ValueError):
            return self._file.read_text("utf-8")[:_LONGEST_HOLDER] or "nobody knows whose"
        return "nobody knows whose"
