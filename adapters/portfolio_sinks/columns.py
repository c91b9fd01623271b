"""The caller's columns and the answers' as Arrow."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from application.portfolio_order import FIGURES
from application.ports.portfolio_source import PortfolioHead, PortfolioRows
from domain.errors import OutputUnavailable

if TYPE_CHECKING:
    import pandas as pd

_CONFIDENCE = FIGURES.index("confidence_score")


def check_names(output: str, head: PortfolioHead, answers: Sequence[str]) -> None:
    """Raises OutputUnavailable where a column of the caller's has the name of an answer."""
    taken = [name for name in answers if name in head.columns]
    if taken:
        raise OutputUnavailable(
            f"{output} cannot have two columns of one name: {head.name} has {', '.join(taken)} already. "
            "Give the answers other names with --prefix, such as --prefix tasador_."
        )


def own_columns(rows: PortfolioRows) -> "pa.Table":
    """The caller's columns in the types that they came in."""
    own = rows.own()
    columns = [pa.array(own.iloc[:, place].array) for place in range(own.shape[1])]
    return pa.table(columns, names=list(own.columns))


def answer_columns(answers: "pd.DataFrame", names: Sequence[str]) -> "pa.Table":
    """The answers, each in its type of `_answer_types`; what is not there is null."""
    types = _answer_types(len(names))
    columns = [_typed(answers[name], kind) for name, kind in zip(names, types, strict=True)]
    return pa.table(columns, names=list(names))


def all_columns(rows: PortfolioRows, answers: "pd.DataFrame", names: Sequence[str]) -> "pa.Table":
    """The caller's columns, then the answers."""
    own, added = own_columns(rows), answer_columns(answers, names)
    return pa.table([*own.columns, *added.columns], names=[*own.column_names, *names])


def types_without_rows(head: PortfolioHead, answers: Sequence[str]) -> Any:
    """The schema of an output whose source has no part to tell it: the caller's columns are texts."""
    types = [pa.string() for _ in head.columns] + _answer_types(len(answers))
    return pa.schema(zip((*head.columns, *answers), types, strict=True))


def packed(table: "pa.Table", compression: str | None = None) -> bytes:
    """A table as a piece, an Arrow stream."""
    stream = pa.BufferOutputStream()
    with pa.ipc.new_stream(stream, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table)
    return bytes(stream.getvalue())


def unpacked(piece: bytes) -> "pa.Table":
    """The table of a piece."""
    return pa.ipc.open_stream(piece).read_all()


def _answer_types(count: int) -> list[Any]:
    """Of so many answers, in their order: doubles, confidence as a small integer, then texts."""
    types = [pa.float64() if place < len(FIGURES) else pa.string() for place in range(count)]
    types[_CONFIDENCE] = pa.int16()
    return types


def _typed(column: "pd.Series[Any]", kind: Any) -> Any:
    made = pa.array(column.array, from_pandas=True)
    if pa.types.is_dictionary(made.type):
        made = made.dictionary_decode()
    return made.cast(kind)
