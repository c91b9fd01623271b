"""The model that is served: loaded once, exchanged when another version is promoted."""

import math
from dataclasses import dataclass, field
from datetime import date
from threading import Lock
from typing import Any

from application.ports.model_repository import ModelRepository
from application.ports.model_trainer import TrainedModel
from domain.errors import InstallationIncomplete, ModelNotFound, ModelRefused, ModelStoreUnavailable, NoModelServed
from domain.model_version import ModelVersion, served_stack
from domain.property import Property
from domain.uncertainty import Surroundings

PERCENTILES = (5, 10, 25, 50, 75, 90, 95)

_TIMES_TO_WARM = 3
_MOST_LEVELS = 32
_MOST_DAYS = 4096


@dataclass(frozen=True, slots=True)
class ServedVersion:
    """A loaded model and what is known of it: always read together, so that an answer names what computed it."""

    description: ModelVersion
    trained: TrainedModel
    _surroundings: dict[float, Surroundings] = field(default_factory=dict, compare=False, repr=False)
    _levels: dict[tuple[str, date], float] = field(default_factory=dict, compare=False, repr=False)

    def price_level(self, sector: str, day: date) -> float:
        """The price level on a day over that of the index's reference day; `sector` in normalised form."""
        group = self.trained.index.group(sector)
        level = self._levels.get((group, day))
        if level is None:
            if len(self._levels) >= _MOST_DAYS:
                self._levels.clear()
            level = self._levels[group, day] = math.exp(self.trained.index.log_level(sector, day))
        return level

    def surroundings(self, level: float) -> Surroundings:
        """What lies around values at this level and at PERCENTILES; remembered for the levels asked for before.

        Raises ValueError unless 0 < level < 1.
        """
        known = self._surroundings.get(level)
        if known is None:
            if len(self._surroundings) >= _MOST_LEVELS:
                self._surroundings.clear()
            shares = [percent / 100 for percent in PERCENTILES]
            known = self._surroundings[level] = self.trained.errors.surroundings(level, shares)
        return known


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

    def refresh(self, *, retry: bool = True) -> bool:
        """Loads the promoted version unless it is served already; True where the served version changed.

        Where nothing was promoted since, `retry` says whether to try again what was refused: it may have been mended.
        Raises ModelStoreUnavailable; what is served stays then.
        """
        with self._lock:
            stack = served_stack(self._models.promotions())
            if stack == self._seen and not (retry and self._refusals):
                return False
            before, self._seen = self._served, None  # whatever goes wrong below, the next refresh tries again
            self._served, self._refusals, is_final = self._newest_loadable(stack)
            self._seen = stack if is_final else None
            return self._served is not before

    def _newest_loadable(self, stack: list[str]) -> tuple[ServedVersion | None, tuple[Refusal, ...], bool]:
        """What to serve, what was passed over for it, and whether to look again only after another promotion."""
        refusals: list[Refusal] = []
        served, is_final = self._served, True
        for version in dict.fromkeys(reversed(stack)):
            if served and (refusals or served.description.version == version):
                break
            try:
                return loaded_version(self._models, version), tuple(refusals), is_final
            except (ModelRefused, ModelNotFound) as error:
                refusals.append(Refusal(version, str(error)))
            except ModelStoreUnavailable as error:  # nothing is wrong with the version
                refusals.append(Refusal(version, str(error)))
                is_final = False
        return served, tuple(refusals), is_final


def loaded_version(models: ModelRepository, version: str) -> ServedVersion:
    """A version that is warm: it has done all that requests ask of it. One of another program may know nothing.

    Raises as ModelRepository.load does, and ModelRefused where the model cannot value.
    """
    loaded = ServedVersion(models.describe(version), models.load(version))
    fields: dict[str, Any] = dict(loaded.description.card.typical_home)
    try:
        _warm(loaded.trained, Property(**fields))
    except InstallationIncomplete:
        raise
    except Exception as error:  # whatever a foreign model raises: it must not be served
        raise ModelRefused(
            f"Model version {version} was loaded but cannot value ({type(error).__name__}): it was stored by "
            "another version of Tasador. Train again with `tasador train`."
        ) from error
    return loaded


def _warm(trained: TrainedModel, home: Property) -> None:
    """Lets a model do each thing a few times, so that no caller waits for what is only slow at first."""
    for _ in range(_TIMES_TO_WARM):
        values = trained.model.value([home])
        trained.spread.spreads([home], values)
        trained.model.explain(home)
        trained.comparables.similar(home, 1)
