"""Which rows of a source can be used: from cells as they came to checked sales, and the rest with their reasons."""

import difflib
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from application.ports.data_source import SourceTable
from application.ports.model_trainer import ALL_EXTRAS, Extras
from application.sales.distinct_cells import DistinctCells, ReadColumn
from application.sales.written_dates import FIRST_YEAR, LAST_YEAR, WrittenDates
from application.sales.written_numbers import read_numbers
from domain.errors import SourceMalformed
from domain.property import NUMBER_FIELDS, NUMBER_RULES, PROPERTY_FIELDS, TEXT_FIELDS, NumberRule, normalised
from domain.sale import PRICE_RULE

if TYPE_CHECKING:
    import pandas as pd

PRICE = "price"
SOLD_ON = "sold_on"
ID = "id"
REQUIRED_COLUMNS = (*PROPERTY_FIELDS, PRICE)
OPTIONAL_COLUMNS = (SOLD_ON, ID)

M2_PER_FT2 = 0.09290304
UNREADABLE_ROW = "row cannot be read"
_OUT_OF_RANGE = "is out of range"
_MISSING = "is missing"
_UNPRINTABLE = "holds control characters"
_LONGEST_CELL = 40
# Ours, what requests call by other names of theirs, and what explanations credit.
_TAKEN = (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS, "client_ref", "valuation_date", "location", ALL_EXTRAS)
_MOST_COLUMNS_NAMED = 30
_LARGEST_EXTRA = 1e15  # beyond it arithmetic would overflow sooner or later


@dataclass(frozen=True, slots=True)
class SalesLayout:
    """How a source's columns become ours.

    columns: our name -> the source's name, for columns and extras that the source calls otherwise.
    area_unit: what the source measures areas in. extras: the further features to read.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    area_unit: Literal["m2", "ft2"] = "m2"
    extras: Extras = field(default_factory=Extras)

    def source_name(self, name: str) -> str:
        """What the source calls our column `name`."""
        return self.columns.get(name, name)

    def label(self, name: str) -> str:
        """What to call the column in a message, so that a person finds it in the source."""
        source_name = self.source_name(name)
        return name if source_name == name else f"{name} (column '{_shown(source_name)}')"


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
    """

    usable: "pd.DataFrame"
    places: NDArray[np.intp]
    quarantined: "pd.DataFrame"
    by_reason: Mapping[str, int]
    notes: tuple[str, ...]
    read: int


@dataclass(frozen=True, slots=True)
class Objection:
    """Why row `row` (a position) of usable sales is set aside: a stable slug, and a sentence with figures."""

    row: int
    reason: str
    explanation: str


@dataclass(frozen=True, slots=True)
class _Problem:
    """Rows of which one thing is wrong in one column: `slug` counts it, `explain` tells a person of row i."""

    rows: NDArray[np.bool_]
    slug: str
    explain: Callable[[int], str]


def check_sales(table: SourceTable, layout: SalesLayout) -> CheckedSales:
    """Reads every cell that is needed, and parts the rows that can be used from those that cannot.

    Text must not be empty; numbers must keep the rules of `domain.property`; sold_on and the extras may be missing but
    not unreadable. Raises SourceMalformed where columns are missing, naming every one.
    """
    import pandas as pd

    _require_columns(table, layout)
    frame = table.frame
    columns: dict[str, Any] = {}
    problems: list[_Problem] = []
    notes = list(table.notes)

    for name in TEXT_FIELDS:
        columns[name] = _text(frame[layout.source_name(name)], normalised)
        problems.append(_missing(pd.isna(columns[name]), name, layout))
        problems.append(_unprintable(columns[name], name, layout))
    named = {name: frame[layout.source_name(name)] for name in (*NUMBER_FIELDS, PRICE, *layout.extras.numeric)}
    numbers, number_notes = read_numbers(named, price=PRICE)
    notes += number_notes
    for rule in (*NUMBER_RULES, PRICE_RULE):
        read = numbers[rule.name]
        factor = M2_PER_FT2 if rule.unit == "m2" and layout.area_unit == "ft2" else 1.0
        columns[rule.name] = read.values * factor + 0.0  # no negative zero, which sorts as zero but is not stored so
        problems.append(_missing(read.missing, rule.name, layout))
        problems += _unreadable(read, rule.name, frame, layout)
        problems.append(_out_of_range(columns[rule.name], rule, frame, layout))
    if layout.source_name(SOLD_ON) in frame.columns:
        written = WrittenDates.of(frame[layout.source_name(SOLD_ON)])
        columns[SOLD_ON] = written.dates.values.astype("datetime64[us]")
        problems += _unreadable(written.dates, SOLD_ON, frame, layout)
        notes += [f"{SOLD_ON}: {written.note}."] if written.note else []
    if layout.source_name(ID) in frame.columns:
        columns[ID] = _text(frame[layout.source_name(ID)], str.strip)
    for name in layout.extras.numeric:
        columns[name] = numbers[name].values + 0.0
        problems += _unreadable(numbers[name], name, frame, layout)
        rule = NumberRule(name, unit="", at_least=-_LARGEST_EXTRA, at_most=_LARGEST_EXTRA)
        problems.append(_out_of_range(columns[name], rule, frame, layout))
    for name in layout.extras.categorical:
        columns[name] = _text(frame[layout.source_name(name)], normalised)
        problems.append(_unprintable(columns[name], name, layout))

    reasons, by_reason = _reasons(problems)
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
            f"data_source.extra names {_listed(taken)}, which is a name already: give it once, or rename the column."
        )
    mapped = [name for name in OPTIONAL_COLUMNS if name in layout.columns]
    missing = [name for name in (*REQUIRED_COLUMNS, *mapped, *extras) if layout.source_name(name) not in found]
    if missing:
        used = {layout.source_name(name) for name in (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS, *extras)}
        free = [name for name in found if name not in used]
        columns = _listed(found) if found else "none"
        further = " and data_source.extra" if set(missing) & set(extras) else ""
        raise SourceMalformed(
            f"{table.name} has no column {', '.join(_missing_column(name, layout, free) for name in missing)}. "
            f"Its columns are: {columns}. Give the right names in data_source.columns{further}."
        )


def _missing_column(name: str, layout: SalesLayout, free: Sequence[str]) -> str:
    wanted = layout.source_name(name)
    label = f"'{_shown(wanted)}'" + ("" if wanted == name else f" for {name}")
    by_plain_name = {normalised(candidate): candidate for candidate in reversed(free)}
    close = difflib.get_close_matches(normalised(wanted), by_plain_name, n=1, cutoff=0.5)
    return f"{label} (is it '{_shown(by_plain_name[close[0]])}'?)" if close else label


def _text(column: "pd.Series[Any]", form: Callable[[str], str]) -> NDArray[np.object_]:
    """A column's text in the given form; None where there is none. Words such as NA are text like any other."""
    distinct = DistinctCells.of(column)
    texts = np.empty(len(distinct.cells), dtype=object)
    texts[:] = [form(_as_text(cell)) or None for cell in distinct.cells]
    return distinct.spread(texts, None)


def _as_text(cell: object) -> str:
    """A cell as text; a code that a database made a fraction (`12.0`) is what a file would hold (`12`)."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _missing(rows: NDArray[np.bool_], name: str, layout: SalesLayout) -> _Problem:
    label = layout.label(name)
    return _Problem(rows, f"{name} {_MISSING}", lambda _: f"{label} {_MISSING}")


def _unreadable(read: ReadColumn, name: str, frame: "pd.DataFrame", layout: SalesLayout) -> list[_Problem]:
    cells = frame[layout.source_name(name)].to_numpy(dtype=object)
    label = layout.label(name)

    def problem(what: str, rows: NDArray[np.bool_]) -> _Problem:
        bounds = f" (not in {FIRST_YEAR} to {LAST_YEAR})" if what == _OUT_OF_RANGE else ""
        return _Problem(rows, f"{name} {what}", lambda row: f"{label} {what}: '{_shown(cells[row])}'{bounds}")

    return [problem(what, rows) for what, rows in read.problems.items()]


def _unprintable(texts: NDArray[np.object_], name: str, layout: SalesLayout) -> _Problem:
    """Rows whose text holds control characters, which would act on the terminals that show them."""
    rows = np.fromiter((text is not None and not text.isprintable() for text in texts), np.bool_, len(texts))
    label = layout.label(name)
    return _Problem(
        rows, f"{name} {_UNPRINTABLE}", lambda row: f"{label} {_UNPRINTABLE}: {ascii(texts[row])[:_LONGEST_CELL]}"
    )


def _out_of_range(
    values: NDArray[np.float64], rule: NumberRule, frame: "pd.DataFrame", layout: SalesLayout
) -> _Problem:
    low = np.zeros(len(values), dtype=np.bool_)
    if rule.above is not None:
        low |= values <= rule.above
    if rule.at_least is not None:
        low |= values < rule.at_least
    if rule.at_most is not None:
        low |= values > rule.at_most
    cells = frame[layout.source_name(rule.name)].to_numpy(dtype=object)
    label = layout.label(rule.name)

    def explain(row: int) -> str:
        return f"{label} {_OUT_OF_RANGE}: '{_shown(cells[row])}' ({rule.problem_with(float(values[row]))})"

    return _Problem(low & np.isfinite(values), f"{rule.name} {_OUT_OF_RANGE}", explain)


def _reasons(problems: Iterable[_Problem]) -> tuple[dict[int, str], Counter[str]]:
    """By position of the row all that is wrong with it, and how many rows have which problem first."""
    reasons: dict[int, str] = {}
    by_reason: Counter[str] = Counter()
    for problem in problems:
        for row in np.flatnonzero(problem.rows).tolist():
            if row in reasons:
                reasons[row] += "; " + problem.explain(row)
            else:
                reasons[row] = problem.explain(row)
                by_reason[problem.slug] += 1
    return reasons, by_reason


def _most_frequent_first(by_reason: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(by_reason.items(), key=lambda item: (-item[1], item[0])))


def _quarantined(table: SourceTable, reasons: Mapping[int, str], broken: Mapping[int, str]) -> "pd.DataFrame":
    import pandas as pd

    positions = sorted(reasons)
    rows = table.frame.iloc[positions].astype(object)
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


def _shown(cell: object) -> str:
    """A cell or a column name on one line of a message: printable, and not too long."""
    text = str(cell)
    text = text if len(text) <= _LONGEST_CELL else text[:_LONGEST_CELL] + "..."
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def _listed(names: Sequence[str]) -> str:
    shown = [f"'{_shown(name)}'" for name in names[:_MOST_COLUMNS_NAMED]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
