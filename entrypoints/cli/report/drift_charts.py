"""The charts of drift: what homes looked like in training, and what they look like now."""

from collections.abc import Sequence

from markupsafe import Markup

from domain.drift import Bar
from entrypoints.cli.report.svg import WIDTH, Scale, box, dot, left_axis, line, path, picture, titled, words
from entrypoints.cli.report.words import share, short_amount, shortened

_NAMES = 150
_LONGEST_NAME = 21
_ROW, _HEAD = 24, 22.0


def bands(bars: Sequence[Bar], name: str) -> Markup:
    """Bands of numbers side by side: filled, in training; the line, now. The outer bands are open."""
    height, left, right = 220.0, 46.0, WIDTH - 10.0
    foot = height - 46
    up = Scale(0.0, 1.08 * max(max(bar.training, bar.served) for bar in bars), foot, 24)
    step = (right - left) / len(bars)
    marks = [left_axis(up, left, right, lambda figure: share(figure, 0), "share of homes", 4)]
    outline: list[tuple[float, float]] = []
    for place, bar in enumerate(bars):
        x = left + place * step
        said = f"{bar.label}: {_shares(bar)}"
        marks.append(titled(box(x + 1, up(bar.training), step - 2, foot - up(bar.training), "bar"), said))
        outline += [(x, up(bar.served)), (x + step, up(bar.served))]
    marks.append(path(outline, "line l1"))
    inner = [bar.high for bar in bars if bar.high is not None]
    for place, edge in enumerate(inner):
        if place % 3 == 1:
            x = left + (place + 1) * step
            marks += [line(x, foot, x, foot + 4, "axis"), words(_edge(edge, inner), x, foot + 17, "tick", "middle")]
    marks.append(words(shortened(name, 60), (left + right) / 2, height - 8, "label", "middle"))
    return picture(marks, height, f"{name}: {_said(bars)}.")


def categories(bars: Sequence[Bar], name: str) -> Markup:
    """A row a category: the bar, in training; the dot, now, and its figure. The head says so."""
    top, foot = _HEAD, _HEAD + _ROW * len(bars)
    scale = Scale(0.0, max(1e-9, *(max(bar.training, bar.served) for bar in bars)), _NAMES, WIDTH - 54)
    marks = [
        box(_NAMES, 3, 14, 10, "bar"),
        words("in training", _NAMES + 19, 12, "tick"),
        dot(WIDTH - 36, 8, 5, "now"),
        words("now", WIDTH - 2, 12, "tick", "end"),
        line(_NAMES, top, _NAMES, foot, "axis"),
    ]
    for place, bar in enumerate(bars):
        y = top + _ROW * (place + 0.5)
        said = f"{bar.label}: {_shares(bar)}"
        mark = box(_NAMES, y - 7, scale(bar.training) - _NAMES, 14, "bar") + dot(scale(bar.served), y, 5, "now")
        marks += [
            words(shortened(bar.label, _LONGEST_NAME), _NAMES - 8, y + 4, "name", "end"),
            titled(mark, said),
            words(share(bar.served, 0), WIDTH - 2, y + 4, "tick", "end"),
        ]
    return picture(marks, foot + 6, f"{name}: {_said(bars)}.")


def _edge(edge: float, edges: Sequence[float]) -> str:
    """The bound of a band, with the digits that tell it from its neighbours."""
    span = edges[-1] - edges[0]
    if abs(edge) >= 10_000:
        return short_amount(edge)
    return f"{edge:.4f}" if span < 1 else f"{edge:.2f}" if span < 10 else f"{edge:,.0f}"


def _said(bars: Sequence[Bar]) -> str:
    return "; ".join(f"{bar.label} {_shares(bar)}" for bar in bars)


def _shares(bar: Bar) -> str:
    return f"{share(bar.served)} now, {share(bar.training)} in training"
