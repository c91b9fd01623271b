"""Homes then and now in parts, to be drawn."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from domain.drift import NEVER_SEEN, Bar
from domain.drift_tally import CategoryTally, NumberTally

_BARS = 12
_OUTERMOST = 0.01


def number_bars(tally: NumberTally, shown: Callable[[float], float]) -> tuple[Bar, ...]:
    """Bands of equal width, the outer ones open; of few different numbers each by itself."""
    reference = tally.reference
    if not reference.known:
        return ()
    if reference.counts:
        names = [*(f"{shown(number):g}" for number in tally.homes_at), "other"]
        return _bars(names, [*reference.counts_in_order(), 0], tally.at_grid())
    low, high = reference.quantile(_OUTERMOST), reference.quantile(1 - _OUTERMOST)
    edges = [low + (high - low) * place / (_BARS - 1) for place in range(_BARS)] if high > low else [low]
    ends = [shown(edge) for edge in edges]
    told = [f"{end:,.0f}" if abs(end) >= 1_000 else f"{end:.6g}" for end in ends]
    names = [f"to {told[0]}", *(f"{a} to {b}" for a, b in pairwise(told))]
    bars = _bars([*names, f"above {told[-1]}"], reference.within(edges), tally.within(edges))
    bounds: list[float | None] = [None, *ends, None]
    return tuple(
        replace(bar, low=below, high=above) for bar, below, above in zip(bars, bounds, bounds[1:], strict=False)
    )


def category_bars(tally: CategoryTally) -> tuple[Bar, ...]:
    """The categories with the largest share of either, the others together, and those never seen."""
    then, now = tally.reference.counts, tally.counts
    whole, known = max(tally.reference.known, 1), max(tally.known, 1)
    named = sorted(then, key=lambda name: -max(then[name] / whole, now[name] / known))[: _BARS - 2]
    named.sort(key=lambda name: -then[name])
    rest = [name for name in then if name not in set(named)]
    names = [*named, *(["other"] if rest else []), NEVER_SEEN]
    training = [*(then[name] for name in named), *([sum(then[name] for name in rest)] if rest else []), 0]
    served = [*(now[name] for name in named), *([sum(now[name] for name in rest)] if rest else []), tally.new_homes]
    return _bars(names, training, served)


def _bars(names: Sequence[str], training: Sequence[int], served: Sequence[int]) -> tuple[Bar, ...]:
    wholes = max(sum(training), 1), max(sum(served), 1)
    return tuple(
        Bar(name, then / wholes[0], now / wholes[1]) for name, then, now in zip(names, training, served, strict=True)
    )
