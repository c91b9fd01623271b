"""A valuation as it was recorded, and what was said of it since."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.ports.key_store import KeyStore
from application.ports.valuation_log import ValuationLog
from domain.api_key import ApiKey, Scope
from domain.errors import ValuationNotShown
from domain.follow_up import FollowUp, Outcome, ValuerOverride
from domain.valuation_record import ValuationRecord


@dataclass(frozen=True, slots=True)
class ShownValuation:
    """What is on record of a valuation; what was said of it in the order of recording."""

    record: ValuationRecord
    outcomes: tuple[Outcome, ...] = ()
    overrides: tuple[ValuerOverride, ...] = ()

    @classmethod
    def of(cls, record: ValuationRecord, said: Sequence[FollowUp]) -> "ShownValuation":
        """The valuation with what was said of it."""
        outcomes = tuple(each for each in said if isinstance(each, Outcome))
        return cls(record, outcomes, tuple(each for each in said if isinstance(each, ValuerOverride)))


@dataclass(frozen=True, slots=True)
class ShowValuation:
    """Shows who may see it what is on record."""

    log: ValuationLog
    keys: KeyStore

    def __call__(self, valuation_id: str, viewer: ApiKey | None) -> ShownValuation:
        """The valuation of this id. viewer: the key that asks; None for the operator, on the service's own machine.

        A key sees what it asked for itself, or what a key asked for that was rotated into it; with the scope audit:read
        it sees everything. Raises ValuationNotShown, the same whether there is none or it is not for this viewer.
        """
        record = self.log.find(valuation_id)
        if record is None or not (viewer is None or may_see(viewer, record.key_id, self.keys)):
            raise ValuationNotShown(f"No valuation '{valuation_id}' is on record.")
        return ShownValuation.of(record, list(self.log.follow_ups(valuation_id)))


def may_see(viewer: ApiKey, asked: str, keys: KeyStore) -> bool:
    """Whether a key may see what the key of this id has asked for. Raises what `keys` raises."""
    if Scope.AUDIT_READ in viewer.scopes:
        return True
    passed = set[str]()
    while asked != viewer.id:
        passed.add(asked)
        key = keys.find(asked)
        if key is None or key.replaced_by is None or key.replaced_by in passed:
            return False
        asked = key.replaced_by
    return True
