"""Finished parts as files in a folder of their own."""

import hashlib
import json
import os
import platform
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from adapters.durable_files import make_folder
from application.ports.finished_parts import FinishedParts
from application.ports.valuation_engine import ValuedPart
from domain.errors import OutputBusy, OutputUnavailable
from domain.portfolio_totals import PortfolioTotals

_RUN, _LOCK, _HOLDER = "run.json", "lock", "holder.json"
_OURS = re.compile(r"(run\.json|lock|holder\.json|part-\d{8,})(\.tmp)?")
_PRIVATE = 0o600
_DAY = 86_400
"""In seconds."""


class FinishedPartsFolder(FinishedParts):
    """One file a part, readable by its owner alone, in a folder that is there only as long as a run is unfinished.

    A file begins with the checksum of what follows: one that is torn or altered is as if it were not there. Hence none
    is flushed to the disk, which the next run would wait for.

    keep_days: for how long unfinished runs of other outputs, in folders beside this one, are kept after their last
    part; None is for ever. They hold clients' data, and nobody may ever go on with them.
    """

    def __init__(self, folder: Path, keep_days: int | None = None) -> None:
        self._folder = folder
        self._keep_days = keep_days

    def begun(self) -> Mapping[str, str] | None:
        """What the run said of itself."""
        with self._told():
            said = _whole(self._folder / _RUN)
        return None if said is None else json.loads(said)

    def begin(self, said: Mapping[str, str]) -> None:
        """Removes what another run left, and says what this one is."""
        with self._told():
            make_folder(self._folder)
            self._clear()
            self._write(_RUN, json.dumps(dict(said)).encode())

    def find(self, key: str, number: int) -> ValuedPart | None:
        """The part, where its checksum, its number and its key are right."""
        try:
            content = _whole(self._folder / _name(number))
        except OSError:
            return None
        if content is None:
            return None
        about, _, piece = content.partition(b"\n")
        known = json.loads(about)
        if (known["key"], known["number"]) != (key, number):
            return None
        return ValuedPart(number, key, known["share"], piece, PortfolioTotals(**known["totals"]))

    def keep(self, part: ValuedPart) -> None:
        """Writes its file."""
        about = {"number": part.number, "key": part.key, "share": part.share, "totals": asdict(part.totals)}
        with self._told():
            self._write(_name(part.number), json.dumps(about).encode() + b"\n", part.piece)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Holds a lock that ends with the process, however that ends; others' old runs are forgotten then."""
        with self._locked():
            with self._told():
                self._write(_HOLDER, json.dumps(_myself()).encode())
            if self._keep_days is not None:
                self._forget_others(time.time() - self._keep_days * _DAY)
            yield

    def discard(self) -> None:
        """Removes all files but the lock."""
        with self._told():
            self._clear()

    def _refuse_others(self) -> None:
        """A checksum says that a part is whole, not whose it is: nobody else may be able to write there."""
        found = self._folder.stat()
        if found.st_uid != os.geteuid() or found.st_mode & 0o022:
            raise OutputUnavailable(
                f"{self._folder} belongs to another user, or others may write there: remove it, or set portfolios.path "
                "to a folder of your own."
            )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._told():
            make_folder(self._folder.parent)  # which holds clients' data too
            make_folder(self._folder)
            self._refuse_others()
        # A lock file that tells by its existence alone (the fall-back) would outlive a killed process.
        lock = FileLock(self._folder / _LOCK, timeout=0, mode=_PRIVATE, fallback_to_soft=False)
        try:
            with self._told():
                lock.acquire()
        except Timeout:
            raise OutputBusy(
                f"Another run is writing this output: {self._holder()}. Wait for its end, or end it first."
            ) from None
        try:
            yield
        finally:
            with suppress(OSError):
                (self._folder / _HOLDER).unlink(missing_ok=True)
                if {path.name for path in self._folder.iterdir()} <= {_LOCK}:
                    (self._folder / _LOCK).unlink()  # who waits for it sees that it is gone, and makes another
                    self._folder.rmdir()
            lock.release()

    def _forget_others(self, untouched_since: float) -> None:
        for folder in self._folder.parent.glob("*"):
            if folder != self._folder and _is_old_run(folder, untouched_since):
                other = FinishedPartsFolder(folder)
                with suppress(OutputBusy, OutputUnavailable), other._locked():
                    other.discard()

    def _clear(self) -> None:
        for path in sorted(self._folder.glob("*"), key=lambda path: path.name != _RUN):  # what the run said goes first
            if path.name not in {_LOCK, _HOLDER}:
                path.unlink(missing_ok=True)

    def _write(self, name: str, *content: bytes) -> None:
        digest = hashlib.sha256()
        for some in content:
            digest.update(some)
        temporary = self._folder / f"{name}.tmp"
        temporary.unlink(missing_ok=True)
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb", 0) as file:
            for some in (f"{digest.hexdigest()}\n".encode(), *content):
                rest = memoryview(some)
                while rest:
                    rest = rest[file.write(rest) :]
        temporary.replace(self._folder / name)

    def _holder(self) -> str:
        with suppress(OSError, KeyError):
            if said := _whole(self._folder / _HOLDER):
                return "process {pid} on {host}, since {since}".format(**json.loads(said))
        return "a process that has only just begun"

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except Timeout:
            raise
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise OutputUnavailable(
                f"Finished parts cannot be kept in {self._folder}: {why}. Make room there, or see that it may be "
                "written; what is finished is kept."
            ) from error


def _name(number: int) -> str:
    return f"part-{number:08}"


def _is_old_run(folder: Path, untouched_since: float) -> bool:
    """Whether it holds what a run left and nothing else, and nothing came or went since then."""
    try:
        names = [path.name for path in folder.iterdir()]
        is_old = folder.stat().st_mtime < untouched_since
    except OSError:  # such as a file
        return False
    return is_old and bool(names) and all(map(_OURS.fullmatch, names))


def _whole(path: Path) -> bytes | None:
    """What was written to a file, None where it is not there or not as it was written. Raises OSError."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    checksum, _, rest = content.partition(b"\n")
    return rest if checksum.decode("ascii", "replace") == hashlib.sha256(rest).hexdigest() else None


def _myself() -> dict[str, object]:
    return {"pid": os.getpid(), "host": platform.node(), "since": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"}
