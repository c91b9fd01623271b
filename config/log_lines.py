"""An event made fit to be written: masked, escaped, rendered, and handed to each of its places.

All of it happens in one place, `LogWriter`, so that masking and escaping cannot be passed by.
"""

import math
import re
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone
from functools import lru_cache

import structlog
from structlog.contextvars import merge_contextvars
from structlog.typing import EventDict, WrappedLogger

from application.ports.log_sink import LogSink
from config.log_forms import Form

_TOKEN_LIKE = re.compile(r"tsd_([0-9A-Za-z]{1,12})_[0-9A-Za-z_]+")
_TSD = "tsd_"
_LONGEST_VALUE = 2_000
_SHORT = 200
_LENGTH_OF_A_SECOND = len("2026-11-22T12:00:00")
_SMALLEST_INTEGER, _LARGEST_INTEGER = -(2**63), 2**64 - 1
"""Beyond these JSON readers take integers for something else."""


@lru_cache(maxsize=64)
def _zone(seconds_east: int) -> timezone:
    return timezone(timedelta(seconds=seconds_east))


def local_time() -> datetime:
    """The present moment in local time; twice as fast as `datetime.now().astimezone()`, twice in every line."""
    now = time.time()
    return datetime.fromtimestamp(now, _zone(time.localtime(now).tm_gmtoff))


class LogWriter:
    """The only processor: makes an event fit to be written, renders it, and hands it to each of its places.

    All in one, since every request has two lines: a chain of processors takes three times as long.
    """

    def __init__(self, log: str, now: Callable[[], datetime], *places: tuple[Form, Iterable[LogSink]]) -> None:
        self._log = log
        self._now = now
        takers: dict[Form, list[Callable[..., None]]] = {}
        for form, sinks in places:
            takers.setdefault(form, []).extend(sink.take for sink in sinks)
        self._places = [*takers.items()]  # each form is rendered once

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """Writes the event."""
        event = merge_contextvars(logger, method, event)
        if "exc_info" in event:
            event = structlog.processors.format_exc_info(logger, method, event)
        moment = self._now()
        # Time, level and event lead, whatever else is called so.
        fields: EventDict = {"timestamp": _in_milliseconds(moment), "level": method}
        fields["event"] = _clean_value(event.pop("event"))
        for key, value in event.items():
            # What `_clean_value` would say of nearly all, without a call.
            if not (type(value) is str and len(value) <= _SHORT and value.isprintable() and _TSD not in value):
                value = _clean_value(value)  # noqa: PLW2901
            fields.setdefault(_clean_key(key), value)
        for form, takers in self._places:
            line = form(fields)
            for take in takers:
                take(self._log, method, moment, line, fields)
        return event


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
