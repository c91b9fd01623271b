"""The report as one page of HTML, complete in itself: it asks for nothing from anywhere."""

import base64
import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from application.build_report import Report
from application.group_ratios import Grouping, RatioGroup
from domain.ratio_ranges import ACCEPTED, Range, verdicts
from domain.ratio_study import RatioStudy
from entrypoints.cli.report import charts, words
from entrypoints.cli.report.limits import limits

_HERE = Path(__file__).parent
_FIELDS = {
    "net_usable_area": "usable area",
    "net_area": "total area",
    "n_rooms": "rooms",
    "n_bathroom": "bathrooms",
}


@dataclass(frozen=True, slots=True)
class RangeRow:
    """A figure of the ratio study beside what the standard accepts."""

    name: str
    meaning: str
    figure: str
    interval: str
    accepted: str
    within: bool | None


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure of a group, and whether the standard accepts it; None where it says nothing of it."""

    figure: str
    interval: str
    within: bool | None


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A part of the market in the table of ratio studies."""

    name: str
    sales: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class GroupView:
    """One way to part the market: its chart, its table, and what is told of the groups that are not shown."""

    title: str
    how: str
    chart: Markup | None
    columns: tuple[str, ...]
    rows: tuple[GroupRow, ...]
    rest: str


def rendered(report: Report) -> str:
    """The page."""
    evaluation = report.evaluation
    card, judgement = evaluation.version.card, evaluation.judgement
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {name: getattr(words, name) for name in ("share", "number", "amount", "count", "shortened")}
    style = (_HERE / "style.css").read_text(encoding="utf-8")
    told, field_shares = list(card.importance), [_moved(effect) for effect in card.importance.values()]
    residuals, off_the_map = charts.residual_map(report.points, card.currency)
    return environment.get_template("page.html.jinja").render(
        report=report,
        evaluation=evaluation,
        version=evaluation.version,
        card=card,
        judgement=judgement,
        metrics=judgement.metrics,
        study=judgement.ratio_study,
        interval=judgement.interval,
        style=Markup(style),  # noqa: S704 (a file of ours)
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        limits=limits(report),
        ranges=_ranges(judgement.ratio_study),
        groups=_groups(report),
        field_name=_field_name,
        scatter=charts.predicted_against_actual(report.points, card.currency),
        residuals=residuals,
        off_the_map=off_the_map,
        legend=charts.ratio_legend(),
        calibration=charts.calibration(report.levels),
        by_decile=charts.coverage_by_decile(report.deciles, judgement.interval.level) if report.deciles else None,
        importance=charts.importance_bars([_field_name(name) for name in told], field_shares) if told else None,
        importance_words=_importance_words(told, field_shares),
        index=charts.index_chart(card.index, report.index) if report.index else None,
    )


def _field_name(name: str) -> str:
    return _FIELDS.get(name, name)


def _moved(log_effect: float) -> float:
    """A mean absolute effect on the logarithm of the value as a share of the value."""
    return math.expm1(log_effect)


def _importance_words(names: Sequence[str], shares: Sequence[float]) -> str:
    told = [
        f"{_field_name(name)} moves a value by {words.share(moved)} on average"
        for name, moved in zip(names, shares, strict=True)
    ]
    if not told:
        return ""
    rest = "; ".join(told[1:3])
    return f"{told[0][0].upper()}{told[0][1:]}, up or down from what is usual" + (f"; {rest}." if rest else ".")


_MEANINGS: dict[str, tuple[str, str, Callable[[float | None], str]]] = {
    "median": ("Median ratio", "the level: 1 where values are neither too high nor too low", words.number),
    "cod": ("COD", "how far ratios scatter about their median, per cent", lambda x: words.number(x, 2)),
    "prd": ("PRD", "above 1 where dear homes are valued lower than cheap ones", words.number),
    "prb": (
        "PRB",
        "by what share ratios change when homes are worth twice as much",
        lambda x: words.number(x, signed=True),
    ),
    "mki": ("MKI", "below 1 where dear homes are valued lower than cheap ones, by Gini coefficients", words.number),
    "vei": (
        "VEI",
        "the median ratio of the dearest homes less that of the cheapest, per cent",
        lambda x: words.number(x, 2, signed=True),
    ),
    "vei_significance": (
        "VEI significance",
        "inequity is shown only where VEI and this are both out of range, per cent",
        lambda x: words.number(x, 2),
    ),
}


def _ranges(study: RatioStudy) -> list[RangeRow]:
    within = verdicts(study)
    rows = []
    for name, accepted in ACCEPTED.items():
        title, meaning, show = _MEANINGS[name]
        figure = getattr(study, name)
        rows.append(
            RangeRow(title, meaning, show(figure), _interval_of(study, name, show), _range(accepted), within.get(name))
        )
    return rows


def _interval_of(study: RatioStudy, name: str, show: Callable[[float | None], str]) -> str:
    ends = (study.intervals or {}).get(name)
    return f"{show(ends[0])} to {show(ends[1])}" if ends else ""


def _range(accepted: Range) -> str:
    if accepted.low == -float("inf"):
        return f"at most {accepted.high:g}"
    return f"{accepted.low:g} to {accepted.high:g}".replace("-", "\u2212")


def _groups(report: Report) -> list[GroupView]:
    currency = report.evaluation.version.card.currency

    def tenth(row: RatioGroup) -> str:
        return f"{int(row.label)}: to {words.short_amount(row.high or 0)}"

    def band(row: RatioGroup) -> str:
        return f"{words.amount(row.low or 0)} to {words.amount(row.high or 0)} m²"

    value = (
        f"By tenth of value (each up to so many {currency}), cheapest first. The tenths are of the value given, which "
        "is what is known when a home is valued. By price, the cheapest homes look overvalued under any model."
    )
    return [
        _view("Value", value, report.by_decile, tenth, ("median", "cod")),
        _view("Sector", "By sector, those with the most sales first.", report.by_sector, _label),
        _view("Type", "By type of home, those with the most sales first.", report.by_type, _label),
        _view("Usable area", "By usable area, in bands of about equally many sales.", report.by_area, band),
    ]


def _label(row: RatioGroup) -> str:
    return row.label


def _view(
    title: str,
    how: str,
    grouping: Grouping,
    name: Callable[[RatioGroup], str],
    figures: Sequence[str] = ("median", "cod", "prd", "prb"),
) -> GroupView:
    names = [name(row) for row in grouping.shown]
    chart = None
    if grouping.shown:
        chart = charts.ratio_rows(
            names, grouping, f"Ratios of value to price by {title.lower()}; figures in the table."
        )
    return GroupView(
        title=title,
        how=how,
        chart=chart,
        columns=(*("median" if figure == "median" else figure.upper() for figure in figures), "MdAPE"),
        rows=tuple(_row(label, row.study, figures) for label, row in zip(names, grouping.shown, strict=True)),
        rest=_rest(grouping),
    )


def _rest(grouping: Grouping) -> str:
    """What is told of the groups that are not shown."""
    told = []
    for (groups, sales), what in (
        (grouping.too_few, "with under 20 sales each"),
        (grouping.beyond, "of the smaller ones"),
    ):
        if groups:
            told.append(f"{groups:,} {what} ({words.count(sales, 'sale')})")
    return f"Not shown: {' and '.join(told)}." if told else ""


def _row(name: str, study: RatioStudy, figures: Sequence[str]) -> GroupRow:
    within = verdicts(study)
    cells = []
    for figure in figures:
        show = _MEANINGS[figure][2]
        cells.append(Cell(show(getattr(study, figure)), _interval_of(study, figure, show), within.get(figure)))
    mdape = Cell(words.share(study.mdape), _interval_of(study, "mdape", words.share), None)
    return GroupRow(name, study.count, (*cells, mdape))
