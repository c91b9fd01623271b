"""How a command ends that does not end well: the exit code, and the line that its user sees."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import click

from config.faults import ConfigurationError
from domain.errors import DomainError, InvalidFields, InvalidKeyRequest, InvalidSample, TrainingBusy, UnknownRecipe
from entrypoints.cli.learners import LEARNERS

REFUSED = 1
WRONG_USAGE = 2
KEPT = 3
BUSY = 4
INTERRUPTED = 130
TERMINATED = 143


class CannotListen(Exception):
    """The address cannot be listened on; `str()` of it says why and what to do."""


class Terminated(BaseException):
    """The process was asked to end (SIGTERM)."""


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Raises Terminated in the block where the process is asked to end, so that it clears up behind itself."""
    if threading.current_thread() is not threading.main_thread():  # no other thread may watch for signals
        yield
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(_: int, __: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: nothing shall end the clearing up
    raise Terminated


def ending_of(error: BaseException) -> tuple[int, str]:
    """The exit code for `error`, and the line that the user sees."""
    match error:
        case click.Abort() | KeyboardInterrupt():
            return INTERRUPTED, "interrupted."
        case Terminated():
            return TERMINATED, "terminated."
        case click.UsageError() | ConfigurationError():
            return WRONG_USAGE, _line(error)
        case InvalidKeyRequest() | InvalidFields() | InvalidSample() | UnknownRecipe():
            return WRONG_USAGE, _line(error)
        case TrainingBusy():
            return BUSY, _line(error)
        case _:
            return REFUSED, _line(error)


def _line(error: BaseException) -> str:
    match error:
        case click.UsageError():
            command = error.ctx.command_path if error.ctx else "tasador"
            return f"{_sentence(error.format_message())} See `{command} --help`."
        case DomainError() | ConfigurationError() | CannotListen():
            return str(error)
        case ModuleNotFoundError() if (error.name or "").partition(".")[0] in LEARNERS:
            return (
                f"this needs {error.name}, which is left out of an installation that only serves: use the image "
                "`tasador-train`, requirements/train.txt of the release, or pip install '.[train]' in the checkout."
            )
        case MemoryError():
            return "there is not enough memory for this; nothing was stored."
        case OSError():
            place = error.filename or "the output"
            return f"{place} cannot be read or written: {(error.strerror or str(error)).lower()}."
        case _:
            fault = " ".join(f"unexpected {type(error).__name__}: {error}".split())
            return f"{fault}; this is a fault of Tasador: please report it."


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."
