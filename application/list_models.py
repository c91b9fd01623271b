"""The stored models, which of them is served, and which must not be."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from application.ports.model_repository import ModelRepository
from domain.errors import ModelNotFound, ModelRefused
from domain.model_version import ModelVersion, Promotion, served_stack


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A stored version: its description, or why it is refused; and every change that made it the served one."""

    version: str
    serving: bool
    promotions: Sequence[Promotion]
    description: ModelVersion | None
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class ListModels:
    """Lists the stored versions."""

    models: ModelRepository

    def __call__(self) -> list[ListedModel]:
        """Every stored version, oldest first. Raises ModelStoreUnavailable."""
        promotions = self.models.promotions()
        listed = []
        for version in self.models.versions():
            with suppress(ModelNotFound):  # removed the moment before
                listed.append(self._listed(version, promotions))
        return listed

    def one(self, version: str) -> ListedModel:
        """The stored version of this name. Raises ModelNotFound, ModelStoreUnavailable."""
        return self._listed(version, self.models.promotions())

    def _listed(self, version: str, promotions: Sequence[Promotion]) -> ListedModel:
        serving = served_stack(promotions)[-1:] == [version]
        own = tuple(promotion for promotion in promotions if promotion.version == version)
        try:
            return ListedModel(version, serving, own, self.models.describe(version))
        except ModelRefused as error:
            return ListedModel(version, serving, own, None, str(error))
