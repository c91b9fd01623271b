"""Whether the service can answer."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from application.pepper_for_keys import PEPPER_LOST, is_pepper_lost
from application.ports.key_store import KeyStore
from application.ports.model_repository import ModelRepository
from application.ports.pepper_store import PepperStore
from application.ports.valuation_log import ValuationLog
from application.served_model import Refusal, ServedModel
from domain.errors import DomainError, SecretUnavailable


@dataclass(frozen=True, slots=True)
class Readiness:
    """What each part said, by name: "ok", or what is wrong and what to do; `refused`: promoted, yet not loadable.

    unrecorded: how many valuations this process has answered without a record, None where it answers none so.
    """

    ready: bool
    checks: dict[str, str]
    serving: str | None
    refused: tuple[Refusal, ...]
    unrecorded: int | None


@dataclass(frozen=True, slots=True)
class CheckReadiness:
    """How to ask the served model, the key store, the repository and the valuation log, and what their answers mean.

    Valuing goes on without the repository, and without the log where records may be lost.
    """

    served: ServedModel
    models: ModelRepository
    keys: KeyStore
    peppers: PepperStore
    valuations: ValuationLog

    @property
    def parts(self) -> dict[str, Callable[[], str]]:
        """The question to each part, by name: returns "ok", or what is wrong and what to do, in its own time."""
        return {
            "model": partial(_said, self.served.current),
            "key_store": partial(_said, self._keys_can_be_checked),
            "model_repository": partial(_said, self.models.promotions),
            "valuation_log": partial(_said, self.valuations.check),
        }

    def judge(self, checks: dict[str, str]) -> Readiness:
        """What follows from what all parts said. Asks none of them, so it is quick."""
        may_value = checks["model"] == checks["key_store"] == "ok"
        unrecorded = self.valuations.lost
        return Readiness(
            ready=may_value and (checks["valuation_log"] == "ok" or unrecorded is not None),
            checks=checks,
            serving=self.served.current().description.version if checks["model"] == "ok" else None,
            refused=self.served.refusals,
            unrecorded=unrecorded,
        )

    def _keys_can_be_checked(self) -> None:
        self.keys.find("readiness")
        if is_pepper_lost(self.keys, self.peppers):
            raise SecretUnavailable(PEPPER_LOST)


def _said(ask: Callable[[], object]) -> str:
    try:
        ask()
    except DomainError as error:
        return str(error)
    return "ok"
