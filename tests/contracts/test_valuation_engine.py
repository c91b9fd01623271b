"""What every engine does with the parts of a portfolio."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from adapters.valuation_engines.dask_cluster import DaskEngine
from adapters.valuation_engines.in_this_process import InThisProcess
from adapters.valuation_engines.processes import Processes
from application.ports.valuation_engine import ValuationEngine
from domain.errors import EngineUnavailable, SourceMalformed
from tests.fakes.part_valuer import NumberedPart, NumbersValuer

Make = Callable[[pytest.FixtureRequest], ValuationEngine]
FACTORIES: list[Make] = [
    lambda _: InThisProcess(),
    lambda _: Processes(2),
    lambda request: DaskEngine(request.getfixturevalue("dask_scheduler")),
]
NAMES = ["in this process", "processes", "dask"]


@pytest.fixture(params=FACTORIES, ids=NAMES)
def engine(request: pytest.FixtureRequest) -> ValuationEngine:
    made: ValuationEngine = request.param(request)
    return made


class Parts:
    """So many parts, and how many of them have been read."""

    def __init__(self, count: int, breaks_off: Exception | None = None) -> None:
        self.count = count
        self.read = 0
        self._breaks_off = breaks_off

    def __iter__(self) -> Iterator[NumberedPart]:
        for number in range(self.count):
            self.read += 1
            yield NumberedPart(number, (number + 1) / self.count)
        if self._breaks_off is not None:
            raise self._breaks_off


def test_every_part_is_valued_once_in_its_order_and_only_a_few_are_read_ahead(engine: ValuationEngine) -> None:
    parts = Parts(40)
    with closing(engine.valued(parts, NumbersValuer())) as valued:
        first = next(valued)
        assert parts.read <= 8
        found = [first, *valued]
    assert [part.number for part in found] == list(range(40))
    assert [part.piece for part in found] == [str(number).encode() for number in range(40)]
    assert found[-1].share == 1


def test_no_part_is_no_work(engine: ValuationEngine) -> None:
    assert list(engine.valued([], NumbersValuer())) == []


def test_what_is_wrong_with_a_part_is_told_as_it_is(engine: ValuationEngine) -> None:
    value = NumbersValuer(fails_at=3, failure=SourceMalformed("line 7 is no row."))
    with pytest.raises(SourceMalformed, match=r"^line 7 is no row\.$"):
        list(engine.valued(Parts(9), value))


def test_a_fault_of_our_own_is_told_as_it_is(engine: ValuationEngine) -> None:
    with pytest.raises(ZeroDivisionError, match="by nothing"):
        list(engine.valued(Parts(3), NumbersValuer(fails_at=0, failure=ZeroDivisionError("by nothing"))))


def test_a_source_that_breaks_off_ends_the_work(engine: ValuationEngine) -> None:
    with pytest.raises(SourceMalformed, match="breaks off"):
        list(engine.valued(Parts(2, SourceMalformed("It breaks off.")), NumbersValuer()))


def test_work_that_is_closed_reads_no_more(engine: ValuationEngine) -> None:
    parts = Parts(1000)
    with closing(engine.valued(parts, NumbersValuer())) as valued:
        next(valued)
    assert parts.read <= 8


@pytest.mark.parametrize("make", FACTORIES[1:], ids=NAMES[1:])
def test_a_process_that_is_killed_costs_no_part(make: Make, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    value = NumbersValuer(dies_at=3, deaths=2, folder=tmp_path)
    found = [part.number for part in make(request).valued(Parts(9), value)]
    assert found == list(range(9))
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("make", FACTORIES[1:], ids=NAMES[1:])
def test_a_part_that_every_process_dies_of_is_named(make: Make, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    value = NumbersValuer(dies_at=1, deaths=99, folder=tmp_path)
    with pytest.raises(EngineUnavailable, match="part that begins at row or line 11 "):
        list(make(request).valued(Parts(4), value))
