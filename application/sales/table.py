"""Which rows of a source can be used: from cells as they came to checked sales, and the rest with their reasons."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from application.ports.data_source import SourceTable
from application.ports.model_trainer import ALL_EXTRAS, Extras
from application.sales.layout import SalesLayout, listed, missing_columns
from application.sales.row_problems import RowProblem, SuspectColumn, reasons_of, rule_of_feature
from application.sales.written_dates import DateOrder, read_dates
from application.sales.written_numbers import read_numbers
from application.sales.written_texts import WrittenTexts
from domain.errors import SourceMalformed
from domain.property import NUMBER_FIELDS, NUMBER_RULES, PROPERTY_FIELDS, TEXT_FIELDS
from domain.sale import PRICE_RULE
from domain.spellings import AS_COMPARED, Spellings

if TYPE_CHECKING:
    import pandas as pd

PRICE = "price"
SOLD_ON = "sold_on"
ID = "id"
REQUIRED_COLUMNS = (*PROPERTY_FIELDS, PRICE)
OPTIONAL_COLUMNS = (SOLD_ON, ID)

UNREADABLE_ROW = "row cannot be read"
# Ours, what requests call by other names of theirs, and what explanations credit.
_TAKEN = (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS, "client_ref", "valuation_date", "location", ALL_EXTRAS)


@dataclass(frozen=True, slots=True)
class CheckedSales:
    """The sales of a source, checked. `read` is the rows of `usable` and `quarantined` together.

    usable: type, sector (normalised text), the six numbers (float64, areas in m2), price (float64); sold_on
        (datetime64[us], NaT where not known) and id (text or None) if the source has them; then the extras: numeric
        ones float64 with NaN, categorical ones normalised text or None. In an order that depends on nothing but the
        sales: by sold_on, then by all other columns; a database returns rows as it likes, and splits, folds and
        learners must not notice. RangeIndex.
    places: the position in the source's frame of each row of `usable`, so that a later step can still set it aside
        with its source row (`set_aside`).
    quarantined: `row` (the source's line or row), `reason`, then the source's own columns as they came.
    by_reason: how many rows have which first reason, the most frequent first. Reasons hold no cell.
    notes: what was detected and assumed, one sentence each.
    spellings: how the names in `usable` are mostly written; of names set aside later, too.
    """

    usable: "pd.DataFrame"
    places: NDArray[np.intp]
    quarantined: "pd.DataFrame"
    by_reason: Mapping[str, int]
    notes: tuple[str, ...]
    read: int
    spellings: Spellings = AS_COMPARED


@dataclass(frozen=True, slots=True)
class Objection:
    """Why row `row` (a position) of usable sales is set aside: a stable slug, and a sentence with figures."""

    row: int
    reason: str
    explanation: str


def check_sales(table: SourceTable, layout: SalesLayout) -> CheckedSales:
    """Reads every cell that is needed, and parts the rows that can be used from those that cannot.

    Text must not be empty; numbers must keep the rules of `domain.property`; sold_on and the extras may be missing but
    not unreadable. Raises SourceMalformed where columns are missing, naming every one.
    """
    import pandas as pd

    _require_columns(table, layout)
    frame = table.frame
    columns: dict[str, Any] = {}
    written: dict[str, WrittenTexts] = {}
    problems: list[RowProblem] = []
    notes = list(table.notes)

    def suspect(name: str) -> SuspectColumn:
        return SuspectColumn(name, layout.label(name), frame[layout.source_name(name)])

    for name in TEXT_FIELDS:
        column = suspect(name)
        texts = written[name] = WrittenTexts.of(column.cells)
        columns[name] = texts.texts
        problems += [column.missing(texts.missing), column.unprintable(texts)]
    named = {name: frame[layout.source_name(name)] for name in (*NUMBER_FIELDS, PRICE, *layout.extras.numeric)}
    numbers, number_notes = read_numbers(named, price=PRICE)
    notes += number_notes
    for rule in (*NUMBER_RULES, PRICE_RULE):
        column, read = suspect(rule.name), numbers[rule.name]
        # No negative zero, which sorts as zero but is not stored so.
        columns[rule.name] = read.values * layout.factor(rule.unit) + 0.0
        problems += [column.missing(read.missing), *column.unreadable(read)]
        problems.append(column.out_of_range(columns[rule.name], rule))
    if layout.source_name(SOLD_ON) in frame.columns:
        column = suspect(SOLD_ON)
        order = DateOrder.of(column.cells)
        dates = read_dates(column.cells, day_first=order.day_first is not False)
        columns[SOLD_ON] = dates.values.astype("datetime64[us]")
        problems += column.unreadable(dates)
        notes += [f"{SOLD_ON}: {order.note}."] if order.note else []
    if layout.source_name(ID) in frame.columns:
        columns[ID] = WrittenTexts.of(frame[layout.source_name(ID)], str.strip).texts
    for name in layout.extras.numeric:
        column = suspect(name)
        columns[name] = numbers[name].values + 0.0
        problems += column.unreadable(numbers[name])
        problems.append(column.out_of_range(columns[name], rule_of_feature(name)))
    for name in layout.extras.categorical:
        column = suspect(name)
        texts = written[name] = WrittenTexts.of(column.cells)
        columns[name] = texts.texts
        problems.append(column.unprintable(texts))

    reasons, by_reason = reasons_of(problems)
    good = np.ones(len(frame), dtype=np.bool_)
    good[list(reasons)] = False
    usable = pd.DataFrame({name: pd.Series(values[good], dtype=values.dtype) for name, values in columns.items()})
    usable = _in_canonical_order(usable, layout.extras)
    if table.broken:
        by_reason[UNREADABLE_ROW] += len(table.broken)
    return CheckedSales(
        usable=usable.reset_index(drop=True),
        places=np.flatnonzero(good)[usable.index.to_numpy(dtype=np.intp)],
        quarantined=_quarantined(table, reasons, table.broken),
        by_reason=_most_frequent_first(by_reason),
        notes=tuple(notes),
        read=len(frame) + len(table.broken),
        spellings=Spellings({name: found for name, texts in written.items() if (found := texts.spellings(good))}),
    )


def set_aside(checked: CheckedSales, table: SourceTable, objections: Sequence[Objection]) -> CheckedSales:
    """Moves rows of `checked.usable` that are objected to into `checked.quarantined`, with their source rows.

    `table` is the source that `checked` was read from. Of two objections to a row the first one counts it, and both
    are told. The order of the rest does not change.
    """
    import pandas as pd

    if not objections:
        return checked
    reasons: dict[int, str] = {}
    by_reason = Counter(checked.by_reason)
    for objection in objections:
        place = int(checked.places[objection.row])
        why = f"{objection.reason}: {objection.explanation}"
        if place in reasons:
            reasons[place] += f"; {why}"
        else:
            reasons[place] = why
            by_reason[objection.reason] += 1
    stays = np.ones(len(checked.usable), dtype=np.bool_)
    stays[[objection.row for objection in objections]] = False
    quarantined = _quarantined(table, reasons, broken={})
    if len(checked.quarantined):
        quarantined = pd.concat([checked.quarantined, quarantined])
    return replace(
        checked,
        usable=checked.usable[stays].reset_index(drop=True),
        places=checked.places[stays],
        quarantined=_by_place(quarantined),
        by_reason=_most_frequent_first(by_reason),
    )


def sales_digest(usable: "pd.DataFrame") -> str:
    """SHA-256 (hexadecimal) of `CheckedSales.usable`: the same for the same sales, whichever source they came from."""
    digest = hashlib.sha256()
    for name in sorted(usable.columns):
        column = usable[name]
        if column.dtype.kind == "f":
            numbers = column.to_numpy(dtype="<f8", copy=True)
            numbers[np.isnan(numbers)] = np.nan  # NaN has many bit patterns
            content = numbers.tobytes()
        elif column.dtype.kind == "M":
            content = column.to_numpy().astype("datetime64[D]").astype("<i8").tobytes()
        else:
            content = json.dumps(column.tolist()).encode()
        digest.update(f"{json.dumps(name)} {column.dtype.kind} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _require_columns(table: SourceTable, layout: SalesLayout) -> None:
    found = [str(name) for name in table.frame.columns]
    extras = (*layout.extras.numeric, *layout.extras.categorical)
    taken = sorted({name for name in extras if extras.count(name) > 1 or name in _TAKEN})
    if taken:
        raise SourceMalformed(
            f"data_source.extra names {listed(taken)}, which is a name already: give it once, or rename the column."
        )
    mapped = [name for name in OPTIONAL_COLUMNS if name in layout.columns]
    missing = [name for name in (*REQUIRED_COLUMNS, *mapped, *extras) if layout.source_name(name) not in found]
    if missing:
        used = {layout.source_name(name) for name in (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS, *extras)}
        further = " and data_source.extra" if set(missing) & set(extras) else ""
        raise SourceMalformed(
            f"{missing_columns(table.name, found, missing, layout, used)} "
            f"Give the right names in data_source.columns{further}."
        )


def _most_frequent_first(by_reason: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(by_reason.items(), key=lambda item: (-item[1], item[0])))


def _quarantined(table: SourceTable, reasons: Mapping[int, str], broken: Mapping[int, str]) -> "pd.DataFrame":
    import pandas as pd

    positions = sorted(reasons)
    rows = table.frame.iloc[positions].astype(object)
    rows = rows.where(rows.notna(), None)
    if broken:
        blank = np.full((len(broken), len(rows.columns)), None, dtype=object)
        rows = pd.concat([rows, pd.DataFrame(blank, index=list(broken), columns=rows.columns)])
    why = [reasons[position] for position in positions] + list(broken.values())
    places = rows.index.to_numpy()
    # A source may have columns of these names itself: they stay, behind ours.
    rows.insert(0, "reason", pd.Series(why, index=rows.index, dtype=object), allow_duplicates=True)
    rows.insert(0, "row", places, allow_duplicates=True)
    return _by_place(rows)


def _by_place(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Quarantined rows in the order of their source; `row` is the first column, perhaps not the only one so named."""
    return rows.iloc[np.argsort(rows.iloc[:, 0].to_numpy(), kind="stable")].reset_index(drop=True)


def _in_canonical_order(usable: "pd.DataFrame", extras: Extras) -> "pd.DataFrame":
    """Sorted by everything; the id last, since it says nothing of a sale, and extras in the order of their names.

    The index says where each row stood before.
    """
    named = (SOLD_ON, *PROPERTY_FIELDS, PRICE, *sorted((*extras.numeric, *extras.categorical)), ID)
    keys = [name for name in named if name in usable.columns]
    return usable.sort_values(keys, kind="stable")
