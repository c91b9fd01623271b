"""The charts of the report, one function each."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from markupsafe import Markup

from application.build_report import IndexLine, Point, WidthOfDecile
from application.group_ratios import Grouping
from domain.holdout_picture import LevelStudy
from domain.market_index import MarketIndex, middle_of
from entrypoints.cli.report.svg import (
    WIDTH,
    Scale,
    bottom_axis,
    box,
    dot,
    left_axis,
    line,
    path,
    picture,
    scale_of,
    titled,
    words,
)
from entrypoints.cli.report.words import amount, number, share, short_amount, shortened

RATIO_STEPS = (0.8, 0.9, 0.95, 1.05, 1.1, 1.25)
"""Where the colours of the residual map change; 1.25 is as far from 1 as 0.8 is."""
_TOLD_BEYOND = 0.2
_ROW = 24
_NAMES = 150
_LONGEST_NAME = 21
_BAND = (0.90, 1.10)
_OUTLYING = 0.005
_AIR = 22
_CROWD = 1000
_KM_PER_DEGREE = 111.195
_LINES = 6


def predicted_against_actual(points: Sequence[Point], currency: str) -> Markup:
    """Values over prices, both logarithmic, with the lines of 10 and 20 per cent."""
    figures = [figure for point in points for figure in (point.value, point.price)]
    across = scale_of(figures, 56, WIDTH - 10, logarithmic=True)
    height = 440.0
    up = Scale(across.low, across.high, height - 46, 28, logarithmic=True)
    marks = [
        bottom_axis(across, height - 46, 28, short_amount, f"price paid, {currency}"),
        left_axis(up, 56, WIDTH - 10, short_amount, f"value given, {currency}"),
    ]
    for ratio, class_ in ((0.8, "far"), (0.9, "near"), (1.0, "even"), (1.1, "near"), (1.2, "far")):
        low, high = max(across.low, up.low / ratio), min(across.high, up.high / ratio)
        marks.append(line(across(low), up(low * ratio), across(high), up(high * ratio), class_))
    for point in points:
        mark = dot(across(point.price), up(point.value), 2.2, "point")
        marks.append(_told(mark, point, currency))
    off = sum(abs(point.value / point.price - 1) <= _BAND[1] - 1 for point in points) / len(points)
    return picture(
        marks, height, f"Values against prices of {len(points):,} sales: {share(off)} lie within 10 % of the diagonal."
    )


def residual_map(points: Sequence[Point], currency: str) -> tuple[Markup, int]:
    """Where values were too high and too low, and how many points lie too far out to be drawn."""
    west, east = _most_of([point.longitude for point in points])
    south, north = _most_of([point.latitude for point in points])
    inside = [p for p in points if west <= p.longitude <= east and south <= p.latitude <= north]
    left, top, width = 60.0, 28.0, WIDTH - 60.0 - _AIR
    shrink = max(math.cos(math.radians((south + north) / 2)), 0.05)
    degree = width / max(east - west, 1e-6)
    height = min(max((north - south) * degree / shrink, 0.6 * width), 1.25 * width)
    # One scale both ways: whichever side is the tighter decides, and the other is centred.
    degree = min(degree, height / max(north - south, 1e-6) * shrink)
    middle, centre = (west + east) / 2, (south + north) / 2
    reach, rise = width / degree / 2, height / degree * shrink / 2
    across = Scale(middle - reach, middle + reach, left, left + width)
    up = Scale(centre - rise, centre + rise, top + height, top)
    digits = max(0, min(5, 1 - math.floor(math.log10(reach))))
    marks = [
        bottom_axis(across, top + height, top, lambda x: number(x, digits), "longitude, degrees", 4),
        left_axis(up, left, left + width, lambda y: number(y, digits), "latitude, degrees", 5),
    ]
    # Not in the order of their errors: with the worst on top a crowded place would look bad, whatever is below.
    radius = 2.8 if len(inside) <= _CROWD else 2.0
    for point in inside:
        mark = dot(across(point.longitude), up(point.latitude), radius, f"r{_step(point.value / point.price)}")
        marks.append(_told(mark, point, currency))
    kilometres = _round_length(width / 4 / degree * _KM_PER_DEGREE * shrink)
    length = kilometres / (_KM_PER_DEGREE * shrink) * degree
    foot = top + height - 10
    marks += [
        box(left + 6, foot - 22, length + 12, 28, "plate"),
        line(left + 12, foot, left + 12 + length, foot, "even"),
        words(f"{kilometres:g} km", left + 12, foot - 6, "tick"),
    ]
    told = f"Map of {len(inside):,} sales, coloured by the ratio of value to price."
    return picture(marks, top + height + 46, told), len(points) - len(inside)


def ratio_legend() -> list[tuple[str, str]]:
    """The classes of the map's colours, and what they mean."""
    steps = [f"{step:g}" for step in RATIO_STEPS]
    names = [f"under {steps[0]}", *(f"{a} to {b}" for a, b in pairwise(steps)), f"over {steps[-1]}"]
    return [(f"r{place}", name) for place, name in enumerate(names)]


def ratio_rows(names: Sequence[str], grouping: Grouping, told: str) -> Markup:
    """A row a group: the middle half of its ratios as a bar, their median as a dot."""
    rows = grouping.shown
    ends = [figure for row in rows for figure in row.quartiles] + [0.88, 1.12]
    scale = scale_of(ends, _NAMES, WIDTH - 46)
    top, foot = 22.0, 22.0 + _ROW * len(rows)
    marks = [
        box(scale(_BAND[0]), top, scale(_BAND[1]) - scale(_BAND[0]), foot - top, "band"),
        bottom_axis(scale, foot, top, lambda x: number(x, 2), "value / price", 5),
        line(scale(1), top, scale(1), foot, "even"),
        words("sales", WIDTH - 2, 14, "tick", "end"),
    ]
    for place, (name, row) in enumerate(zip(names, rows, strict=True)):
        y = top + _ROW * (place + 0.5)
        low, middle, high = row.quartiles
        said = (
            f"{name}: median {number(middle)}, middle half {number(low)} to {number(high)}, {row.study.count:,} sales"
        )
        bar = box(scale(low), y - 5, scale(high) - scale(low), 10, "bar") + dot(scale(middle), y, 5, "middle")
        marks += [
            words(shortened(name, _LONGEST_NAME), _NAMES - 8, y + 4, "name", "end"),
            titled(bar, said),
            words(f"{row.study.count:,}", WIDTH - 2, y + 4, "tick", "end"),
        ]
    return picture(marks, foot + 42, told)


def calibration(levels: Sequence[LevelStudy]) -> Markup:
    """What share of prices the intervals held, over what they promised."""
    height = 340.0
    lowest = max(0.0, min([0.45, *(study.coverage - 0.05 for study in levels)]))
    across = Scale(lowest, 1.0, 56, WIDTH - _AIR)
    up = Scale(lowest, 1.0, height - 46, 28)
    percent = lambda figure: share(figure, 0)  # noqa: E731
    marks = [
        bottom_axis(across, height - 46, 28, percent, "promised", 6),
        left_axis(up, 56, WIDTH - _AIR, percent, "prices held"),
        line(across(lowest), up(lowest), across(1), up(1), "even"),
        path([(across(study.level), up(study.coverage)) for study in levels], "line l0"),
    ]
    for study in levels:
        said = f"at {share(study.level, 0)}: {share(study.coverage)} held"
        marks.append(titled(dot(across(study.level), up(study.coverage), 4.5, "middle"), said))
    told = "; ".join(f"intervals at {share(study.level, 0)} held {share(study.coverage)}" for study in levels)
    return picture(marks, height, f"Calibration: {told}.")


def coverage_by_decile(deciles: Sequence[WidthOfDecile], level: float) -> Markup:
    """What share of prices the intervals held, by tenth of the sales in the order of their values."""
    height = 300.0
    lowest = max(0.0, math.floor(10 * min(level - 0.1, *(one.coverage - 0.02 for one in deciles))) / 10)
    up = Scale(lowest, 1.0, height - 46, 28)
    left, right = 56.0, WIDTH - 10.0
    step = (right - left) / len(deciles)
    marks = [left_axis(up, left, right, lambda figure: share(figure, 0), "prices held")]
    for place, one in enumerate(deciles):
        x = left + step * place
        said = f"tenth {place + 1}: {share(one.coverage)} held, median width {share(one.median_width, 0)} of the value"
        y, middle = up(one.coverage), x + step / 2
        marks += [
            titled(line(middle, up(level), middle, y, "stem") + dot(middle, y, 5, "middle"), said),
            words(str(place + 1), middle, up.start + 16, "tick", "middle"),
        ]
    marks.insert(1, line(left, up(level), right, up(level), "even"))
    marks += [
        line(left, up.start, right, up.start, "axis"),
        words("tenth of the sales by value given, cheapest first", (left + right) / 2, height - 12, "label", "middle"),
    ]
    held = ", ".join(share(one.coverage, 0) for one in deciles)
    return picture(marks, height, f"Prices held at {share(level, 0)} by tenth of value, cheapest first: {held}.")


def importance_bars(names: Sequence[str], shares: Sequence[float]) -> Markup:
    """By how much each field moves the value on average, the largest first."""
    top, foot = 6.0, 6.0 + _ROW * len(names)
    scale = Scale(0.0, max(*shares, 1e-9) * 1.02, _NAMES, WIDTH - 62)
    marks = [line(_NAMES, top, _NAMES, foot, "axis")]
    for place, (name, moved) in enumerate(zip(names, shares, strict=True)):
        y = top + _ROW * (place + 0.5)
        bar = box(scale.start, y - 7, scale(moved) - scale.start, 14, "bar")
        marks += [
            words(shortened(name, _LONGEST_NAME), _NAMES - 8, y + 4, "name", "end"),
            titled(bar, f"{name}: {share(moved)}"),
            words(f"±{share(moved)}", scale(moved) + 6, y + 4, "tick"),
        ]
    told = ", ".join(f"{name} {share(moved)}" for name, moved in zip(names, shares, strict=True))
    return picture(marks, foot + 6, f"Mean effect on the value: {told}.")


@dataclass(frozen=True, slots=True)
class IndexChart:
    """The chart, and the class and name of each of its lines; `left_out` groups are not drawn."""

    chart: Markup
    legend: list[tuple[str, str]]
    left_out: int


def index_chart(index: MarketIndex, lines: Sequence[IndexLine]) -> IndexChart:
    """Price levels by month with how they are carried on, and the number of sales of each month."""
    drawn = lines[:_LINES]
    months = [middle_of(month) for month in index.months]
    reference = index.reference.toordinal() + 0.5
    carried = [months[-1], months[-1] + 30.4375 * index.drift_months]
    across = scale_of([*months, reference, carried[1]], 56, WIDTH - _AIR, margin=0.02)
    figures = [100 * level for one in drawn for level in (*one.levels, one.carried_on)]
    figures += [95.0, 105.0]  # a flat market is to look flat
    up = scale_of(figures, 262, 28)
    bars = Scale(0, max(index.counts), 356, 300)
    marks = [
        left_axis(up, 56, WIDTH - _AIR, lambda level: number(level, 0), "price level, 100 on the reference day"),
        line(across(reference), 28, across(reference), 356, "far"),
        *_years(across, 356),
        words("sales a month", 2, 286, "label"),
        words(f"{max(index.counts):,}", 50, 306, "tick", "end"),
        words("0", 50, 360, "tick", "end"),
        line(56, 356, WIDTH - _AIR, 356, "axis"),
    ]
    thick = min(8.0, max(0.6, 0.8 * (across.end - across.start) / (months[-1] - months[0] + 60) * 30.4))
    for month, at, sales in zip(index.months, months, index.counts, strict=True):
        bar = box(across(at) - thick / 2, bars(sales), thick, bars.start - bars(sales), "bar")
        marks.append(titled(bar, f"{month}: {sales:,} sales"))
    for place, one in enumerate(drawn):
        points = [(across(at), up(100 * level)) for at, level in zip(months, one.levels, strict=True)]
        marks.append(titled(path(points, f"line l{place}"), _name_of_group(one.group)))
        ahead = [points[-1], (across(carried[1]), up(100 * one.carried_on))]
        marks.append(path(ahead, f"line dotted l{place}"))
    first, last = (100 * drawn[0].levels[place] for place in (0, -1))
    told = f"Price level by month, {index.months[0]} to {index.months[-1]}: {first:.1f} to {last:.1f}, 100 on "
    legend = [(f"l{place}", _name_of_group(one.group)) for place, one in enumerate(drawn)]
    return IndexChart(picture(marks, 380, f"{told}{index.reference}."), legend, len(lines) - len(drawn))


def _name_of_group(group: str) -> str:
    return "the whole market" if group == "all" else group


def _years(across: Scale, y: float) -> list[str]:
    """The first days of years, or of half years and quarters where the months are few."""
    first, last = (date.fromordinal(int(end)) for end in (across.low, across.high))
    for months in ((1, 4, 7, 10), (1, 7), (1,)):
        days = [date(year, month, 1) for year in range(first.year, last.year + 1) for month in months]
        days = [day for day in days if across.low <= day.toordinal() <= across.high]
        if len(days) <= 6:
            break
    days = days[:: math.ceil(len(days) / 8)] if days else days
    whole = all(day.month == 1 for day in days)
    return [
        words(f"{day:%Y}" if whole else f"{day:%Y-%m}", across(day.toordinal()), y + 16, "tick", "middle")
        for day in days
    ]


def _told(mark: str, point: Point, currency: str) -> str:
    """Only far points say which sale they are: these are the ones that people ask about."""
    ratio = point.value / point.price
    if abs(ratio - 1) <= _TOLD_BEYOND:
        return mark
    figures = f"value {amount(point.value)}, price {amount(point.price)} {currency}, ratio {number(ratio, 2)}"
    return titled(mark, f"{shortened(point.label, 80)}: {figures}")


def _step(ratio: float) -> int:
    return sum(ratio > step for step in RATIO_STEPS)


def _most_of(places: Sequence[float]) -> tuple[float, float]:
    """The span of all but the outermost, with some air: one slip of the pen must not shrink the map to a dot."""
    ordered = sorted(places)
    skipped = int(len(ordered) * _OUTLYING)
    low, high = ordered[skipped], ordered[len(ordered) - 1 - skipped]
    air = max(0.05 * (high - low), 1e-4)
    return low - air, high + air


def _round_length(kilometres: float) -> float:
    unit = 10.0 ** math.floor(math.log10(kilometres))
    return float(max(unit * size for size in (1, 2, 5) if unit * size <= kilometres))
