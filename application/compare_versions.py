"""A version beside others on the same sales: simpler recipes fitted to what it learned from, and the one in service."""

import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from application.appraisal import appraise_table
from application.cross_validation import Progress, Way, at_reference
from application.evaluate_model import Evaluation
from application.fit_market_index import log_levels_of_table
from application.ports.data_source import DataSource
from application.ports.model_repository import ModelRepository
from application.ports.model_trainer import Extras, ModelTrainer
from application.read_sales import SalesReading
from application.sales.table import PRICE, sales_digest
from application.screen_sales import screen_prices
from application.split_sales import Scheme, split_sales
from domain.errors import DomainError
from domain.model_version import ModelVersion, served_stack
from domain.ratio_study import (
    Vector,
    coefficient_of_dispersion,
    error_metrics,
    price_related_bias,
    price_related_differential,
)

if TYPE_CHECKING:
    import pandas as pd

BASELINES = ("notebook", "forest")
FEWEST_COMPARED = 10
_FITTING = "fitting for comparison"


@dataclass(frozen=True, slots=True)
class Contender:
    """How a version or a recipe did on `sales` sales: mae in the currency, shares, and figures of the ratio study.

    coverage: of intervals at the level of the version judged, None for a recipe, which has none.
    """

    name: str
    sales: int
    mae: float
    mdape: float
    pe10: float
    cod: float
    prd: float
    prb: float | None
    coverage: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The version judged first, then the others, all on the same sales; `notes`: what could not be compared, and why.

    beside_served: the version judged and the one in service on those sales only that the latter has not learned from,
    where there are others too; else none.
    """

    contenders: tuple[Contender, ...]
    beside_served: tuple[Contender, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CompareVersions:
    """Judges simpler recipes and the version in service by the sales that a version was judged by."""

    models: ModelRepository
    training_sales: DataSource
    trainer: ModelTrainer
    reading: SalesReading

    def __call__(self, evaluation: Evaluation, progress: Progress) -> Comparison:
        """Fits the recipes to the sales that the version learned from, if they can still be had.

        Raises ModelStoreUnavailable.
        """
        appraised, prices = evaluation.appraised, evaluation.sales[PRICE].to_numpy()
        own = (appraised.values, appraised.low, appraised.high)
        name = f"{evaluation.version.version} ({evaluation.version.card.recipe})"
        notes: list[str] = []
        contenders = [_contender(name, prices, *own), *self._baselines(evaluation, notes, progress)]
        beside: list[Contender] = []
        served = served_stack(self.models.promotions())[-1:]
        if served and served[0] != evaluation.version.version:
            theirs, unseen = self._served(served[0], evaluation, notes)
            if theirs is not None and unseen.all():
                contenders.append(_contender(f"{served[0]}, in service", prices, *theirs))
            elif theirs is not None:
                beside = [
                    _contender(label, prices[unseen], *(figures[unseen] for figures in said))
                    for label, said in ((name, own), (f"{served[0]}, in service", theirs))
                ]
        return Comparison(tuple(contenders), tuple(beside), tuple(notes))

    def _baselines(self, evaluation: Evaluation, notes: list[str], progress: Progress) -> Iterator[Contender]:
        recipes = [name for name in BASELINES if name != evaluation.version.card.recipe]
        try:
            train = self._learned_from(evaluation.version)
        except DomainError as error:
            notes.append(f"{_listed(recipes)}: not compared, the training sales cannot be read ({error})")
            return
        if train is None:
            notes.append(
                f"{_listed(recipes)}: not compared, the sales or settings of the training of "
                f"{evaluation.version.version} have changed since, so that no recipe can be fitted to the same sales"
            )
            return
        for done, recipe in enumerate(recipes):
            progress(_FITTING, done, len(recipes))
            try:
                values = self._values(recipe, train, evaluation)
            except DomainError as error:
                notes.append(f"{recipe}: not compared ({error})")
                continue
            yield _contender(recipe, evaluation.sales[PRICE].to_numpy(), values)
        progress(_FITTING, len(recipes), len(recipes))

    def _values(self, recipe: str, train: "pd.DataFrame", evaluation: Evaluation) -> Vector:
        """What a model by `recipe` says of the sales, as of their own days."""
        extras = self.reading.layout.extras
        known = Extras(
            *(tuple(x for x in names if x in evaluation.sales) for names in (extras.numeric, extras.categorical))
        )
        way = Way(self.trainer, recipe, known, evaluation.version.card.seed)
        index = way.index(train)
        model = self.trainer.fit(at_reference(train, index), recipe, known, way.seed)
        values: Vector = model.value_table(evaluation.sales) * np.exp(log_levels_of_table(index, evaluation.sales))
        return values

    def _learned_from(self, version: ModelVersion) -> "pd.DataFrame | None":
        """The sales that a version learned from; None where they are no longer the same."""
        card = version.card
        sales = self.reading(self.training_sales.sales()).usable
        if sales_digest(sales) != card.data.sha256:
            return None
        if card.validation.test_fraction is not None:
            scheme = typing.cast("Scheme", card.validation.scheme)
            sales = split_sales(sales, scheme, card.validation.test_fraction, card.seed).train
        if self.reading.screening:
            objections = screen_prices(sales, self.reading.screening).objections
            sales = sales.drop(index=[objection.row for objection in objections]).reset_index(drop=True)
        return sales if len(sales) == card.validation.train else None

    def _served(
        self, served: str, evaluation: Evaluation, notes: list[str]
    ) -> tuple[tuple[Vector, Vector, Vector] | None, NDArray[np.bool_]]:
        """What the version in service says, and which of the sales it has not learned from."""
        sales, card = evaluation.sales, evaluation.version.card
        unseen = np.zeros(len(sales), dtype=np.bool_)
        try:
            description, trained = self.models.describe(served), self.models.load(served)
        except DomainError as error:
            notes.append(f"{served}, in service: not compared, it cannot be loaded ({error})")
            return None, unseen
        if description.card.currency != card.currency:
            notes.append(f"{served}, in service: not compared, it values in {description.card.currency}")
            return None, unseen
        unseen = ~trained.comparables.known_homes(sales)
        if unseen.sum() < FEWEST_COMPARED:
            notes.append(f"{served}, in service: not compared, it has learned from nearly all of these sales")
            return None, unseen
        if not unseen.all():
            notes.append(
                f"{served}, in service, has learned from {int((~unseen).sum())} of these sales: it is compared on the "
                f"other {int(unseen.sum())} only"
            )
        features = trained.model.features
        blank = sales.assign(
            **{name: np.nan for name in features.numeric if name not in sales},
            **{name: None for name in features.categorical if name not in sales},
        )
        said = appraise_table(trained, blank, card.interval.level)
        return (said.values, said.low, said.high), unseen


def _contender(
    name: str, prices: Vector, values: Vector, low: Vector | None = None, high: Vector | None = None
) -> Contender:
    errors = error_metrics(values, prices)
    covered = None if low is None or high is None else float(((low <= prices) & (prices <= high)).mean())
    return Contender(
        name=name,
        sales=len(prices),
        mae=errors.mae,
        mdape=errors.mdape,
        pe10=errors.pe10,
        cod=coefficient_of_dispersion(values, prices),
        prd=price_related_differential(values, prices),
        prb=price_related_bias(values, prices),
        coverage=covered,
    )


def _listed(names: list[str]) -> str:
    return " and ".join(names)
