"""A portfolio is valued whole, in its order; what was interrupted is gone on with."""

import pickle
from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd
import pytest

from adapters.valuation_engines.in_this_process import InThisProcess
from application.answer_homes import answer_homes
from application.portfolio_order import PortfolioOrder
from application.ports.portfolio_sink import PieceEncoder
from application.ports.portfolio_source import PortfolioPart
from application.ports.valuation_engine import PartValuer, ValuationEngine, ValuedPart
from application.sales.layout import SalesLayout
from application.served_model import loaded_version
from application.value_portfolio import PortfolioOutcome, PortfolioRequest, ValuePortfolio
from application.value_property import ValuationRequest
from domain.errors import ModelNotFound, NoModelServed, OutputBusy, OutputUnavailable, RunChanged, SourceMalformed
from domain.property import PROPERTY_FIELDS, Property
from tests.fakes.fixed_clock import NOON, FixedClock
from tests.fakes.in_memory_finished_parts import InMemoryFinishedParts
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.in_memory_portfolio import InMemoryPortfolio
from tests.fakes.in_memory_portfolio_sink import InMemorySink
from tests.fakes.models import a_card, a_trained_model
from tests.unit.test_value_property import serving

HOMES = pd.DataFrame(
    [
        ("Departamento", "Ñuñoa", area, area + 10.0, 3.0, 2.0, -33.45, -70.6)
        for area in (60.0, 70.0, 80.0, 90.0, 1e6, 100.0, 110.0)
    ],
    columns=[*PROPERTY_FIELDS],
).assign(loan=[f"loan {number}" for number in range(7)])


@dataclass(frozen=True)
class Valuer(PartValuer):
    """Values as a worker would, by the models at hand."""

    models: InMemoryModelRepository
    order: PortfolioOrder
    encoder: PieceEncoder

    def key(self, part: PortfolioPart) -> str:
        return f"{self.order.digest} {part.digest}"

    def __call__(self, part: PortfolioPart) -> ValuedPart:
        rows = part.read(self.order.reading.wanted)
        answers, totals = answer_homes(loaded_version(self.models, self.order.version), self.order, rows)
        return ValuedPart(part.number, self.key(part), part.share, self.encoder(rows, answers), totals)


class Interrupted(Exception):
    pass


@dataclass
class Engine(ValuationEngine):
    """Works here, is interrupted after some parts, and remembers which it was given."""

    parts: int | None = None
    given: tuple[int, ...] = ()

    def valued(self, parts: Iterable[PortfolioPart], value: PartValuer) -> Generator[ValuedPart, None, None]:
        for part in InThisProcess().valued(parts, value):
            if self.parts is not None and len(self.given) == self.parts:
                raise Interrupted
            self.given = (*self.given, part.number)
            yield part


class Desk:
    """All that a run needs, kept from run to run."""

    def __init__(self) -> None:
        self.models = InMemoryModelRepository()
        self.sink = InMemorySink()
        self.finished = InMemoryFinishedParts()
        self.clock = FixedClock()
        self.source = InMemoryPortfolio(HOMES)
        self.progress: list[tuple[int, float | None]] = []

    def train(self, price_per_m2: float = 2000.0) -> None:
        stored = self.models.store(a_trained_model(price_per_m2), a_card())
        self.models.promote(stored.version, NOON, "ana")

    def run(self, engine: ValuationEngine | None = None, **request: Any) -> PortfolioOutcome:
        value = ValuePortfolio(
            self.models, self.clock, SalesLayout(), lambda *asked: Valuer(self.models, *asked), program="1.0"
        )
        engine = engine or InThisProcess()
        asked = PortfolioRequest(**request)
        return value(self.source, self.sink, engine, self.finished, asked, lambda *told: self.progress.append(told))

    def answers(self) -> list[dict[str, object]]:
        assert self.sink.rows is not None
        return self.sink.rows


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.train()
    return desk


def test_every_row_is_answered_in_its_order_behind_the_callers_own_columns(desk: Desk) -> None:
    outcome = desk.run()
    answers = desk.answers()
    assert [row["loan"] for row in answers] == HOMES["loan"].tolist()
    assert desk.sink.columns[: len(HOMES.columns)] == tuple(HOMES.columns)
    assert [row["status"] for row in answers] == ["valued"] * 4 + ["refused"] + ["valued"] * 2
    assert answers[4]["reason"] == "implausible_property"
    assert (outcome.totals.rows, outcome.totals.valued, outcome.resumed) == (7, 6, 0)
    assert outcome.totals.refused == {"implausible_property": 1}
    assert outcome.totals.value == pytest.approx(sum(float(str(row["value"])) for row in answers if row["value"]))
    assert desk.progress[-1] == (7, 1.0)
    assert desk.finished.said is None


def test_figures_are_those_of_a_single_valuation(desk: Desk) -> None:
    desk.run(level=0.8)
    fields: dict[str, Any] = {name: HOMES[name].iloc[2] for name in PROPERTY_FIELDS}
    home = Property(**fields)
    [single] = serving()([ValuationRequest(home)])
    assert desk.answers()[2]["value"] == single.value


def test_it_is_the_served_version_and_today_unless_others_are_named(desk: Desk) -> None:
    desk.train(3000.0)
    outcome = desk.run()
    assert (outcome.order.version, outcome.order.day) == ("v2", desk.clock.now().date())
    assert outcome.order.level == a_card().interval.level
    older = desk.run(version="v1", day=date(2020, 2, 29), level=0.5)
    assert (older.order.version, older.order.day, older.order.level) == ("v1", date(2020, 2, 29), 0.5)
    assert desk.answers()[0]["model_version"] == "v1"


def test_a_portfolio_without_rows_has_an_output_without_rows(desk: Desk) -> None:
    desk.source = InMemoryPortfolio(HOMES.head(0))
    assert desk.run().totals.rows == 0
    assert desk.answers() == []


@pytest.mark.parametrize("parts", [0, 1, 3])
def test_what_was_interrupted_is_gone_on_with_and_ends_the_same(desk: Desk, parts: int) -> None:
    desk.run()
    whole = desk.answers()
    desk.sink.rows = None
    with pytest.raises(Interrupted):
        desk.run(Engine(parts))
    assert desk.sink.rows is None

    engine = Engine()
    desk.progress.clear()
    outcome = desk.run(engine, resume=True)
    assert desk.answers() == whole
    assert engine.given == tuple(range(parts, 4))
    assert (outcome.resumed, outcome.totals.rows) == (min(2 * parts, 7), 7)
    assert [rows for rows, _ in desk.progress] == [2, 4, 6, 7]


def test_a_run_keeps_its_model_and_its_day_however_late_it_is_gone_on_with(desk: Desk) -> None:
    with pytest.raises(Interrupted):
        desk.run(Engine(1))
    first_day = desk.clock.now().date()
    desk.train(9000.0)
    desk.clock = FixedClock(NOON.replace(year=2031))
    outcome = desk.run(resume=True)
    assert (outcome.order.version, outcome.order.day) == ("v1", first_day)
    assert {row["model_version"] for row in desk.answers()} == {"v1"}


@pytest.mark.parametrize(
    ("changed", "named"),
    [({"version": "v2"}, "model version"), ({"level": 0.5}, "interval level"), ({"prefix": "t_"}, "prefix")],
)
def test_what_is_asked_otherwise_cannot_be_gone_on_with(desk: Desk, changed: dict[str, Any], named: str) -> None:
    desk.models.store(a_trained_model(3000.0), a_card())
    with pytest.raises(Interrupted):
        desk.run(Engine(1))
    with pytest.raises(RunChanged, match=named):
        desk.run(resume=True, **changed)


def test_another_input_cannot_be_gone_on_with(desk: Desk) -> None:
    with pytest.raises(Interrupted):
        desk.run(Engine(1))
    desk.source = replace(desk.source, frame=HOMES.assign(loan="another"))
    with pytest.raises(RunChanged, match="input"):
        desk.run(resume=True)


def test_without_resume_all_is_valued_anew_and_that_is_said(desk: Desk) -> None:
    with pytest.raises(Interrupted):
        desk.run(Engine(2))
    engine = Engine()
    outcome = desk.run(engine)
    assert engine.given == (0, 1, 2, 3)
    assert any("thrown away" in note for note in outcome.notes)
    assert any("no unfinished run" in note for note in desk.run(resume=True).notes)


def test_a_finished_part_that_was_altered_is_valued_again(desk: Desk) -> None:
    with pytest.raises(Interrupted):
        desk.run(Engine(3))
    del desk.finished.parts[1]
    engine = Engine()
    desk.run(engine, resume=True)
    assert engine.given == (1, 2, 3)
    assert len(desk.answers()) == 7


def test_a_full_disk_leaves_what_is_done_to_be_gone_on_with(desk: Desk) -> None:
    desk.sink.fails_after = 2
    with pytest.raises(OutputUnavailable):
        desk.run()
    assert desk.sink.rows is None
    desk.sink.fails_after = None
    assert desk.run(resume=True).resumed == 6  # the third part was done before the disk was found full


def test_a_source_that_breaks_off_has_no_output(desk: Desk) -> None:
    desk.source = replace(desk.source, breaks_off=(2, SourceMalformed("memory ends in mid-row.")))
    with pytest.raises(SourceMalformed, match="mid-row"):
        desk.run()
    assert desk.sink.rows is None


def test_two_runs_cannot_write_one_output(desk: Desk) -> None:
    with desk.finished.alone(), pytest.raises(OutputBusy):
        desk.run()


def test_columns_that_are_taken_and_missing_ones_are_told_before_the_work(desk: Desk) -> None:
    desk.source = InMemoryPortfolio(HOMES.assign(value=1.0))
    with pytest.raises(OutputUnavailable, match="--prefix"):
        desk.run()
    desk.run(prefix="tasador_")
    assert "tasador_value" in desk.answers()[0]
    desk.source = InMemoryPortfolio(HOMES.drop(columns="latitude"))
    with pytest.raises(SourceMalformed, match="latitude"):
        desk.run()


def test_there_must_be_a_model(desk: Desk) -> None:
    with pytest.raises(ModelNotFound):
        desk.run(version="v7")
    desk.models = InMemoryModelRepository()
    with pytest.raises(NoModelServed, match="tasador train"):
        desk.run()


def test_an_order_can_be_sent_to_another_process(desk: Desk) -> None:
    order = desk.run().order
    assert pickle.loads(pickle.dumps(order)) == order  # noqa: S301 (made right here)
