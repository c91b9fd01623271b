"""The key store is down while callers ask: who is served, for how long, and how soon it is over.

python benchmarks/outages.py [--seconds S] [--long S] [--revocations N] [--home FOLDER] [--json FILE]

Keys in a PostgreSQL server, `tasador serve` with two workers, and callers without a pause: with keys in use, with valid
keys that were never seen, with unknown and with malformed ones. The server is ended (pg_ctl stop -m immediate) and
started again, and stalled (SIGSTOP) and released; the second for longer than a minute too. Before it all, and right
after each return, keys are revoked in the database: how long are they let in, on any worker? Exit code 1 where
something is not as promised. `--home` keeps the trained model for another run. About five minutes.
"""

import argparse
import http.client
import itertools
import json
import signal
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from load.home import BUNDLED
from load.postgres import Postgres, postgres
from load.processes import TASADOR, CannotRun, Served, commit, machine, output_of, serving
from rich.console import Console
from rich.table import Table
from switches import homes

from config.container import Container
from config.settings import KeyStoreSettings, LoggingSettings, Settings
from domain.api_key import KeyAdmin, Scope, Token

WORKERS = 2
KNOWN, LISTING, UNSEEN, UNKNOWN, MALFORMED = (
    "keys in use",
    "keys in use, GET /v1/models",
    "valid keys, never seen",
    "unknown keys",
    "malformed keys",
)
PROMISED_SECONDS = 60
_CALLERS = {KNOWN: 5, LISTING: 1, UNSEEN: 4, UNKNOWN: 2, MALFORMED: 1}
_PAUSE = 0.05
_PAUSE_OF_STRANGERS = 0.3
_CONNECTIONS = 8
"""Of a caller, used in turn, so that each worker has some."""
_CALM, _AFTER = 6.0, 15.0
_REVOKED_AT_ONCE = 5
_MOST_SECONDS_LET_IN = 10.0
_ME = KeyAdmin("outages")


@dataclass(frozen=True, slots=True)
class Answer:
    """When it was asked, when it was answered, the status (0: none), whether Retry-After was told."""

    began: float
    ended: float
    status: int
    retry_after: bool

    @property
    def milliseconds(self) -> float:
        """How long it took."""
        return 1000 * (self.ended - self.began)


@dataclass(frozen=True)
class Outage:
    """What was seen of one. Seconds, and milliseconds for what callers waited."""

    kind: str
    seconds: float
    answers: dict[str, dict[int, int]]
    """During the outage, by the sort of caller and the status."""
    known_first_failed: float | None
    known_calm: tuple[float, float]
    known_during: tuple[float, float, float]
    known_after: tuple[float, float, float]
    recovered: float | None
    revoked: list[float]
    faults: list[str]


class Caller:
    """Somebody with an address of their own and a few open connections."""

    def __init__(self, place: str, number: int) -> None:
        self._place = place
        self._address = f"198.51.100.{number}"
        self._connections = [http.client.HTTPConnection(place, timeout=20) for _ in range(_CONNECTIONS)]
        self._turn = itertools.cycle(range(_CONNECTIONS))
        self._home = json.dumps(homes()[number % 25]).encode()

    def ask(self, key: str, path: str = "/predict", connection: int | None = None) -> Answer:
        """The answer to one request."""
        place = next(self._turn) if connection is None else connection
        link, body = self._connections[place], self._home if path == "/predict" else None
        headers = {"X-API-Key": key, "X-Forwarded-For": self._address, "Content-Type": "application/json"}
        began = time.monotonic()
        for last in (False, True):  # a connection that was idle may be ending: clients ask once more
            try:
                link.request("POST" if body else "GET", path, body, headers)
                answer = link.getresponse()
                answer.read()
                return Answer(began, time.monotonic(), answer.status, answer.getheader("Retry-After") is not None)
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                link.close()
                if last:
                    break
            except (OSError, http.client.HTTPException):
                link.close()
                break
        return Answer(began, time.monotonic(), 0, retry_after=False)


class Traffic:
    """Callers of every sort, asking on until told to stop."""

    def __init__(self, place: str, container: Container) -> None:
        self.seen: dict[str, list[Answer]] = {sort: [] for sort in _CALLERS}
        self._stop = threading.Event()
        self._threads = []
        issue = container.issue_key()
        for number, sort in enumerate(itertools.chain(*([sort] * count for sort, count in _CALLERS.items()))):
            if sort in {KNOWN, LISTING}:
                token = issue(sort, [Scope.VALUE, Scope.MODELS_READ], _ME).token
                tokens: Iterator[str] = itertools.repeat(token)
            elif sort == UNSEEN:
                tokens = iter([issue(sort, [Scope.VALUE], _ME).token for _ in range(400)])
            elif sort == UNKNOWN:
                tokens = (Token.generate().reveal() for _ in itertools.count())
            else:
                tokens = itertools.repeat("tsd_nonsense")
            caller = Caller(place, number + 1)
            self._threads.append(threading.Thread(target=self._ask_on, args=(caller, sort, tokens)))

    def _ask_on(self, caller: Caller, sort: str, tokens: Iterator[str]) -> None:
        path = "/v1/models" if sort == LISTING else "/predict"
        for token in tokens:
            self.seen[sort].append(caller.ask(token, path))
            if self._stop.wait(_PAUSE if sort == KNOWN else _PAUSE_OF_STRANGERS):
                return

    @contextmanager
    def running(self) -> Iterator["Traffic"]:
        """They ask for as long as the block lasts."""
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join()


def let_in_after_revocation(place: str, container: Container, count: int) -> list[float]:
    """For how many seconds keys were still let in, on any connection, after their revocation was committed."""
    delays: list[float] = []

    def revoke_one(number: int) -> None:
        issued = container.issue_key()("to be revoked", [Scope.VALUE], _ME)
        caller = Caller(place, 100 + number % 100)
        for connection in range(_CONNECTIONS):
            caller.ask(issued.token, connection=connection)
        time.sleep(number % 7 / 5)
        container.revoke_key()(issued.key.id, _ME, "a trial")
        at = last = time.monotonic()
        refused = 0
        while refused < 2 * _CONNECTIONS and time.monotonic() - at < 2 * _MOST_SECONDS_LET_IN:
            answer = caller.ask(issued.token)
            refused = refused + 1 if answer.status != 200 else 0
            last = answer.ended if answer.status == 200 else last
            time.sleep(0.01)
        delays.append(last - at)

    for first in range(0, count, _REVOKED_AT_ONCE):
        threads = [
            threading.Thread(target=revoke_one, args=(number,))
            for number in range(first, min(first + _REVOKED_AT_ONCE, count))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return delays


@contextmanager
def ended(server: Postgres) -> Iterator[None]:
    """The server does not run for as long as the block lasts."""
    server.stop()
    try:
        yield
    finally:
        server.start()


def outage(
    kind: str, down: Callable[[], AbstractContextManager[None]], seconds: float, place: str, container: Container
) -> Outage:
    """One outage, with what was before and after it."""
    with Traffic(place, container).running() as traffic:
        began = time.monotonic()
        time.sleep(_CALM)
        with down():
            start = time.monotonic()
            time.sleep(seconds)
            end = time.monotonic()
        back = time.monotonic()
        revoked = let_in_after_revocation(place, container, _REVOKED_AT_ONCE)
        time.sleep(max(0.0, back + _AFTER - time.monotonic()))
    return judged(kind, traffic.seen, (began, start, end, back), revoked)


def judged(
    kind: str, seen: dict[str, list[Answer]], times: tuple[float, float, float, float], revoked: list[float]
) -> Outage:
    """The figures of an outage, and what was not as promised."""
    began, start, end, back = times
    during = {sort: [each for each in all_ if start < each.began and each.ended < end] for sort, all_ in seen.items()}
    before = [each for each in seen[KNOWN] if began + 2 < each.began and each.ended < start - 0.5]
    after = [each for each in seen[KNOWN] if each.began > back]
    in_use = [*during[KNOWN], *during[LISTING]]
    failed = [each for each in in_use if each.status != 200]
    strangers = [*during[UNSEEN], *during[UNKNOWN]]
    everybody = [(sort, each) for sort, all_ in seen.items() for each in all_]
    wrong_after = [
        each
        for sort, each in everybody
        if each.began > back and sort in {KNOWN, LISTING, UNSEEN} and each.status != 200
    ]
    first_seen = min((each.ended for each in seen[UNSEEN] if each.began > back and each.status == 200), default=None)
    last_wrong = max((each.ended for each in wrong_after), default=back)
    recovered = None if first_seen is None else max(first_seen, last_wrong) - back
    faults = []
    if early := [each for each in failed if each.began - start < min(PROMISED_SECONDS - 10, end - start)]:
        faults.append(f"{len(early)} requests with keys in use failed: {Counter(each.status for each in early)}")
    if late := [each for each in in_use if each.status == 200 and each.began - start > PROMISED_SECONDS + 1]:
        faults.append(f"{len(late)} requests with keys in use were let in after {PROMISED_SECONDS} s")
    if bad := [each for each in strangers if each.status != 503 or not each.retry_after]:
        faults.append(f"strangers were not told 503 and Retry-After: {Counter(each.status for each in bad)}")
    if bad := [each for each in seen[MALFORMED] if each.status not in {401, 429}]:
        faults.append(f"malformed keys were not told 401 or 429: {Counter(each.status for each in bad)}")
    if recovered is None:
        faults.append("it never recovered")
    if max(revoked) > _MOST_SECONDS_LET_IN:
        faults.append(f"a revoked key was let in for {max(revoked):.1f} s")
    return Outage(
        kind=kind,
        seconds=end - start,
        answers={sort: dict(Counter(each.status for each in all_)) for sort, all_ in during.items()},
        known_first_failed=min((each.began - start for each in failed), default=None),
        known_calm=_percentiles(before)[:2],
        known_during=_percentiles([each for each in during[KNOWN] if each.status == 200]),
        known_after=_percentiles(after),
        recovered=recovered,
        revoked=revoked,
        faults=faults,
    )


def _percentiles(answers: Sequence[Answer]) -> tuple[float, float, float]:
    """p50, p99 and the most, in milliseconds."""
    ordered = sorted(each.milliseconds for each in answers)
    if not ordered:
        return float("nan"), float("nan"), float("nan")
    return statistics.median(ordered), ordered[min(len(ordered) * 99 // 100, len(ordered) - 1)], ordered[-1]


@contextmanager
def trained(folder: Path | None) -> Iterator[Path]:
    """A folder with a model."""
    with TemporaryDirectory(prefix="tasador-outages-") as temporary:
        home = (folder or Path(temporary)).resolve()
        home.mkdir(parents=True, exist_ok=True)
        if not (home / "models").exists():
            output_of([*TASADOR, "train", "--recipe", "forest", "--json"], home, TASADOR_DATA_SOURCE__PATH=str(BUNDLED))
        yield home


@contextmanager
def service(home: Path, url: str, pepper: Path) -> Iterator[Served]:
    """The service, its keys in the database at `url`; what callers say of their addresses is believed."""
    with serving(
        "Tasador",
        [*TASADOR, "serve", "--port", "0", "--workers", str(WORKERS)],
        home,
        "/health/ready",
        TASADOR_KEY_STORE__URL=url,
        TASADOR_KEY_STORE__PEPPER_FILE=str(pepper),
        TASADOR_HTTP__TRUSTED_PROXIES='["127.0.0.1"]',
        TASADOR_VALUATION_LOG__DURABILITY="none",
    ) as served:
        yield served


def main() -> None:
    """Runs the outages and prints what was seen."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=30)
    options.add_argument("--long", type=float, default=75)
    options.add_argument("--revocations", type=int, default=20)
    options.add_argument("--home", type=Path)
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with ExitStack() as running:
            home, server = running.enter_context(trained(given.home)), running.enter_context(postgres())
            pepper = home / "outages-pepper.json"
            container = Container(
                settings=Settings(
                    key_store=KeyStoreSettings(url=server.url, pepper_file=pepper),
                    logging=LoggingSettings(directory=home / "logs"),
                )
            )
            container.list_keys()()  # makes the tables
            served = running.enter_context(service(home, server.url, pepper))
            place = urlsplit(served.address).netloc
            quiet = let_in_after_revocation(place, container, given.revocations)
            found = [
                outage("ended", lambda: ended(server), given.seconds, place, container),
                outage("stalled", server.stalled, given.seconds, place, container),
                outage("stalled", server.stalled, given.long, place, container),
            ]
    except CannotRun as error:
        sys.exit(f"outages.py: {error}")
    print_tables(quiet, found)
    if given.json:
        given.json.write_text(json.dumps({"quiet": quiet, "outages": [asdict(each) for each in found]}, indent=1))
    sys.exit(1 if max(quiet) > _MOST_SECONDS_LET_IN or any(each.faults for each in found) else 0)


def print_tables(quiet: Sequence[float], found: Sequence[Outage]) -> None:
    """A column for each outage."""
    console = Console(width=150)
    console.print(f"{machine()}, {commit()}; {WORKERS} workers, {sum(_CALLERS.values())} callers")
    console.print(f"a revoked key was let in for, with the store up, {len(quiet)} times: {_spread(quiet)}\n")
    table = Table(box=None)
    table.add_column("")
    for each in found:
        table.add_column(f"{each.kind} for {each.seconds:.0f} s")

    def row(name: str, said: Callable[[Outage], str]) -> None:
        table.add_row(name, *map(said, found))

    for sort in _CALLERS:
        row(sort, lambda each, sort=sort: ", ".join(f"{n} x {s}" for s, n in sorted(each.answers[sort].items())))  # type: ignore[misc]
    row(
        "keys in use refused from",
        lambda e: "-" if e.known_first_failed is None else f"{e.known_first_failed:.1f} s on",
    )
    row("latency before (p50, p99), ms", lambda each: ", ".join(f"{ms:.0f}" for ms in each.known_calm))
    row("during (p50, p99, most), ms", lambda each: ", ".join(f"{ms:.0f}" for ms in each.known_during))
    row("after (p50, p99, most), ms", lambda each: ", ".join(f"{ms:.0f}" for ms in each.known_after))
    row("all is well after its return in", lambda e: "never" if e.recovered is None else f"{e.recovered:.1f} s")
    row("revoked then, let in for", lambda each: _spread(each.revoked))
    row("not as promised", lambda each: "; ".join(each.faults) or "nothing")
    console.print(table)


def _spread(seconds: Sequence[float]) -> str:
    return f"median {statistics.median(seconds):.1f} s, most {max(seconds):.1f} s"


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
