"""What is answered of a version's evaluation."""

from datetime import date
from typing import Annotated, Any, Self

import msgspec
from msgspec import Meta, Struct

from application.show_evaluation import ShownEvaluation


def _told(description: str, example: Any = None) -> Meta:
    return Meta(description=description, examples=None if example is None else [example])


class EvaluatedSalesAnswer(Struct, kw_only=True):
    """Single sales of the holdout, a list a column: the same place in each is the same sale."""

    price: Annotated[list[float], _told("What each was sold for, in the currency.", [172000.0])]
    value: Annotated[list[float], _told("What each was valued at, as of its own day; six figures are kept.")]
    low: Annotated[list[float], _told("Lower end of its interval, at the level that the card's `interval` tells.")]
    high: Annotated[list[float], _told("Upper end of it.")]
    latitude: Annotated[list[float], _told("Latitude (WGS 84), in degrees, to five decimals.", [42.05421])]
    longitude: Annotated[list[float], _told("Longitude, likewise.", [-93.61975])]
    type: Annotated[list[str], _told("Kind of home, as the sales mostly write it.", ["OneFam"])]
    sector: Annotated[list[str], _told("Neighbourhood or commune, likewise.", ["North Ames"])]
    sold_on: Annotated[list[date | None], _told("Day of the sale; null where it is not known.", ["2010-06-01"])]


class HistogramAnswer(Struct, kw_only=True):
    """How often figures lie where."""

    edges: Annotated[list[float], _told("Ascending; one more than there are counts.", [0.95, 1.0, 1.05])]
    counts: Annotated[
        list[int],
        _told("How many lie between each edge and the next; the first and the last count what is beyond too.", [7, 9]),
    ]


class LevelAnswer(Struct, kw_only=True):
    """Intervals at a level, and what became of their promise."""

    level: Annotated[float, _told("Share of prices that they should hold, between 0 and 1.", 0.9)]
    coverage: Annotated[float, _told("Share of prices that they held.", 0.91)]
    mean_width: Annotated[float, _told("Their mean width, as a share of the value.", 0.34)]
    median_width: Annotated[float, _told("Their median width, likewise.", 0.29)]


class EvaluatedGroupAnswer(Struct, kw_only=True):
    """The ratios of value to price of a part of the market."""

    label: Annotated[str, _told("Which part.", "North Ames")]
    sales: Annotated[int, _told("How many sales of the holdout it has: 20 at least.", 88)]
    median: Annotated[float, _told("Median ratio.", 1.003)]
    low_quartile: Annotated[float, _told("A quarter of the ratios is lower.", 0.948)]
    high_quartile: Annotated[float, _told("A quarter of the ratios is higher.", 1.061)]
    cod: Annotated[float, _told("Coefficient of dispersion, in per cent.", 7.9)]
    mdape: Annotated[float, _told("Median of |value - price| / price.", 0.056)]


class EvaluatedTenthAnswer(EvaluatedGroupAnswer, kw_only=True):
    """The ratios of value to price of a tenth of the sales, and which values it spans."""

    low: Annotated[float, _told("The lowest value of the tenth, in the currency.", 118000.0)]
    high: Annotated[float, _told("The highest.", 133500.0)]


class WorstSaleAnswer(Struct, kw_only=True):
    """A sale whose value was far from its price."""

    id: Annotated[str, _told("Its id in the sales table; where that has none, its place among the sales.", "527105010")]
    price: Annotated[float, _told("What it was sold for, in the currency.", 61000.0)]
    value: Annotated[float, _told("What it was valued at.", 118400.0)]
    type: Annotated[str, _told("Kind of home, as the sales mostly write it.", "OneFam")]
    sector: Annotated[str, _told("Neighbourhood or commune, likewise.", "North Ames")]
    net_usable_area: Annotated[float, _told("Area within the walls, in m2.", 120.8)]
    sold_on: Annotated[date | None, _told("Day of the sale; null where it is not known.")]


class EvaluationAnswer(Struct, kw_only=True):
    """What the charts of a version's evaluation show, beside its card: its values against the prices of its holdout."""

    version: Annotated[str, _told("Name of the stored version.", "v3")]
    currency: Annotated[str, _told("Of all amounts.", "USD")]
    sales: Annotated[int, _told("How many sales the holdout has.", 586)]
    points: Annotated[
        EvaluatedSalesAnswer, _told("At most 1,500 of them, drawn at random by the model's seed where there are more.")
    ]
    ratios: Annotated[HistogramAnswer, _told("The ratios of value to price of all of them.")]
    levels: Annotated[list[LevelAnswer], _told("What intervals at several levels held, the lowest first.")]
    by_sector: Annotated[
        list[EvaluatedGroupAnswer], _told("The 12 sectors with the most sales, the largest first; not those of few.")
    ]
    by_type: Annotated[list[EvaluatedGroupAnswer], _told("The same by kind of home.")]
    by_price: Annotated[
        list[EvaluatedTenthAnswer],
        _told(
            "Tenths of the sales by the value given, `01` the cheapest: by price, the cheapest would look overvalued "
            "under any model. None where a tenth has few sales."
        ),
    ]
    worst: Annotated[
        list[WorstSaleAnswer], _told("The 20 sales farthest off, as a ratio either way, the farthest first.")
    ]

    @classmethod
    def of(cls, shown: ShownEvaluation) -> Self:
        """The answer that tells this evaluation."""
        told = msgspec.to_builtins(shown.picture)
        return msgspec.convert({"version": shown.version, "currency": shown.currency, **told}, cls)
