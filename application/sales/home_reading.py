"""How the rows of a portfolio become homes: decided once, for all of its parts alike."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from application.ports.portfolio_source import PortfolioHead, PortfolioRows
from application.sales.checked_homes import CheckedHomes
from application.sales.layout import SalesLayout, label, missing_columns
from application.sales.numbers_in_style import NumberStyle, read_in_style
from application.sales.row_problems import RowProblem, SuspectColumn, reasons_of, rule_of_feature
from application.sales.table import UNREADABLE_ROW
from application.sales.written_dates import DateOrder, read_dates
from application.sales.written_numbers import styles_in_first_part
from application.sales.written_texts import WrittenTexts
from domain.errors import SourceMalformed
from domain.model_version import FeatureSchema
from domain.property import NUMBER_FIELDS, NUMBER_RULES, PROPERTY_FIELDS, TEXT_FIELDS

if TYPE_CHECKING:
    import pandas as pd

VALUATION_DATE = "valuation_date"
"""The column with the day as of which each home is valued, where a portfolio has it."""

_RULES = {rule.name: rule for rule in NUMBER_RULES}


class Kind(StrEnum):
    """What a column holds; every home has a text and a number, a feature may be unknown."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"
    NUMERIC_FEATURE = "numeric feature"
    CATEGORICAL_FEATURE = "categorical feature"


@dataclass(frozen=True, slots=True)
class HomeColumn:
    """A column that is read: our name, the caller's, and how it is written.

    factor: makes square metres of numbers. day_first: of dates such as 3/4/2025, None where the first part does not
    prove it.
    """

    name: str
    source: str
    kind: Kind
    style: NumberStyle = NumberStyle.PLAIN
    factor: float = 1.0
    day_first: bool | None = None


@dataclass(frozen=True, slots=True)
class HomeReading:
    """Which of the caller's columns are read, and how.

    place: the word for a place in a message. absent_numeric, absent_categorical: further features that the caller has
    not; they are unknown of every home. notes: what was assumed, one sentence each.
    """

    place: str
    columns: tuple[HomeColumn, ...]
    absent_numeric: tuple[str, ...] = ()
    absent_categorical: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def columns_wanted(cls, head: PortfolioHead, layout: SalesLayout, features: FeatureSchema) -> tuple[str, ...]:
        """The caller's names of the columns whose cells are needed. Raises as `of` does."""
        return tuple(column.source for column in _columns(head, layout, features))

    @classmethod
    def of(
        cls, head: PortfolioHead, layout: SalesLayout, features: FeatureSchema, sample: "pd.DataFrame | None"
    ) -> "HomeReading":
        """Decides by a sample, the cells of the first part, what later ones are held to; None where there are no rows.

        A column has the name that the sales have it by, else our own. Raises SourceMalformed where a column is missing
        that every home must have, or is there twice, naming every one.
        """
        columns = _columns(head, layout, features)
        read = {column.name for column in columns}
        absent = [name for name in (*features.numeric, *features.categorical) if name not in read]
        notes = [f"There is no column {layout.label(name)}: every home is valued without it." for name in absent]
        if sample is not None:
            columns, found = _as_written(columns, sample)
            notes += found
        return cls(
            place=head.place,
            columns=columns,
            absent_numeric=tuple(name for name in absent if name in features.numeric),
            absent_categorical=tuple(name for name in absent if name in features.categorical),
            notes=tuple(notes),
        )

    @property
    def wanted(self) -> tuple[str, ...]:
        """The caller's names of the columns whose cells are needed."""
        return tuple(column.source for column in self.columns)

    @property
    def day_column(self) -> str | None:
        """The caller's name of the column with the day as of which each home is valued, None where there is none."""
        return next((column.source for column in self.columns if column.kind is Kind.DAY), None)

    @property
    def absent(self) -> tuple[str, ...]:
        """The further features that the caller has not."""
        return (*self.absent_numeric, *self.absent_categorical)

    def read(self, rows: PortfolioRows) -> CheckedHomes:
        """Parts the rows that are homes from those that are not, by the rules that sales keep too."""
        parts = _Parts(rows)
        for column in self.columns:
            parts.read(column)
        return parts.checked(self)


class _Parts:
    """The columns of some rows as they are read one by one, and what is wrong with them."""

    def __init__(self, rows: PortfolioRows) -> None:
        self._rows = rows
        self._problems: list[RowProblem] = []
        self._texts: dict[str, WrittenTexts] = {}
        self._numbers: dict[str, Any] = {}
        self._days = np.full(len(rows.places), np.datetime64("NaT"), dtype="datetime64[D]")

    def read(self, column: HomeColumn) -> None:
        """Reads a column."""
        cells = self._rows.cells[column.source]
        suspect = SuspectColumn(column.name, label(column.name, column.source), cells)
        if column.kind in (Kind.TEXT, Kind.CATEGORICAL_FEATURE):
            texts = self._texts[column.name] = WrittenTexts.of(cells)
            self._problems += [suspect.missing(texts.missing)] if column.kind is Kind.TEXT else []
            self._problems.append(suspect.unprintable(texts))
        elif column.kind is Kind.DAY:
            dates = read_dates(cells, day_first=column.day_first)
            self._days = dates.values
            self._problems += suspect.unreadable(dates)
        else:
            numbers = read_in_style(cells, column.style)
            values = self._numbers[column.name] = numbers.values * column.factor + 0.0
            self._problems += [suspect.missing(numbers.missing)] if column.kind is Kind.NUMBER else []
            self._problems += suspect.unreadable(numbers)
            rule = _RULES[column.name] if column.kind is Kind.NUMBER else rule_of_feature(column.name)
            self._problems.append(suspect.out_of_range(values, rule))

    def checked(self, reading: HomeReading) -> CheckedHomes:
        """The homes, once every column was read."""
        places = self._rows.places
        whole = np.ones(len(places), dtype=np.bool_)
        whole[list(self._rows.broken)] = False
        problems = self._problems
        if self._rows.broken:  # of which nothing else needs to be said
            problems = [replace(problem, rows=problem.rows & whole) for problem in problems]
        wrong, _ = reasons_of(problems)
        wrong |= {row: f"{UNREADABLE_ROW}: {why}" for row, why in self._rows.broken.items()}
        good = np.ones(len(places), dtype=np.bool_)
        good[list(wrong)] = False
        return CheckedHomes.of(
            good,
            self._texts,
            self._numbers,
            self._days,
            {row: f"{reading.place} {places[row]}: {wrong[row]}" for row in sorted(wrong)},
            absent_numeric=reading.absent_numeric,
            absent_categorical=reading.absent_categorical,
        )


def _columns(head: PortfolioHead, layout: SalesLayout, features: FeatureSchema) -> tuple[HomeColumn, ...]:
    kinds = dict.fromkeys(TEXT_FIELDS, Kind.TEXT) | dict.fromkeys(NUMBER_FIELDS, Kind.NUMBER)
    kinds |= {VALUATION_DATE: Kind.DAY} | dict.fromkeys(features.numeric, Kind.NUMERIC_FEATURE)
    kinds |= dict.fromkeys(features.categorical, Kind.CATEGORICAL_FEATURE)
    sources = {name: source for name in kinds if (source := _source_of(name, head.columns, layout)) is not None}
    if missing := [name for name in PROPERTY_FIELDS if name not in sources]:
        told = missing_columns(head.name, head.columns, missing, layout, set(sources.values()))
        raise SourceMalformed(
            f"{told} Rename them there, or say in tasador.toml which is which: [data_source.columns], such as "
            "type = 'Tipo'."
        )
    if twice := sorted({source for source in sources.values() if head.columns.count(source) > 1}):
        raise SourceMalformed(
            f"{head.name} has more than one column {', '.join(map(repr, twice))}: rename or drop one."
        )
    factors = {rule.name: layout.factor(rule.unit) for rule in NUMBER_RULES}
    return tuple(
        HomeColumn(name, source, kinds[name], factor=factors.get(name, 1.0)) for name, source in sources.items()
    )


def _source_of(name: str, columns: Sequence[str], layout: SalesLayout) -> str | None:
    return next((source for source in (layout.source_name(name), name) if source in columns), None)


def _as_written(columns: Sequence[HomeColumn], sample: "pd.DataFrame") -> tuple[tuple[HomeColumn, ...], list[str]]:
    """The columns with the style that the cells of a sample speak for, and notes."""
    numeric = (Kind.NUMBER, Kind.NUMERIC_FEATURE)
    styles, notes = styles_in_first_part(
        {column.name: sample[column.source] for column in columns if column.kind in numeric}
    )
    decided = []
    for column in columns:
        if column.kind in numeric:
            decided.append(replace(column, style=styles[column.name]))
        elif column.kind is Kind.DAY:
            order = DateOrder.of(sample[column.source])
            decided.append(replace(column, day_first=order.day_first))
            note = order.note_where_only_proof_counts
            notes += [f"{column.name}: {note}."] if note else []
        else:
            decided.append(column)
    return tuple(decided), notes
