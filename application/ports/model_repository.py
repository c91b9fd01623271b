"""Where models are kept."""

from abc import abstractmethod
from datetime import datetime, timedelta
from typing import Protocol

from application.ports.model_trainer import TrainedModel
from domain.holdout_picture import HoldoutPicture
from domain.model_version import ModelCard, ModelVersion, Promotion, Pruned


class ModelRepository(Protocol):
    """Keeps every model ever stored, and which of them is served. Safe for many threads, processes and machines.

    All methods raise ModelStoreUnavailable where the store cannot be read or written; nothing half done is left.
    """

    @abstractmethod
    def store(
        self, model: TrainedModel, card: ModelCard, by: str = "", picture: HoldoutPicture | None = None
    ) -> ModelVersion:
        """Stores a model as the next version (`v1`, `v2`, ...), whole or not at all. Does not promote it.

        Raises ModelRefused for a card or a picture that would not come back, and as `check_storing` does.
        """

    @abstractmethod
    def check_storing(self) -> None:
        """Raises what `store` would for want of a key to sign with: SecretUnavailable, ModelStoreUnavailable."""

    @abstractmethod
    def load(self, version: str) -> TrainedModel:
        """The model of this version, deserialised only after its signature and its bytes were found sound.

        Raises ModelNotFound, or ModelRefused naming the version, the file and the cause.
        """

    @abstractmethod
    def verify(self, version: str) -> None:
        """Raises as `load` does, without deserialising anything. Of the picture it says nothing: none is served."""

    @abstractmethod
    def describe(self, version: str) -> ModelVersion:
        """What the stored version says of itself. Raises ModelNotFound, ModelRefused."""

    @abstractmethod
    def picture(self, version: str) -> HoldoutPicture:
        """The picture of the version's holdout, without the model: decoded only after signature and bytes were sound.

        Raises EvaluationNotKept where it was stored without one, EvaluationRefused naming the file and the cause, and
        as `describe` does.
        """

    @abstractmethod
    def versions(self) -> list[str]:
        """The names of all stored versions, in the order of storing."""

    @abstractmethod
    def promotions(self) -> list[Promotion]:
        """Every promotion and rollback, in order; `domain.model_version.served_stack` tells what is served.

        Cheap enough to be asked several times a second.
        """

    @abstractmethod
    def promote(self, version: str, at: datetime, by: str, reason: str = "") -> Promotion:
        """Records that `version` is served from now on. Raises as `verify` does: what is refused is not promoted."""

    @abstractmethod
    def roll_back(self, at: datetime, by: str, reason: str = "") -> Promotion:
        """Records that the version served before the current one is served again.

        Raises NothingToRollBack, and as `verify` does of that version.
        """

    @abstractmethod
    def unreferenced(self) -> list[str]:
        """The files that no stored version needs: left by a killed process, or being written right now."""

    @abstractmethod
    def prune(self, keep: int | None, older_than: timedelta, at: datetime, by: str, *, dry_run: bool = False) -> Pruned:
        """Removes what is `unreferenced` and was last written `older_than` before `at`; with `dry_run`, only tells.

        With `keep`, first the versions that are `domain.model_version.dispensable`, for good: none of them can be
        promoted any more, and their names are never given again.
        """

    @abstractmethod
    def public_key(self) -> str:
        """The public half of the key that versions are signed with, as `model_repository.trusted_keys` takes it.

        Raises SecretUnavailable.
        """
