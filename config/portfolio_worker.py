"""What values parts of a portfolio in a process of its own, perhaps on another machine: a small composition root."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from application.answer_homes import answer_homes
from application.portfolio_order import PortfolioOrder
from application.ports.portfolio_sink import PieceEncoder
from application.ports.portfolio_source import PortfolioPart
from application.ports.valuation_engine import PartValuer, ValuedPart
from application.served_model import ServedVersion, loaded_version
from config.settings import ModelRepositorySettings, Settings
from domain.errors import ModelRefused

_MOST_MODELS = 2


@dataclass(frozen=True, slots=True)
class PortfolioWorker(PartValuer):
    """Values parts by the version that was ordered.

    Nothing of it is secret: `repository` says where the models are and whose signatures are believed.
    """

    repository: ModelRepositorySettings
    order: PortfolioOrder
    encoder: PieceEncoder
    form: str

    @classmethod
    def of(
        cls, repository: ModelRepositorySettings, order: PortfolioOrder, encoder: PieceEncoder, program: str
    ) -> "PortfolioWorker":
        """A worker; `program`: the version of Tasador, which decides the answers' form.

        Raises TypeError where an encoder is not made of plain data alone, which would be other bytes in each process.
        """
        decides = msgspec.json.encode((program, order, type(encoder).__name__, encoder), order="deterministic")
        return cls(repository, order, encoder, hashlib.sha256(decides).hexdigest())

    def key(self, part: PortfolioPart) -> str:
        """SHA-256 of the part's content, the model's digest and all else that decides its piece."""
        return hashlib.sha256(f"{self.form} {part.digest}".encode()).hexdigest()

    def __call__(self, part: PortfolioPart) -> ValuedPart:
        """Loads the model with the first part."""
        served = _loaded(self.repository, self.order.version, self.order.digest)
        rows = part.read(self.order.reading.wanted)
        answers, totals = answer_homes(served, self.order, rows)
        return ValuedPart(part.number, self.key(part), part.share, self.encoder(rows, answers), totals)


@lru_cache(maxsize=_MOST_MODELS)
def _loaded(repository: ModelRepositorySettings, version: str, digest: str) -> ServedVersion:
    """The version from its repository, its signature and its bytes verified."""
    from config.container import Container

    models = Container(settings=Settings(model_repository=repository)).model_repository()
    found = models.describe(version).artifact.sha256
    if found != digest:
        raise ModelRefused(
            f"Model version {version} is not the one that was asked for (its digest is {found[:12]}..., and not "
            f"{digest[:12]}...): this worker reads another repository; give model_repository.path or url an address "
            "that means the same everywhere."
        )
    return loaded_version(models, version)
