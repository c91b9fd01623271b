"""Whether a new version is as good as the one in service: both judged by the same sales."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.promotion_gate import GateCheck, GateDecision, Margins
from domain.property import normalised
from domain.ratio_study import Vector
from domain.spellings import AS_COMPARED, Spellings

_MOST_DRAWS = 1_000
_FEWEST_DRAWS = 200
_CELLS = 5_000_000
_CHANCE_OF_REFUSING_AN_EQUAL = 0.05
_CELLS_AT_ONCE = 250_000
_ROUNDING = 1e-9

Draws = NDArray[np.float64]
_Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Judged:
    """What one version said of the holdout sales: values and the ends of their intervals, each of shape (n,)."""

    values: Vector
    low: Vector
    high: Vector


@dataclass(frozen=True, slots=True)
class _Comparison:
    """A figure of both versions: on the holdout, and in each draw; `margin` in its own unit."""

    name: str
    unit: str
    candidate: float
    serving: float
    target: float | None
    margin: float
    worsening: float
    draws: Draws

    @property
    def chance(self) -> float:
        """How probable such a worsening is if there is none, by the spread of the draws and the normal distribution.

        Not the share of draws beyond 0: of 1,000 draws, that could never satisfy a correction for hundreds of sectors.
        """
        if self.worsening <= _ROUNDING:
            return 1.0
        spread = float(np.std(self.draws)) if len(self.draws) else 0.0
        return NormalDist().cdf(-self.worsening / spread) if spread > 0 else 0.0

    def checked(self, alone: float, gross: float) -> GateCheck:
        """`alone`: the chance below which this one worsening counts as shown."""
        shown = self.chance <= alone and self.worsening > self.margin + _ROUNDING
        low, high = np.quantile(self.draws, [0.05, 0.95]) if len(self.draws) else [self.worsening] * 2
        return GateCheck(
            name=self.name,
            unit=self.unit,
            candidate=self.candidate,
            serving=self.serving,
            target=self.target,
            worsening=self.worsening,
            low=float(low),
            high=float(high),
            chance=self.chance,
            margin=self.margin,
            passed=not (shown or self.worsening > gross * self.margin + _ROUNDING),
        )


def judge_promotion(
    candidate: Judged,
    serving: Judged,
    prices: ArrayLike,
    sectors: Sequence[str],
    *,
    level: float,
    margins: Margins | None = None,
    seed: int = 0,
    spellings: Spellings = AS_COMPARED,
) -> GateDecision:
    """Compares two versions by the same n holdout sales that neither has learned from, with intervals at one `level`.

    Checked are MdAPE, the distance of the intervals' coverage from `level`, COD, the distance of PRB from 0 (where both
    have one), and MdAPE in every large sector. A paired bootstrap (sales are drawn, both versions are judged by the
    same draw; seeded, 1,000 draws, down to 200 of more than 5,000 sales) says how far each difference may be luck.

    A figure refuses the candidate where it is worse by more than its margin *and* that it is worse at all is shown: by
    luck alone an equal candidate would look so bad with a chance of about 5 %, shared by Holm's method among the four
    overall figures, and again among the sectors. Strict non-inferiority, which has to be shown itself (upper bound
    below the margin), is not asked for: the MdAPE of two equal models on 50 sales differs by more than the margin often
    enough that a small market would hardly ever be served a retrained model. On thousands of sales both rules come to
    nearly the same: what is worse by more than the margin is refused. The price is that a few dozen sales let a
    somewhat worse version through; what is worse by more than `margins.gross` margins they refuse in any case.

    The order of the sales does not matter. Sectors are called by their `spellings`. Raises ValueError where lengths
    differ, prices or values are not positive and finite, or there are no sales.
    """
    margins = margins or Margins()
    price = np.asarray(prices, dtype=np.float64)
    names = np.array([normalised(sector) for sector in sectors], dtype=object)
    _require_sound(candidate, serving, price, names)
    # Sorted by all that is looked at, so that a seed draws the same sales whatever their order.
    figures = [getattr(one, what) for one in (candidate, serving) for what in ("values", "low", "high")]
    order = np.lexsort([*(np.asarray(figure) for figure in figures), price])
    price, names = price[order], names[order]
    new, old = (_Sales.of(judged, price, order) for judged in (candidate, serving))
    overall = _overall(new, old, level, margins, np.random.default_rng(seed))
    by_sector = []
    labels, place = np.unique(names, return_inverse=True)
    grouped = np.split(np.argsort(place, kind="stable"), np.cumsum(np.bincount(place))[:-1])
    for number, (sector, rows) in enumerate(zip(labels.tolist(), grouped, strict=True)):
        if len(rows) >= margins.large_sector:
            random = np.random.default_rng([seed, number])
            shown = spellings.of("sector", sector)
            by_sector.append(_in_sector(shown, new.error[rows], old.error[rows], margins, random))
    return GateDecision((*_checked(overall, margins.gross), *_checked(by_sector, margins.gross)))


@dataclass(frozen=True, slots=True)
class _Sales:
    """Of each sale: error relative to the price, value over price, whether the interval holds, log2 of the price."""

    error: Vector
    ratio: Vector
    within: Vector
    log_price: Vector

    @classmethod
    def of(cls, judged: Judged, price: Vector, order: _Rows) -> "_Sales":
        values, low, high = (
            np.asarray(part, dtype=np.float64)[order] for part in (judged.values, judged.low, judged.high)
        )
        ratio = values / price
        within = ((low <= price) & (price <= high)).astype(np.float64)
        return cls(np.abs(values - price) / price, ratio, within, np.log2(price))

    def figures(self, rows: _Rows) -> Draws:
        """MdAPE, coverage, COD (all per cent) and PRB of each row of `rows` (draws, n): shape (4, draws)."""
        ratio = self.ratio[rows]
        ratio /= np.median(ratio, axis=1, keepdims=True)
        off = ratio - 1
        size = np.log2((ratio + 1) / 2)
        size += self.log_price[rows]
        size -= size.mean(axis=1, keepdims=True)
        spread = np.einsum("ij,ij->i", size, size)
        sloped = spread > 1e-12 * rows.shape[1]
        slope = np.einsum("ij,ij->i", size, off) / np.where(sloped, spread, 1.0)
        return np.stack(
            [
                100 * np.median(self.error[rows], axis=1),
                100 * self.within[rows].mean(axis=1),
                100 * np.abs(off).mean(axis=1),
                np.where(sloped, slope, np.nan),
            ]
        )


def _overall(
    new: _Sales, old: _Sales, level: float, margins: Margins, random: np.random.Generator
) -> list[_Comparison]:
    everything = np.arange(len(new.error))[None, :]
    now, before = (sales.figures(everything)[:, 0].tolist() for sales in (new, old))
    drawn = [(new.figures(rows), old.figures(rows)) for rows in _drawn_rows(len(new.error), random)]
    draws = [np.concatenate([pair[side] for pair in drawn], axis=1) for side in (0, 1)]
    kinds = [
        ("MdAPE", "%", None, max(margins.mdape_points, margins.mdape_relative * before[0])),
        ("coverage", "%", 100 * level, margins.coverage_points),
        ("COD", "%", None, margins.cod_relative * before[2]),
        ("PRB", "", 0.0, margins.prb),
    ]
    return [
        _compared(name, unit, target, margin, (now[row], before[row]), (draws[0][row], draws[1][row]))
        for row, (name, unit, target, margin) in enumerate(kinds)
        if np.isfinite([now[row], before[row]]).all()
    ]


def _in_sector(sector: str, new: Vector, old: Vector, margins: Margins, random: np.random.Generator) -> _Comparison:
    now, before = (100 * float(np.median(errors)) for errors in (new, old))
    drawn = [
        (100 * np.median(new[rows], axis=1), 100 * np.median(old[rows], axis=1))
        for rows in _drawn_rows(len(new), random)
    ]
    draws = [np.concatenate([pair[side] for pair in drawn]) for side in (0, 1)]
    margin = max(margins.sector_mdape_points, margins.sector_mdape_relative * before)
    return _compared(f"MdAPE in {sector}", "%", None, margin, (now, before), (draws[0], draws[1]))


def _compared(
    name: str,
    unit: str,
    target: float | None,
    margin: float,
    figures: tuple[float, float],
    draws: tuple[Draws, Draws],
) -> _Comparison:
    def badness(figure: Draws) -> Draws:
        return figure if target is None else np.abs(figure - target)

    worse = float(badness(np.array(figures[0])) - badness(np.array(figures[1])))
    worsening = badness(draws[0]) - badness(draws[1])
    return _Comparison(name, unit, *figures, target, margin, worse, worsening[np.isfinite(worsening)])


def _checked(family: list[_Comparison], gross: float) -> Iterator[GateCheck]:
    """Holm's method: the least probable is held to the strictest bound; none counts after the first that fails."""
    bounds = {}
    bound, refuted = 0.0, True
    for place, comparison in enumerate(sorted(family, key=attrgetter("chance"))):
        bound = _CHANCE_OF_REFUSING_AN_EQUAL / (len(family) - place)
        refuted = refuted and comparison.chance <= bound
        bounds[comparison.name] = bound if refuted else -1.0
    return (comparison.checked(bounds[comparison.name], gross) for comparison in family)


def _drawn_rows(count: int, random: np.random.Generator) -> Iterator[_Rows]:
    """Draws of `count` rows with replacement, as many at once as the cache holds."""
    draws = min(_MOST_DRAWS, max(_FEWEST_DRAWS, _CELLS // count))
    at_once = max(1, _CELLS_AT_ONCE // count)
    for start in range(0, draws, at_once):
        yield random.integers(count, size=(min(at_once, draws - start), count))


def _require_sound(candidate: Judged, serving: Judged, price: Vector, sectors: NDArray[np.object_]) -> None:
    arrays = [price, *(getattr(one, what) for one in (candidate, serving) for what in ("values", "low", "high"))]
    if not len(price) or any(len(array) != len(price) for array in (*arrays, sectors)):
        raise ValueError("a promotion is judged by at least one sale, with all figures of each")
    for array in (price, candidate.values, serving.values):
        if not (np.isfinite(array) & (np.asarray(array) > 0)).all():
            raise ValueError("prices and values are positive and finite")
