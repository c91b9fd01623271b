"""What the door costs a request: the same handler that does nothing, behind one part more of it at each step.

python benchmarks/door.py [--rounds N] [--seconds S] [--connections N] [--json FILE]

One process serves every step on a port of its own; the rounds go through them in turn, and shown are medians. What a
step adds is the median of its differences from the step before in the same round: timings on shared machines wander.
Processor time is that of the server alone. Then the same without HTTP: what the parts of the key check take, called in
a loop. Needs `wrk` (apt-get install wrk). About three minutes.
"""

import argparse
import asyncio
import json
import os
import signal
import ssl
import statistics
import sys
import time
import timeit
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import trustme
from load.doorsteps import ADDRESSES, STEPS
from load.processes import ROOT, TASADOR, CannotRun, Served, commit, environment, machine, output_of, serving
from load.wrk import Load, load, medians, require_wrk
from rich.console import Console
from rich.table import Table

from application.known_keys import KnownKeys
from config.container import Container
from config.loader import load_settings
from domain.api_key import Scope, Token
from domain.rate_limit import RateLimit
from entrypoints.http.roster import Roster

_DOORSTEPS = ROOT / "benchmarks" / "load" / "doorsteps.py"
_HANDSHAKES = 200
_LOOPS, _REPEATS = 5_000, 15


@contextmanager
def served(folder: Path) -> Iterator[Mapping[str, Served]]:
    """The steps, each at its address."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(folder / "tls.key")
    for part in issued.cert_chain_pems:
        part.write_to_path(folder / "tls.pem", append=True)
    authority.cert_pem.write_to_path(folder / "authority.pem")
    with serving("door", [sys.executable, str(_DOORSTEPS), str(folder)], folder, "/") as process:
        addresses = json.loads((folder / ADDRESSES).read_text("utf-8"))
        yield {step: replace(process, address=addresses[step]) for step in STEPS}


def measured(
    steps: Mapping[str, Served], requests: Path, key: str, rounds: int, seconds: float, connections: int
) -> dict[str, list[Load]]:
    """A load for each round of each step."""
    found: dict[str, list[Load]] = {step: [] for step in steps}
    for step in steps.values():
        load(step, requests, key, connections, 1)
    for turn in range(rounds):
        for name in list(steps) if turn % 2 == 0 else list(steps)[::-1]:
            found[name].append(load(steps[name], requests, key, connections, seconds))
    return found


def handshakes(step: Served, authority: Path | None) -> float:
    """Processor time of the server, microseconds, for a connection on which nothing is asked."""
    place = urlsplit(step.address)
    context = ssl.create_default_context(cafile=authority) if authority else None

    async def connect() -> None:
        for _ in range(_HANDSHAKES):
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    _, writer = await asyncio.open_connection(place.hostname, place.port, ssl=context)
                    writer.close()
                    with suppress(OSError):
                        await writer.wait_closed()

    before = step.processor_seconds()
    asyncio.run(connect())
    time.sleep(0.2)
    return (step.processor_seconds() - before) / _HANDSHAKES * 1e6


def in_process(home: Path, key: str) -> dict[str, float]:
    """Microseconds of the parts, the least of many repetitions."""
    os.environ.update(environment(home))
    container = Container(settings=load_settings(None, os.environ, home).settings, log_stream=None)
    container.loggers().prepare()
    authenticate = container.authenticate_key()
    token = Token.parse(key)
    assert token is not None  # noqa: S101
    known = authenticate.ask(key)
    pepper = container.pepper_store().find(known.pepper_id)
    assert pepper is not None  # noqa: S101
    memory = KnownKeys(seconds=lambda: 0.0)
    memory.remember(known, pepper, 0.0)
    frozen = replace(authenticate, known=memory)
    roster = Roster.alone()
    limiter = container.rate_limiter(roster.memory.counts_of_keys, 0, roster.memory.secret)
    limit = RateLimit(1_000_000, 1)
    mistyped = key[:-1] + ("0" if key[-1] != "0" else "1")
    stranger = Token.generate().reveal()

    def hit() -> None:
        with suppress(StopIteration):
            limiter.hit(f"key:{known.id}", limit).send(None)

    parts: dict[str, Callable[[], object]] = {
        "taking the token apart and its checksum (Token.parse)": lambda: Token.parse(key),
        "the same of a mistyped token": lambda: Token.parse(mistyped),
        "HMAC-SHA256 and comparison (Pepper.matches)": lambda: pepper.matches(token.secret, known.secret_hash),
        "finding the key in memory (KnownKeys.find)": lambda: memory.find(known.id),
        "the whole check from memory (at_once)": lambda: frozen.at_once(key),
        "its line in the key log (let_in)": lambda: frozen.let_in(known, Scope.VALUE, "x"),
        "an unknown key, as far as memory goes": lambda: frozen.at_once(stranger),
        "counting it against the key's rate limit": hit,
        "asking the key store (SQLite), in this thread": lambda: authenticate.ask(key),
    }
    return {name: _microseconds(call) for name, call in parts.items()}


def _microseconds(call: Callable[[], object]) -> float:
    call()
    once = timeit.timeit(call, number=20) / 20
    loops = max(50, min(_LOOPS, round(0.05 / once)))
    return min(timeit.repeat(call, number=loops, repeat=_REPEATS)) / loops * 1e6


def added(rounds: Mapping[str, Sequence[Load]], step: str) -> tuple[float, float] | None:
    """By how many microseconds of wall and of processor time a request takes longer than at the step before."""
    place = STEPS.index(step)
    if not place:
        return None
    pairs = list(zip(rounds[step], rounds[STEPS[place - 1]], strict=True))
    wall = statistics.median(1e6 / one.per_second - 1e6 / other.per_second for one, other in pairs)
    return wall, statistics.median(one.cpu - other.cpu for one, other in pairs)


def main() -> None:
    """Measures and prints."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--seconds", type=float, default=2)
    options.add_argument("--connections", type=int, default=8)
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        require_wrk()
        with TemporaryDirectory(prefix="tasador-door-") as temporary:
            home = Path(temporary)
            key = json.loads(output_of([*TASADOR, "keys", "create", "--label", "door", "--json"], home))["token"]
            requests = home / "requests.txt"
            requests.write_text("/\t{}\n", "utf-8")
            with served(home) as steps:
                rounds = measured(steps, requests, key, given.rounds, given.seconds, given.connections)
                one_by_one = measured(steps, requests, key, 1, given.seconds, 1)
                plain = handshakes(steps[STEPS[-2]], None)
                secure = handshakes(steps[STEPS[-1]], home / "authority.pem")
            parts = in_process(home, key)
    except CannotRun as error:
        sys.exit(f"door.py: {error}")
    middle = {step: medians(loads) for step, loads in rounds.items()}
    alone = {step: medians(loads) for step, loads in one_by_one.items()}
    print_tables(middle, alone, rounds, (plain, secure), parts, given)
    if given.json:
        document: dict[str, Any] = {
            "steps": {step: asdict(figures) for step, figures in middle.items()},
            "rounds": {step: [asdict(each) for each in loads] for step, loads in rounds.items()},
            "alone": {step: asdict(figures) for step, figures in alone.items()},
            "connection": {"plain": plain, "tls": secure},
            "parts": parts,
        }
        given.json.write_text(json.dumps(document, indent=1), "utf-8")
    sys.exit(1 if any(figures.failed for figures in middle.values()) else 0)


def print_tables(
    middle: Mapping[str, Load],
    alone: Mapping[str, Load],
    rounds: Mapping[str, Sequence[Load]],
    connection: tuple[float, float],
    parts: Mapping[str, float],
    given: argparse.Namespace,
) -> None:
    """The steps, then the parts."""
    title = f"{machine()}, {commit()}; one worker, {given.connections} connections, {given.rounds} rounds"
    table = Table(title=title, box=None, title_justify="left")
    for head in ("", "requests/s", "p50 ms", "p99 ms", "p50 of one alone, ms", "us a request", "+us", "+us CPU"):
        table.add_column(head, justify="right" if head else "left")
    for step, figures in middle.items():
        more = added(rounds, step)
        table.add_row(
            f"{'+ ' if more else ''}{step}",
            f"{figures.per_second:,.0f}",
            f"{figures.p50:.2f}",
            f"{figures.p99:.2f}",
            f"{alone[step].p50:.2f}",
            f"{1e6 / figures.per_second:.0f}",
            *(("", "") if more is None else (f"{more[0]:+.0f}", f"{more[1]:+.0f}")),
        )
    console = Console(width=150)
    console.print(table)
    failed = sum(figures.failed for figures in middle.values())
    console.print(
        f"failed requests: {failed}; a new connection costs the server {connection[0]:.0f} us of processor time, "
        f"over TLS {connection[1]:.0f} us\n"
    )
    table = Table("", "us", title="without HTTP, in one thread", box=None, title_justify="left")
    for name, microseconds in parts.items():
        table.add_row(name, f"{microseconds:.2f}")
    console.print(table)


if __name__ == "__main__":
    main()
