"""Valued portfolios as Parquet: the caller's types as they were, ours as programs want them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from adapters.portfolio_sinks.parquet_file import ParquetEncoder, ParquetSink
from application.portfolio_order import ANSWERS
from application.ports.portfolio_source import PortfolioHead, PortfolioRows
from domain.errors import OutputUnavailable
from tests.fakes.answers import made_up_answers, put
from tests.fakes.in_memory_portfolio import InMemoryPortfolio

OWN = pa.table(
    {
        "small": pa.array([1, None, 3], pa.int8()),
        "short": pa.array([0.5, None, float("nan")], pa.float32()),
        "price": pa.array([Decimal("12.50"), None, Decimal("-1.00")], pa.decimal128(9, 2)),
        "sector": pa.array(["a", None, "a"]).dictionary_encode(),
        "day": pa.array([date(2026, 11, 23), None, date(1900, 1, 1)]),
        "seen": pa.array([datetime(2026, 11, 23, tzinfo=UTC), None, None], pa.timestamp("us", "Europe/Madrid")),
        "places": pa.array([[1, None], None, []], pa.list_(pa.int32())),
        "point": pa.array([{"x": 1.5}, None, {"x": None}]),
        "raw": pa.array([b"\0\xff", None, b""]),
        "nothing": pa.nulls(3),
        "wide": pa.array(["x", None, ""], pa.large_string()),
    }
)
HEAD = PortfolioHead("a table", "row", tuple(OWN.column_names), "1")


def piece_of(table: "pa.Table") -> bytes:
    frame = table.to_pandas(types_mapper=pd.ArrowDtype)
    rows = PortfolioRows(pd.DataFrame(index=frame.index), range(len(frame)), lambda: frame)
    return ParquetEncoder(ANSWERS)(rows, made_up_answers(0, len(frame)))


def test_the_callers_types_stay_as_they_are_and_answers_have_theirs(tmp_path: Path) -> None:
    file = tmp_path / "valued.parquet"
    with ParquetSink(str(file)).writing(HEAD, ANSWERS) as writer:
        for table in (OWN, OWN.slice(1, 1)):
            writer.append(piece_of(table))
    found = parquet.read_table(file)
    own = found.select(OWN.column_names)
    assert own.schema == OWN.schema
    # Compared by their text, which is the same for two NaN.
    assert str(own.to_pylist()) == str(OWN.to_pylist() + OWN.slice(1, 1).to_pylist())
    doubles = [pa.float64()] * 4
    assert found.schema.types[-len(ANSWERS) :] == [*doubles, pa.int16(), *[pa.string()] * 4]
    assert [found[name].null_count for name in ANSWERS] == [1, 1, 1, 1, 1, 0, 3, 1, 3]


def test_a_part_is_a_row_group_and_the_same_parts_are_the_same_file(tmp_path: Path) -> None:
    homes = pd.DataFrame({"id": [*"abcdefg"]})
    for name in ("one", "other"):
        put(InMemoryPortfolio(homes, rows_a_part=3), ParquetSink(str(tmp_path / name)))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    groups = parquet.ParquetFile(tmp_path / "one").metadata
    assert [groups.row_group(number).num_rows for number in range(groups.num_row_groups)] == [3, 3, 1]


def test_parts_of_other_types_are_refused_naming_the_column(tmp_path: Path) -> None:
    sink = ParquetSink(str(tmp_path / "valued.parquet"))
    other = OWN.set_column(0, "small", OWN["small"].cast(pa.int16()))
    said = "small is int8 in its first part and small is int16"
    with pytest.raises(OutputUnavailable, match=said), sink.writing(HEAD, ANSWERS) as writer:  # noqa: PT012
        writer.append(piece_of(OWN))
        writer.append(piece_of(other))
    assert not list(tmp_path.iterdir())
