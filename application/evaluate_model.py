"""A stored model held against sales."""

import typing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from application.judge_model import Judgement, judge_model
from application.ports.data_source import DataSource
from application.ports.model_repository import ModelRepository
from application.ports.model_trainer import Extras
from application.sales.table import SalesLayout, check_sales, sales_digest
from application.split_sales import Scheme, split_sales
from domain.errors import ModelNotFound, NoUsableSales, SourceChanged
from domain.model_version import ModelVersion, served_stack

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A judgement of a version on sales from `source`: given ones, or its own holdout."""

    version: ModelVersion
    source: str
    own_holdout: bool
    quarantined: int
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class EvaluateModel:
    """Judges a stored version on sales given for that, or on the holdout that it was judged on when it was trained."""

    models: ModelRepository
    training_sales: DataSource
    layout: SalesLayout

    def __call__(self, version: str | None = None, given: DataSource | None = None) -> Evaluation:
        """Judges `version` (None: the served one) on the sales of `given` (None: its own holdout).

        Raises ModelNotFound, ModelRefused, SourceUnavailable, SourceMalformed, NoUsableSales, and SourceChanged where
        the training sales are no longer those of the version, so that its holdout cannot be told from them.
        """
        if version is None:
            stack = served_stack(self.models.promotions())
            if not stack:
                raise ModelNotFound("No version is served yet: train one with `tasador train`, or name a stored one.")
            version = stack[-1]
        stored = self.models.describe(version)
        card = stored.card
        if given is None:
            source, sales = self._own_holdout(stored)
            quarantined = 0
        else:
            table = given.sales()
            extras = Extras(card.features.numeric, card.features.categorical)
            checked = check_sales(table, replace(self.layout, extras=extras))
            source, sales, quarantined = table.name, checked.usable, len(checked.quarantined)
        if not len(sales):
            raise NoUsableSales(f"{source}: none of the {quarantined} sales can be used.")
        judgement = judge_model(self.models.load(version), sales, card.interval.level)
        return Evaluation(stored, source, given is None, quarantined, judgement)

    def _own_holdout(self, stored: ModelVersion) -> tuple[str, "pd.DataFrame"]:
        card = stored.card
        table = self.training_sales.sales()
        checked = check_sales(table, self.layout)
        if sales_digest(checked.usable) != card.data.sha256:
            raise SourceChanged(
                f"{table.name} no longer holds the sales that {stored.version} was trained on, so its holdout cannot "
                "be told apart: give other sales with --data."
            )
        if card.validation.test_fraction is not None:
            scheme = typing.cast("Scheme", card.validation.scheme)
            return table.name, split_sales(checked.usable, scheme, card.validation.test_fraction, card.seed).test
        holdout = self.training_sales.holdout()
        if holdout is None:
            raise SourceChanged(
                f"{stored.version} was judged on given sales, and none are configured now: give them with --data."
            )
        return holdout.name, check_sales(holdout, self.layout).usable
