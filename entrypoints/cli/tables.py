"""What figures look like to a person on a terminal."""

from collections.abc import Callable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from application.judge_model import Judgement
from domain.model_version import IntervalStudy, ModelVersion
from domain.ratio_study import ErrorMetrics, RatioStudy


def model_table(model: ModelVersion, *, serving: bool) -> RenderableType:
    """The facts of a stored model, its errors, and its ratio study."""
    card = model.card
    data, validation = card.data, card.validation
    reasons = ", ".join(f"{count} x {reason}" for reason, count in data.quarantined_by_reason.items())
    facts = {
        "model": f"{model.version} ({card.recipe}){', served' if serving else ''}",
        "trained": f"{card.trained_at:%Y-%m-%d %H:%M} UTC in {card.training_seconds:.1f} s, seed {card.seed}",
        "sales": f"{data.read} read from {data.source}, {data.used} used, {data.quarantined} set aside"
        + (f" ({reasons})" if reasons else ""),
        "judged": f"{validation.scheme} holdout: trained on {validation.train}, judged by {validation.test}",
        "artifact": f"{model.artifact.size / 1024:.0f} KiB, SHA-256 {model.artifact.sha256[:16]}...",
    }
    return Group(
        _facts(facts),
        Text(""),
        _errors({"holdout": card.metrics, "5-fold cross-validation": card.cross_validation}, card.currency),
        Text(""),
        _ratios(card.ratio_study),
        _interval(card.interval),
    )


def judgement_table(facts: dict[str, str], judgement: Judgement, currency: str) -> RenderableType:
    """What a model was held against, its errors there, and its ratio study."""
    return Group(
        _facts(facts),
        Text(""),
        _errors({"": judgement.metrics}, currency),
        Text(""),
        _ratios(judgement.ratio_study),
        _interval(judgement.interval),
    )


def _facts(facts: dict[str, str]) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, fact in facts.items():
        table.add_row(name, Text(fact))
    return table


def _errors(columns: dict[str, ErrorMetrics], currency: str) -> Table:
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


def _ratios(study: RatioStudy) -> Table:
    """The ratio study beside the ranges of the IAAO Standard on Ratio Studies (2013), residential property."""
    table = Table("ratio study", "", "IAAO range", box=None, padding=(0, 2, 0, 0))
    table.columns[1].justify = "right"
    table.add_row("median ratio", f"{study.median:.3f}", "0.90 to 1.10")
    table.add_row("COD", f"{study.cod:.2f}", "5 to 15")
    table.add_row("PRD", f"{study.prd:.3f}", "0.98 to 1.03")
    table.add_row("PRB", "-" if study.prb is None else f"{study.prb:+.3f}", "-0.05 to 0.05")
    return table


def _interval(interval: IntervalStudy) -> Text:
    return Text(
        f"\n{interval.level:.0%} interval: holds {interval.coverage:.1%} of the prices, "
        f"{interval.mean_width:.0%} of the value wide"
    )
