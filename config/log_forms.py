"""The forms of a line: JSON, that of the original service, and one for people."""

import json
import os
import re
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
import structlog

Form = Callable[[Mapping[str, object]], bytes]
"""Renders the fields of an event, of which `timestamp`, `level` and `event` come first, and leaves them as they are."""

in_json: Form = msgspec.json.Encoder().encode
"""An object a line."""


def in_classic(fields: Mapping[str, Any]) -> bytes:
    """The line of the original service: `PID:(process id) (TID:(thread id)) (level): [(time)] (message)`."""
    moment, level, message, *further = fields.items()
    details = "".join(f" {key}={_quoted(value)}" for key, value in further if value is not None)
    told = f"{level[1].upper()}: [{datetime.fromisoformat(moment[1]):%Y-%m-%d %H:%M:%S}] {message[1]}{details}"
    return f"PID:{os.getpid()} (TID:{threading.get_native_id()}) {told}".encode()


def for_people(*, colours: bool) -> Form:
    """As structlog shows events in development."""
    renderer = structlog.dev.ConsoleRenderer(colors=colours, sort_keys=False)

    def render(fields: Mapping[str, Any]) -> bytes:
        # It may lay an exception out on lines of its own.
        return renderer(None, fields["level"], dict(fields)).replace("\n", " ").encode()

    return render


def _quoted(value: object) -> str:
    """A value as it stands in a classic line: in quotes where it could be taken for more fields."""
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if re.search(r'[\s="]', text) or not text else text
