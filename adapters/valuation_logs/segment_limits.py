"""How long a segment of evidence may grow before it is closed under a signature."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class SegmentLimits:
    """A segment is closed once it is so old, or so large in bytes."""

    age: timedelta = timedelta(hours=1)
    size: int = 32 * 2**20
