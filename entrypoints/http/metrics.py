"""What Prometheus asks for, added up over all workers.

Each metric and all values of its labels are known when the application is built, so that counting is adding to a cell
of shared memory (two microseconds a request) and no caller can make the page grow. To add one: `metrics.counter(...)`
(or `gauge`, `histogram`) where the application is built, and `add` where it happens. Only a worker's event loop counts.
"""

from abc import abstractmethod
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Protocol, TypeVar

from litestar import Controller, MediaType, Response, get
from litestar.di import NamedDependency
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from entrypoints.http.roster import Roster
from entrypoints.http.security import PUBLIC
from entrypoints.http.shared_memory import CELLS_FOR_TALLIES

OTHER = "other"
"""The label value of whatever is not foreseen, such as a path that no route has."""

_CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4.removesuffix("; charset=utf-8")  # Litestar adds the charset
_STATUSES = (200, 201, 204, 304, 307, 400, 401, 403, 404, 405, 409, 413, 415, 429, 499, 500, 503)
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_FEW_SERIES = 50
_Labels = tuple[str, ...]
T = TypeVar("T", bound="Tally")


class Tally(Protocol):
    """A metric in cells of shared memory."""

    @abstractmethod
    def read(self) -> Metric:
        """The metric in Prometheus' terms, over all workers."""


class _Cells:
    """Hands out the cells of the workers' rows, the same to each metric in every worker."""

    def __init__(self, roster: Roster) -> None:
        self.roster = roster
        self.own = roster.memory.tallies[roster.worker]
        self._taken = 0

    def take(self, count: int) -> int:
        """The first of so many cells that are nobody else's."""
        first, self._taken = self._taken, self._taken + count
        if self._taken > CELLS_FOR_TALLIES:
            raise ValueError(f"more than {CELLS_FOR_TALLIES} cells of metrics: raise CELLS_FOR_TALLIES")
        return first

    def sum(self, cell: int, *, of_the_living: bool = False) -> float:
        """What all workers have in this cell; what the dead have counted stays, unless only the living are asked."""
        tallies, roster = self.roster.memory.tallies, self.roster
        return sum(row[cell] for worker, row in enumerate(tallies) if not of_the_living or roster.serves(worker))


class Counter(Tally):
    """Counts what happens, by labels whose values are given."""

    def __init__(self, cells: _Cells, name: str, told: str, **labels: Iterable[object]) -> None:
        self._cells, self._own = cells, cells.own
        self._name, self._told, self._labels = name, told, tuple(labels)
        series = list(product(*((*map(str, values), OTHER) for values in labels.values())))
        first = cells.take(len(series))
        self._places: dict[_Labels, int] = {values: first + place for place, values in enumerate(series)}

    def add(self, *labels: str, amount: float = 1.0) -> None:
        """So many more with these labels, which stand in the order of the declaration."""
        place = self._places.get(labels)
        if place is None:
            place = self._places[self._foreseen(labels)]
        self._own[place] += amount

    def _foreseen(self, labels: _Labels) -> _Labels:
        known = [{values[place] for values in self._places} for place in range(len(labels))]
        return tuple(value if value in known[place] else OTHER for place, value in enumerate(labels))

    def read(self) -> Metric:
        """The counts; of many series those above 0, though `increase` misses the first count of a series not there."""
        family = CounterMetricFamily(self._name, self._told, labels=self._labels)
        shows_noughts = len(self._places) <= _FEW_SERIES
        for labels, place in self._places.items():
            count = self._cells.sum(place)
            if count or (shows_noughts and OTHER not in labels):
                family.add_metric(labels, count)
        return family


class Gauge(Tally):
    """A number that goes up and down, by one label whose values are given, if any; a worker begins with nothing."""

    def __init__(self, cells: _Cells, name: str, told: str, label: str | None, values: Iterable[str]) -> None:
        self._cells, self._own = cells, cells.own
        self._name, self._told, self._labels = name, told, () if label is None else (label,)
        self._places = {value: cells.take(1) for value in (("",) if label is None else (*values, OTHER))}
        for place in self._places.values():
            self._own[place] = 0.0

    def add(self, amount: float) -> None:
        """So much more, or less, of a gauge without a label."""
        self._own[self._places[""]] += amount

    def set(self, label: str, number: float) -> None:
        """It is so much now with this label."""
        place = self._places.get(label)
        self._own[self._places[OTHER] if place is None else place] = number

    def read(self) -> Metric:
        """The sum over the workers that serve."""
        family = GaugeMetricFamily(self._name, self._told, labels=self._labels)
        for value, place in self._places.items():
            number = self._cells.sum(place, of_the_living=True)
            if number or value != OTHER:
                family.add_metric((value,) if self._labels else (), number)
        return family


class Histogram(Tally):
    """How often a number was how high, by one label whose values are given; `bounds` are the highest of each bucket."""

    def __init__(
        self, cells: _Cells, name: str, told: str, bounds: Sequence[float], label: str, values: Iterable[str]
    ) -> None:
        self._cells, self._own = cells, cells.own
        self._name, self._told, self._label = name, told, label
        self._bounds = tuple(bounds)
        self._size = len(self._bounds) + 2  # one for what is higher, one for the sum
        self._places = {value: cells.take(self._size) for value in (*values, OTHER)}

    def add(self, label: str, number: float) -> None:
        """One more of this height."""
        first = self._places.get(label)
        if first is None:
            first = self._places[OTHER]
        self._own[first + bisect_left(self._bounds, number)] += 1.0
        self._own[first + self._size - 1] += number

    def read(self) -> Metric:
        """The buckets that hold anything, as Prometheus adds them up."""
        family = HistogramMetricFamily(self._name, self._told, labels=(self._label,))
        bounds = [*map(str, self._bounds), "+Inf"]
        for value, first in self._places.items():
            counts = [self._cells.sum(first + place) for place in range(len(bounds))]
            reached = [sum(counts[: place + 1]) for place in range(len(bounds))]
            if reached[-1]:
                total = self._cells.sum(first + self._size - 1)
                family.add_metric([value], list(zip(bounds, reached, strict=True)), total)
        return family


class Metrics:
    """All metrics of the service; who counts declares, when the application is built."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._cells = _Cells(roster)
        self._tallies: list[Tally] = []
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def counter(self, name: str, told: str, **labels: Iterable[object]) -> Counter:
        """Declares a counter; `labels` holds all values of each label, to which "other" is added."""
        return self.declare(Counter(self._cells, name, told, **labels))

    def gauge(self, name: str, told: str, label: str | None = None, values: Iterable[str] = ()) -> Gauge:
        """Declares a number that goes up and down; to the values of a label "other" is added."""
        return self.declare(Gauge(self._cells, name, told, label, values))

    def histogram(self, name: str, told: str, bounds: Sequence[float], label: str, values: Iterable[str]) -> Histogram:
        """Declares a histogram with one label, to whose values "other" is added."""
        return self.declare(Histogram(self._cells, name, told, bounds, label, values))

    def declare(self, tally: T) -> T:
        """Adds a metric, which is asked whenever somebody looks."""
        self._tallies.append(tally)
        return tally

    def collect(self) -> Iterator[Metric]:
        """Every metric, as prometheus_client asks for them."""
        for tally in self._tallies:
            yield tally.read()
        seen = self._roster.seen()
        yield GaugeMetricFamily("tasador_workers_wanted", "Worker processes that there should be.", value=seen.wanted)
        yield GaugeMetricFamily("tasador_workers_alive", "Worker processes that serve.", value=seen.alive)
        yield CounterMetricFamily("tasador_worker_restarts", "Worker processes replaced.", value=seen.restarts)
        versions = GaugeMetricFamily(
            "tasador_model_workers", "Worker processes that serve this version of the model.", labels=("version",)
        )
        for version, workers in seen.serving.items():
            versions.add_metric([version], workers)
        yield versions

    def text(self) -> str:
        """All of it in Prometheus' text format."""
        return generate_latest(self._registry).decode()


class Traffic:
    """The requests: how many, by route and status, how long they took, and how many are being answered."""

    def __init__(self, metrics: Metrics, routes: Iterable[str]) -> None:
        routes = sorted(set(routes))  # the same order in every worker
        self._requests = metrics.counter("tasador_http_requests", "Requests answered.", route=routes, status=_STATUSES)
        self._seconds = metrics.histogram(
            "tasador_http_request_seconds", "Seconds from a request to its answer.", _SECONDS, "route", routes
        )
        self._in_flight = metrics.gauge("tasador_http_requests_in_flight", "Requests that are being answered.")

    def begins(self) -> None:
        """A request has come."""
        self._in_flight.add(1.0)

    def ends(self, route: str | None, status: int, seconds: float) -> None:
        """It was answered; `route` is the template of its route, None where it has none."""
        self._in_flight.add(-1.0)
        self._requests.add(route or OTHER, str(status))
        self._seconds.add(route or OTHER, seconds)


class MetricsPage(Controller):
    """The metrics, for whoever runs the service."""

    tags = ("health",)
    opt = PUBLIC

    @get(
        "/metrics",
        operation_id="metrics",
        response_description="The metrics.",
        summary="The service's metrics, for Prometheus",
        media_type=MediaType.TEXT,
        sync_to_thread=False,
    )
    def metrics(self, metrics: NamedDependency[Metrics]) -> Response[str]:
        """The metrics of all workers in Prometheus' text format. Needs no key."""
        return Response(metrics.text(), media_type=_CONTENT_TYPE)
