"""How a stored version did on its own holdout, for whoever draws it."""

from dataclasses import dataclass

from application.ports.model_repository import ModelRepository
from domain.holdout_picture import HoldoutPicture


@dataclass(frozen=True, slots=True)
class ShownEvaluation:
    """The picture of a version's holdout; amounts are in `currency`."""

    version: str
    currency: str
    picture: HoldoutPicture


@dataclass(frozen=True, slots=True)
class ShowEvaluation:
    """Shows what was kept of a version's evaluation when it was trained: neither its sales nor the model are needed."""

    models: ModelRepository

    def __call__(self, version: str) -> ShownEvaluation:
        """Raises EvaluationNotKept, EvaluationRefused, ModelNotFound, ModelRefused, ModelStoreUnavailable."""
        picture = self.models.picture(version)
        return ShownEvaluation(version, self.models.describe(version).card.currency, picture)
