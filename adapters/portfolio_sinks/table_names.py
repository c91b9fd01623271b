"""Names of tables and columns, as a person gives them and as SQL has to have them."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from domain.errors import OutputUnavailable

_NAME = r'"(?:[^"]|"")+"|[^".]+'
_TABLE = re.compile(rf"(?:({_NAME})\.)?({_NAME})", re.DOTALL)
_LONGEST = 63  # bytes; PostgreSQL cuts off the rest and says so to nobody


class TableName(NamedTuple):
    """A table's name, and its schema's where one is given."""

    schema: str | None
    table: str


def table_name(text: str) -> TableName:
    """Reads `name` or `schema.name`; a part with a dot in it stands in double quotes. Case is kept as it is written.

    Raises OutputUnavailable where it is neither.
    """
    match = _TABLE.fullmatch(text)
    if match is None or "\0" in text:
        raise OutputUnavailable(
            f"{text!r} is no name of a table: give name or schema.name, and a name with a dot in it in double quotes."
        )
    schema, table = match.groups()
    return TableName(schema and _bare(schema), _bare(table))


def quoted(*names: str) -> str:
    """The names, joined by dots, as SQL takes any name."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def check_lengths(output: str, names: Sequence[str]) -> None:
    """Raises OutputUnavailable where PostgreSQL would cut a name short."""
    for name in names:
        if len(name.encode()) > _LONGEST:
            raise OutputUnavailable(
                f"{output} cannot be written: the name {name!r} is longer than PostgreSQL's {_LONGEST} bytes. Give a "
                "shorter one, for a column by `as` in the query."
            )


def _bare(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
