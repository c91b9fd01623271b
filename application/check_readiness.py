"""Whether the service can answer."""

from collections.abc import Callable
from dataclasses import dataclass

from application.ports.key_store import KeyStore
from application.ports.model_repository import ModelRepository
from application.ports.pepper_store import PepperStore
from application.served_model import Refusal, ServedModel
from domain.errors import DomainError


@dataclass(frozen=True, slots=True)
class Readiness:
    """What each part said, by name: "ok", or what is wrong and what to do; `refused`: promoted, yet not loadable."""

    ready: bool
    checks: dict[str, str]
    serving: str | None
    refused: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class CheckReadiness:
    """Asks the served model, the key store and the repository; valuing goes on without the last of them."""

    served: ServedModel
    models: ModelRepository
    keys: KeyStore
    peppers: PepperStore

    def __call__(self) -> Readiness:
        """Never raises a DomainError: it reports it."""
        model = _said(self.served.current)
        keys = _said(lambda: (self.keys.find("readiness"), self.peppers.find("readiness")))
        repository = _said(self.models.promotions)
        return Readiness(
            ready=model == keys == "ok",
            checks={"model": model, "key_store": keys, "model_repository": repository},
            serving=self.served.current().description.version if model == "ok" else None,
            refused=self.served.refusals,
        )


def _said(ask: Callable[[], object]) -> str:
    try:
        ask()
    except DomainError as error:
        return str(error)
    return "ok"
