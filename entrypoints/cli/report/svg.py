"""Pictures of lines, dots and words: elements whose every text and attribute is escaped, and scales for their axes.

Colours come from classes, so that one picture serves light, dark and paper. There is no style attribute and no script:
the page may be shown under the strictest content security policy.
"""

import html
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH = 440
"""The width of every chart in its own units: on a telephone they come to about 0.8 of a pixel each."""


def element(name: str, *content: str, **attributes: str | float) -> str:
    """An element; `content` is markup already, attributes are text: `class_` is class, underscores are hyphens."""
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{_written(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>{''.join(content)}</{name}>" if content else f"<{name}{written}/>"


def words(text: str, x: float, y: float, class_: str = "", anchor: str = "start") -> str:
    """A line of text."""
    return element("text", html.escape(text), x=x, y=y, class_=class_ or "t", text_anchor=anchor)


def titled(mark: str, title: str, **attributes: str | float) -> str:
    """A mark that says more when it is pointed at."""
    return element("g", element("title", html.escape(title)), mark, **attributes)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> str:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def path(points: Sequence[tuple[float, float]], class_: str) -> str:
    """A line through points."""
    steps = " ".join(f"{'L' if at else 'M'}{_written(x)} {_written(y)}" for at, (x, y) in enumerate(points))
    return element("path", d=steps, class_=class_)


def box(x: float, y: float, width: float, height: float, class_: str) -> str:
    """A rectangle."""
    return element("rect", x=x, y=y, width=max(width, 0.0), height=max(height, 0.0), class_=class_)


def dot(x: float, y: float, radius: float, class_: str) -> str:
    """A disc."""
    return element("circle", cx=x, cy=y, r=radius, class_=class_)


def picture(marks: Sequence[str], height: float, told: str) -> Markup:
    """A whole chart; `told` is what it shows, in words, for those who cannot see it."""
    return Markup(  # noqa: S704 (every text and attribute in it was escaped by `element`)
        element(
            "svg",
            *marks,
            viewBox=f"0 0 {WIDTH} {_written(height)}",
            role="img",
            aria_label=told,
        )
    )


@dataclass(frozen=True, slots=True)
class Scale:
    """From figures between `low` and `high` to places between `start` and `end`."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def __call__(self, figure: float) -> float:
        """The place of a figure."""
        low, high, at = self.low, self.high, figure
        if self.logarithmic:
            low, high, at = math.log(low), math.log(high), math.log(figure)
        return self.start + (at - low) / (high - low) * (self.end - self.start)

    def within(self, figure: float) -> float:
        """The place of a figure, at the edge for one that lies beyond it."""
        return self(min(max(figure, self.low), self.high))

    def ticks(self, most: int = 6) -> list[float]:
        """Round figures along the scale, `most` at most."""
        return _log_ticks(self.low, self.high, most) if self.logarithmic else _ticks(self.low, self.high, most)


def scale_of(
    figures: Sequence[float], start: float, end: float, *, logarithmic: bool = False, margin: float = 0.04
) -> Scale:
    """A scale on which all figures lie, with some air at either end."""
    low, high = min(figures), max(figures)
    if logarithmic:
        air = max((high / low) ** margin, 1.05)
        return Scale(low / air, high * air, start, end, logarithmic=True)
    air = (high - low) * margin or abs(high) * margin or 1.0
    return Scale(low - air, high + air, start, end)


def bottom_axis(scale: Scale, y: float, top: float, show: Callable[[float], str], label: str, most: int = 6) -> str:
    """Ticks, figures and a label below a plot that reaches from `top` to `y`."""
    marks = [line(scale.start, y, scale.end, y, "axis")]
    for tick in scale.ticks(most):
        at = scale(tick)
        marks += [line(at, top, at, y, "grid"), words(show(tick), at, y + 16, "tick", "middle")]
    marks.append(words(label, (scale.start + scale.end) / 2, y + 34, "label", "middle"))
    return "".join(marks)


def left_axis(scale: Scale, x: float, right: float, show: Callable[[float], str], label: str, most: int = 6) -> str:
    """Ticks and figures left of a plot that reaches from `x` to `right`; the label stands above them."""
    marks = [line(x, scale.start, x, scale.end, "axis")]
    for tick in scale.ticks(most):
        at = scale(tick)
        marks += [line(x, at, right, at, "grid"), words(show(tick), x - 6, at + 4, "tick", "end")]
    marks.append(words(label, 2, 14, "label"))
    return "".join(marks)


def _written(value: str | float) -> str:
    if isinstance(value, str):
        return html.escape(value)
    return f"{value:.1f}".rstrip("0").rstrip(".") if math.isfinite(value) else "0"


def _ticks(low: float, high: float, most: int) -> list[float]:
    rough = (high - low) / most
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * size for size in (1, 2, 2.5, 5, 10, 20) if (high - low) / (unit * size) <= most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [step * place for place in range(first, last + 1)]


def _log_ticks(low: float, high: float, most: int) -> list[float]:
    """One, two and five of each power of ten, or powers only, or only every so many of them."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for sizes in ((1, 1.5, 2, 3, 4, 5, 6, 8), (1, 2, 3, 5), (1, 2, 5), (1, 3), (1,)):
        ticks = [size * 10.0**power for power in powers for size in sizes if low <= size * 10.0**power <= high]
        if len(ticks) <= most:
            break
    else:
        ticks = ticks[:: math.ceil(len(ticks) / most)]
    return ticks if len(ticks) >= 2 else _ticks(low, high, most)
