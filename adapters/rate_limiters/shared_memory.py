"""Counts in memory of a fixed size, which several processes of one machine may share.

Each process writes to its own row alone, so nobody waits and a process that dies takes nothing with it; what is used is
the sum over the rows. A row is a table of sets of eight places, and a bucket's place is in the one set that its hash
names. Where a set is full, whoever was counted longest ago makes room: no stranger can make the memory grow, and since
the hash has a secret key, none can aim at a set.

A place is three numbers: the bucket's hash, and a count for the even and for the odd windows, with the second in which
its window began in the upper 40 bits. So a count and its window change in one write, and no reader sees half of one.
"""

import time
from collections.abc import Callable, Sequence
from hashlib import blake2b

from application.ports.rate_limiter import RateLimiter
from domain.rate_limit import Allowance, RateLimit

CELLS_A_SET = 24
_PLACES = 8
_COUNT_BITS = 24
_COUNT = (1 << _COUNT_BITS) - 1


class SharedMemoryRateLimiter(RateLimiter):
    """Counts in the row `own` of `rows`, each as many 64-bit cells, at least 24; all are 0 at first.

    `secret` keys the hashes, at most 64 bytes, the same for all who share the rows; `seconds` is a clock that they
    share, and that nobody sets.
    """

    def __init__(
        self, rows: Sequence[memoryview], own: int, secret: bytes, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._rows = rows
        self._own = rows[own]
        self._sets = len(self._own) // CELLS_A_SET
        self._secret = secret
        self._seconds = seconds

    @property
    def is_alone(self) -> bool:
        """No: there is nobody else to count with."""
        return False

    async def hit(self, bucket: str, limit: RateLimit) -> Allowance:
        """Counts one more in the bucket, unless that would be more than the limit."""
        return self._asked(bucket, limit, counted=True)

    async def test(self, bucket: str, limit: RateLimit) -> Allowance:
        """What `hit` would answer now; nothing is counted."""
        return self._asked(bucket, limit, counted=False)

    async def close(self) -> None:
        """There is nothing to give back."""

    def _asked(self, bucket: str, limit: RateLimit, *, counted: bool) -> Allowance:
        name = b"%d/%d/%s" % (limit.amount, limit.seconds, bucket.encode(errors="replace"))
        digest = int.from_bytes(blake2b(name, digest_size=8, key=self._secret).digest()) or 1
        first = digest % self._sets * CELLS_A_SET
        now = self._seconds()
        window = int(now // limit.seconds)
        began = window * limit.seconds
        odd = window & 1
        previous = current = 0
        for row in self._rows:
            hashes = row[first : first + _PLACES].tolist()
            if digest in hashes:
                counts = first + _PLACES + 2 * hashes.index(digest)
                count = row[counts + odd]
                if count >> _COUNT_BITS == began:
                    current += count & _COUNT
                count = row[counts + 1 - odd]
                if count >> _COUNT_BITS == began - limit.seconds:
                    previous += count & _COUNT
        allowance = limit.judge(previous, current, began + limit.seconds - now)
        if counted and allowance.allowed:
            self._count(first, digest, odd, began)
        return allowance

    def _count(self, first: int, digest: int, odd: int, began: int) -> None:
        own = self._own
        hashes = own[first : first + _PLACES].tolist()
        place = hashes.index(digest) if digest in hashes else self._vacated(first, digest)
        cell = first + _PLACES + 2 * place + odd
        count = own[cell]
        own[cell] = count + 1 if count >> _COUNT_BITS == began else (began << _COUNT_BITS) + 1

    def _vacated(self, first: int, digest: int) -> int:
        """The place of the set that has not been counted in for longest, made over to this hash."""
        own = self._own
        counts = own[first + _PLACES : first + CELLS_A_SET].tolist()
        latest = [max(counts[2 * place], counts[2 * place + 1]) for place in range(_PLACES)]
        place = latest.index(min(latest))
        own[first + place] = 0  # nobody's, so that no reader takes the old counts for the new bucket's
        own[first + _PLACES + 2 * place] = own[first + _PLACES + 2 * place + 1] = 0
        own[first + place] = digest
        return place
