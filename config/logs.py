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
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO

import msgspec
import structlog
from structlog.contextvars import merge_contextvars
from structlog.typing import EventDict, WrappedLogger

from config.settings import LoggingSettings

Renderer = Callable[[WrappedLogger, str, EventDict], bytes]
Write = Callable[[bytes, datetime], object]

_TOKEN_LIKE = re.compile(r"tsd_([0-9A-Za-z]{1,12})_[0-9A-Za-z_]+")
_TSD = "tsd_"
_LONGEST_VALUE = 2_000
_SHORT = 200
_LENGTH_OF_A_SECOND = len("2026-11-22T12:00:00")
_LEVELS = ("debug", "info", "warning", "error", "critical")
_SMALLEST_INTEGER, _LARGEST_INTEGER = -(2**63), 2**64 - 1
"""Beyond these JSON readers take integers for something else."""


@lru_cache(maxsize=64)
def _zone(seconds_east: int) -> timezone:
    return timezone(timedelta(seconds=seconds_east))


def _local_time() -> datetime:
    """The present moment in local time; twice as fast as `datetime.now().astimezone()`, twice in every line."""
    now = time.time()
    return datetime.fromtimestamp(now, _zone(time.localtime(now).tm_gmtoff))


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
        self._day = date.min
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

    def write(self, line: str, at: datetime | None = None) -> None:
        """Appends a line, to the file of the day of `at`; by default, of the present one."""
        self.append(line.encode(), at)

    def append(self, line: bytes, at: datetime | None = None) -> None:
        """Appends a line that is encoded already."""
        with self._lock:
            try:
                self._append(line + b"\n", at)
            except OSError as error:
                if not self.lost:
                    self._tell(f"tasador: log lines are being lost: {self._folder}: {error.strerror}")
                self.lost += 1

    def _append(self, line: bytes, at: datetime | None) -> None:
        descriptor = self._opened(at)
        # What a full disk took of a line stays: the next one must not go on behind it.
        line = b"\n" + line if self._torn else line
        written = os.write(descriptor, line)
        self._torn = written < len(line)
        if self._torn:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _opened(self, at: datetime | None = None) -> int:
        day = (at or self._now()).date()
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
            _line_to(sys.stderr)(message.encode(), self._now())


def _is_in_a_folder(descriptor: int) -> bool:
    """Whether the open file still has a name: one that was deleted takes lines that nobody will read."""
    try:
        return os.fstat(descriptor).st_nlink > 0
    except OSError:
        return False


class LogWriter:
    """The only processor: makes an event fit to be written, renders it, and writes it to each of its places.

    All in one, since every request has two lines: a chain of processors takes three times as long.
    """

    def __init__(self, now: Callable[[], datetime], *places: tuple[Renderer, Write]) -> None:
        self._now = now
        renderers = dict.fromkeys(render for render, _ in places)
        self._forms = [(render, [write for other, write in places if other is render]) for render in renderers]

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """Writes the event."""
        event = merge_contextvars(logger, method, event)
        if "exc_info" in event:
            event = structlog.processors.format_exc_info(logger, method, event)
        moment = self._now()
        # Time, level and event lead, whatever else is called so.
        line: EventDict = {"timestamp": _in_milliseconds(moment), "level": method}
        line["event"] = _clean_value(event.pop("event"))
        for key, value in event.items():
            # What `_clean_value` would say of nearly all, without a call.
            if not (type(value) is str and len(value) <= _SHORT and value.isprintable() and _TSD not in value):
                value = _clean_value(value)  # noqa: PLW2901
            line.setdefault(_clean_key(key), value)
        for render, writes in self._forms:
            rendered = render(logger, method, line if len(self._forms) == 1 else dict(line))
            for write in writes:
                write(rendered, moment)
        return event


class Loggers:
    """The two logs, each in its daily file: `service` for what happens, also on `stream`; `keys` for key events."""

    def __init__(
        self, settings: LoggingSettings, stream: TextIO | None = None, now: Callable[[], datetime] = _local_time
    ) -> None:
        self._files = [DailyFile(settings.directory, name, now) for name in ("tasador", "keys")]
        service_file, keys_file = self._files
        in_files = _classic if settings.format == "classic" else _json
        places: list[tuple[Renderer, Write]] = [(in_files, service_file.append)]
        if stream:
            shown = settings.format
            on_terminal = stream.isatty()
            if shown == "console" or (shown == "auto" and on_terminal):
                places.append((_for_people(colours=on_terminal), _line_to(stream)))
            else:
                places.append((in_files, _line_to(stream)))
        self.service = _logger(LogWriter(now, *places), settings.level)
        self.keys = _logger(LogWriter(now, (in_files, keys_file.append)), "info")

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


class _BoundLogger(structlog.BoundLoggerBase):
    """A logger that hands each event straight to its processor; structlog's own takes as long again to do so."""

    def debug(self, event: str, /, **details: object) -> None:
        self._hand_on("debug", event, details)

    def info(self, event: str, /, **details: object) -> None:
        self._hand_on("info", event, details)

    def warning(self, event: str, /, **details: object) -> None:
        self._hand_on("warning", event, details)

    def error(self, event: str, /, **details: object) -> None:
        self._hand_on("error", event, details)

    def exception(self, event: str, /, **details: object) -> None:
        self._hand_on("error", event, {"exc_info": True} | details)

    def critical(self, event: str, /, **details: object) -> None:
        self._hand_on("critical", event, details)

    def log(self, level: int, event: str, /, **details: object) -> None:
        self._hand_on(logging.getLevelName(level).lower(), event, details)

    def _hand_on(self, level: str, event: str, details: EventDict) -> None:
        if level in self._logger:
            details["event"] = event
            if self._context:
                details = {**self._context, **details}
            for process in self._processors:
                process(None, level, details)


def _logger(writer: LogWriter, level: str) -> Any:
    lowest = _LEVELS.index(level)
    return structlog.wrap_logger(frozenset(_LEVELS[lowest:]), processors=[writer], wrapper_class=_BoundLogger).bind()


def _in_milliseconds(moment: datetime) -> str:
    second, zone = _in_seconds(moment.replace(microsecond=0))
    return f"{second}.{moment.microsecond // 1000:03}{zone}"


@lru_cache(maxsize=16)
def _in_seconds(moment: datetime) -> tuple[str, str]:
    text = moment.isoformat()
    return text[:_LENGTH_OF_A_SECOND], text[_LENGTH_OF_A_SECOND:]


@lru_cache(maxsize=1024)
def _clean_key(key: object) -> str:
    """A name fit to be written; never an empty one: to the renderer for people it is that of a column of its own."""
    return _clean_text(str(key)) or "_"


def _clean_value(value: object) -> object:
    """A value with key tokens masked and what is not printable escaped, so that no input can forge a line."""
    if isinstance(value, str):
        return _clean_text(value)
    if value is None or isinstance(value, bool) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, int):
        return value if _SMALLEST_INTEGER <= value <= _LARGEST_INTEGER else str(value)
    return _clean_text(str(value))  # also NaN and the infinities, which JSON has no numbers for


def _clean_text(text: str) -> str:
    if len(text) <= _SHORT and text.isprintable() and _TSD not in text:  # nearly all
        return text
    shown = masked(text)
    if len(shown) > _LONGEST_VALUE:  # both ends: an exception's last line says what happened
        half = _LONGEST_VALUE // 2
        shown = f"{shown[:half]} ... {shown[-half:]}"
    return on_one_line(shown)


_encode = msgspec.json.Encoder().encode


def _json(_: WrappedLogger, __: str, event: EventDict) -> bytes:
    return _encode(event)


def _line_to(stream: TextIO) -> Write:
    def write(line: bytes, _: datetime) -> None:
        try:
            stream.write(line.decode() + "\n")
            stream.flush()
        except (OSError, ValueError):  # nobody reads it any more: no reason to fail a request
            return

    return write


def _for_people(*, colours: bool) -> Renderer:
    renderer = structlog.dev.ConsoleRenderer(colors=colours, sort_keys=False)

    def render(logger: WrappedLogger, method: str, event: EventDict) -> bytes:
        # It may lay an exception out on lines of its own.
        return renderer(logger, method, event).replace("\n", " ").encode()

    return render


def _classic(_: WrappedLogger, __: str, event: EventDict) -> bytes:
    """The line of the original service: `PID:(process id) (TID:(thread id)) (level): [(time)] (message)`."""
    moment = datetime.fromisoformat(event.pop("timestamp"))
    level, message = event.pop("level").upper(), event.pop("event")
    details = "".join(f" {key}={_quoted(value)}" for key, value in event.items() if value is not None)
    thread = threading.get_native_id()
    return f"PID:{os.getpid()} (TID:{thread}) {level}: [{moment:%Y-%m-%d %H:%M:%S}] {message}{details}".encode()


def _quoted(value: object) -> str:
    """A value as it stands in a classic line: in quotes where it could be taken for more fields."""
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if re.search(r'[\s="]', text) or not text else text
