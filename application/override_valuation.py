"""A valuer's own value in the place of the model's."""

from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.valuation_log import ValuationLog
from domain.errors import ValuationNotFound
from domain.follow_up import ValuerOverride
from domain.valuation_record import Caller


@dataclass(frozen=True, slots=True)
class Overridden:
    """The override on record, and whether the very same was there before."""

    override: ValuerOverride
    already_known: bool


@dataclass(frozen=True, slots=True)
class OverrideValuation:
    """Puts a valuer's override on record beside the valuation, which stays as it is."""

    log: ValuationLog
    clock: Clock

    def __call__(
        self, valuation_id: str, value: float, reason: str, valuer: str, caller: Caller | None = None, by: str = ""
    ) -> Overridden:
        """Records it; what repeats the last override of the valuation is not recorded again.

        caller: None on the service's own machine, where `by` says who told it. Raises InvalidFollowUp,
        ValuationNotFound, and ValuationLogUnavailable: nothing was recorded then.
        """
        key_id, request_id = (caller.key_id, caller.request_id) if caller else ("", "")
        override = ValuerOverride(
            valuation_id, value, reason.strip(), valuer.strip(), self.clock.now(), key_id, request_id, by
        )
        if self.log.find(valuation_id) is None:
            raise ValuationNotFound(f"No valuation '{valuation_id}' is on record.")
        said = [each for each in self.log.follow_ups(valuation_id) if isinstance(each, ValuerOverride)]
        if said and _content(said[-1]) == _content(override):
            return Overridden(said[-1], already_known=True)
        self.log.follow_up([override])
        return Overridden(override, already_known=False)


def _content(override: ValuerOverride) -> tuple[float, str, str]:
    return override.value, override.reason, override.valuer
