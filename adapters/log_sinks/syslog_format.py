"""A line of a log as a syslog message (RFC 5424) in a frame that says how long it is (RFC 6587, RFC 5425)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from adapters.log_sinks.line import LogLine

_APP_NAME = "tasador"
_LOGS = {"tasador": ("service", 16), "keys": ("keys", 10)}
"""The logs as they are called there, and their facilities: local0, and authpriv for who may come in."""
_SEVERITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
_NOTICE = 5
_ENTERPRISE = 32473
"""The number that RFC 5612 sets aside for documentation: Tasador has none of its own."""
_IDS = ("request_id", "key_id", "model_version", "trace_id", "span_id")
_NOT_IN_NAMES = re.compile(r"[^\x21-\x7e]")
_NOT_AS_THEY_ARE = re.compile(r'[\\"\]]')
_CONTROLS = bytes.maketrans(bytes((*range(32), 127)), b" " * 33)


@dataclass(frozen=True, slots=True)
class SyslogFormat:
    """The messages of one process of one machine."""

    hostname: str
    process: int

    def frame(self, line: LogLine) -> bytes:
        """`<length> <message>`, in bytes."""
        message = self.message(line)
        return b"%d %b" % (len(message), message)

    def message(self, line: LogLine) -> bytes:
        """The message. Its text has no byte order mark, which readers of JSON do not expect."""
        log, facility = _LOGS[line.log]
        priority = facility * 8 + _SEVERITIES.get(line.level, _NOTICE)
        moment = line.at.isoformat(timespec="microseconds")
        host = _NOT_IN_NAMES.sub("", self.hostname)[:255] or "-"
        header = f"<{priority}>1 {moment} {host} {_APP_NAME} {self.process} {log} {_structured(line.event)} "
        return header.encode() + line.text.translate(_CONTROLS)


def _structured(event: Mapping[str, object]) -> str:
    """The event's ids as structured data."""
    ids = [f' {name}="{_escaped(str(value))}"' for name in _IDS if (value := event.get(name)) is not None]
    return f"[{_APP_NAME}@{_ENTERPRISE}{''.join(ids)}]" if ids else "-"


def _escaped(value: str) -> str:
    if not value.isprintable():
        value = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in value)
    return _NOT_AS_THEY_ARE.sub(r"\\\g<0>", value)
