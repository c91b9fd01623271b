"""What valued homes were sold for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from application.ports.clock import Clock
from application.ports.valuation_log import ValuationLog
from domain.errors import FieldProblem, InvalidFollowUp, ValuationNotFound
from domain.follow_up import Outcome
from domain.valuation_record import Caller

_ONE_BY_ONE = 10
_UNKNOWN = FieldProblem("valuation_id", "no valuation of this id is on record")


@dataclass(frozen=True, slots=True)
class ToldOutcome:
    """A sale as it is told: not looked into yet."""

    valuation_id: str
    price: float
    sold_on: date


@dataclass(frozen=True, slots=True)
class OutcomeReceipt:
    """What became of it. not_recorded: `problems` says why.

    tests_value: whether the sale tests the value; one before the valuation is kept and tests nothing. None of what is
    not recorded.
    """

    told: ToldOutcome
    status: Literal["recorded", "already_known", "not_recorded"]
    problems: tuple[FieldProblem, ...] = ()
    tests_value: bool | None = None


@dataclass(frozen=True, slots=True)
class RecordOutcomes:
    """Puts sale prices on record beside the valuations that they are of.

    The same as was told last of a valuation changes nothing. Whoever may tell of one valuation may tell of all: sales
    are learned from registers, not by who asked for a value. All methods raise ValuationLogUnavailable: nothing was
    recorded then.
    """

    log: ValuationLog
    clock: Clock

    def one(self, caller: Caller, told: ToldOutcome) -> OutcomeReceipt:
        """Records one. Raises InvalidFollowUp, and ValuationNotFound."""
        [receipt] = self(caller, [told])
        if _UNKNOWN in receipt.problems:
            raise ValuationNotFound(f"No valuation '{told.valuation_id}' is on record.")
        if receipt.problems:
            raise InvalidFollowUp(receipt.problems)
        return receipt

    def __call__(self, caller: Caller, told: Sequence[ToldOutcome]) -> list[OutcomeReceipt]:
        """Records those that can be, together; a receipt for each, in their order."""
        receipts, outcomes = [], []
        known = self.log.known({each.valuation_id for each in told})
        newest = self._newest(set(known))
        at = self.clock.now()
        for each in told:
            try:
                outcome = Outcome(each.valuation_id, each.price, each.sold_on, at, caller.key_id, caller.request_id)
            except InvalidFollowUp as error:
                receipts.append(OutcomeReceipt(each, "not_recorded", error.problems))
                continue
            made = known.get(each.valuation_id)
            if made is None:
                receipts.append(OutcomeReceipt(each, "not_recorded", (_UNKNOWN,)))
            elif newest.get(each.valuation_id) == each:
                receipts.append(OutcomeReceipt(each, "already_known", tests_value=outcome.tests(made)))
            else:
                newest[each.valuation_id] = each
                outcomes.append(outcome)
                receipts.append(OutcomeReceipt(each, "recorded", tests_value=outcome.tests(made)))
        if outcomes:
            self.log.follow_up(outcomes)
        return receipts

    def _newest(self, valuation_ids: set[str]) -> dict[str, ToldOutcome]:
        """What was told last of each of these valuations: looked for one by one, or, of many, in all that was told."""
        ids: Iterable[str | None] = valuation_ids if len(valuation_ids) <= _ONE_BY_ONE else [None]
        return {
            said.valuation_id: ToldOutcome(said.valuation_id, said.price, said.sold_on)
            for each in ids
            for said in self.log.follow_ups(each)
            if isinstance(said, Outcome) and said.valuation_id in valuation_ids
        }
