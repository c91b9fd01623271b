"""What figures look like to a person on a terminal."""

import math
from collections.abc import Callable, Mapping

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from application.judge_model import Judgement
from domain.interval_study import IntervalStudy
from domain.market_index import ALL_SECTORS
from domain.model_version import ModelCard, ModelVersion
from domain.ratio_ranges import ACCEPTED, verdicts
from domain.ratio_study import ErrorMetrics, RatioStudy

_RATIO_FIGURES = {
    "median": ("median ratio", 3),
    "cod": ("COD", 2),
    "prd": ("PRD", 3),
    "prb": ("PRB", 3),
    "mki": ("MKI", 3),
    "vei": ("VEI", 1),
}


def model_table(model: ModelVersion, *, serving: bool) -> RenderableType:
    """The facts of a stored model, its errors, and its ratio study."""
    card = model.card
    data, validation = card.data, card.validation
    reasons = ", ".join(f"{count} x {reason}" for reason, count in data.quarantined_by_reason.items())
    facts = {
        "model": f"{model.version} ({card.recipe}){', served' if serving else ''}",
        "trained": f"{card.trained_at:%Y-%m-%d %H:%M} UTC in {card.training_seconds:.1f} s, seed {card.seed}",
        "sales": f"{data.read} read from {data.source}, {data.used} used, {data.quarantined} set aside"
        + (f" ({reasons}), {card.screened / data.read:.1%} of all by screening" if reasons else ""),
        "judged": f"{validation.scheme} holdout: trained on {validation.train}, judged by {validation.test}",
        "prices": _index(card),
        "gate": card.gate.reason + (f" ({card.gate.sales} sales compared)" if card.gate.sales else ""),
        "agreement": f"{card.agreement.homes} homes valued both as fitted and as served, at most "
        f"{card.agreement.furthest:.2g} of the value apart",
        "artifact": f"{model.artifact.size / 1024:.0f} KiB, SHA-256 {model.artifact.sha256[:16]}...",
    }
    return Group(
        _facts(facts),
        Text(""),
        _errors({"holdout": card.metrics, "5-fold cross-validation": card.cross_validation}, card.currency),
        Text(""),
        ratio_table(card.ratio_study),
        _interval(card.interval),
        Text(f"what counts: {_shares(card)}"),
    )


def judgement_table(facts: dict[str, str], judgement: Judgement, currency: str) -> RenderableType:
    """What a model was held against, its errors there, and its ratio study."""
    return Group(
        _facts(facts),
        Text(""),
        _errors({"": judgement.metrics}, currency),
        Text(""),
        ratio_table(judgement.ratio_study),
        _interval(judgement.interval),
        *([Text(f"would be refused: {_counts(judgement.refused)}")] if judgement.refused else []),
    )


def recipes_table(errors: Mapping[str, ErrorMetrics], currency: str) -> RenderableType:
    """The out-of-fold errors of the recipes beside each other."""
    return Group(Text("\nthe recipes in 5-fold cross-validation, before any calibration:"), _errors(errors, currency))


def _facts(facts: dict[str, str]) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, fact in facts.items():
        table.add_row(name, Text(fact))
    return table


def _errors(columns: Mapping[str, ErrorMetrics], currency: str) -> Table:
    table = Table("error", *columns, box=None, padding=(0, 2, 0, 0))
    for column in table.columns[1:]:
        column.justify = "right"
    rows: dict[str, Callable[[ErrorMetrics], str]] = {
        f"MAE, {currency}": lambda m: f"{m.mae:,.0f}",
        f"RMSE, {currency}": lambda m: f"{m.rmse:,.0f}",
        "MdAPE": lambda m: f"{m.mdape:.2%}",
        "MAPE": lambda m: f"{m.mape:.2%}",
        "within 10 % (PE10)": lambda m: f"{m.pe10:.1%}",
        "within 20 % (PE20)": lambda m: f"{m.pe20:.1%}",
        "R2": lambda m: "-" if m.r2 is None else f"{m.r2:.3f}",
    }
    for name, show in rows.items():
        table.add_row(name, *(show(metrics) for metrics in columns.values()))
    return table


def ratio_table(study: RatioStudy) -> Table:
    """The ratio study beside the ranges that the standard accepts, with the bootstrap's 95 % intervals."""
    table = Table("ratio study", "", "95 % interval", "accepted", "", box=None, padding=(0, 2, 0, 0))
    table.columns[1].justify = "right"
    within = verdicts(study)
    for name, (label, digits) in _RATIO_FIGURES.items():
        figure, interval = getattr(study, name), (study.intervals or {}).get(name)
        table.add_row(
            label,
            "-" if figure is None else f"{figure:.{digits}f}",
            f"{interval[0]:.{digits}f} to {interval[1]:.{digits}f}" if interval else "",
            f"{ACCEPTED[name].low:g} to {ACCEPTED[name].high:g}",
            {True: "within", False: "OUTSIDE", None: ""}[within.get(name)],
        )
    return table


def _interval(interval: IntervalStudy) -> Text:
    level, held, width = interval.level, interval.coverage, interval.mean_width
    lines = [f"\n{level:.0%} interval: holds {held:.1%} of the prices, {width:.0%} of the value wide"]
    worst, cheapest = interval.worst_decile, interval.cheapest_fifth
    if worst is not None and cheapest is not None:
        lines.append(f"in the worst tenth of values {worst:.1%}, in the cheapest fifth {cheapest:.1%}")
    if interval.fsd_coverage is not None:
        lines.append(f"+-FSD holds {interval.fsd_coverage:.1%} of the prices (68 % promised)")
    lines += [
        f"confidence {study.level}: {study.share:.0%} of the sales, MdAPE {study.mdape:.1%}"
        for study in interval.by_confidence or ()
        if study.mdape is not None
    ]
    return Text("\n".join(lines))


def _index(card: ModelCard) -> str:
    index = card.index
    if not index.is_dated:
        return "at the level of the sales: the model does not follow them over time"
    levels = index.log_levels[ALL_SECTORS]
    moved = math.expm1(levels[-1] - levels[0])
    groups = f", {len(index.drift) - 1} groups of sectors" if len(index.drift) > 1 else ""
    return f"indexed to {index.reference}, {moved:+.1%} since {index.months[0]}{groups}"


def _shares(card: ModelCard) -> str:
    whole = sum(card.importance.values())
    return ", ".join(f"{field} {share / whole:.0%}" for field, share in card.importance.items()) if whole else "nothing"


def _counts(reasons: Mapping[str, int]) -> str:
    return ", ".join(f"{count} x {reason}" for reason, count in reasons.items())
