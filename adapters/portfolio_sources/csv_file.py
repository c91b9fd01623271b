"""Homes in a CSV file, of any size, or on standard input."""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO

from adapters.arrow.columns import ColumnsOfText, frame_of_text
from adapters.files.csv_file import Block, CsvFile
from adapters.files.csv_form import CsvForm
from adapters.files.csv_rows import CsvRows, read_rows
from adapters.files.location import Location
from application.ports.portfolio_source import Dialect, PortfolioHead, PortfolioPart, PortfolioRows, PortfolioSource
from application.sales.written_numbers import WrittenNumbers
from domain.errors import SourceMalformed, SourceUnavailable

if TYPE_CHECKING:
    import pandas as pd

PART_BYTES = 2**21
_REMEDY = "name a CSV file of homes as INPUT"
_LONGEST_SHOWN = 200
_FRACTION = re.compile(r"[.,]\d|\d,")
_COLUMNS_LOOKED_AT = 256


@dataclass(frozen=True, slots=True)
class CsvPart(PortfolioPart):
    """Whole rows as they are written; `first`: the line of the first one."""

    number: int = field()
    share: float | None = field()
    form: CsvForm
    first: int = field()
    content: bytes = field(repr=False)
    encoding: str

    @property
    def digest(self) -> str:
        """Of its bytes, and of what says how to read them."""
        form = f"{self.encoding} {self.form.separator!r} {self.form.header!r} "
        return hashlib.sha256(form.encode() + self.content).hexdigest()

    def read(self, wanted: Sequence[str]) -> PortfolioRows:
        """Its rows: cells are text, trimmed, null where there is none."""
        rows = read_rows(self.content, self.encoding, self.form, self.first)
        return PortfolioRows(
            cells=_cells(rows, self.form.names, wanted),
            places=rows.lines,
            own=lambda: frame_of_text(self.form.names, rows.cells),
            broken={row: why + _cut_off(rows.cut.get(row)) for row, why in rows.broken.items()},
            lines=rows.texts,
        )


class CsvPortfolio(PortfolioSource):
    """Reads a CSV file: at a path or a URL, or from standard input, which is a function that gives it; also gzip.

    What a file looks like is detected, as `CsvFile` says, from its first part. Each line with anything but blanks is a
    row; one that has not as many cells as the header, or whose quotation marks do not come right, is broken. Parts are
    whole rows of about `part_bytes`.
    """

    def __init__(self, location: str | Callable[[], BinaryIO], part_bytes: int = PART_BYTES) -> None:
        self._standard_input = None if isinstance(location, str) else location
        self._location = Location(location if isinstance(location, str) else "standard input", _REMEDY)
        self._part_bytes = part_bytes
        self._begun: CsvFile | None = None
        self._head: PortfolioHead | None = None

    def head(self) -> PortfolioHead:
        """The header. Asked again after the parts, it also notes what only they have told."""
        if self._head is None:
            if self._standard_input is not None:
                self._begun = self._file(self._standard_input())
                self._head = self._read_head(self._begun, self._location.name)
            else:
                with self._location.open() as stream:
                    self._head = self._read_head(self._file(stream), self._location.identity())
        return self._head

    def parts(self) -> Iterator[PortfolioPart]:
        """All rows in blocks that depend on the text alone."""
        head = self.head()
        if self._standard_input is not None:
            begun, self._begun = self._begun, None
            if begun is None:
                raise SourceUnavailable("Standard input has been read already, which can be done once.")
            yield from self._parts(begun, None, head)
        else:
            with self._location.open() as stream:
                yield from self._parts(self._file(stream), self._location.size(), head)
            self._location.check_unchanged(head.identity)

    def _file(self, stream: BinaryIO) -> CsvFile:
        return CsvFile(stream, self._location, self._part_bytes)

    def _parts(self, file: CsvFile, size: int | None, head: PortfolioHead) -> Iterator[PortfolioPart]:
        form = self._form(file)
        if form.header != head.header:
            raise SourceMalformed(f"{form.name} was changed while it was read: begin again.")
        for number, block in enumerate(file.blocks()):
            share = min(1.0, block.taken / size) if size else None
            yield CsvPart(number, share, form, block.line, block.content, block.encoding)
        self._head = replace(head, notes=file.notes)

    def _read_head(self, file: CsvFile, identity: str) -> PortfolioHead:
        form = self._form(file)
        return PortfolioHead(
            name=form.name,
            place="line",
            columns=form.names,
            identity=identity,
            header=form.header,
            dialect=Dialect(form.separator, _has_decimal_commas(file.first_block(), form), file.marked, form.line_end),
            notes=file.notes,
        )

    def _form(self, file: CsvFile) -> CsvForm:
        if file.form is None:
            raise SourceMalformed(f"{self._location.name} is empty: {_REMEDY}, with a header and a row for each home.")
        return file.form


def _cells(rows: CsvRows, names: Sequence[str], wanted: Sequence[str]) -> "pd.DataFrame":
    columns = ColumnsOfText(wanted)
    places = {name: position for position, name in enumerate(names)}
    positions = [places[name] for name in wanted]
    empty = [""] * len(positions)
    columns.take(
        [
            empty if row in rows.broken else [cells[position] for position in positions]
            for row, cells in enumerate(rows.cells)
        ]
    )
    return columns.frame(range(len(rows.cells)))


def _has_decimal_commas(block: Block, form: CsvForm) -> bool:
    """Whether more columns prove decimal commas than decimal points."""
    rows = read_rows(block.content, block.encoding, form, block.line)
    good = [cells for row, cells in enumerate(rows.cells) if row not in rows.broken]
    columns = dict(zip(form.names, map("\n".join, zip(*good, strict=True)), strict=bool(good)))
    if not any("," in column for column in columns.values()):
        return False
    fractions = [name for name, column in columns.items() if _FRACTION.search(column)][:_COLUMNS_LOOKED_AT]
    cells = _cells(rows, form.names, fractions)
    written = [WrittenNumbers.of(cells[name]) for name in fractions]
    return sum(each.proves_decimal_comma for each in written) > sum(each.proves_decimal_point for each in written)


def _cut_off(cut: str | None) -> str:
    if not cut:
        return ""
    return f"; cut off: {cut[:_LONGEST_SHOWN]!r}" + ("..." if len(cut) > _LONGEST_SHOWN else "")
