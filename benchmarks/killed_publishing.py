"""kill -9 at random points of publishing: whether the registry of models is ever the worse for it.

python benchmarks/killed_publishing.py [--points N] [--seed S] [--json]

A process stores, promotes, rolls back and prunes without end, and is killed: every other time right before a random one
of its calls that change something (open, write, fsync, link, unlink, mkdir, ...), else after a random time. After each:
everything stored verifies, what was told to be promoted is recorded, and the served version loads. In the end, pruning
leaves the versions that are kept, the promotions, and no other file. Exit code 1 where any of that fails.
"""

import argparse
import contextlib
import io
import itertools
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from adapters.model_repositories.joblib_folder import JoblibModelRepository  # noqa: E402
from adapters.model_repositories.signatures import SigningKeys  # noqa: E402
from application.served_model import ServedModel  # noqa: E402
from application.verify_models import VerifyModels  # noqa: E402
from tests.fakes.models import a_card, a_trained_model  # noqa: E402

KEEP = 3
_NOW = timedelta(0)
_LOOKING = {
    "fspath",
    "getpid",
    "stat",
    "lstat",
    "fstat",
    "scandir",
    "listdir",
    "getrandom",
    "urandom",
    "_path_normpath",
}
_WRITING = {"write", "flush", "truncate"}
_CALLS = 150
_PUBLICATIONS = 5
"""So long lives a process at most: about as long as it takes to make so many calls that change something."""
_WARM = 20


def models_in(folder: Path) -> JoblibModelRepository:
    """The registry under test."""
    return JoblibModelRepository(folder / "models", SigningKeys(folder / "signing-key.pem"))


def publish_without_end(folder: Path, told: int, chance: random.Random, ready: Callable[[], object]) -> None:
    """Publishes until it is killed, and writes the number of each promotion to the descriptor `told` once made."""
    models = models_in(folder)
    models.promotions()
    ready()
    while True:
        version = models.store(a_trained_model(chance.uniform(500, 5000)), a_card(), "benchmark").version
        promotion = models.promote(version, datetime.now(UTC), "benchmark", "published")
        os.write(told, f"{promotion.number}\n".encode())
        if chance.random() < 0.3:
            promotion = models.roll_back(datetime.now(UTC), "benchmark")
            os.write(told, f"{promotion.number}\n".encode())
        if chance.random() < 0.2:
            models.prune(KEEP, _NOW, datetime.now(UTC), "benchmark")


def published(folder: Path, times: int) -> float:
    """Publishes so often, in this process; the seconds that it took."""
    models, started = models_in(folder), time.monotonic()
    for turn in range(times):
        version = models.store(a_trained_model(1000.0 + turn), a_card(), "benchmark").version
        models.promote(version, datetime.now(UTC), "benchmark", "published")
        models.load(version)
    return time.monotonic() - started


def killed(folder: Path, chance: random.Random, longest: float) -> tuple[str, list[int]]:
    """Starts a process that publishes and kills it: before which call, and the promotions that it told of."""
    reading, told = os.pipe()
    last_call, calling = os.pipe()
    begun, beginning = os.pipe()
    at_call = chance.randrange(1, _CALLS) if chance.random() < 0.5 else None
    seed, seconds = chance.random(), chance.uniform(0, longest)
    child = os.fork()
    if not child:
        ready = partial(_kill_before, at_call, calling) if at_call else partial(os.write, beginning, b".")
        with contextlib.suppress(BaseException):
            publish_without_end(folder, told, random.Random(seed), ready)  # noqa: S311 (no secret)
        os._exit(1)
    for descriptor in (told, calling, beginning):
        os.close(descriptor)
    os.read(begun, 1)
    os.close(begun)
    if not at_call:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading) as promotions, os.fdopen(last_call) as call:
        numbers, name = [int(line) for line in promotions], call.read() or "(by time)"
    if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
        raise SystemExit("the process that publishes ended by itself: see what it cannot do")
    return name, numbers


def _kill_before(number: int, calling: int) -> None:
    """Has this process kill itself before its call of this number that changes something."""
    calls = itertools.count(1)

    def watch(frame: object, event: str, called: Any) -> None:  # noqa: ARG001
        if event == "c_call" and _changes_something(called) and next(calls) == number:
            sys.setprofile(None)
            os.write(calling, called.__name__.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(watch)


def _changes_something(called: Any) -> bool:
    owner = getattr(called, "__self__", None)
    if isinstance(owner, io.RawIOBase | io.BufferedIOBase):
        return called.__name__ in _WRITING and not isinstance(owner, io.BytesIO)
    return bool(called.__module__ in ("posix", "fcntl") and called.__name__ not in _LOOKING)


def faults_of(folder: Path, told: list[int]) -> list[str]:
    """What is wrong with the registry after a kill."""
    models = models_in(folder)
    verified = VerifyModels(models)()
    faults = [cause for cause in (*verified.versions.values(), verified.promotions_refused) if cause]
    recorded = {promotion.number for promotion in models.promotions()}
    faults += [f"promotion {number} was told of and is not recorded" for number in told if number not in recorded]
    served = ServedModel(models)
    served.refresh()
    if recorded and served.refusals:
        faults.append(f"the served version does not load: {served.refusals[0].reason}")
    if recorded:
        served.current()
    return faults


def measure(points: int, seed: int) -> dict[str, Any]:
    """Kills as often as asked, and what came of it."""
    chance = random.Random(seed)  # noqa: S311 (no secret)
    calls: Counter[str] = Counter()
    faults: list[str] = []
    told, left, remains, started = 0, 0, 0, time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "registry"
        published(Path(name) / "warm", 1)  # every process is a copy of this one: it has all that is imported
        seconds = published(Path(name) / "warm", _WARM) / _WARM
        published(folder, 2)
        for _ in track(range(points), "killing", console=Console(stderr=True), disable=not sys.stderr.isatty()):
            call, numbers = killed(folder, chance, _PUBLICATIONS * seconds)
            calls[call] += 1
            told += len(numbers)
            faults += faults_of(folder, numbers)
            before, remains = remains, len(models_in(folder).unreferenced())
            left += remains > before
        models = models_in(folder)
        promotions = len(models.promotions())
        pruned = models.prune(KEEP, _NOW, datetime.now(UTC), "benchmark")
        versions = models.versions()
        faults += faults_of(folder, [])
        files = {str(path.relative_to(folder / "models")) for path in (folder / "models").rglob("*") if path.is_file()}
        records = {file for file in files if file.startswith("promotions/")}
        needed = {f"versions/{version}/manifest.json" for version in versions}
        needed |= {f"blobs/sha256/{models.describe(version).artifact.sha256}.joblib" for version in versions}
        strays = sorted(files - records - needed)
        empty = [str(path) for path in (folder / "models").rglob("*") if path.is_dir() and not any(path.iterdir())]
    return {
        "points": points,
        "seconds": round(time.monotonic() - started, 1),
        "killed_before": dict(calls.most_common()),
        "promotions_told": told,
        "promotions_recorded": promotions,
        "kills_that_left_something": left,
        "faults": faults,
        "pruned_in_the_end": len(pruned.versions) + len(pruned.files),
        "versions_kept": len(versions),
        "files_needed": len(needed),
        "strays": strays + empty,
    }


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description="kill -9 at random points of publishing")
    parser.add_argument("--points", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.points, options.seed)
    if options.json:
        sys.stdout.write(json.dumps(found, indent=1) + "\n")
    else:
        table = Table("", "", show_header=False, title="publishing, killed")
        for what, figure in found.items():
            shown = figure if not isinstance(figure, dict) else ", ".join(f"{n} {call}" for call, n in figure.items())
            table.add_row(what.replace("_", " "), str(shown))
        Console().print(table)
    if found["faults"] or found["strays"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
