"""Values a whole portfolio, and goes on where it was interrupted."""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from itertools import chain, islice
from typing import TYPE_CHECKING

from application.answer_homes import notes_on_day
from application.portfolio_order import PortfolioOrder
from application.ports.clock import Clock
from application.ports.finished_parts import FinishedParts
from application.ports.model_repository import ModelRepository
from application.ports.portfolio_sink import PieceEncoder, PortfolioSink
from application.ports.portfolio_source import PortfolioHead, PortfolioPart, PortfolioSource
from application.ports.valuation_engine import PartValuer, ValuationEngine, ValuedPart
from application.sales.home_reading import HomeReading
from domain.errors import NoModelServed, RunChanged
from domain.model_version import ModelVersion, served_stack
from domain.portfolio_totals import PortfolioTotals

if TYPE_CHECKING:
    from application.sales.layout import SalesLayout

MakeValuer = Callable[[PortfolioOrder, PieceEncoder], PartValuer]
Progress = Callable[[int, float | None], None]
"""Is told how many rows are done, and which share of the source that is, where anybody knows."""

_VERSION, _DAY = "model version", "valuation date"


@dataclass(frozen=True, slots=True)
class PortfolioRequest:
    """What is asked for: None stands for the served version, its own interval level, and today.

    resume: to go on with a run that was interrupted, with its version and its day.
    """

    version: str | None = None
    level: float | None = None
    day: date | None = None
    explain: bool = False
    comparables: int = 0
    prefix: str = ""
    resume: bool = False


@dataclass(frozen=True, slots=True)
class PortfolioOutcome:
    """What was done. resumed: the rows that a former run had valued already. currency: of the model.

    notes: one sentence each.
    """

    head: PortfolioHead
    order: PortfolioOrder
    totals: PortfolioTotals
    resumed: int
    currency: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ValuePortfolio:
    """Values every row of a source into a sink, in their order, by one version of the model and as of one day.

    `finished` keeps what is done until all is; the sink has all of it, or nothing.
    """

    models: ModelRepository
    clock: Clock
    layout: "SalesLayout"
    make_valuer: MakeValuer
    program: str

    def __call__(
        self,
        source: PortfolioSource,
        sink: PortfolioSink,
        engine: ValuationEngine,
        finished: FinishedParts,
        request: PortfolioRequest,
        progress: Progress = lambda _rows, _share: None,
    ) -> PortfolioOutcome:
        """Runs to the end.

        Raises OutputBusy where another run writes there, RunChanged where a run cannot be resumed, and the DomainErrors
        of source, sink, engine and model.
        """
        with finished.alone():
            head = source.head()
            begun = finished.begun()
            former = begun if request.resume else None
            model = self._model(request, former)
            parts = source.parts()
            first = list(islice(parts, 1))
            reading = self._reading(head, first, model)
            order = self._order(request, former, model, reading)
            sink.check(head, order.answers)
            said = self._said(head, sink, order)
            if former is None:
                finished.begin(said)
            else:
                _check_unchanged(former, said)
            value = self.make_valuer(order, sink.encoder(head, order.answers))
            run = _Run(finished, value)
            totals = PortfolioTotals()
            answered = run.valued(chain(first, parts), engine)
            with closing(answered), sink.writing(head, order.answers) as writer:
                for part in answered:
                    writer.append(part.piece)
                    totals += part.totals
                    progress(totals.rows, part.share)
                # What text was written in may show late; nothing else is opened again.
                told = source.head().notes if head.dialect else head.notes
            finished.discard()
        notes = (*_on_former_run(begun, request), *told, *reading.notes)
        notes = (*notes, *notes_on_day(model.card, order.day))
        return PortfolioOutcome(head, order, totals, run.resumed, model.card.currency, notes)

    def _model(self, request: PortfolioRequest, former: Mapping[str, str] | None) -> ModelVersion:
        version = request.version if request.version is not None else (former or {}).get(_VERSION)
        if version is None:
            served = served_stack(self.models.promotions())
            if not served:
                raise NoModelServed(
                    "No model is served yet: train one with `tasador train`, or name a stored one with --version."
                )
            version = served[-1]
        return self.models.describe(version)

    def _reading(self, head: PortfolioHead, first: list[PortfolioPart], model: ModelVersion) -> HomeReading:
        """How cells are read is decided by those of the first part."""
        wanted = HomeReading.columns_wanted(head, self.layout, model.card.features)
        sample = first[0].read(wanted).cells if first else None
        return HomeReading.of(head, self.layout, model.card.features, sample)

    def _order(
        self,
        request: PortfolioRequest,
        former: Mapping[str, str] | None,
        model: ModelVersion,
        reading: HomeReading,
    ) -> PortfolioOrder:
        day = request.day or (date.fromisoformat(former[_DAY]) if former else self.clock.now().date())
        return PortfolioOrder(
            version=model.version,
            digest=model.artifact.sha256,
            level=request.level or model.card.interval.level,
            day=day,
            reading=reading,
            explain=request.explain,
            comparables=request.comparables,
            prefix=request.prefix,
        )

    def _said(self, head: PortfolioHead, sink: PortfolioSink, order: PortfolioOrder) -> dict[str, str]:
        """All that must be as it was for a run to be gone on with, by what to call it."""
        return {
            "input": head.identity,
            "output": sink.name,
            _VERSION: order.version,
            "model": order.digest,
            _DAY: order.day.isoformat(),
            "interval level": repr(order.level),
            "explanations": str(order.explain),
            "comparables": str(order.comparables),
            "prefix": order.prefix,
            "version of Tasador": self.program,
        }


class _Run:
    """The parts of one run: those that are finished already, and those that are valued now."""

    def __init__(self, finished: FinishedParts, value: PartValuer) -> None:
        self._finished = finished
        self._value = value
        self.resumed = 0

    def valued(self, parts: Iterator[PortfolioPart], engine: ValuationEngine) -> Generator[ValuedPart, None, None]:
        """Every part in its order. Parts are kept in their order, so that the finished ones are the first ones."""
        for part in parts:
            known = self._finished.find(self._value.key(part), part.number)
            if known is None:
                parts = chain([part], parts)
                break
            self.resumed += known.totals.rows
            yield known
        with closing(engine.valued(parts, self._value)) as answers:  # whatever happens, nobody works on in vain
            for valued in answers:
                self._finished.keep(valued)
                yield valued


def _on_former_run(begun: Mapping[str, str] | None, request: PortfolioRequest) -> Iterator[str]:
    if begun is None and request.resume:
        yield "There is no unfinished run of this output: all of it is valued."
    if begun is not None and not request.resume:
        yield "An unfinished run of this output was thrown away; --resume would have gone on with it."


def _check_unchanged(former: Mapping[str, str], now: Mapping[str, str]) -> None:
    changed = [name for name in now if former.get(name) != now[name]]
    if changed:
        raise RunChanged(
            f"The unfinished run cannot be gone on with, since this is not as it was: {', '.join(changed)}. "
            "Run without --resume to value all of it anew."
        )
