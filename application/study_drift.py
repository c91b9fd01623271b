"""Whether the homes that a model is asked about are still those that it learned from."""

import math
from dataclasses import dataclass, replace
from datetime import timedelta

from application.ports.clock import Clock
from application.ports.valuation_log import ValuationLog
from application.served_model import ServedVersion
from domain.drift import DriftStudy
from domain.drift_judgement import DriftLimits, judge_drift
from domain.errors import ReferenceMissing
from domain.evidence_faults import left_out
from domain.market_tally import MarketTally
from domain.property import normalised

BEYOND_INDEX = "beyond_index"
"""The factor that the day of a value brings: it says nothing of the home."""


@dataclass(frozen=True, slots=True)
class StudyDrift:
    """Holds the homes on record against those that a version learned from.

    days: how far to look back. coordinate_decimals: to how many coordinates are rounded before they are kept.
    """

    log: ValuationLog
    clock: Clock
    limits: DriftLimits
    days: int
    coordinate_decimals: int | None = None

    def __call__(self, stored: ServedVersion, days: int | None = None) -> DriftStudy:
        """The study of what `stored` valued within the last `days` (None: those configured).

        Records are read one by one and not kept; a million take about a minute. Raises ReferenceMissing,
        ValuationLogUnavailable.
        """
        version, trained = stored.description.version, stored.trained
        if trained.reference is None:
            raise ReferenceMissing(
                f"Model version {version} was stored by an earlier Tasador, which did not keep what the homes that "
                "it learned from look like: train again with `tasador train`."
            )
        until = self.clock.now()
        since = until - timedelta(days=days or self.days)
        tally = MarketTally(trained.reference, self.coordinate_decimals)
        valuations, damaged = 0, list[str]()
        for record in self.log.records(since, until, damaged=damaged.append):
            if record.model_version != version:
                continue
            valuations += 1
            home = record.property
            level = stored.price_level(normalised(home.sector), record.valuation_date)
            factors = record.confidence.limiting_factors if record.confidence else ()
            tally.add(
                home,
                math.log(record.value / level) if record.value is not None else None,
                record.refusal.reason if record.refusal else None,
                [factor for factor in factors if factor != BEYOND_INDEX],
                record.coordinate_decimals,
            )
        currency = stored.description.card.currency
        study = judge_drift(tally, self.limits, version, currency, (since, until), valuations, math.exp)
        return replace(study, sentences=(*study.sentences, *left_out(damaged)), unreadable=len(damaged))
