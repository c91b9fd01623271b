"""What values the parts of a portfolio in a process of its own."""

import pickle
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from adapters.portfolio_sinks.csv_file import CsvEncoder
from adapters.portfolio_sinks.parquet_file import ParquetEncoder
from application.portfolio_order import PortfolioOrder
from application.ports.portfolio_sink import PieceEncoder
from application.ports.portfolio_source import Dialect, PortfolioRows
from application.sales.home_reading import HomeColumn, HomeReading, Kind
from application.sales.numbers_in_style import NumberStyle
from config.container import Container
from config.portfolio_worker import PortfolioWorker
from config.settings import ModelRepositorySettings, Settings
from domain.errors import ModelRefused
from tests.fakes.models import a_card, a_trained_model
from tests.fakes.part_valuer import NumberedPart

COLUMN = HomeColumn("net_area", "m2", Kind.NUMBER)
READING = HomeReading("line", (COLUMN,))
ORDER = PortfolioOrder("v1", "0" * 64, 0.9, date(2026, 11, 22), READING)
ENCODER = CsvEncoder(("value",), Dialect())
OTHER_COLUMNS: dict[str, Any] = {
    "name": "net_usable_area",
    "source": "area",
    "kind": Kind.NUMERIC_FEATURE,
    "style": NumberStyle.DECIMAL_COMMA,
    "factor": 2.0,
    "day_first": True,
}
OTHER_READINGS: dict[str, Any] = {
    "place": "row",
    "columns": (),
    "absent_numeric": ("year_built",),
    "absent_categorical": ("heating",),
    "notes": ("so it is",),
}
OTHER_ORDERS: dict[str, Any] = {
    "version": "v2",
    "digest": "1" * 64,
    "level": 0.8,
    "day": date(2026, 11, 23),
    "reading": replace(READING, place="row"),
    "explain": True,
    "comparables": 1,
    "prefix": "avm_",
}
OTHER_ENCODERS: dict[str, Any] = {"answers": ("fsd",), "dialect": Dialect(";"), "is_compressed": True}


@dataclass(frozen=True)
class Marked(PieceEncoder):
    """Decides by a mark."""

    mark: object

    def __call__(self, rows: PortfolioRows, answers: pd.DataFrame) -> bytes:
        raise NotImplementedError


def worker(
    order: PortfolioOrder = ORDER,
    encoder: PieceEncoder = ENCODER,
    program: str = "1.0",
    repository: ModelRepositorySettings | None = None,
) -> PortfolioWorker:
    return PortfolioWorker.of(repository or ModelRepositorySettings(), order, encoder, program)


def key(order: PortfolioOrder = ORDER, encoder: PieceEncoder = ENCODER, program: str = "1.0", number: int = 0) -> str:
    return worker(order, encoder, program).key(NumberedPart(number))


class TestTheKey:
    def test_is_another_where_anything_is_that_decides_the_answers(self) -> None:
        readings = [
            *(replace(READING, columns=(replace(COLUMN, **{name: other}),)) for name, other in OTHER_COLUMNS.items()),
            *(replace(READING, **{name: other}) for name, other in OTHER_READINGS.items()),
        ]
        keys = [
            key(),
            key(program="1.1"),
            key(number=1),
            *(key(replace(ORDER, **{name: other})) for name, other in OTHER_ORDERS.items() if name != "reading"),
            *(key(replace(ORDER, reading=reading)) for reading in readings),
            *(key(encoder=replace(ENCODER, **{name: other})) for name, other in OTHER_ENCODERS.items()),
            key(encoder=ParquetEncoder(ENCODER.answers)),
        ]
        assert len(set(keys)) == len(keys)
        assert [{each.name for each in fields(kind)} for kind in (PortfolioOrder, HomeReading, HomeColumn)] == [
            set(others) for others in (OTHER_ORDERS, OTHER_READINGS, OTHER_COLUMNS)
        ]

    def test_is_the_same_in_every_process(self) -> None:
        order, encoder = pickle.loads(pickle.dumps((ORDER, ENCODER)))  # noqa: S301 (our own)
        assert pickle.loads(pickle.dumps(worker())).key(NumberedPart(0)) == key(order, encoder) == key()  # noqa: S301

    def test_does_not_know_in_which_order_a_set_was_filled(self) -> None:
        assert list(one := frozenset([0, 8])) != list(other := frozenset([8, 0]))
        assert key(encoder=Marked(one)) == key(encoder=Marked(other)) != key(encoder=Marked(frozenset([0])))

    def test_is_not_made_of_what_is_not_plain_data(self) -> None:
        with pytest.raises(TypeError, match="object is unsupported"):
            key(encoder=Marked(object()))


def test_a_worker_that_reads_another_repository_values_nothing(tmp_path: Path) -> None:
    there = ModelRepositorySettings(path=tmp_path / "models", signing_key_file=tmp_path / "key.pem")
    Container(settings=Settings(model_repository=there)).model_repository().store(a_trained_model(), a_card())
    with pytest.raises(ModelRefused, match=r"not the one that was asked for .*this worker reads another repository"):
        worker(repository=there)(NumberedPart(0))
