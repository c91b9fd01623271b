"""The newest valuations on record, and those of them that are sought."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from application.ports.key_store import KeyStore
from application.ports.valuation_log import LogPlace, ValuationLog
from application.show_valuation import may_see
from domain.api_key import ApiKey
from domain.property import normalised
from domain.valuation_id import made_at
from domain.valuation_record import ValuationRecord

Status = Literal["valued", "refused"]
MOST_LOOKED_AT = 10_000
"""Records that one search looks at: reading so many takes about a second, in which other requests are slower."""


@dataclass(frozen=True, slots=True)
class Sought:
    """Which valuations; any where None. since: recorded then or later. until: recorded before. client_ref: just this.

    search: how the id begins, or what is in the client reference, type or sector, whatever case and accents.
    """

    search: str | None = None
    status: Status | None = None
    client_ref: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def is_met_by(self, record: ValuationRecord) -> bool:
        """Whether this valuation is sought."""
        status = "refused" if record.refusal else "valued"
        return (
            self.status in {None, status}
            and self.client_ref in {None, record.client_ref}
            and (self.since is None or record.at >= self.since)
            and (self.until is None or record.at < self.until)
            and (self.search is None or self._is_found_in(record, normalised(self.search)))
        )

    def _is_found_in(self, record: ValuationRecord, search: str) -> bool:
        home = record.property
        texts = (home.type, home.sector, *((record.client_ref,) if record.client_ref else ()))
        return record.id.startswith(search) or any(search in normalised(text) for text in texts)


@dataclass(frozen=True, slots=True)
class ValuationPage:
    """Valuations, newest first.

    next: before which place to go on; None where there is no more. searched_back_to: the time of the last record that
    was looked at, where so many were that the search stopped; else None. unreadable: how many places could not be read.
    """

    records: tuple[ValuationRecord, ...]
    next: LogPlace | None = None
    searched_back_to: datetime | None = None
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class ListValuations:
    """Lists, of what is on record, what a key may see."""

    log: ValuationLog
    keys: KeyStore
    most_looked_at: int = MOST_LOOKED_AT

    def __call__(self, viewer: ApiKey, sought: Sought, limit: int, before: LogPlace | None = None) -> ValuationPage:
        """At most `limit` that are sought, those that stand before a place. viewer: sees what ShowValuation shows it.

        Raises ValuationLogUnavailable, and what the keys raise where it is to be seen whose a valuation is.
        """
        if before is None and sought.search and (found := self._of_id(viewer, sought, sought.search.strip().lower())):
            return ValuationPage((found,))
        if sought.until is not None:
            before = min(before or LogPlace(sought.until), LogPlace(sought.until))
        page: list[tuple[LogPlace, ValuationRecord]] = []
        may_see_of, damaged = dict[str, bool](), list[str]()
        last, searched_back_to = None, None
        recent = self.log.recent(before, sought.client_ref, damaged=damaged.append)
        for looked_at, (place, record) in enumerate(recent, start=1):
            if sought.since is not None and place.at < sought.since:
                break
            if record and sought.is_met_by(record):
                if record.key_id not in may_see_of:
                    may_see_of[record.key_id] = may_see(viewer, record.key_id, self.keys)
                if may_see_of[record.key_id]:
                    if len(page) == limit:  # one more than is wanted: only then is there a next page
                        last = page[-1][0]
                        break
                    page.append((place, record))
            if looked_at == self.most_looked_at:
                last, searched_back_to = place, place.at
                break
        return ValuationPage(tuple(record for _, record in page), last, searched_back_to, len(damaged))

    def _of_id(self, viewer: ApiKey, sought: Sought, valuation_id: str) -> ValuationRecord | None:
        """The valuation of a whole id, which is found however long ago it was."""
        record = self.log.find(valuation_id) if made_at(valuation_id) else None
        is_seen = record and sought.is_met_by(record) and may_see(viewer, record.key_id, self.keys)
        return record if is_seen else None
