"""Portfolios that are read and answered in one part, for tests of what becomes of their rows."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from application.answer_homes import answer_homes
from application.portfolio_order import PortfolioOrder
from application.ports.portfolio_source import PortfolioHead, PortfolioRows
from application.sales.home_reading import HomeReading
from application.sales.layout import SalesLayout
from application.served_model import ServedVersion
from domain.model_version import FeatureSchema
from domain.portfolio_totals import PortfolioTotals


def the_head(cells: pd.DataFrame) -> PortfolioHead:
    """What is known of a portfolio with these columns before its rows are read."""
    return PortfolioHead("homes.csv", "line", tuple(map(str, cells.columns)), "homes")


def the_rows(cells: pd.DataFrame, broken: Mapping[int, str] | None = None) -> PortfolioRows:
    """The rows of a file whose header is line 1."""
    return PortfolioRows(cells, range(2, len(cells) + 2), lambda: cells, broken or {})


PLAIN = FeatureSchema((), (), (), ())


def reading_of(sample: pd.DataFrame, features: FeatureSchema = PLAIN, layout: SalesLayout | None = None) -> HomeReading:
    """How a portfolio is read of which these are the cells of the first part."""
    return HomeReading.of(the_head(sample), layout or SalesLayout(), features, sample)


def answers_to(
    cells: pd.DataFrame,
    served: ServedVersion,
    *,
    sample: pd.DataFrame | None = None,
    broken: Mapping[int, str] | None = None,
    **order: Any,
) -> tuple[pd.DataFrame, PortfolioTotals]:
    """What is answered to these cells; `order` are fields of PortfolioOrder."""
    reading = reading_of(cells if sample is None else sample, served.description.card.features)
    asked: dict[str, Any] = {"level": 0.9, "day": date(2026, 11, 22)} | order
    return answer_homes(served, PortfolioOrder("v1", "0" * 64, reading=reading, **asked), the_rows(cells, broken))
