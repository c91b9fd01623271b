"""What is said of valuations after they were answered: what the home sold for, what a valuer holds instead, reviews."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from domain.errors import FieldProblem, InvalidFollowUp

SMALLEST_AMOUNT, LARGEST_AMOUNT = 0.01, 1e15
"""Beyond these a price is a slip of somebody's, and ratios to it would overflow sooner or later."""
LONGEST_WHY = 1000
LONGEST_VALUER = 200
EARLIEST_SALE = date(1900, 1, 1)
"""A sale before it is a slip of somebody's."""
_FURTHEST_AHEAD = timedelta(days=1)
"""Where the home is, it may be tomorrow already."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The price that a valued home was sold for, in the currency of the valuation, and when.

    at, key_id, request_id: when, by which key and in which request it was told. key_id is empty for what was told on
    the service's own machine; `by` then says by whom. Raises InvalidFollowUp.
    """

    valuation_id: str
    price: float
    sold_on: date
    at: datetime
    key_id: str = ""
    request_id: str = ""
    by: str = ""

    def __post_init__(self) -> None:
        problems = _amount("price", self.price) + problems_of_day(self.sold_on, self.at)
        if problems:
            raise InvalidFollowUp(problems)

    def tests(self, made_at: datetime) -> bool:
        """Whether it tests a value of that moment: the home was sold on the day of it (UTC) or after it."""
        return self.sold_on >= made_at.astimezone(UTC).date()


@dataclass(frozen=True, slots=True)
class ValuerOverride:
    """The value that a valuer puts in the place of the model's, in the currency of the valuation, and why.

    valuer: who answers for it. The rest is as in `Outcome`. Raises InvalidFollowUp.
    """

    valuation_id: str
    value: float
    reason: str
    valuer: str
    at: datetime
    key_id: str = ""
    request_id: str = ""
    by: str = ""

    def __post_init__(self) -> None:
        problems = list(_amount("value", self.value))
        for name, text, longest in (("reason", self.reason, LONGEST_WHY), ("valuer", self.valuer, LONGEST_VALUER)):
            if not text.strip():
                problems.append(FieldProblem(name, "must not be empty"))
            elif len(text) > longest:
                problems.append(FieldProblem(name, f"must have at most {longest} characters"))
        if problems:
            raise InvalidFollowUp(problems)


@dataclass(frozen=True, slots=True)
class ReviewSample:
    """A random sample of valuations to be reviewed by hand: the draw, so that it can be made again.

    since, until: the valuations drawn from were made from the one to before the other. population: how many those
    were. valuation_ids: those drawn, in the order of drawing.
    """

    id: str
    seed: int
    since: datetime | None
    until: datetime
    population: int
    valuation_ids: tuple[str, ...]
    at: datetime
    by: str = ""


FollowUp = Outcome | ValuerOverride | ReviewSample


def subject_of(follow_up: FollowUp) -> str:
    """The id of the valuation that it is about; of a sample, its own."""
    return follow_up.id if isinstance(follow_up, ReviewSample) else follow_up.valuation_id


def problems_of_day(sold_on: date, told_at: datetime) -> list[FieldProblem]:
    """What is wrong with a day of sale that is told at this moment."""
    if sold_on > told_at.date() + _FURTHEST_AHEAD:
        return [FieldProblem("sold_on", "must not lie in the future")]
    if sold_on < EARLIEST_SALE:
        return [FieldProblem("sold_on", f"must not lie before {EARLIEST_SALE}")]
    return []


def _amount(name: str, amount: float) -> list[FieldProblem]:
    if SMALLEST_AMOUNT <= amount <= LARGEST_AMOUNT:  # NaN is neither
        return []
    return [FieldProblem(name, f"must be a number from {SMALLEST_AMOUNT:g} to {LARGEST_AMOUNT:g}")]
