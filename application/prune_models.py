"""Removing stored models that are of no use any more, and what killed processes left."""

from dataclasses import dataclass
from datetime import timedelta

from application.ports.clock import Clock
from application.ports.model_repository import ModelRepository
from domain.model_version import Pruned

UNFINISHED_AFTER = timedelta(hours=1)
"""So long may a model be on its way into the repository before it counts as left behind."""


@dataclass(frozen=True, slots=True)
class PruneModels:
    """Removes files that no version needs and, where asked to, old versions with theirs."""

    models: ModelRepository
    clock: Clock

    def __call__(
        self, by: str, keep: int | None = None, older_than: timedelta = UNFINISHED_AFTER, *, dry_run: bool = False
    ) -> Pruned:
        """Without `keep` every version stays. With it (at least 1), the newest `keep` do, and the last `keep` served.

        Files younger than `older_than` stay: somebody may be writing them. Raises ModelStoreUnavailable.
        """
        return self.models.prune(keep, older_than, self.clock.now(), by, dry_run=dry_run)
