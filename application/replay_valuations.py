"""Computing recorded valuations anew, by the versions that served them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from itertools import islice

from application.ports.clock import Clock
from application.ports.model_repository import ModelRepository
from application.ports.valuation_log import ValuationLog
from application.served_model import ServedModel, ServedVersion, loaded_version
from application.value_property import ValuationRequest, ValueProperty
from domain.errors import InvalidProperty, ModelNotFound, ModelRefused, ValuationNotFound
from domain.replay import Replay, ReplayStatus, compared
from domain.valuation_record import ValuationRecord

_AT_ONCE = 500
_ANY_HOUR = time(12)
_UNREADABLE = "the record cannot be read: `tasador audit verify` tells what is wrong"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What decides how a record is valued, but for its home; alike records are valued together.

    today: of those who gave no date. level: None for that of the version.
    """

    version: str
    artifact_sha256: str
    today: date | None
    level: float | None
    explanation: bool
    comparables: int

    @classmethod
    def of(cls, record: ValuationRecord) -> "_Asked":
        """What was answered tells what was asked for. Of fewer comparables than asked for, there were no more."""
        return cls(
            record.model_version,
            record.artifact_sha256,
            None if record.asked_date else record.valuation_date,
            record.asked_level,
            record.explanation is not None,
            0 if record.comparables is None else max(len(record.comparables), 1),
        )


@dataclass(frozen=True, slots=True)
class _Stopped(Clock):
    """A clock of that day."""

    day: date

    def now(self) -> datetime:
        """Some hour of it."""
        return datetime.combine(self.day, _ANY_HOUR, UTC)


@dataclass(frozen=True, slots=True)
class ReplayValuations:
    """Values recorded homes anew and compares every figure."""

    log: ValuationLog
    models: ModelRepository

    def one(self, valuation_id: str) -> Replay:
        """The replay of this valuation. Raises ValuationNotFound, ValuationLogUnavailable, ModelStoreUnavailable."""
        record = self.log.find(valuation_id)
        if record is None:
            raise ValuationNotFound(f"No valuation '{valuation_id}' is on record.")
        return _Replaying(self.models).replayed([record])[0]

    def all(
        self, since: datetime | None = None, until: datetime | None = None, version: str | None = None
    ) -> Iterator[Replay]:
        """Replays of those recorded at `since` or later and before `until`, of this version; in that order.

        Made as they are asked for. Of records that cannot be read nobody knows the version: each is an impossible
        replay. Raises ValuationLogUnavailable, ModelStoreUnavailable.
        """
        replaying, damaged = _Replaying(self.models), list[str]()
        found = self.log.records(since, until, damaged=damaged.append)
        wanted = (each for each in found if version in {None, each.model_version})
        while (records := list(islice(wanted, _AT_ONCE))) or damaged:
            yield from replaying.replayed(records)
            yield from (Replay(place, "", ReplayStatus.IMPOSSIBLE, because=_UNREADABLE) for place in damaged)
            damaged.clear()


@dataclass(frozen=True, slots=True)
class _Replaying:
    """Replays that share loaded versions, each loaded once; a version that is refused is a line of why."""

    models: ModelRepository
    loaded: dict[str, ServedVersion | str] = field(default_factory=dict)

    def replayed(self, records: Sequence[ValuationRecord]) -> list[Replay]:
        """The replays of these, in their order."""
        alike = defaultdict[_Asked, list[int]](list)
        for place, record in enumerate(records):
            alike[_Asked.of(record)].append(place)
        found: dict[int, Replay] = {}
        for asked, places in alike.items():
            found.update(zip(places, self._replayed(asked, [records[place] for place in places]), strict=True))
        return [found[place] for place in range(len(records))]

    def _replayed(self, asked: _Asked, records: Sequence[ValuationRecord]) -> list[Replay]:
        served = self._version(asked.version)
        if isinstance(served, str):
            return [_impossible(record, served) for record in records]
        if served.description.artifact.sha256 != asked.artifact_sha256:
            because = f"version {asked.version} is not the one that served it: its artifact has another SHA-256"
            return [_impossible(record, because) for record in records]
        try:
            return self._valued(served, asked, records)
        except (InvalidProperty, ValueError, ArithmeticError) as error:  # it was changed, or kept by another program
            if len(records) > 1:
                return [each for record in records for each in self._replayed(asked, [record])]
            return [_impossible(records[0], f"its home cannot be valued: {error}")]

    def _valued(self, served: ServedVersion, asked: _Asked, records: Sequence[ValuationRecord]) -> list[Replay]:
        # Of those who gave a date, the clock is not asked for one.
        value_property = ValueProperty(ServedModel(self.models), _Stopped(asked.today or records[0].valuation_date))
        valuations = value_property(
            [ValuationRequest(each.property, each.client_ref, each.asked_date) for each in records],
            asked.level,
            explain=asked.explanation,
            comparables=asked.comparables,
            served=served,
        )
        return [compared(record, valuation) for record, valuation in zip(records, valuations, strict=True)]

    def _version(self, version: str) -> ServedVersion | str:
        if version not in self.loaded:
            try:
                self.loaded[version] = loaded_version(self.models, version)
            except (ModelNotFound, ModelRefused) as error:
                self.loaded[version] = str(error)
        return self.loaded[version]


def _impossible(record: ValuationRecord, because: str) -> Replay:
    return Replay(record.id, record.model_version, ReplayStatus.IMPOSSIBLE, because=because)
