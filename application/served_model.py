"""The model that is served: loaded once, exchanged when another version is promoted."""

from dataclasses import dataclass
from threading import Lock
from typing import Any

from application.ports.model_repository import ModelRepository
from application.ports.model_trainer import TrainedModel
from domain.errors import ModelNotFound, ModelRefused, ModelStoreUnavailable, NoModelServed
from domain.model_version import ModelVersion, served_stack
from domain.property import Property


@dataclass(frozen=True, slots=True)
class ServedVersion:
    """A loaded model and what is known of it: always read together, so that an answer names what computed it."""

    description: ModelVersion
    trained: TrainedModel


@dataclass(frozen=True, slots=True)
class Refusal:
    """A promoted version that could not be loaded, and why."""

    version: str
    reason: str


class ServedModel:
    """Holds the promoted model in memory. Safe for many readers and any number of refreshing threads.

    Where the promoted version cannot be loaded, what is served already stays; at a start, the version served before it
    steps in. Either way `refusals` tells, for the log and for `/health/ready`.
    """

    def __init__(self, models: ModelRepository) -> None:
        self._models = models
        self._lock = Lock()
        self._served: ServedVersion | None = None
        self._refusals: tuple[Refusal, ...] = ()
        self._seen: list[str] | None = None

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """The promoted versions that were passed over at the last refresh, newest first."""
        return self._refusals

    def current(self) -> ServedVersion:
        """The served version. Raises NoModelServed."""
        served = self._served
        if served is None:
            refused = "".join(f" Version {r.version} was refused: {r.reason}" for r in self._refusals)
            raise NoModelServed(
                f"No model can be served.{refused}"
                if refused
                else "No model is served yet: train one with `tasador train`, or promote a stored one with "
                "`tasador models promote`."
            )
        return served

    def refresh(self) -> bool:
        """Loads the promoted version unless it is served already; True where the served version changed.

        Raises ModelStoreUnavailable; what is served stays then.
        """
        with self._lock:
            stack = served_stack(self._models.promotions())
            if stack == self._seen and not self._refusals:  # what was refused may have been mended
                return False
            before = self._served
            self._served, self._refusals = self._newest_loadable(stack)
            self._seen = stack
            return self._served is not before

    def _newest_loadable(self, stack: list[str]) -> tuple[ServedVersion | None, tuple[Refusal, ...]]:
        refusals: list[Refusal] = []
        served = self._served
        for version in dict.fromkeys(reversed(stack)):
            if served and (refusals or served.description.version == version):
                break
            try:
                return self._tried(version), tuple(refusals)
            except (ModelRefused, ModelNotFound, ModelStoreUnavailable) as error:
                refusals.append(Refusal(version, str(error)))
        return served, tuple(refusals)

    def _tried(self, version: str) -> ServedVersion:
        """A version that has valued a home already: one stored by another program may load and know nothing."""
        loaded = ServedVersion(self._models.describe(version), self._models.load(version))
        home: dict[str, Any] = dict(loaded.description.card.typical_home)
        try:
            loaded.trained.model.value([Property(**home)])
        except Exception as error:  # whatever a foreign model raises: it must not be served
            raise ModelRefused(
                f"Model version {version} was loaded but cannot value ({type(error).__name__}): it was stored by "
                "another version of Tasador. Train again with `tasador train`."
            ) from error
        return loaded
