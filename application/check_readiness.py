"""Whether the service can answer."""

from collections.abc import Callable
from dataclasses import dataclass

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
    """Asks the served model, the key store, the repository and the valuation log.

    Valuing goes on without the repository, and without the log where records may be lost.
    """

    served: ServedModel
    models: ModelRepository
    keys: KeyStore
    peppers: PepperStore
    valuations: ValuationLog

    def _keys_can_be_checked(self) -> None:
        self.keys.find("readiness")
        if is_pepper_lost(self.keys, self.peppers):
            raise SecretUnavailable(PEPPER_LOST)

    def __call__(self) -> Readiness:
        """Never raises a DomainError: it reports it."""
        model = _said(self.served.current)
        keys = _said(self._keys_can_be_checked)
        repository = _said(self.models.promotions)
        log, unrecorded = _said(self.valuations.check), self.valuations.lost
        return Readiness(
            ready=model == keys == "ok" and (log == "ok" or unrecorded is not None),
            checks={"model": model, "key_store": keys, "model_repository": repository, "valuation_log": log},
            serving=self.served.current().description.version if model == "ok" else None,
            refused=self.served.refusals,
            unrecorded=unrecorded,
        )


def _said(ask: Callable[[], object]) -> str:
    try:
        ask()
    except DomainError as error:
        return str(error)
    return "ok"
