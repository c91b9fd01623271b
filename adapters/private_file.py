"""A file that its owner alone can read, that several processes change, and that is replaced whole or not at all."""

import glob
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from adapters.durable_files import flush_folder, written

_LOCK_SECONDS = 10.0
_POLL_SECONDS = 0.01


@contextmanager
def locked(path: Path) -> Iterator[Path]:
    """Holds the lock beside the file `path`, making its folder (mode 0700) where there is none.

    Yields the file that `path` leads to, so that a symbolic link is followed and not replaced. Raises OSError, of which
    TimeoutError where another process keeps the lock for ten seconds.
    """
    target = Path(os.path.realpath(path))
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A lock file that tells by its existence alone (the fall-back) would outlive a killed process.
    lock = FileLock(
        f"{target}.lock", timeout=_LOCK_SECONDS, mode=0o600, poll_interval=_POLL_SECONDS, fallback_to_soft=False
    )
    with lock:
        for leftover in target.parent.glob(f".{glob.escape(target.name)}.*.tmp"):  # of a writer that was killed
            leftover.unlink(missing_ok=True)
        yield target


def replace(path: Path, content: bytes) -> None:
    """Makes `content` all that the file at `path` holds, with mode 0600. Once it returns, that survives a crash.

    Whatever fails or is killed half-way, the file is either as it was or as it is to be. Raises OSError.
    """
    begun = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    with written(begun, content) as temporary:
        temporary.replace(path)
    flush_folder(path.parent)
