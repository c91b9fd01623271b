"""What a stored model says of itself, and which of the stored models is served."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from domain.equity import EquityCalibration
from domain.errors import NothingToRollBack
from domain.interval_study import IntervalStudy
from domain.market_index import MarketIndex
from domain.promotion_gate import GateCheck
from domain.ratio_study import ErrorMetrics, RatioStudy


@dataclass(frozen=True, slots=True)
class FeatureSchema:
    """The features that a model values from, beside type and sector, and the categories that it has seen.

    `numeric` and `categorical` are the further ones of `data_source.extra`; `types` and `sectors` are in their
    normalised form.
    """

    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    types: tuple[str, ...]
    sectors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Where the sales came from, how many were used, and a digest by which the same sales are known again.

    `first_sale` and `last_sale` are the days between which they were sold, None where the source has no dates.
    """

    source: str
    read: int
    used: int
    quarantined: int
    quarantined_by_reason: Mapping[str, int]
    sha256: str
    first_sale: date | None
    last_sale: date | None


@dataclass(frozen=True, slots=True)
class Validation:
    """How the holdout was set apart (`given`: not by us), and how many sales lie on either side.

    With `test_fraction` and the seed, the same split can be made again. A given holdout has no fraction, and
    `holdout_sha256` instead, by which the same sales are known again.
    """

    scheme: str
    train: int
    test: int
    test_fraction: float | None
    holdout_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether a version might take the place of the one in service, `against`, and why (not).

    `sales` of its holdout were compared: those of which neither version has learned. checks: what was compared.
    """

    against: str | None
    passed: bool
    reason: str
    sales: int = 0
    checks: tuple[GateCheck, ...] = ()


@dataclass(frozen=True, slots=True)
class Agreement:
    """How closely the form in which a model is served follows the pipeline that was fitted.

    homes: on how many both were asked; furthest: the largest relative difference of their values.
    """

    homes: int
    furthest: float


@dataclass(frozen=True, slots=True)
class ModelCard:
    """All that training knows of a model: `metrics`, `ratio_study` and `interval` on sales that it has not seen.

    `cross_validation` has the metrics of the out-of-fold values of the training sales. `typical_home` is an ordinary
    home of the market, by field: the commonest type in the commonest sector, with the medians of its numbers.

    index: the price level by month that values move along with. equity: the calibration that PRD and PRB call for and
    what it costs, None where they call for none; `equity_applied` tells whether values go through it. importance: by
    field, the mean absolute effect on the logarithm of the value over some homes of the holdout, the largest first.
    screened: sales that were set aside by screening, among `data.quarantined`. unknown: see `TrainedModel`.
    """

    recipe: str
    trained_at: datetime
    training_seconds: float
    seed: int
    currency: str
    features: FeatureSchema
    data: TrainingData
    validation: Validation
    metrics: ErrorMetrics
    cross_validation: ErrorMetrics
    ratio_study: RatioStudy
    interval: IntervalStudy
    libraries: Mapping[str, str]
    typical_home: Mapping[str, str | float]
    index: MarketIndex
    equity: EquityCalibration | None
    equity_applied: bool
    importance: Mapping[str, float]
    screened: int
    unknown: Mapping[str, float]
    gate: Gate
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class Artifact:
    """Stored bytes: their SHA-256, hexadecimal, and their number."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A stored model: its name (`v1`, `v2`, ... in the order of storing), its card, its bytes, and who stored it.

    picture: the bytes of its holdout's picture; None where none is kept, as of what older programs stored.
    """

    version: str
    card: ModelCard
    artifact: Artifact
    stored_by: str = ""
    picture: Artifact | None = None


@dataclass(frozen=True, slots=True)
class Promotion:
    """One change of the served version: who made it serve, when and why.

    `number` tells the order of all promotions, from 1 and growing. `at` is what the clock said, and `clock_behind` that
    it said less than at the promotion before: a clock that is set back reorders nothing.
    """

    version: str
    action: Literal["promote", "rollback"]
    at: datetime
    by: str
    reason: str = ""
    number: int = 0
    clock_behind: bool = False


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed from a repository: versions, those of them to which no rollback leads any more, and files.

    `size` is that of the files in bytes.
    """

    versions: tuple[str, ...] = ()
    out_of_reach: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    size: int = 0


def served_stack(promotions: Sequence[Promotion]) -> list[str]:
    """The versions served, oldest first; the last is served now. A rollback takes the last away.

    Promoting the version that is served already changes nothing. Raises ValueError for a history that cannot be: a
    rollback to another version than the one before.
    """
    stack: list[str] = []
    for promotion in promotions:
        if promotion.action == "rollback":
            if stack[-2:-1] != [promotion.version]:
                raise ValueError(f"it rolls back to {promotion.version}, which was not served before the current one")
            stack.pop()
        elif not stack or stack[-1] != promotion.version:
            stack.append(promotion.version)
    return stack


def version_before(promotions: Sequence[Promotion]) -> str:
    """The version that a rollback serves. Raises NothingToRollBack."""
    stack = served_stack(promotions)
    if not stack:
        raise NothingToRollBack("No version is served yet: promote one by name.")
    if len(stack) == 1:
        raise NothingToRollBack(
            f"No version was served before {stack[0]} that has not been rolled back from: promote a version by name."
        )
    return stack[-2]


def dispensable(versions: Sequence[str], promotions: Sequence[Promotion], keep: int) -> list[str]:
    """Which of `versions`, oldest first, are neither among the newest `keep` nor among the last `keep` served.

    The last served are the one served now and those that rollbacks come to first. keep: at least 1.
    """
    served = list(dict.fromkeys(reversed(served_stack(promotions))))[:keep]
    kept = {*versions[-keep:], *served}
    return [version for version in versions if version not in kept]
