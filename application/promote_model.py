"""Which stored model is served."""

from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.model_repository import ModelRepository
from domain.model_version import Promotion


@dataclass(frozen=True, slots=True)
class PromoteModel:
    """Makes a stored version the served one."""

    models: ModelRepository
    clock: Clock

    def __call__(self, version: str, by: str, reason: str = "") -> Promotion:
        """Raises ModelNotFound, ModelRefused, ModelStoreUnavailable; what is served stays then."""
        return self.models.promote(version, self.clock.now(), by, reason)


@dataclass(frozen=True, slots=True)
class RollBackModel:
    """Makes the version that was served before the current one serve again."""

    models: ModelRepository
    clock: Clock

    def __call__(self, by: str, reason: str = "") -> Promotion:
        """Raises NothingToRollBack, ModelRefused, ModelStoreUnavailable; what is served stays then."""
        return self.models.roll_back(self.clock.now(), by, reason)
