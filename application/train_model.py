"""From a client's sales to a stored, judged and served model."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

import numpy as np

from application.appraisal import appraise_table, homes_of
from application.compare_recipes import compare_recipes
from application.cross_validation import (
    FOLDS,
    OutOfFold,
    Progress,
    Way,
    at_reference,
    cross_validate,
    learn_errors,
    look_back,
)
from application.describe_reference import describe_reference
from application.equity_calibration import calibrated, fit_equity_calibration
from application.fit_market_index import log_levels_of_table
from application.hold_against_served import hold_against_served
from application.judge_model import Judgement, judged
from application.keep_rejected import keep_rejected
from application.picture_holdout import picture_holdout
from application.ports.clock import Clock
from application.ports.data_source import DataSource, SourceTable
from application.ports.model_repository import ModelRepository
from application.ports.model_trainer import Extras, ModelTrainer, TrainedModel
from application.ports.quarantine import Quarantine
from application.ports.workforce import Workforce
from application.read_sales import SalesReading, noted
from application.refuse_price_leaks import refuse_price_leaks
from application.sales.table import PRICE, SOLD_ON, CheckedSales, sales_digest, set_aside
from application.screen_sales import SCREENED, screen_prices
from application.split_sales import Split, home_numbers, homes_in_both, split_sales
from application.survey_market import survey_market
from application.working_alone import ALONE
from domain.equity import EquityCalibration
from domain.errors import NoUsableSales
from domain.model_version import Agreement, FeatureSchema, Gate, ModelCard, ModelVersion, TrainingData, Validation
from domain.property import NUMBER_FIELDS
from domain.ratio_study import ErrorMetrics, Vector, error_metrics
from domain.spellings import Spellings

if TYPE_CHECKING:
    import pandas as pd

FEWEST_SALES = 10
_HOMES_FOR_IMPORTANCE = 25


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How to train where nothing else is asked for.

    equity_calibration: whether values go through one where PRD or PRB call for it.
    """

    reading: SalesReading
    currency: str
    recipe: str
    validation: Literal["auto", "random", "spatial", "temporal"]
    test_fraction: float
    seed: int
    interval_level: float
    equity_calibration: bool = False


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What came of a training: the stored version, whether it is served now, where unusable rows are kept, notes.

    recipes: out-of-fold errors of each recipe, the best first, where they were to be compared.
    """

    stored: ModelVersion
    promoted: bool
    quarantine: str | None
    notes: tuple[str, ...]
    recipes: Mapping[str, ErrorMetrics] | None = None


def no_progress(stage: str, done: int, steps: int) -> None:
    """Tells nobody."""


@dataclass(frozen=True, slots=True)
class _Material:
    """The sales of one training: those of the source, of which `train` is learned from, and those it is judged by.

    read, used, quarantined: rows, those of a given holdout among them. screened: how many the screening set aside.
    """

    table: SourceTable
    sha256: str
    train: "pd.DataFrame"
    test: "pd.DataFrame"
    validation: Validation
    read: int
    used: int
    quarantined: int
    by_reason: Mapping[str, int]
    screened: int
    kept_at: str | None
    notes: tuple[str, ...]
    spellings: Spellings


@dataclass(frozen=True, slots=True)
class TrainModel:
    """Reads, screens, splits, fits, judges, stores, and promotes what is no worse than the version in service."""

    sales: DataSource
    quarantine: Quarantine
    trainer: ModelTrainer
    models: ModelRepository
    clock: Clock
    plan: TrainingPlan

    def __call__(
        self,
        by: str,
        recipe: str | None = None,
        *,
        promote: bool = True,
        force: bool = False,
        compare: bool = False,
        workforce: Workforce = ALONE,
        progress: Progress = no_progress,
    ) -> TrainingReport:
        """Trains by `recipe` (or the plan's). Nothing is stored unless all of it succeeds.

        The new version is promoted if it passes the gate, or by `force`, which is recorded. compare: whether the
        recipes are compared, too. workforce: who cross-validates. Raises SourceUnavailable, SourceMalformed,
        QuarantineUnavailable, NoUsableSales, PriceLeak, UnknownRecipe, ModelDisagreement, ModelStoreUnavailable,
        EngineUnavailable.
        """
        plan, started = self.plan, self.clock.now()
        recipe = recipe or plan.recipe
        way = Way(self.trainer, recipe, plan.reading.layout.extras, plan.seed)
        way.trainer.follows_time(recipe)  # a recipe that there is not is told of before the long work
        self.models.promotions()  # and so is a repository that cannot be used
        self.models.check_storing()
        progress("reading the sales", 0, 1)
        material = self._read(started)
        progress("reading the sales", 1, 1)
        recipes = compare_recipes(way, material.train, workforce, progress) if compare else None
        trained, found, equity, agreement = self._fit(way, material, workforce, progress)
        progress("judging the model", 0, 1)
        appraised = appraise_table(trained, material.test, plan.interval_level)
        judgement = judged(appraised, material.test, plan.interval_level, plan.seed)
        gate = hold_against_served(
            self.models, trained, appraised, material.test, level=plan.interval_level, currency=plan.currency
        )
        picture = picture_holdout(trained, material.test, appraised, plan.interval_level, plan.seed)
        progress("judging the model", 1, 1)
        card = self._card(started, way, material, trained, found, equity, judgement, gate, agreement)
        stored = self.models.store(trained, card, by, picture)
        promoted = promote and (gate.passed or force)
        if promoted:
            forced = "" if gate.passed else f", forced though {gate.reason}"
            self.models.promote(stored.version, self.clock.now(), by, f"trained by recipe {recipe}{forced}")
        notes = (
            *material.notes,
            *_notes_on_extras(recipe, trained.model.features, way.extras),
            *_notes_on_equity(equity, asked=plan.equity_calibration),
            *_notes_on_gate(gate, asked=promote, force=force),
        )
        return TrainingReport(stored, promoted, material.kept_at, tuple(dict.fromkeys(notes)), recipes)

    def _read(self, started: datetime) -> _Material:
        plan = self.plan
        table, given = self.sales.sales(), self.sales.holdout()
        checked = plan.reading(table)
        holdout = plan.reading(given) if given else None
        everything = [checked, *([holdout] if holdout else [])]
        if len(checked.usable) < FEWEST_SALES:
            _require_enough(checked, table, FEWEST_SALES, keep_rejected(self.quarantine, started, *everything))
        refuse_price_leaks(checked.usable, plan.reading.layout)
        sha256 = sales_digest(checked.usable)
        if given and holdout:
            train, test = checked.usable, holdout.usable
            places = np.arange(len(train))
            validation = Validation("given", 0, len(test), None, sales_digest(test))
            notes = _notes_on_given(train, test)
        else:
            split = self._split(checked, table)
            train, test, places = split.train, split.test, split.train_places
            validation = Validation(split.scheme, 0, len(test), plan.test_fraction)
            notes = _notes_on_split(split)
        if plan.reading.screening:
            found = screen_prices(train, plan.reading.screening).within(places)
            checked = noted(set_aside(checked, table, found.objections), found.notes)
            stays = np.ones(len(train), dtype=np.bool_)
            stays[np.isin(places, [objection.row for objection in found.objections])] = False
            train = train[stays].reset_index(drop=True)
            everything[0] = checked
        kept_at = keep_rejected(self.quarantine, started, *everything)
        if given and holdout:
            _require_enough(holdout, given, 1, kept_at)
        _require_folds(train, table)
        first = _first_rejected(checked, table)
        return _Material(
            table=table,
            sha256=sha256,
            train=train,
            test=test,
            validation=Validation(
                validation.scheme, len(train), len(test), validation.test_fraction, validation.holdout_sha256
            ),
            read=sum(sales.read for sales in everything),
            used=sum(len(sales.usable) for sales in everything),
            quarantined=sum(len(sales.quarantined) for sales in everything),
            by_reason=_added_up(everything),
            screened=sum(count for reason, count in _added_up(everything).items() if reason in SCREENED),
            kept_at=kept_at,
            notes=(
                *(note for sales in everything for note in sales.notes),
                *([f"the first set aside: {first}"] if first else []),
                *notes,
            ),
            spellings=checked.spellings.before(holdout.spellings) if holdout else checked.spellings,
        )

    def _split(self, checked: CheckedSales, table: SourceTable) -> Split:
        split = split_sales(checked.usable, self.plan.validation, self.plan.test_fraction, self.plan.seed)
        if not len(split.test):
            raise NoUsableSales(
                f"{table.name}: a {split.scheme} split leaves no sales to judge the model by (all are of one home, "
                "place or day, or undated): set training.validation to another scheme, or give a holdout."
            )
        return split

    def _fit(
        self, way: Way, material: _Material, workforce: Workforce, progress: Progress
    ) -> tuple[TrainedModel, OutOfFold, EquityCalibration | None, Agreement]:
        """The model with all that goes with it; its out-of-fold values; the calibration that they call for, if any.

        And how closely the model follows the pipeline that was fitted.
        """
        train = material.train
        index = way.index(train)
        found = cross_validate(way, train, index, progress, workforce)
        allowance = look_back(way, train, found, progress, workforce) if _is_judged_later(material) else 1.0
        called_for = fit_equity_calibration(found.values, found.prices)
        equity = None if called_for.changes_nothing else called_for
        applied = equity if self.plan.equity_calibration and called_for.reached else None
        progress("fitting the model", 0, 1)
        model, agreement = self.trainer.fit_to_publish(
            at_reference(train, index), material.test, way.recipe, way.extras, way.seed
        )
        values = calibrated(found.values, applied) if applied else found.values
        trained = TrainedModel(
            model=model,
            spread=self.trainer.fit_spread(train, np.log(found.prices / values), values, model.features, way.seed),
            errors=learn_errors(way, train, found, applied, model.features, allowance, workforce),
            index=index,
            extent=survey_market(train, model.features),
            comparables=self.trainer.comparables(train, model.features),
            equity=applied,
            unknown=found.unknown,
            typical_spread=float(np.mean(np.abs(np.log(found.prices / values)))),
            spellings=material.spellings,
        )
        trained = replace(trained, reference=describe_reference(trained, train, values, material.test))
        progress("fitting the model", 1, 1)
        return trained, found, equity, agreement

    def _card(
        self,
        started: datetime,
        way: Way,
        material: _Material,
        trained: TrainedModel,
        found: OutOfFold,
        equity: EquityCalibration | None,
        judgement: Judgement,
        gate: Gate,
        agreement: Agreement,
    ) -> ModelCard:
        train = material.train
        return ModelCard(
            recipe=way.recipe,
            trained_at=started,
            training_seconds=(self.clock.now() - started).total_seconds(),
            seed=way.seed,
            currency=self.plan.currency,
            features=trained.model.features,
            data=TrainingData(
                source=material.table.name,
                read=material.read,
                used=material.used,
                quarantined=material.quarantined,
                quarantined_by_reason=material.by_reason,
                sha256=material.sha256,
                **_days(train),
            ),
            validation=material.validation,
            metrics=judgement.metrics,
            cross_validation=_out_of_fold_errors(trained, found, train),
            ratio_study=judgement.ratio_study,
            interval=judgement.interval,
            libraries=self.trainer.libraries(),
            typical_home=_typical_home(train, trained.spellings),
            index=trained.index,
            equity=equity,
            equity_applied=trained.equity is not None,
            importance=importance(trained, material.test),
            screened=material.screened,
            unknown=trained.unknown,
            gate=gate,
            agreement=agreement,
        )


def importance(trained: TrainedModel, sales: "pd.DataFrame") -> dict[str, float]:
    """By field the mean absolute effect on the logarithm of the value, over evenly spaced ones of `sales`."""
    chosen = sales.iloc[np.linspace(0, len(sales) - 1, min(_HOMES_FOR_IMPORTANCE, len(sales))).round().astype(int)]
    sums: dict[str, float] = {}
    for home in homes_of(chosen, trained.model.features):
        for field, effect in trained.model.explain(home).effects.items():
            sums[field] = sums.get(field, 0.0) + abs(effect) / len(chosen)
    return dict(sorted(sums.items(), key=lambda item: -item[1]))


def _out_of_fold_errors(trained: TrainedModel, found: OutOfFold, sales: "pd.DataFrame") -> ErrorMetrics:
    """The errors of out-of-fold values as of the day of each sale."""
    values: Vector = calibrated(found.values, trained.equity) if trained.equity else found.values
    return error_metrics(values * np.exp(log_levels_of_table(trained.index, sales)), sales[PRICE].to_numpy())


def _is_judged_later(material: _Material) -> bool:
    """Whether the sales to be judged by were mostly sold after those to learn from."""
    if SOLD_ON not in material.train or SOLD_ON not in material.test:
        return False
    learned, judged_by = material.train[SOLD_ON].dropna(), material.test[SOLD_ON].dropna()
    return bool(len(learned) and len(judged_by) and judged_by.median() > learned.max())


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


def _typical_home(sales: "pd.DataFrame", spellings: Spellings) -> dict[str, str | float]:
    sector = str(sales["sector"].mode()[0])
    within = sales[sales["sector"] == sector]
    kind = str(within["type"].mode()[0])
    home: dict[str, str | float] = {"type": spellings.of("type", kind), "sector": spellings.of("sector", sector)}
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


def _notes_on_equity(equity: EquityCalibration | None, *, asked: bool) -> list[str]:
    """What the calibration that PRD and PRB call for would bring, or brought, and what it costs."""
    if equity is None:
        return []
    before, after = equity.before, equity.after
    cost = f"PRD {before.prd:.3f} to {after.prd:.3f}, PRB {_signed(before.prb)} to {_signed(after.prb)}, at a cost of "
    cost += f"{after.mae / before.mae - 1:+.1%} in MAE and {100 * (after.mdape - before.mdape):+.2f} points in MdAPE"
    if not equity.reached:
        called_off = "values are not calibrated for equity, as asked" if asked else "no equity calibration is offered"
        return [
            f"{called_off}: none brings PRD and PRB into the standard's ranges; the best, in cross-validation, {cost}."
        ]
    if asked:
        return [f"values are calibrated for equity: in cross-validation {cost}."]
    return [f"training.equity_calibration = true would bring, in cross-validation, {cost}."]


def _signed(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:+.3f}"


def _notes_on_gate(gate: Gate, *, asked: bool, force: bool) -> list[str]:
    if gate.against is None or not asked:
        return []
    if gate.passed:
        return [f"held against {gate.against} in service: {gate.reason.rstrip('.')}."]
    return [f"{'promoted by force' if force else 'not promoted'}: {gate.reason.rstrip('.')}."]


def _require_folds(sales: "pd.DataFrame", table: SourceTable) -> None:
    homes = int(home_numbers(sales).max()) + 1 if len(sales) else 0
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
