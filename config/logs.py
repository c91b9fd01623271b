"""Logs: what happens, and what happens to keys, one line an event, each to all the places where it belongs."""

import atexit
import logging
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import structlog
from structlog.typing import EventDict

from application.ports.log_sink import LogSink
from config.log_forms import Form, for_people, in_classic, in_json
from config.log_lines import LogWriter, local_time
from config.settings import LoggingSettings

_LEVELS = ("debug", "info", "warning", "error", "critical")
_SECONDS_TO_END = 2.0


class Loggers:
    """The two logs: `service` for what happens, also on standard error where it is given; `keys` for key events.

    Each has its files, and both go to what they are `shipped` to. `sinks` are all of these places.
    """

    def __init__(
        self,
        settings: LoggingSettings,
        files: tuple[LogSink, LogSink],
        shown: LogSink | None = None,
        shipped: Sequence[LogSink] = (),
        *,
        on_terminal: bool = False,
        now: Callable[[], datetime] = local_time,
    ) -> None:
        service_file, keys_file = files
        in_files = in_classic if settings.format == "classic" else in_json
        places: list[tuple[Form, Sequence[LogSink]]] = [(in_files, (service_file, *shipped))]
        if shown:
            for_person = settings.format == "console" or (settings.format == "auto" and on_terminal)
            places.append((for_people(colours=on_terminal) if for_person else in_files, (shown,)))
        writer = LogWriter("tasador", now, *places)
        self.service = _logger(writer, settings.level)
        self.keys = _logger(LogWriter("keys", now, (in_files, (keys_file, *shipped))), "info")
        self.sinks = (*files, *((shown,) if shown else ()), *shipped)
        self._is_shown = shown is not None
        self._own = _logger(writer, "warning")
        for sink in self.sinks:
            sink.reports_to(self._report)

    def prepare(self) -> None:
        """Makes all places ready, and takes the libraries' own log records and warnings into `service`.

        What waits when the program ends is still written. Raises LogFolderUnavailable.
        """
        for sink in self.sinks:
            sink.prepare()
        atexit.register(self.close, _SECONDS_TO_END)
        library_log = logging.getLogger()
        library_log.handlers = [_Forward(self.service)]
        library_log.setLevel(logging.WARNING)
        logging.captureWarnings(capture=True)

    def close(self, seconds: float) -> None:
        """Lets all places write what waits, for so many seconds at most."""
        until = time.monotonic() + seconds
        for sink in self.sinks:
            sink.close(max(until - time.monotonic(), 0.0))

    def _report(self, what: str, **details: object) -> None:
        """What a place says of itself, whatever the level; who runs a command hears of it too."""
        self._own.warning(what, **details)
        if not self._is_shown and sys.stderr is not None:  # None: closed before Python started
            with suppress(OSError, ValueError):
                sys.stderr.write(f"tasador: {what}: {' '.join(f'{name}={value}' for name, value in details.items())}\n")


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
