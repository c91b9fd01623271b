"""Does the time that a refusal takes tell which key ids there are?

python benchmarks/guessing.py [--samples N] [--requests N] [--json FILE]

Wrong keys of four sorts are tried in turn, in another order each time: a wrong secret for a key that there is, for one
that is revoked, for one that there is not, and a token whose checksum is wrong, which is refused before any store is
asked and may be faster. In process against each key store, all as the service checks them but for HTTP, and over HTTP.
Shown is how far the medians lie from those of unknown ids, with the range of 99 % of bootstrapped medians, and the
probability of such a difference by chance (Mann-Whitney). About three minutes.
"""

import argparse
import gc
import http.client
import json
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import numpy as np
from load.postgres import postgres
from load.processes import TASADOR, CannotRun, commit, machine, serving
from rich.console import Console
from rich.table import Table
from scipy.stats import mannwhitneyu

from config.container import Container
from config.settings import KeyStoreSettings, LoggingSettings, Settings
from domain.api_key import KeyAdmin, Scope, Token
from domain.errors import KeyRejected

UNKNOWN, KNOWN, REVOKED, MISTYPED = "unknown id", "known id", "revoked key", "wrong checksum"
SORTS = (UNKNOWN, KNOWN, REVOKED, MISTYPED)
_KEYS = 50
"""Of each sort, so that no one place in a store stands for all."""
_WARM_UP = 100
_RESAMPLED = 400

Tokens = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Compared:
    """Microseconds of a sort of wrong keys, and how they differ from those of unknown ids."""

    median: float
    quarter: float
    three_quarters: float
    further: float
    least: float
    most: float
    by_chance: float


def wrong_tokens(container: Container) -> Tokens:
    """Wrong keys of each sort, for a store that holds as many that are in use as revoked ones."""
    issue, revoke, admin = container.issue_key(), container.revoke_key(), KeyAdmin("guessing")
    known = [issue(f"known {number}", [Scope.VALUE], admin).key.id for number in range(_KEYS)]
    gone = [issue(f"revoked {number}", [Scope.VALUE], admin).key.id for number in range(_KEYS)]
    for key_id in gone:
        revoke(key_id, admin)
    guesses = [Token.generate() for _ in range(_KEYS)]
    return {
        UNKNOWN: [guess.reveal() for guess in guesses],
        KNOWN: [Token(key_id, Token.generate().secret).reveal() for key_id in known],
        REVOKED: [Token(key_id, Token.generate().secret).reveal() for key_id in gone],
        MISTYPED: [mistyped(guess.reveal()) for guess in guesses],
    }


def mistyped(token: str) -> str:
    """The token with its last character changed."""
    return token[:-1] + ("0" if token[-1] != "0" else "1")


def timed(tokens: Tokens, attempt: Callable[[str], object], samples: int) -> dict[str, list[float]]:
    """Microseconds of so many attempts of each sort, one after the other."""
    drawn = random.Random(0)  # noqa: S311
    found: dict[str, list[float]] = {sort: [] for sort in SORTS}
    gc.collect()
    gc.disable()
    try:
        for turn in range(samples + _WARM_UP):
            for sort in drawn.sample(SORTS, len(SORTS)):
                token = drawn.choice(tokens[sort])
                began = time.perf_counter_ns()
                attempt(token)
                took = (time.perf_counter_ns() - began) / 1000
                if turn >= _WARM_UP:
                    found[sort].append(took)
            if turn % 200 == 0:
                gc.collect()
    finally:
        gc.enable()
    return found


def compared(found: Mapping[str, Sequence[float]]) -> dict[str, Compared]:
    """The figures of each sort."""
    chance = np.random.default_rng(0)
    reference = np.array(found[UNKNOWN])
    result = {}
    for sort, microseconds in found.items():
        own = np.array(microseconds)
        apart = [
            np.median(chance.choice(own, own.size)) - np.median(chance.choice(reference, reference.size))
            for _ in range(_RESAMPLED)
        ]
        quarter, median, three_quarters = np.percentile(own, (25, 50, 75))
        least, most = np.percentile(apart, (0.5, 99.5))
        result[sort] = Compared(
            median=float(median),
            quarter=float(quarter),
            three_quarters=float(three_quarters),
            further=float(median - np.median(reference)),
            least=float(least),
            most=float(most),
            by_chance=float(mannwhitneyu(own, reference).pvalue) if sort != UNKNOWN else 1.0,
        )
    return result


@contextmanager
def stores(folder: Path) -> Iterator[dict[str, KeyStoreSettings]]:
    """Where keys can be kept."""
    pepper = folder / "pepper.json"
    with postgres() as server:
        yield {
            "csv": KeyStoreSettings(kind="csv", path=folder / "keys.csv", pepper_file=pepper),
            "SQLite": KeyStoreSettings(url=f"sqlite:///{folder / 'keys.db'}", pepper_file=pepper),
            "PostgreSQL": KeyStoreSettings(url=server.url, pepper_file=pepper),
        }


def in_process(settings: Settings, samples: int) -> tuple[dict[str, list[float]], Tokens]:
    """As the service checks a key: from memory, and when that does not know it, by asking the store."""
    container = Container(settings=settings)
    container.loggers().prepare()
    tokens, authenticate = wrong_tokens(container), container.authenticate_key()

    def attempt(token: str) -> None:
        try:
            if authenticate.at_once(token) is None:
                authenticate.ask(token)
        except KeyRejected as rejected:
            authenticate.turn_away(rejected, "POST /predict")
            return
        raise CannotRun("a wrong key was let in")

    return timed(tokens, attempt, samples), tokens


def over_http(home: Path, tokens: Tokens, samples: int, settings: KeyStoreSettings) -> dict[str, list[float]]:
    """As a stranger on the same machine sees it; nothing is throttled, so that all go the same way."""
    more = {"TASADOR_HTTP__FAILED_KEYS_LIMIT": "off", "TASADOR_KEY_STORE__URL": settings.url}
    more |= {"TASADOR_KEY_STORE__PEPPER_FILE": str(settings.pepper_file)}
    with serving("guessed", [*TASADOR, "serve", "--port", "0"], home, "/health/live", **more) as served:
        caller = http.client.HTTPConnection(urlsplit(served.address).netloc, timeout=30)

        def attempt(token: str) -> None:
            caller.request("POST", "/predict", b"{}", {"X-API-Key": token, "Content-Type": "application/json"})
            answer = caller.getresponse()
            answer.read()
            if answer.status != 401:
                raise CannotRun(f"a wrong key was answered {answer.status}")

        return timed(tokens, attempt, samples)


def main() -> None:
    """Measures and prints."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--samples", type=int, default=5000)
    options.add_argument("--requests", type=int, default=3000)
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    figures: dict[str, dict[str, Compared]] = {}
    try:
        with TemporaryDirectory(prefix="tasador-guessing-") as temporary, ExitStack() as running:
            home = Path(temporary)
            for name, store in running.enter_context(stores(home)).items():
                settings = Settings(key_store=store, logging=LoggingSettings(directory=home / "logs"))
                found, tokens = in_process(settings, given.samples)
                figures[name] = compared(found)
                if name == "SQLite":
                    figures["SQLite, over HTTP"] = compared(over_http(home, tokens, given.requests, store))
    except CannotRun as error:
        sys.exit(f"guessing.py: {error}")
    print_table(figures, given)
    if given.json:
        document = {name: {sort: asdict(each) for sort, each in sorts.items()} for name, sorts in figures.items()}
        given.json.write_text(json.dumps(document, indent=1), "utf-8")


def print_table(figures: Mapping[str, Mapping[str, Compared]], given: argparse.Namespace) -> None:
    """Prints a row for each store and sort."""
    title = f"{machine()}, {commit()}; {given.samples:,} of each in process, {given.requests:,} over HTTP; microseconds"
    table = Table(title=title, box=None, title_justify="left")
    for head in ("", "a wrong secret for", "median", "quartiles", "against an unknown id", "99 % range", "by chance"):
        table.add_column(head, justify="left" if head in {"", "a wrong secret for"} else "right")
    for name, sorts in figures.items():
        for sort, each in sorts.items():
            table.add_row(
                name if sort == UNKNOWN else "",
                sort,
                f"{each.median:.1f}",
                f"{each.quarter:.1f} to {each.three_quarters:.1f}",
                *(
                    ("", "", "")
                    if sort == UNKNOWN
                    else (f"{each.further:+.1f}", f"{each.least:+.1f} to {each.most:+.1f}", f"{each.by_chance:.2g}")
                ),
            )
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
