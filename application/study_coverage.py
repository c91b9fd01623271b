"""How the values on record did against the sales that came later."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime

from application.ports.clock import Clock
from application.ports.valuation_log import ValuationLog
from domain.coverage_study import CoverageStudy, OverrideStudy, sentences_on, shortfalls_of
from domain.follow_up import Outcome, ValuerOverride
from domain.forward_test import ForwardGroup, ForwardSale, last_before_each_sale, median_of, studied
from domain.property import NUMBER_FIELDS, Property, normalised
from domain.valuation_record import ValuationRecord

SEED = 0
"""Of the bootstrap: the same sales, the same intervals."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What was said last of each valuation."""

    outcomes: Mapping[str, Outcome]
    overrides: Mapping[str, ValuerOverride]


@dataclass(frozen=True, slots=True)
class StudyCoverage:
    """Joins outcomes to valuations."""

    log: ValuationLog
    clock: Clock

    def __call__(
        self, since: datetime | None = None, until: datetime | None = None, version: str | None = None
    ) -> CoverageStudy:
        """The study of valuations made at `since` or later and before `until` (now), by `version` or by any.

        Of each valuation the newest outcome counts, and of each sale the last valuation before it. Records are read one
        by one; those with an outcome are kept. Raises ValuationLogUnavailable.
        """
        until = until or self.clock.now()
        told = self._told()
        valuations, sales, differences, overridden = 0, [], [], 0
        for record in self.log.records(since, until):
            if version is not None and record.model_version != version:
                continue
            valuations += 1
            if outcome := told.outcomes.get(record.id):
                sales.append(_sale(record, outcome))
            if override := told.overrides.get(record.id):
                overridden += 1
                if record.value is not None:
                    differences.append(override.value / record.value - 1)
        later = [each for each in sales if each.came_later]
        counted = last_before_each_sale(later)
        overall, by = studied(counted, SEED), _by_group(counted)
        promises, shortfalls = shortfalls_of(overall, by)
        return CoverageStudy(
            since=since,
            until=until,
            version=version,
            valuations=valuations,
            with_outcome=len(sales),
            sold_before=len(sales) - len(later),
            superseded=len(later) - len(counted),
            overall=overall,
            by=by,
            promises=promises,
            shortfalls=shortfalls,
            overrides=OverrideStudy(overridden, median_of(differences, SEED)),
            sentences=sentences_on(overall, promises, shortfalls),
        )

    def _told(self) -> _Told:
        outcomes: dict[str, Outcome] = {}
        overrides: dict[str, ValuerOverride] = {}
        for each in self.log.follow_ups():
            if isinstance(each, Outcome):
                outcomes[each.valuation_id] = each
            elif isinstance(each, ValuerOverride):
                overrides[each.valuation_id] = each
        return _Told(outcomes, overrides)


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


def _by_group(sales: list[ForwardSale]) -> dict[str, dict[str, ForwardGroup]]:
    """By way and group. A refused valuation has no confidence, and belongs to no level of it."""
    groups: dict[str, dict[str, list[ForwardSale]]] = {"version": {}, "month": {}, "sector": {}, "confidence": {}}
    for each in sales:
        names = {"version": each.version, "month": f"{each.sold_on:%Y-%m}", "sector": each.sector}
        if each.confidence:
            names["confidence"] = each.confidence.level
        for way, name in names.items():
            groups[way].setdefault(name, []).append(each)
    return {way: {name: studied(named[name], SEED) for name in sorted(named)} for way, named in groups.items()}
