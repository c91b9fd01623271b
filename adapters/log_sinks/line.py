"""A line of a log on its way to a server."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line as it stands in the file of its log (`tasador` or `keys`), and the event that it tells of.

    `event`: names and values fit to be shown; level: debug, info, warning, error or critical.
    """

    log: str
    text: bytes
    event: Mapping[str, object]
    level: str
    at: datetime
