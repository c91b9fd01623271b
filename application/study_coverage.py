"""How the values on record did against the sales that came later."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from application.ports.clock import Clock
from application.ports.model_repository import ModelRepository
from application.ports.valuation_log import ValuationLog
from domain.coverage_study import CoverageStudy, OverrideStudy, sentences_on, shortfalls_of
from domain.errors import FieldProblem, InvalidPeriod, ModelNotFound
from domain.evidence_faults import left_out
from domain.follow_up import Outcome, ValuerOverride
from domain.forward_test import ForwardGroup, ForwardSale, last_before_each_sale, median_of, studied
from domain.property import NUMBER_FIELDS, Property, normalised
from domain.valuation_record import ValuationRecord

SEED = 0
"""Of the bootstrap: the same sales, the same intervals."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What was said of each valuation: of overrides the last; outcomes in the order of telling."""

    outcomes: Mapping[str, Sequence[Outcome]]
    overrides: Mapping[str, ValuerOverride]


@dataclass(frozen=True, slots=True)
class StudyCoverage:
    """Joins outcomes to valuations."""

    log: ValuationLog
    clock: Clock
    models: ModelRepository

    def __call__(
        self, since: datetime | None = None, until: datetime | None = None, version: str | None = None
    ) -> CoverageStudy:
        """The study of valuations made at `since` or later and before `until` (now), by `version` or by any.

        Of each valuation the newest outcome that came later counts, and of each sale the last valuation before it;
        among those of a version its own last one. Records are read one by one; those with an outcome are kept. Raises
        InvalidPeriod, ModelNotFound for a version that is neither stored nor on record, ValuationLogUnavailable.
        """
        until = until or self.clock.now()
        if since is not None and since >= until:
            raise InvalidPeriod([FieldProblem("since", f"must lie before until, which is {until.isoformat()}")])
        damaged = set[str]()
        told = self._told(damaged.add)
        valuations, with_outcome, overridden = 0, 0, 0
        later, differences = list[ForwardSale](), list[float]()
        for record in self.log.records(since, until, damaged=damaged.add):
            if version is not None and record.model_version != version:
                continue
            valuations += 1
            if outcomes := told.outcomes.get(record.id):
                with_outcome += 1
                later += [_sale(record, each) for each in outcomes if each.tests(record.at)][-1:]
            if override := told.overrides.get(record.id):
                overridden += 1
                if record.value is not None:
                    differences.append(override.value / record.value - 1)
        if not valuations and version is not None:
            self._check_known(version)
        counted = last_before_each_sale(later)
        overall, by = studied(counted, SEED), _by_group(later, counted)
        promises, shortfalls = shortfalls_of(overall, by)
        return CoverageStudy(
            since=since,
            until=until,
            version=version,
            valuations=valuations,
            with_outcome=with_outcome,
            sold_before=with_outcome - len(later),
            superseded=len(later) - len(counted),
            overall=overall,
            by=by,
            promises=promises,
            shortfalls=shortfalls,
            overrides=OverrideStudy(overridden, len(differences), median_of(differences, SEED)),
            sentences=(*sentences_on(overall, promises, shortfalls), *left_out(damaged)),
            unreadable=len(damaged),
        )

    def _told(self, damaged: Callable[[str], None]) -> _Told:
        outcomes = defaultdict[str, list[Outcome]](list)
        overrides: dict[str, ValuerOverride] = {}
        for each in self.log.follow_ups(damaged=damaged):
            if isinstance(each, Outcome):
                outcomes[each.valuation_id].append(each)
            elif isinstance(each, ValuerOverride):
                overrides[each.valuation_id] = each
        return _Told(outcomes, overrides)

    def _check_known(self, version: str) -> None:
        """Raises ModelNotFound where there are no valuations by it because of a slip of the pen."""
        if version in self.models.versions() or any(
            each.model_version == version for each in self.log.records(damaged=lambda _: None)
        ):
            return
        raise ModelNotFound(f"There is no stored model version '{version}', and no valuation by it is on record.")


def _sale(record: ValuationRecord, outcome: Outcome) -> ForwardSale:
    return ForwardSale(
        valuation_id=record.id,
        made_at=record.at,
        home=_home(record.property),
        version=record.model_version,
        sector=normalised(record.property.sector),
        value=record.value,
        interval=record.interval,
        confidence=record.confidence,
        price=outcome.price,
        sold_on=outcome.sold_on,
    )


def _home(home: Property) -> Hashable:
    return normalised(home.type), normalised(home.sector), *(getattr(home, name) for name in NUMBER_FIELDS)


def _by_group(later: Iterable[ForwardSale], counted: Iterable[ForwardSale]) -> dict[str, dict[str, ForwardGroup]]:
    """By way and group. A refused valuation has no confidence, and belongs to no level of it.

    A version is judged by all homes that it valued, also where another valued them again: what it did shows no less.
    """
    groups = {
        "version": {
            version: last_before_each_sale(sales)
            for version, sales in _grouped(later, lambda each: each.version).items()
        },
        "month": _grouped(counted, lambda each: f"{each.sold_on:%Y-%m}"),
        "sector": _grouped(counted, lambda each: each.sector),
        "confidence": _grouped(counted, lambda each: each.confidence.level if each.confidence else None),
    }
    return {way: {name: studied(named[name], SEED) for name in sorted(named)} for way, named in groups.items()}


def _grouped(
    sales: Iterable[ForwardSale], name_of: Callable[[ForwardSale], str | None]
) -> dict[str, list[ForwardSale]]:
    groups: dict[str, list[ForwardSale]] = {}
    for each in sales:
        if name := name_of(each):
            groups.setdefault(name, []).append(each)
    return groups
