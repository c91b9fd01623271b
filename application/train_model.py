"""From a client's sales to a stored, judged and served model."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

import numpy as np

from application.judge_model import judge_model
from application.keep_rejected import keep_rejected
from application.ports.clock import Clock
from application.ports.data_source import DataSource, SourceTable
from application.ports.model_repository import ModelRepository
from application.ports.model_trainer import Extras, ModelTrainer, TrainedModel
from application.ports.quarantine import Quarantine
from application.refuse_price_leaks import refuse_price_leaks
from application.sales.table import PRICE, SOLD_ON, CheckedSales, SalesLayout, check_sales, sales_digest
from application.split_sales import Split, fold_numbers, home_numbers, homes_in_both, split_sales
from domain.errors import NoUsableSales
from domain.model_version import FeatureSchema, ModelCard, ModelVersion, TrainingData, Validation
from domain.property import NUMBER_FIELDS
from domain.ratio_study import ErrorMetrics, Vector, error_metrics
from domain.valuation import ErrorDistribution

if TYPE_CHECKING:
    import pandas as pd

FOLDS = 5
FEWEST_SALES = 10
_MOST_ERRORS_KEPT = 10_000

Progress = Callable[[str, int, int], None]
"""Is told what is being done, how many steps of it are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How to train where nothing else is asked for."""

    layout: SalesLayout
    currency: str
    recipe: str
    validation: Literal["auto", "random", "spatial", "temporal"]
    test_fraction: float
    seed: int
    interval_level: float


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What came of a training: the stored version, whether it is served now, where unusable rows are kept, notes."""

    stored: ModelVersion
    promoted: bool
    quarantine: str | None
    notes: tuple[str, ...]


def no_progress(stage: str, done: int, steps: int) -> None:
    """Tells nobody."""


@dataclass(frozen=True, slots=True)
class TrainModel:
    """Reads, checks, splits, fits, judges, stores and promotes."""

    sales: DataSource
    quarantine: Quarantine
    trainer: ModelTrainer
    models: ModelRepository
    clock: Clock
    plan: TrainingPlan

    def __call__(
        self, by: str, recipe: str | None = None, *, promote: bool = True, progress: Progress = no_progress
    ) -> TrainingReport:
        """Trains by `recipe` (or the plan's). Nothing is stored unless all of it succeeds.

        Raises SourceUnavailable, SourceMalformed, QuarantineUnavailable, NoUsableSales, PriceLeak, UnknownRecipe,
        ModelDisagreement, ModelStoreUnavailable.
        """
        plan = self.plan
        recipe = recipe or plan.recipe
        started = self.clock.now()
        self.models.promotions()  # a repository that cannot be used is told of before the long work
        progress("reading the sales", 0, 1)
        table = self.sales.sales()
        checked = check_sales(table, plan.layout)
        holdout_table = self.sales.holdout()
        holdout = check_sales(holdout_table, plan.layout) if holdout_table else None
        everything = [checked] + ([holdout] if holdout else [])
        kept_at = keep_rejected(self.quarantine, started, *everything)
        progress("reading the sales", 1, 1)
        _require_enough(checked, table, FEWEST_SALES, kept_at)
        refuse_price_leaks(checked.usable, plan.layout)
        notes = [note for sales in everything for note in sales.notes]
        if first := _first_rejected(checked, table):
            notes.append(f"the first set aside: {first}")
        if holdout_table and holdout:
            _require_enough(holdout, holdout_table, 1, kept_at)
            train, test = checked.usable, holdout.usable
            validation = Validation("given", len(train), len(test), None, sales_digest(test))
            notes += _notes_on_given(train, test)
        else:
            split = self._split(checked, table)
            train, test = split.train, split.test
            validation = Validation(split.scheme, len(train), len(test), plan.test_fraction)
            notes += _notes_on_split(split)
        _require_folds(train, table)

        errors, cross_validation = self._cross_validate(train, recipe, progress)
        progress("fitting the model", 0, 1)
        model = self.trainer.fit(train, recipe, plan.layout.extras, plan.seed)
        trained = TrainedModel(model, errors)
        notes += _notes_on_extras(recipe, model.features, plan.layout.extras)
        progress("fitting the model", 1, 1)
        judgement = judge_model(trained, test, plan.interval_level)
        card = ModelCard(
            recipe=recipe,
            trained_at=started,
            training_seconds=(self.clock.now() - started).total_seconds(),
            seed=plan.seed,
            currency=plan.currency,
            features=model.features,
            data=TrainingData(
                source=table.name,
                read=sum(sales.read for sales in everything),
                used=sum(len(sales.usable) for sales in everything),
                quarantined=sum(len(sales.quarantined) for sales in everything),
                quarantined_by_reason=_added_up(everything),
                sha256=sales_digest(checked.usable),
                **_days(train),
            ),
            validation=validation,
            metrics=judgement.metrics,
            cross_validation=cross_validation,
            ratio_study=judgement.ratio_study,
            interval=judgement.interval,
            libraries=self.trainer.libraries(),
            typical_home=_typical_home(train),
        )
        stored = self.models.store(trained, card)
        if promote:
            self.models.promote(stored.version, self.clock.now(), by, f"trained by recipe {recipe}")
        return TrainingReport(stored, promote, kept_at, tuple(dict.fromkeys(notes)))

    def _split(self, checked: CheckedSales, table: SourceTable) -> Split:
        split = split_sales(checked.usable, self.plan.validation, self.plan.test_fraction, self.plan.seed)
        if not len(split.test):
            raise NoUsableSales(
                f"{table.name}: a {split.scheme} split leaves no sales to judge the model by (all are of one home, "
                "place or day, or undated): set training.validation to another scheme, or give a holdout."
            )
        return split

    def _cross_validate(
        self, sales: "pd.DataFrame", recipe: str, progress: Progress
    ) -> tuple[ErrorDistribution, ErrorMetrics]:
        """Values each sale by a model fitted to the other folds; the errors make the intervals."""
        prices = sales[PRICE].to_numpy()
        values = np.empty(len(sales))
        fold_of = fold_numbers(sales, FOLDS, self.plan.seed)
        for fold in range(FOLDS):
            progress("cross-validating", fold, FOLDS)
            inside, outside = sales[fold_of != fold], sales[fold_of == fold]
            if len(outside):
                model = self.trainer.fit(inside.reset_index(drop=True), recipe, self.plan.layout.extras, self.plan.seed)
                values[fold_of == fold] = model.value_table(outside)
        progress("cross-validating", FOLDS, FOLDS)
        return _error_distribution(values, prices), error_metrics(values, prices)


def _error_distribution(values: Vector, prices: Vector) -> ErrorDistribution:
    """The sorted log ratios of price to value; beyond 10,000, that many evenly spaced ones of them."""
    ratios = np.sort(np.log(prices / values))
    if len(ratios) > _MOST_ERRORS_KEPT:
        ratios = ratios[np.linspace(0, len(ratios) - 1, _MOST_ERRORS_KEPT).round().astype(int)]
    return ErrorDistribution(tuple(ratios.tolist()))


def _first_rejected(sales: CheckedSales, table: SourceTable) -> str:
    """Where the first row that was set aside stands, and why it was; empty where there is none."""
    if not len(sales.quarantined):
        return ""
    row = sales.quarantined.iloc[0]
    return f"{table.place} {row['row']}: {row['reason']}."


def _require_enough(sales: CheckedSales, table: SourceTable, fewest: int, kept_at: str | None) -> None:
    if len(sales.usable) >= fewest:
        return
    counted = ", ".join(f"{count} x {reason}" for reason, count in sales.by_reason.items())
    reasons = f" {counted}." if counted else ""
    rejected = _first_rejected(sales, table)
    first = f" The first: {rejected} All of them: {kept_at}." if rejected else ""
    raise NoUsableSales(
        f"{table.name}: {len(sales.usable)} of {sales.read} sales can be used, at least {fewest} are needed."
        f"{reasons}{first}"
    )


def _typical_home(sales: "pd.DataFrame") -> dict[str, str | float]:
    sector = str(sales["sector"].mode()[0])
    within = sales[sales["sector"] == sector]
    home: dict[str, str | float] = {"type": str(within["type"].mode()[0]), "sector": sector}
    return home | {name: round(float(within[name].median()), 6) for name in NUMBER_FIELDS}


def _added_up(tables: list[CheckedSales]) -> dict[str, int]:
    reasons: dict[str, int] = {}
    for sales in tables:
        for reason, count in sales.by_reason.items():
            reasons[reason] = reasons.get(reason, 0) + count
    return reasons


def _notes_on_given(train: "pd.DataFrame", test: "pd.DataFrame") -> list[str]:
    shared = homes_in_both(train, test)
    if not shared:
        return []
    note = f"{shared} of the {len(test)} given holdout sales are of homes that are among the training sales too"
    return [f"{note}: figures on them flatter the model."]


def _notes_on_split(split: Split) -> list[str]:
    if not split.left_out:
        return []
    return [f"{split.left_out} late sales of homes sold before are neither learned from nor judged by."]


def _notes_on_extras(recipe: str, features: FeatureSchema, extras: Extras) -> list[str]:
    known = (*features.numeric, *features.categorical)
    unused = [name for name in (*extras.numeric, *extras.categorical) if name not in known]
    return [f"recipe {recipe} takes no further columns: {', '.join(unused)} was not learned from."] if unused else []


def _require_folds(sales: "pd.DataFrame", table: SourceTable) -> None:
    homes = int(home_numbers(sales).max()) + 1
    if homes < FOLDS:
        raise NoUsableSales(
            f"{table.name}: the {len(sales)} sales to learn from are of {homes} different homes; at least {FOLDS} are "
            "needed to cross-validate."
        )


def _days(sales: "pd.DataFrame") -> dict[str, date | None]:
    days = sales[SOLD_ON].dropna() if SOLD_ON in sales else sales.iloc[:0, 0]
    if not len(days):
        return {"first_sale": None, "last_sale": None}
    return {"first_sale": days.min().date(), "last_sale": days.max().date()}
