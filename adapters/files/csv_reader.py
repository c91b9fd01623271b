"""Python's reader of CSV, for rows of any length: how long one may be is for who reads the file to say."""

import csv
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _csv import Reader

_ANY_LENGTH = 2**31 - 1  # the reader's own limit is 131,072 characters a cell


def csv_reader(
    lines: Iterable[str], separator: str, *, strict: bool = False, spaced: bool = True, quotes: bool = True
) -> "Reader":
    """Reads lines with their ends. strict: raises csv.Error where quotation marks do not come right.

    spaced: spaces may stand before a quotation mark that opens a cell. quotes: quotation marks mean anything.
    """
    csv.field_size_limit(_ANY_LENGTH)
    return csv.reader(
        lines,
        delimiter=separator,
        strict=strict,
        skipinitialspace=spaced and quotes,
        quoting=csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE,
    )
