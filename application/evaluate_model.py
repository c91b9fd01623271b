"""A stored model held against sales."""

import typing
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from application.appraisal import Appraised, appraise_table
from application.judge_model import Judgement, judged
from application.keep_rejected import keep_rejected
from application.ports.clock import Clock
from application.ports.data_source import DataSource
from application.ports.model_repository import ModelRepository
from application.ports.model_trainer import Extras
from application.ports.quarantine import Quarantine
from application.read_sales import SalesReading
from application.sales.table import CheckedSales, sales_digest
from application.split_sales import Scheme, Split, homes_in_both, split_sales
from domain.errors import DomainError, ModelNotFound, NoUsableSales, SourceChanged
from domain.model_version import ModelVersion, served_stack
from domain.spellings import Spellings

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A judgement of a version on sales from `source`: given ones, or its own holdout.

    sales, appraised: what it was judged on, and what the version said of it.
    `quarantined_by_reason` counts the rows that could not be used, which are kept at `quarantine`.
    spellings: of the names in `sales`, which are normalised: as the version shows them, else as these sales do.
    """

    version: ModelVersion
    source: str
    own_holdout: bool
    quarantined_by_reason: Mapping[str, int]
    quarantine: str | None
    sales: "pd.DataFrame"
    appraised: Appraised
    judgement: Judgement
    notes: tuple[str, ...]
    spellings: Spellings


@dataclass(frozen=True, slots=True)
class EvaluateModel:
    """Judges a stored version on sales given for that, or on the holdout that it was judged on when it was trained."""

    models: ModelRepository
    training_sales: DataSource
    quarantine: Quarantine
    clock: Clock
    reading: SalesReading

    def __call__(self, version: str | None = None, given: DataSource | None = None) -> Evaluation:
        """Judges `version` (None: the served one) on the sales of `given` (None: its own holdout).

        Raises ModelNotFound, ModelRefused, SourceUnavailable, SourceMalformed, QuarantineUnavailable, NoUsableSales,
        and SourceChanged where the holdout is no longer the one that the version was judged on.
        """
        if version is None:
            stack = served_stack(self.models.promotions())
            if not stack:
                raise ModelNotFound("No version is served yet: train one with `tasador train`, or name a stored one.")
            version = stack[-1]
        stored = self.models.describe(version)
        name, checked = self._given(stored, given) if given else self._own_holdout(stored)
        sales = checked.usable
        kept_at = keep_rejected(self.quarantine, self.clock.now(), checked)
        if not len(sales):
            raise NoUsableSales(f"{name}: none of the {checked.read} sales can be used. Their rows: {kept_at}.")
        trained = self.models.load(version)
        appraised = appraise_table(trained, sales, stored.card.interval.level)
        judgement = judged(appraised, sales, stored.card.interval.level, stored.card.seed)
        notes = [*checked.notes, *(self._notes_on_overlap(stored, sales) if given else ())]
        return Evaluation(
            version=stored,
            source=name,
            own_holdout=given is None,
            quarantined_by_reason=checked.by_reason,
            quarantine=kept_at,
            sales=sales,
            appraised=appraised,
            judgement=judgement,
            notes=tuple(notes),
            spellings=trained.spellings.before(checked.spellings),
        )

    def _given(self, stored: ModelVersion, given: DataSource) -> tuple[str, CheckedSales]:
        features = stored.card.features
        table = given.sales()
        extras = Extras(features.numeric, features.categorical)
        reading = replace(self.reading, layout=replace(self.reading.layout, extras=extras))
        return table.name, reading(table)

    def _own_holdout(self, stored: ModelVersion) -> tuple[str, CheckedSales]:
        if stored.card.validation.test_fraction is None:
            holdout = self.training_sales.holdout()
            if holdout is None:
                raise SourceChanged(
                    f"{stored.version} was judged on given sales, and none are configured now: give them with --data."
                )
            checked = self.reading(holdout)
            _require_same(checked, stored.card.validation.holdout_sha256, holdout.name, stored.version)
            return holdout.name, checked
        table = self.training_sales.sales()
        checked = self.reading(table)
        _require_same(checked, stored.card.data.sha256, table.name, stored.version)
        split = _split_again(checked.usable, stored)
        return table.name, replace(checked, usable=split.test, quarantined=checked.quarantined.iloc[:0], by_reason={})

    def _notes_on_overlap(self, stored: ModelVersion, sales: "pd.DataFrame") -> list[str]:
        """What is to be said of sales that the version has learned from already, as far as that can be told."""
        try:
            known = self.reading(self.training_sales.sales()).usable
        except DomainError:
            known = None
        if known is None or sales_digest(known) != stored.card.data.sha256:
            return [
                "Whether the model was trained on some of these sales cannot be told: its training sales have changed."
            ]
        train = known if stored.card.validation.test_fraction is None else _split_again(known, stored).train
        shared = homes_in_both(train, sales)
        if not shared:
            return []
        return [f"{shared} of these {len(sales)} sales are of homes that the model was trained on: figures flatter it."]


def _split_again(sales: "pd.DataFrame", stored: ModelVersion) -> Split:
    validation = stored.card.validation
    scheme = typing.cast("Scheme", validation.scheme)
    return split_sales(sales, scheme, validation.test_fraction or 0.0, stored.card.seed)


def _require_same(checked: CheckedSales, sha256: str | None, source: str, version: str) -> None:
    if sales_digest(checked.usable) != sha256:
        raise SourceChanged(
            f"{source} no longer holds the sales that {version} was trained on, so its holdout cannot be told apart: "
            "give other sales with --data."
        )
