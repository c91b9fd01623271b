"""Where models are kept."""

from abc import abstractmethod
from datetime import datetime
from typing import Protocol

from application.ports.model_trainer import TrainedModel
from domain.model_version import ModelCard, ModelVersion, Promotion


class ModelRepository(Protocol):
    """Keeps every model ever stored, and which of them is served.

    All methods raise ModelStoreUnavailable where the store cannot be read or written; nothing half done is left.
    """

    @abstractmethod
    def store(self, model: TrainedModel, card: ModelCard) -> ModelVersion:
        """Stores a model as the next version (`v1`, `v2`, ...), whole or not at all. Does not promote it."""

    @abstractmethod
    def load(self, version: str) -> TrainedModel:
        """The model of this version, deserialised only after its bytes were found unaltered.

        Raises ModelNotFound, or ModelRefused naming the version, the file and the cause.
        """

    @abstractmethod
    def verify(self, version: str) -> None:
        """Raises as `load` does, without deserialising anything."""

    @abstractmethod
    def describe(self, version: str) -> ModelVersion:
        """What the stored version says of itself. Raises ModelNotFound, ModelRefused."""

    @abstractmethod
    def versions(self) -> list[str]:
        """The names of all stored versions, in the order of storing."""

    @abstractmethod
    def promotions(self) -> list[Promotion]:
        """Every promotion and rollback, in order; `domain.model_version.served_stack` tells what is served."""

    @abstractmethod
    def promote(self, version: str, at: datetime, by: str, reason: str = "") -> Promotion:
        """Records that `version` is served from now on. Raises as `verify` does: what is refused is not promoted."""

    @abstractmethod
    def roll_back(self, at: datetime, by: str, reason: str = "") -> Promotion:
        """Records that the version served before the current one is served again.

        Raises NothingToRollBack, and as `verify` does of that version.
        """
