"""Figures in the form in which people read them."""

import math

NOTHING, MINUS, NO_BREAK = "\u2013", "\u2212", "\u00a0"


def share(figure: float | None, digits: int = 1) -> str:
    """0.081 as "8.1 %"."""
    return NOTHING if figure is None else f"{100 * figure:.{digits}f}{NO_BREAK}%"


def number(figure: float | None, digits: int = 3, *, signed: bool = False) -> str:
    """A plain figure; a dash where there is none."""
    if figure is None:
        return NOTHING
    if round(figure, digits) == 0:
        figure = 0.0
    return f"{figure:{'+' if signed else ''}.{digits}f}".replace("-", MINUS)


def amount(figure: float) -> str:
    """An amount of money or an area, with no more digits than mean something."""
    if not math.isfinite(figure):
        return "∞"
    size = abs(figure)
    if size >= 1e15:
        return f"{figure:.3g}"
    if size >= 100 or figure == 0:
        return f"{figure:,.0f}"
    return f"{figure:.3g}"


def short_amount(figure: float) -> str:
    """The same for an axis: 150,000 as "150k"."""
    for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(figure) >= size and abs(figure) < 1e15:
            return f"{figure / size:.3g}{unit}"
    return f"{figure:.3g}"


def middle(quartiles: tuple[float, float, float] | None, field: str) -> str:
    """The median of a field: coordinates to some ten metres, others as amounts; a dash where there is none."""
    if quartiles is None:
        return NOTHING
    return number(quartiles[1], 4) if field in {"latitude", "longitude"} else amount(quartiles[1])


def count(figure: int, one: str, many: str | None = None) -> str:
    """A number of things: "1 sale" or "20 sales"."""
    return f"{figure:,} {one if figure == 1 else many or one + 's'}"


def shortened(text: str, longest: int = 80) -> str:
    """Text of a source, which may be of any length, where there is little room."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
