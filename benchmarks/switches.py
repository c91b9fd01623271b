"""Another model while callers wait for answers: does anybody notice?

python benchmarks/switches.py [--switches N] [--clients N] [--workers N] [--home FOLDER] [--json FILE]

Trains two models that differ (recipes forest and boosted) on the bundled sales, serves them with several workers, and
promotes and rolls back, by command and over HTTP in turns, while clients ask without a pause. Every answer names the
version that computed it, and its value must be that version's own. Ends with exit code 1 where a request failed or an
answer was wrong. `--home` keeps the trained models for another run.
"""

import argparse
import csv
import http.client
import itertools
import json
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from load.processes import ROOT, TASADOR, commit, machine, output_of, serving
from rich.console import Console
from rich.table import Table

from domain.property import NUMBER_FIELDS, TEXT_FIELDS

BUNDLED = ROOT / "data" / "ames_sales.csv"
HOMES = 25
FIRST, SECOND = "v1", "v2"
_SECONDS_TO_FOLLOW = 30
_SECONDS_BETWEEN_LOOKS = 0.02
_SECONDS_OF_CALM = 0.5

Home = dict[str, Any]
Values = Mapping[tuple[str, int], float]


@dataclass
class Seen:
    """What the clients met: how often which version answered, what went wrong, and each answer's end and seconds."""

    answers: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    times: list[tuple[float, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Switch:
    """When another version was promoted, and when every worker served it."""

    at: float
    followed: float


@dataclass(frozen=True)
class Result:
    """The figures. Seconds, and milliseconds for what clients waited."""

    switches: int
    requests: int
    failed: int
    wrong: int
    answers: Mapping[str, int]
    followed_median: float
    followed_max: float
    calm_p50: float
    calm_p99: float
    switching_p50: float
    switching_p99: float
    longest: float


class Caller:
    """A client that keeps its connection, as programs do."""

    def __init__(self, address: str, key: str) -> None:
        self._place = urlsplit(address).netloc
        self._headers = {"X-API-Key": key, "Content-Type": "application/json"}
        self._connection = http.client.HTTPConnection(self._place, timeout=30)

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, http.client.HTTPMessage, Any]:
        """Status, headers and document of an answer. Raises OSError, HTTPException."""
        content = None if body is None else json.dumps(body).encode()
        try:
            self._connection.request(method, path, content, self._headers)
            answer = self._connection.getresponse()
            return answer.status, answer.headers, json.loads(answer.read())
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise

    def close(self) -> None:
        """Ends the connection; the next question opens another."""
        self._connection.close()


@contextmanager
def trained(folder: Path | None) -> Iterator[Path]:
    """A folder in which both versions are stored."""
    with TemporaryDirectory(prefix="tasador-switches-") as temporary:
        home = (folder or Path(temporary)).resolve()
        home.mkdir(parents=True, exist_ok=True)
        if not (home / "models").exists():
            for recipe in ("forest", "boosted"):
                output_of(
                    [*TASADOR, "train", "--recipe", recipe, "--json"], home, TASADOR_DATA_SOURCE__PATH=str(BUNDLED)
                )
        yield home


def homes() -> list[Home]:
    """Homes of the bundled sales."""
    with BUNDLED.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        {name: row[name] for name in TEXT_FIELDS} | {name: float(row[name]) for name in NUMBER_FIELDS}
        for row in rows[:: len(rows) // HOMES][:HOMES]
    ]


class Service:
    """The service that is switched, as its operator sees it."""

    def __init__(self, address: str, folder: Path, key: str, workers: int) -> None:
        self.address = address
        self.key = key
        self._folder = folder
        self._workers = workers
        self._caller = Caller(address, key)

    def by_command(self, *words: str) -> float:
        """Runs `tasador models ...`; the time of the promotion."""
        told = json.loads(output_of([*TASADOR, "models", *words, "--json"], self._folder))
        return datetime.fromisoformat(told["at"]).timestamp()

    def by_request(self, path: str) -> float:
        """Asks for it over HTTP; the time when it was asked."""
        at = time.time()
        self._caller.close()  # it has been idle, and the service may be about to end it
        status, _, document = self._caller.ask("POST", f"/v1/models/{path}")
        if status != 200:
            raise SystemExit(f"{path}: {status} {document}")
        return at

    def until_all_serve(self, version: str) -> float:
        """The time when every worker served this version."""
        self._caller.close()
        until = time.monotonic() + _SECONDS_TO_FOLLOW
        while time.monotonic() < until:
            _, _, ready = self._caller.ask("GET", "/health/ready")
            if ready["workers"]["serving"] == {version: self._workers}:
                return time.time()
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        raise SystemExit(f"{version} is not served by all workers after {_SECONDS_TO_FOLLOW} s: {ready}")

    def values_of(self, version: str, asked: Sequence[Home]) -> Values:
        """What a version says of each home, by its name and the home's place."""
        self.by_command("promote", version)
        self.until_all_serve(version)
        values = {}
        for place, home in enumerate(asked):
            status, _, valuation = self._caller.ask("POST", "/v1/valuations", home)
            if status != 200 or valuation["model"]["version"] != version:
                raise SystemExit(f"home {place} is not valued by {version}: {status} {valuation}")
            values[version, place] = valuation["value"]
        return values


def ask_on(service: Service, asked: Sequence[Home], values: Values, seen: Seen, stop: threading.Event) -> None:
    """A client: asks for valuations and bare values in turns until it is told to stop, and checks each."""
    caller = Caller(service.address, service.key)
    for turn in itertools.count():
        if stop.is_set():
            caller.close()
            return
        place, path = turn % len(asked), ("/v1/valuations", "/predict")[turn // len(asked) % 2]
        began = time.time()
        try:
            status, headers, document = caller.ask("POST", path, asked[place])
        except (OSError, http.client.HTTPException) as error:
            seen.failed.append(f"{path}: {type(error).__name__}: {error}")
            continue
        ended = time.time()
        if status != 200:
            seen.failed.append(f"{path}: {status} {document}")
            continue
        seen.times.append((ended, ended - began))
        version, value = _answered(path, headers, document)
        seen.answers[version] += 1
        if values.get((version, place)) != value:
            seen.wrong.append(
                f"{path} of home {place}: {value} by {version}, which says {values.get((version, place))}"
            )


def _answered(path: str, headers: http.client.HTTPMessage, document: Any) -> tuple[str, float]:
    if path == "/predict":
        return headers.get("X-Model-Version", "an unnamed version"), document
    return document["model"]["version"], document["value"]


def switched(service: Service, count: int) -> list[Switch]:
    """Promotes and rolls back so often, with a pause after each, by command and over HTTP in turns."""
    ways = itertools.cycle(
        [
            (lambda: service.by_request(f"{SECOND}/promote"), SECOND),
            (lambda: service.by_command("rollback"), FIRST),
            (lambda: service.by_command("promote", SECOND), SECOND),
            (lambda: service.by_request("rollback"), FIRST),
        ]
    )
    done = []
    for way, version in itertools.islice(ways, count):
        at = way()
        done.append(Switch(at, service.until_all_serve(version)))
        time.sleep(_SECONDS_OF_CALM)
    return done


def result(switches: Sequence[Switch], seen: Seen) -> Result:
    """The figures of a run."""
    followed = [each.followed - each.at for each in switches]
    during = [took for end, took in seen.times if any(each.at <= end <= each.followed for each in switches)]
    calm = [took for end, took in seen.times if not any(each.at <= end <= each.followed for each in switches)]
    return Result(
        switches=len(switches),
        requests=len(seen.times) + len(seen.failed),
        failed=len(seen.failed),
        wrong=len(seen.wrong),
        answers=dict(seen.answers),
        followed_median=statistics.median(followed),
        followed_max=max(followed),
        calm_p50=_percentile(calm, 50),
        calm_p99=_percentile(calm, 99),
        switching_p50=_percentile(during, 50),
        switching_p99=_percentile(during, 99),
        longest=1000 * max(took for _, took in seen.times),
    )


def _percentile(seconds: Sequence[float], percent: int) -> float:
    """In milliseconds."""
    ordered = sorted(seconds)
    return 1000 * ordered[min(len(ordered) * percent // 100, len(ordered) - 1)] if ordered else float("nan")


def run(folder: Path, switches: int, clients: int, workers: int) -> tuple[Result, Seen]:
    """Switches under load."""
    key = json.loads(
        output_of(
            [
                *TASADOR,
                "keys",
                "create",
                "--label",
                "switches",
                "--scope",
                "value",
                "--scope",
                "models:write",
                "--json",
            ],
            folder,
        )
    )["token"]
    command = [*TASADOR, "serve", "--port", "0", "--workers", str(workers)]
    with serving("Tasador", command, folder, "/health/live") as served:
        service, asked, seen, stop = Service(served.address, folder, key, workers), homes(), Seen(), threading.Event()
        values = {**service.values_of(SECOND, asked), **service.values_of(FIRST, asked)}
        if any(values[FIRST, place] == values[SECOND, place] for place in range(len(asked))):
            raise SystemExit("the two models agree on a home: nothing could be told from its value")
        threads = [threading.Thread(target=ask_on, args=(service, asked, values, seen, stop)) for _ in range(clients)]
        for thread in threads:
            thread.start()
        try:
            done = switched(service, switches)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    return result(done, seen), seen


def main() -> None:
    """Runs it and prints the figures."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--switches", type=int, default=100)
    options.add_argument("--clients", type=int, default=8)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--home", type=Path)
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    with trained(given.home) as folder:
        found, seen = run(folder, given.switches, given.clients, given.workers)
    table = Table("", "", title=f"{machine()}, {commit()}", box=None, show_header=False, title_justify="left")
    table.add_row("workers, clients", f"{given.workers}, {given.clients}")
    table.add_row("switches and rollbacks", f"{found.switches}")
    table.add_row("requests", f"{found.requests:,}, answered by {dict(found.answers)}")
    table.add_row("failed", f"{found.failed}")
    table.add_row("values not of the version named", f"{found.wrong}")
    table.add_row("until every worker serves", f"median {found.followed_median:.2f} s, max {found.followed_max:.2f} s")
    table.add_row("latency between switches", f"p50 {found.calm_p50:.1f} ms, p99 {found.calm_p99:.1f} ms")
    table.add_row("latency during switches", f"p50 {found.switching_p50:.1f} ms, p99 {found.switching_p99:.1f} ms")
    table.add_row("the longest answer", f"{found.longest:.1f} ms")
    Console(width=120).print(table)
    for line in [*seen.failed[:5], *seen.wrong[:5]]:
        print(line, file=sys.stderr)  # noqa: T201
    if given.json:
        given.json.write_text(json.dumps(asdict(found), indent=2), "utf-8")
    sys.exit(1 if found.failed or found.wrong else 0)


if __name__ == "__main__":
    main()
