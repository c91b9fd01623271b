"""No record of valuations, where none is wanted."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime

from application.ports.valuation_log import LogPlace, ValuationLog
from domain.follow_up import FollowUp
from domain.valuation_record import ValuationRecord


class NoValuationLog(ValuationLog):
    """Keeps nothing: what `durability = "none"` asks for."""

    @property
    def is_slow(self) -> bool:
        """Never."""
        return False

    @property
    def lost(self) -> int | None:
        """None: nobody counts on a record."""
        return None

    def check(self) -> None:
        """Does nothing."""

    def record(self, records: Sequence[ValuationRecord]) -> None:
        """Does nothing."""

    def do_without(self, count: int, cause: str) -> None:
        """Does nothing: nobody counts on a record."""

    def follow_up(self, said: Sequence[FollowUp]) -> None:
        """Does nothing."""

    def find(self, valuation_id: str) -> ValuationRecord | None:  # noqa: ARG002
        """None."""
        return None

    def known(self, valuation_ids: Collection[str]) -> Mapping[str, datetime]:  # noqa: ARG002
        """None."""
        return {}

    def records(
        self,
        since: datetime | None = None,  # noqa: ARG002
        until: datetime | None = None,  # noqa: ARG002
        client_ref: str | None = None,  # noqa: ARG002
        *,
        damaged: Callable[[str], None] | None = None,  # noqa: ARG002
    ) -> Iterator[ValuationRecord]:
        """None."""
        return iter(())

    def recent(
        self,
        before: LogPlace | None = None,  # noqa: ARG002
        client_ref: str | None = None,  # noqa: ARG002
        *,
        damaged: Callable[[str], None] | None = None,  # noqa: ARG002
    ) -> Iterator[tuple[LogPlace, ValuationRecord | None]]:
        """None."""
        return iter(())

    def follow_ups(
        self,
        valuation_id: str | None = None,  # noqa: ARG002
        *,
        damaged: Callable[[str], None] | None = None,  # noqa: ARG002
    ) -> Iterator[FollowUp]:
        """None."""
        return iter(())
