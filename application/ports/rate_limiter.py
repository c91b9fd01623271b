"""Who counts how often something is done."""

from abc import abstractmethod
from typing import Protocol

from domain.rate_limit import Allowance, RateLimit


class RateLimiter(Protocol):
    """Counts in buckets, by name, and says when a bucket is full. Asked by one event loop.

    It never fails: where what it counts in cannot be reached, it counts for itself. What is refused is not counted.
    Several that count together may let through one more each where they are asked at the same moment.
    """

    @abstractmethod
    async def hit(self, bucket: str, limit: RateLimit) -> Allowance:
        """Counts one more in the bucket, unless that would be more than the limit."""

    @abstractmethod
    async def test(self, bucket: str, limit: RateLimit) -> Allowance:
        """What `hit` would answer now; nothing is counted."""

    @property
    @abstractmethod
    def is_alone(self) -> bool:
        """Whether it counts for itself, though it should count with others."""

    @abstractmethod
    async def close(self) -> None:
        """Gives back what it holds; it is not asked again."""
