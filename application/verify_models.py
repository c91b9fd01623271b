"""Whether all that is stored is what was stored."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from application.ports.model_repository import ModelRepository
from domain.errors import EvaluationNotKept, EvaluationRefused, ModelNotFound, ModelRefused, ModelStoreUnavailable


@dataclass(frozen=True, slots=True)
class Verification:
    """By version, oldest first, why it is refused, None where it is sound; the same of the promotions.

    clocks_behind: the numbers of promotions that a clock dated before the one before them. unreferenced: files that no
    version needs.
    """

    versions: Mapping[str, str | None]
    promotions: int
    promotions_refused: str | None
    clocks_behind: Sequence[int]
    unreferenced: Sequence[str]

    @property
    def sound(self) -> bool:
        """Whether nothing is refused."""
        return self.promotions_refused is None and not any(self.versions.values())


@dataclass(frozen=True, slots=True)
class VerifyModels:
    """Checks the signature and the bytes of every version, those of its picture too, and every promotion."""

    models: ModelRepository

    def __call__(self) -> Verification:
        """Raises ModelStoreUnavailable where nothing can be read at all."""
        versions = {version: self._refused(version) for version in self.models.versions()}
        try:
            promotions, refused = self.models.promotions(), None
        except ModelStoreUnavailable as error:
            promotions, refused = [], str(error)
        return Verification(
            versions=versions,
            promotions=len(promotions),
            promotions_refused=refused,
            clocks_behind=[promotion.number for promotion in promotions if promotion.clock_behind],
            unreferenced=self.models.unreferenced(),
        )

    def _refused(self, version: str) -> str | None:
        try:
            self.models.verify(version)
            with suppress(EvaluationNotKept):
                self.models.picture(version)
        except (ModelRefused, EvaluationRefused, ModelNotFound) as error:
            return str(error)
        return None
