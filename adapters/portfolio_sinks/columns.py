"""The caller's columns and the answers' as Arrow."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from application.portfolio_order import FIGURES
from application.ports.portfolio_source import PortfolioHead
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


def own_columns(own: "pd.DataFrame") -> "pa.Table":
    """The caller's columns in the types that they came in."""
    columns = [pa.array(own.iloc[:, place].array) for place in range(own.shape[1])]
    return pa.table(columns, names=list(own.columns))


def answer_columns(answers: "pd.DataFrame", names: Sequence[str]) -> "pa.Table":
    """The answers, each in the type of `answer_types`; what is not there is null."""
    types = answer_types(len(names))
    columns = [_typed(answers[name], kind) for name, kind in zip(names, types, strict=True)]
    return pa.table(columns, names=list(names))


def answer_types(count: int) -> list[Any]:
    """Arrow's types of so many answers, in their order: doubles, confidence as a small integer, then texts."""
    types = [pa.float64() if place < len(FIGURES) else pa.string() for place in range(count)]
    types[_CONFIDENCE] = pa.int16()
    return types


def _typed(column: "pd.Series[Any]", kind: Any) -> Any:
    made = pa.array(column.array, from_pandas=True)
    if pa.types.is_dictionary(made.type):
        made = made.dictionary_decode()
    return made.cast(kind)
