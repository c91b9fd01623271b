"""Logs: one line an event, for people on a terminal and for machines elsewhere, and in one file a day.

Rendering and writing happen in one place, `LogWriter`, so that masking and escaping cannot be passed by.
"""

import errno
import json
import logging
import math
import os
import re
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from config.settings import LoggingSettings

Renderer = Callable[[WrappedLogger, str, EventDict], str | bytes]

_TOKEN_LIKE = re.compile(r"tsd_([0-9A-Za-z]{1,12})_[0-9A-Za-z_]+")
_LONGEST_VALUE = 2_000


def _local_time() -> datetime:
    return datetime.now().astimezone()


class LogFolderUnavailable(Exception):
    """The folder of the log files cannot be written to; `str()` of it names the folder and what to do."""


class DailyFile:
    """A file a day, `<name>-<YYYY-MM-DD>.log`, by the local date at the moment of writing. Safe for many threads.

    Lines are appended with one write each, so several processes may share a file; one that is deleted is made anew. A
    write that fails is counted in `lost` and told once on standard error: a full disk must not stop the service.
    """

    def __init__(self, folder: Path, name: str, now: Callable[[], datetime]) -> None:
        self._folder = folder
        self._name = name
        self._now = now
        self._lock = threading.Lock()
        self._day = ""
        self._descriptor: int | None = None
        self._torn = False
        self.lost = 0

    def prepare(self) -> None:
        """Opens today's file. Raises LogFolderUnavailable."""
        try:
            with self._lock:
                self._opened()
        except OSError as error:
            raise LogFolderUnavailable(
                f"the logs cannot be written to {self._folder}: {(error.strerror or str(error)).lower()}; "
                "make it writable, or set logging.directory to another folder."
            ) from None

    def write(self, line: str) -> None:
        """Appends a line."""
        with self._lock:
            try:
                self._append(f"{line}\n".encode())
            except OSError as error:
                if not self.lost:
                    self._tell(f"tasador: log lines are being lost: {self._folder}: {error.strerror}")
                self.lost += 1

    def _append(self, line: bytes) -> None:
        descriptor = self._opened()
        # What a full disk took of a line stays: the next one must not go on behind it.
        line = b"\n" + line if self._torn else line
        written = os.write(descriptor, line)
        self._torn = written < len(line)
        if self._torn:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _opened(self) -> int:
        day = self._now().strftime("%Y-%m-%d")
        if self._descriptor is not None:
            if day == self._day and _is_in_a_folder(self._descriptor):
                return self._descriptor
            with suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = None
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{self._name}-{day}.log"
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._day, self._torn = day, False
        return self._descriptor

    def _tell(self, message: str) -> None:
        if sys.stderr is not None:  # None: closed before Python started
            _line_to(sys.stderr)(message)


def _is_in_a_folder(descriptor: int) -> bool:
    """Whether the open file still has a name: one that was deleted takes lines that nobody will read."""
    try:
        return os.fstat(descriptor).st_nlink > 0
    except OSError:
        return False


class LogWriter:
    """The last processor: renders an event once for each place that it goes to, and writes it there."""

    def __init__(self, *places: tuple[Renderer, Callable[[str], object]]) -> None:
        self._places = places

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """Writes the event; nothing is passed on."""
        for render, write in self._places:
            line = render(logger, method, dict(event))
            # A renderer for people may lay an exception out on lines of its own.
            write((line if isinstance(line, str) else line.decode()).replace("\n", " "))
        raise structlog.DropEvent


class Loggers:
    """The two logs, each in its daily file: `service` for what happens, also on `stream`; `keys` for key events."""

    def __init__(
        self, settings: LoggingSettings, stream: TextIO | None = None, now: Callable[[], datetime] = _local_time
    ) -> None:
        self._files = [DailyFile(settings.directory, name, now) for name in ("tasador", "keys")]
        service_file, keys_file = self._files
        in_files = _classic if settings.format == "classic" else structlog.processors.JSONRenderer(ensure_ascii=False)
        places: list[tuple[Renderer, Callable[[str], object]]] = [(in_files, service_file.write)]
        if stream:
            shown = settings.format
            on_terminal = stream.isatty()
            if shown == "console" or (shown == "auto" and on_terminal):
                places.append((structlog.dev.ConsoleRenderer(colors=on_terminal, sort_keys=False), _line_to(stream)))
            else:
                places.append((in_files, _line_to(stream)))
        self.service = _logger(LogWriter(*places), settings.level, now)
        self.keys = _logger(LogWriter((in_files, keys_file.write)), "info", now)

    def prepare(self) -> None:
        """Opens the files, and takes the libraries' own log records and warnings into `service`.

        Raises LogFolderUnavailable.
        """
        for file in self._files:
            file.prepare()
        library_log = logging.getLogger()
        library_log.handlers = [_Forward(self.service)]
        library_log.setLevel(logging.WARNING)
        logging.captureWarnings(capture=True)


class _Forward(logging.Handler):
    """Hands the records of libraries that log through the standard library on to structlog."""

    def __init__(self, logger: Any) -> None:
        super().__init__()
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        details: dict[str, str] = {"logger": record.name}
        if record.exc_info and record.exc_info[0]:
            details["exception"] = f"{record.exc_info[0].__name__}: {record.exc_info[1]}"
        try:
            message = record.getMessage()
        except Exception:  # arguments that do not fit: a library's slip must not fail whoever called it
            message = str(record.msg)
        level = min(max(record.levelno // 10 * 10, logging.DEBUG), logging.CRITICAL)  # structlog knows no others
        self._logger.log(level, message, **details)


def masked(text: str) -> str:
    """`text` without the secret of any key token in it.

    >>> masked("key tsd_abc123abc123_secretsecret_check0 refused")
    'key tsd_abc123abc123_*** refused'
    """
    return _TOKEN_LIKE.sub(r"tsd_\1_***", text)


def on_one_line(text: str) -> str:
    r"""`text` with every character escaped that is not printable, so that it can neither end a line nor hide in one.

    >>> on_one_line("first\nsecond")
    'first\\nsecond'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _logger(writer: LogWriter, level: str, now: Callable[[], datetime]) -> Any:
    def stamp(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["timestamp"] = now().isoformat(timespec="milliseconds")
        return event

    return structlog.wrap_logger(
        None,
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            stamp,
            structlog.processors.format_exc_info,
            _clean,
            writer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )


def _clean(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Masks key tokens and escapes what is not printable, so that no input can forge a line; time and event lead."""
    ordered = {key: event.pop(key) for key in ("timestamp", "level", "event")} | dict(event)
    # Never an empty key: to the renderer for people it is the name of a column of its own.
    return {_clean_text(str(key)) or "_": _clean_value(value) for key, value in ordered.items()}


def _clean_value(value: object) -> object:
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return _clean_text(str(value))  # also NaN and the infinities, which JSON has no numbers for


def _clean_text(text: str) -> str:
    shown = masked(text)
    if len(shown) > _LONGEST_VALUE:  # both ends: an exception's last line says what happened
        half = _LONGEST_VALUE // 2
        shown = f"{shown[:half]} ... {shown[-half:]}"
    return on_one_line(shown)


def _line_to(stream: TextIO) -> Callable[[str], object]:
    def write(line: str) -> None:
        with suppress(OSError, ValueError):  # nobody reads it any more: no reason to fail a request
            stream.write(f"{line}\n")
            stream.flush()

    return write


def _classic(_: WrappedLogger, __: str, event: EventDict) -> str:
    """The line of the original service: `PID:(process id) (TID:(thread id)) (level): [(time)] (message)`."""
    moment = datetime.fromisoformat(event.pop("timestamp"))
    level, message = event.pop("level").upper(), event.pop("event")
    details = "".join(f" {key}={_quoted(value)}" for key, value in event.items() if value is not None)
    thread = threading.get_native_id()
    return f"PID:{os.getpid()} (TID:{thread}) {level}: [{moment:%Y-%m-%d %H:%M:%S}] {message}{details}"


def _quoted(value: object) -> str:
    """A value as it stands in a classic line: in quotes where it could be taken for more fields."""
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if re.search(r'[\s="]', text) or not text else text
