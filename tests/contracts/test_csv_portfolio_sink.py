"""Valued portfolios as CSV: the caller's lines as they were, our cells as spreadsheets and programs want them."""

import csv
import gzip
import io
import math
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.portfolio_sinks.csv_file import CsvEncoder, CsvSink
from application.portfolio_order import ANSWERS
from application.ports.portfolio_source import Dialect, PortfolioHead, PortfolioRows
from tests.fakes.answers import made_up_answers, put
from tests.fakes.in_memory_portfolio import InMemoryPortfolio

HOMES = pd.DataFrame({"id": ["a", "b"], "área": ["80,5", ""]})
SPANISH = Dialect(separator=";", decimal_comma=True, byte_order_mark=True, line_end="\r\n")

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8) | st.none()
FIGURES = st.floats(allow_infinity=False)
ROWS = st.tuples(TEXTS, TEXTS, FIGURES, TEXTS, st.integers(-(2**63), 2**63 - 1))
DIALECTS = st.builds(
    Dialect,
    separator=st.sampled_from([",", ";", "\t", "|", "."]),
    decimal_comma=st.booleans(),
    line_end=st.sampled_from(["\n", "\r\n"]),
)


def rows_of(*columns: Any, lines: list[str] | None = None) -> PortfolioRows:
    frame = pd.DataFrame({f"c{place}": pd.arrays.ArrowExtensionArray(column) for place, column in enumerate(columns)})
    return PortfolioRows(pd.DataFrame(index=frame.index), range(len(frame)), lambda: frame, lines=lines)


def answers_of(figures: list[float], details: list[str | None]) -> pd.DataFrame:
    answers = made_up_answers(0, len(figures))
    return answers.assign(value=figures, detail=pd.Series(details, dtype=object))


def read(text: str, dialect: Dialect) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=dialect.separator))


@settings(max_examples=30)
@given(st.lists(ROWS, min_size=1, max_size=5), DIALECTS)
def test_whatever_the_cells_hold_they_are_read_back(
    rows: list[tuple[str | None, str | None, float, str | None, int]], dialect: Dialect
) -> None:
    first, second, figures, details, numbers = map(list, zip(*rows, strict=True))
    own = rows_of(pa.array(first, pa.string()), pa.array(second, pa.string()), pa.array(numbers))
    text = CsvEncoder(ANSWERS, dialect)(own, answers_of(figures, details)).decode()
    found = read(text, dialect)
    assert text.endswith(dialect.line_end)
    assert [row[:3] for row in found] == [
        [one or "", other or "", str(number)] for one, other, number in zip(first, second, numbers, strict=True)
    ]
    for row, figure, detail in zip(found, figures, details, strict=True):
        value, shown = row[3], row[11]
        number = float(value.replace(",", ".") if dialect.decimal_comma else value) if value else math.nan
        assert math.isnan(number) if math.isnan(figure) else number == figure
        assert shown in {detail or "", f"'{detail}"}
        assert not shown.startswith(("=", "+", "-", "@", "\t", "\r"))


@settings(max_examples=30)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=9), min_size=1, max_size=4))
def test_lines_of_a_text_file_stay_as_they_were_written(lines: list[str]) -> None:
    answers = made_up_answers(0, len(lines)).assign(detail=None)
    encode = CsvEncoder(ANSWERS, Dialect())
    own = pa.array([""] * len(lines))
    ends = encode(rows_of(own, lines=[""] * len(lines)), answers).decode().splitlines(keepends=True)
    answered = encode(rows_of(own, lines=lines), answers).decode()
    assert answered == "".join(line + end for line, end in zip(lines, ends, strict=True))


def test_a_text_file_is_answered_in_its_own_manner(tmp_path: Path) -> None:
    file = tmp_path / "valued.csv"
    put(InMemoryPortfolio(HOMES, dialect=SPANISH), CsvSink(str(file)))
    assert file.read_bytes().decode() == (
        "\ufeffid;área;value;value_low;value_high;fsd;confidence_score;status;reason;model_version;detail\r\n"
        "a;80,5;100000,1;90000,123456789;10000000000;1e-7;0;valued;;v3;\r\n"
        "b;;200000,2;180000,246913578;20000000000;2e-7;1;valued;;v3;\r\n"
    )


def test_types_that_only_tables_have_are_written_as_people_and_programs_read_them() -> None:
    columns = {
        "2026-11-23": pa.array([date(2026, 11, 23)]),
        "true": pa.array([True]),
        "12.50": pa.array([Decimal("12.50")]),
        "0.1": pa.array([0.1], pa.float32()),
        "1234567890123.5": pa.array([1234567890123.5]),
        "nan": pa.array([math.nan]),
        "flat": pa.array(["flat"]).dictionary_encode(),
        "00ff": pa.array([b"\0\xff"]),
        '["1", null, "é"]': pa.array([["1", None, "é"]]),
        "2026-11-23 10:00:00.000Z": pa.array([datetime(2026, 11, 23, 10, tzinfo=UTC)], pa.timestamp("ms", "UTC")),
        "": pa.array([None]),
    }
    text = CsvEncoder(ANSWERS, Dialect())(rows_of(*columns.values()), made_up_answers(0, 1)).decode()
    found = read(text, Dialect())[0][: len(columns)]
    assert found == [*columns]


def test_an_empty_text_is_another_thing_than_nothing() -> None:
    text = CsvEncoder(ANSWERS, Dialect())(rows_of(pa.array(["", None])), made_up_answers(0, 2)).decode()
    assert [line.partition(",")[0] for line in text.splitlines()] == ['""', ""]


def test_the_callers_own_formulas_are_none_of_our_business() -> None:
    text = CsvEncoder(ANSWERS, Dialect())(rows_of(pa.array(["=1+1"])), made_up_answers(0, 1)).decode()
    assert text.startswith("=1+1,")


def test_a_compressed_file_holds_the_same_and_is_the_same_each_time(tmp_path: Path) -> None:
    for name in ("plain.csv", "one.csv.gz", "other.csv.gz"):
        put(InMemoryPortfolio(HOMES, rows_a_part=1), CsvSink(str(tmp_path / name)))
    one, other = (tmp_path / name for name in ("one.csv.gz", "other.csv.gz"))
    assert gzip.decompress(one.read_bytes()) == (tmp_path / "plain.csv").read_bytes()
    assert one.read_bytes() == other.read_bytes()


def test_names_of_columns_are_quoted_where_they_need_it() -> None:
    stream = io.BytesIO()
    head = PortfolioHead("a table", "row", ("id, old", 'the "area"'), "1")
    with CsvSink(stream).writing(head, ANSWERS):
        pass
    assert stream.getvalue().decode().startswith('"id, old","the ""area""",value,')
