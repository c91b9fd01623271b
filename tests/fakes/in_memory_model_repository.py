"""Models kept in memory."""

import hashlib
import pickle
from datetime import datetime, timedelta

from application.ports.model_repository import ModelRepository
from application.ports.model_trainer import TrainedModel
from domain.errors import (
    EvaluationNotKept,
    EvaluationRefused,
    ModelNotFound,
    ModelRefused,
    ModelStoreUnavailable,
    NothingToRollBack,
)
from domain.holdout_picture import HoldoutPicture
from domain.model_version import (
    Artifact,
    ModelCard,
    ModelVersion,
    Promotion,
    Pruned,
    dispensable,
    served_stack,
    version_before,
)


class InMemoryModelRepository(ModelRepository):
    """Keeps models as bytes, as a folder would. `damage` and `go_down` do to it what happens to folders."""

    def __init__(self) -> None:
        self._stored: dict[str, ModelVersion] = {}
        self._bytes: dict[str, bytes] = {}
        self._pictures: dict[str, bytes] = {}
        self._promotions: list[Promotion] = []
        self._removed: set[str] = set()
        self._down = False

    def damage(self, version: str) -> None:
        """Alters the last byte of a stored model."""
        self._bytes[version] = self._bytes[version][:-1] + b"\x00"

    def mend(self, version: str) -> None:
        """Undoes `damage`."""
        self._bytes[version] = self._bytes[version][:-1] + pickle.STOP

    def go_down(self) -> None:
        """Cannot be read or written from now on."""
        self._down = True

    def come_back(self) -> None:
        """Can be read and written again."""
        self._down = False

    def damage_picture(self, version: str) -> None:
        """Alters the last byte of a stored picture."""
        self._pictures[version] = self._pictures[version][:-1] + b"\x00"

    def store(
        self, model: TrainedModel, card: ModelCard, by: str = "", picture: HoldoutPicture | None = None
    ) -> ModelVersion:
        self._check_reachable()
        content, drawing = pickle.dumps(model), pickle.dumps(picture)
        if picture != pickle.loads(drawing):  # noqa: S301 (made right here; NaN is no equal of itself)
            raise ModelRefused("The model is not stored: a figure of the picture is not finite.")
        name = f"v{len(self._stored) + len(self._removed) + 1}"
        stored = ModelVersion(name, card, _artifact_of(content), by, _artifact_of(drawing) if picture else None)
        self._stored[name], self._bytes[name], self._pictures[name] = stored, content, drawing
        return stored

    def check_storing(self) -> None:
        self._check_reachable()

    def load(self, version: str) -> TrainedModel:
        self.verify(version)
        model: TrainedModel = pickle.loads(self._bytes[version])  # noqa: S301 (made and checked right here)
        return model

    def verify(self, version: str) -> None:
        artifact = self.describe(version).artifact
        if hashlib.sha256(self._bytes[version]).hexdigest() != artifact.sha256:
            raise ModelRefused(f"Model version {version} is refused: its bytes in memory were altered.")

    def describe(self, version: str) -> ModelVersion:
        self._check_reachable()
        if version not in self._stored:
            raise ModelNotFound(f"There is no stored model version {version!r}.")
        return self._stored[version]

    def picture(self, version: str) -> HoldoutPicture:
        expected, drawing = self.describe(version).picture, self._pictures[version]
        if expected is None:
            raise EvaluationNotKept(f"{version} was stored without the picture of its evaluation: train again.")
        if _artifact_of(drawing) != expected:
            raise EvaluationRefused(f"The evaluation of model version {version} is not shown: it was altered.")
        picture: HoldoutPicture = pickle.loads(drawing)  # noqa: S301 (made and checked right here)
        return picture

    def versions(self) -> list[str]:
        self._check_reachable()
        return list(self._stored)

    def promotions(self) -> list[Promotion]:
        self._check_reachable()
        return list(self._promotions)

    def promote(self, version: str, at: datetime, by: str, reason: str = "") -> Promotion:
        self.verify(version)
        number, behind = self._next(at)
        return self._record(Promotion(version, "promote", at, by, reason, number, behind))

    def roll_back(self, at: datetime, by: str, reason: str = "") -> Promotion:
        version = version_before(self.promotions())
        if version in self._removed:
            raise NothingToRollBack(f"{version}, which was served before, was removed: promote another version.")
        self.verify(version)
        number, behind = self._next(at)
        return self._record(Promotion(version, "rollback", at, by, reason, number, behind))

    def unreferenced(self) -> list[str]:
        self._check_reachable()
        return []

    def prune(self, keep: int | None, older_than: timedelta, at: datetime, by: str, *, dry_run: bool = False) -> Pruned:
        self._check_reachable()
        gone = dispensable(self.versions(), self._promotions, keep) if keep else []
        if not dry_run:
            self._removed.update(gone)
            self._stored = {version: stored for version, stored in self._stored.items() if version not in gone}
        served = served_stack(self._promotions)
        return Pruned(tuple(gone), tuple(version for version in gone if version in served))

    def public_key(self) -> str:
        return "ed25519:" + "A" * 43 + "="

    def _next(self, at: datetime) -> tuple[int, bool]:
        """The number of the next promotion, and whether it is dated before the last."""
        return len(self._promotions) + 1, bool(self._promotions) and at < self._promotions[-1].at

    def _record(self, promotion: Promotion) -> Promotion:
        self._promotions.append(promotion)
        return promotion

    def _check_reachable(self) -> None:
        if self._down:
            raise ModelStoreUnavailable("The model repository in memory cannot be reached.")


def _artifact_of(content: bytes) -> Artifact:
    return Artifact(hashlib.sha256(content).hexdigest(), len(content))
