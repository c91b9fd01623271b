"""Tries an upgrade from the program at REF (default: the newest tag): `python -m scripts.upgrade.check [REF]`.

The previous program makes a data folder: trains, issues keys, serves, values, is told outcomes. Today's upgrades the
database under two replicas of the previous one and goes on with the folder, then the previous one again. Ends with
exit code 1 where the upgrade does not hold; what the way back holds is told. `--previous-python` runs the previous
program where its libraries are not those of today; `--setting` keeps keys or records in PostgreSQL, in an empty
database.
"""

import argparse
import csv
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from scripts.upgrade.program import DoesNotHold, Program, Service

_REPOSITORY = Path(__file__).parents[2]
_HOMES = 25
_NUMBERS = ("net_usable_area", "net_area", "n_rooms", "n_bathroom", "latitude", "longitude")
_OF_THE_MOMENT = {"valuation_id", "id", "request_id", "valued_at", "at", "computed_at"}
_SCOPES = [word for scope in ("value", "models:read", "outcomes:write", "audit:read") for word in ("--scope", scope)]

Home = Mapping[str, Any]


@dataclass
class Trial:
    """What is tried on one folder: what was known before, and what came of each step."""

    keys: list[str] = field(default_factory=list)
    revoked: str = ""
    recorded: list[str] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def step(self, program: Program, name: str, does: Callable[[], str]) -> None:
        """Does something, and tells what came of it."""
        try:
            said = does()
            print(f"{program.name:<9} {name:<34} holds  {said}", flush=True)
        except DoesNotHold as error:
            self.failed.append(f"{program.name}: {name}")
            print(f"{program.name:<9} {name:<34} FAILS  {error}", flush=True)


def main() -> None:
    """Tries it and tells step by step."""
    arguments = argparse.ArgumentParser(description="Try an upgrade from the program at REF to this one, and back.")
    arguments.add_argument("ref", nargs="?", help="the previous release (default: the newest tag)")
    arguments.add_argument("--previous-python", default=sys.executable, help="interpreter with the libraries of REF")
    arguments.add_argument(
        "--setting",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="of both, such as TASADOR_KEY_STORE__URL=...",
    )
    chosen = arguments.parse_args()
    settings = dict(each.split("=", 1) for each in chosen.setting)
    ref = chosen.ref or _git("describe", "--tags", "--abbrev=0", "HEAD^")
    with TemporaryDirectory(prefix="tasador-upgrade-") as work:
        earlier, home = Path(work, "previous"), Path(work, "home")
        home.mkdir()
        revision = _git("rev-parse", "--verify", f"{ref}^{{commit}}")
        _git("worktree", "add", "--detach", "--quiet", str(earlier), revision)
        try:
            previous = Program("previous", earlier, chosen.previous_python, home, settings)
            today = Program("today", _REPOSITORY, sys.executable, home, settings)
            print(f"from {ref} ({revision[:12]}) to {_git('describe', '--always', '--dirty')}")
            trial = _tried(previous, today)
        finally:
            _git("worktree", "remove", "--force", str(earlier))
    failed = [name for name in trial.failed if not name.startswith("back")]
    sys.exit("The upgrade does not hold: " + "; ".join(failed) if failed else 0)


def _tried(previous: Program, today: Program) -> Trial:
    trial = Trial()
    for program in (previous, today):
        program.build_kernel()
    trial.step(previous, "makes a data folder", lambda: _make_folder(previous, trial))
    if trial.failed:
        return trial
    back = Program("back", previous.folder, previous.python, previous.home, previous.settings)
    trial.step(today, "db upgrade under two replicas", lambda: _upgraded(today, previous, trial))
    for program in (today, back):
        for name, does in _STEPS.items():
            trial.step(program, name, partial(does, program, trial))
    return trial


def _upgraded(program: Program, previous: Program, trial: Trial) -> str:
    """The database's tables change under services of the previous program, which value and record on."""
    with previous.serves() as one, previous.serves() as another:
        before = [_valued(each, _homes()[0], trial.keys[0])["value"] for each in (one, another)]
        told = ", ".join(f"schema {each['before']} -> {each['after']}" for each in program.runs("db", "upgrade"))
        after = [_valued(each, _homes()[0], trial.keys[0])["value"] for each in (one, another)]
    if before != after:
        raise DoesNotHold(f"the replicas answered {before}, and {after} after it")
    return f"{told}; both went on"


def _make_folder(program: Program, trial: Trial) -> str:
    program.runs("train", "--recipe", "boosted")
    program.runs("train", "--recipe", "notebook", "--no-promote")
    trial.keys.append(str(program.runs("keys", "create", "--label", "upgrade", *_SCOPES)["token"]))
    gone = program.runs("keys", "create", "--label", "gone", "--scope", "value")
    program.runs("keys", "revoke", str(gone["id"]))
    trial.revoked = str(gone["token"])
    with program.serves() as service:
        trial.answers = [_valued(service, home, trial.keys[0]) for home in _homes()]
        trial.recorded = [str(answer.get("valuation_id") or answer.get("id")) for answer in trial.answers]
        outcome = {"valuation_id": trial.recorded[0], "price": 187000.0, "sold_on": "2026-11-01"}
        override = {"value": 171000.0, "reason": "roof to be renewed", "valuer": "M. Rojas"}
        _expect(service.asks("POST", "/v1/outcomes", trial.keys[0], outcome), 200, 201)
        _expect(service.asks("POST", f"/v1/valuations/{trial.recorded[1]}/override", trial.keys[0], override), 200, 201)
    return f"2 versions, 2 keys (1 revoked), {len(trial.answers)} valuations, an outcome, an override"


def _go_on(program: Program, trial: Trial) -> str:
    """Serves: keys are valid or revoked as before, values the same to the digit, and what is on record is found."""
    with program.serves() as service:
        for key in trial.keys:
            _expect(service.asks("GET", "/v1/models/current", key), 200)
        _expect(service.asks("GET", "/v1/models/current", trial.revoked), 401)
        for home, before in zip(_homes(), trial.answers, strict=True):
            now = _valued(service, home, trial.keys[0])
            other = sorted(name for name in before.keys() - _OF_THE_MOMENT if now.get(name) != before[name])
            if other:
                raise DoesNotHold(f"{', '.join(other)} of a home differ: {now.get(other[0])}, was {before[other[0]]}")
        for name in trial.recorded:
            _expect(service.asks("GET", f"/v1/valuations/{name}", trial.keys[0]), 200)
    return (
        f"{len(trial.keys)} keys valid, the revoked one refused, {len(trial.answers)} answers equal to the digit, "
        f"{len(trial.recorded)} records found"
    )


def _models(program: Program, _: Trial) -> str:
    listed = program.runs("models", "list")
    found = listed if isinstance(listed, list) else listed["models"]
    if [each["version"] for each in found] != ["v1", "v2"]:
        raise DoesNotHold(f"it lists {[each['version'] for each in found]}")
    return "v1, v2"


def _sound(*words: str) -> Callable[[Program, Trial], str]:
    """A step: a command that ends well, and the counts that it tells."""

    def verify(program: Program, _: Trial) -> str:
        told = program.runs(*words)
        return ", ".join(f"{name} {value}" for name, value in told.items() if isinstance(value, int) and value)

    return verify


def _replayed(program: Program, _: Trial) -> str:
    told = program.runs("audit", "replay", "--all")
    if told["identical"] != told["replayed"] or not told["replayed"]:
        raise DoesNotHold(f"{told['identical']} of {told['replayed']} identical: {told['causes']}")
    return f"{told['identical']} of {told['replayed']} identical"


def _keys(program: Program, trial: Trial) -> str:
    """Lists the keys, and issues another, which the next program must know."""
    program.runs("keys", "list")
    trial.keys.append(str(program.runs("keys", "create", "--label", program.name, *_SCOPES)["token"]))
    return "another key issued"


def _valued(service: Service, home: Home, key: str) -> dict[str, Any]:
    answer: dict[str, Any] = _expect(service.asks("POST", "/v1/valuations", key, home), 200)
    return answer


def _expect(answered: tuple[int, Any], *statuses: int) -> Any:
    status, document = answered
    if status not in statuses:
        raise DoesNotHold(f"the service answers {status}: {document}")
    return document


def _homes() -> list[Home]:
    with (_REPOSITORY / "data" / "ames_sales.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    chosen = rows[:: len(rows) // _HOMES][:_HOMES]
    return [
        {"type": row["type"], "sector": row["sector"]} | {name: float(row[name]) for name in _NUMBERS} for row in chosen
    ]


def _git(*words: str) -> str:
    done = subprocess.run(["git", "-C", str(_REPOSITORY), *words], capture_output=True, text=True, check=False)  # noqa: S603, S607
    if done.returncode:
        sys.exit(f"No previous program to upgrade from: {(done.stderr.strip() or 'git fails').splitlines()[-1]}")
    return done.stdout.strip()


_STEPS: Mapping[str, Callable[[Program, Trial], str]] = {
    "serve": _go_on,
    "models list": _models,
    "models verify": _sound("models", "verify"),
    "audit verify": _sound("audit", "verify"),
    "audit replay --all": _replayed,
    "keys list, keys create": _keys,
}


if __name__ == "__main__":
    main()
