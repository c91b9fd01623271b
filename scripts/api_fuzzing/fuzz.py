"""Runs schemathesis against the real service until there were as many cases as wanted, and says what it found.

Every round has a seed of its own, the first one the seed that is given; two more rounds follow, with a key that may do
little and without one. Ends with 1 where anything failed.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import requests
from openapi_spec_validator import validate

from scripts.api_fuzzing.service import ROOT, Service

# Not from hooks.py, whose import registers them.
KEY, TALLY = "TASADOR_FUZZ_KEY", "TASADOR_FUZZ_TALLY"
EVERY_SCOPE = ("value", "models:read", "models:write", "keys:admin", "outcomes:write", "monitor:read", "audit:read")
_SECONDS_TO_ANSWER = 10
CONFIG = "scripts/api_fuzzing/schemathesis.toml"
ANSWERS_UNDOCUMENTED = {
    "UndefinedStatusCode",
    "UndefinedContentType",
    "MissingContentType",
    "MissingHeaders",
    "JsonSchemaError",
}


@dataclass
class Found:
    """What all rounds came to."""

    rounds: int = 0
    cases: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    let_pass: Counter[str] = field(default_factory=Counter)

    @property
    def server_errors(self) -> int:
        """How many answers were the server's failure."""
        return sum(count for status, count in self.answers.items() if status >= "500")

    @property
    def undocumented(self) -> int:
        """How many kinds of answers the document does not hold."""
        return sum(count for kind, count in self.failures.items() if kind in ANSWERS_UNDOCUMENTED)

    def add(self, report: Path, tally: Path) -> int:
        """Adds a round's, and tells how many cases it had."""
        told, counted = json.loads(report.read_text()), json.loads(tally.read_text())
        cases = int(told["test_cases"]["generated"])
        self.rounds += 1
        self.cases += cases
        for each in told["failures"]:
            self.failures[each["type"]] += each["count"]
        for error in told["errors"]:
            self.failures[f"error: {error}"[:200]] += 1
        self.answers.update(counted["answers"])
        self.let_pass.update(counted["let_pass"])
        return cases


def main() -> None:
    """Starts the service, and asks it."""
    arguments = _arguments()
    began, found = time.monotonic(), Found()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        service = Service(folder)
        service.train()
        everything, little = service.token(EVERY_SCOPE), service.token(["value"])
        with service.serving(_free_port()) as address:
            _check_document(address)
            seed = arguments.seed
            while found.cases < arguments.cases:
                cases = _round(found, folder, address, everything, seed, arguments.examples)
                _say(f"seed {seed}, every scope: {cases} cases")
                seed += 1
            _check_still_open(address, everything)
            for who, token in (("scope value", little), ("no key", "")):
                cases = _round(found, folder, address, token, seed, arguments.examples // 10)
                _say(f"seed {seed}, {who}: {cases} cases")
    _sum_up(found, time.monotonic() - began)
    sys.exit(bool(found.failures or found.server_errors))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="how many at least, with a key of every scope")
    parser.add_argument("--seed", type=int, default=1, help="of the first round")
    parser.add_argument("--examples", type=int, default=100, help="of each operation in each phase of a round")
    return parser.parse_args()


def _round(found: Found, folder: Path, address: str, token: str, seed: int, examples: int) -> int:
    """One run of schemathesis; what fails is printed as it says it. Returns the number of cases."""
    report, tally = folder / "report.json", folder / "tally.json"
    for old in (report, tally):
        old.unlink(missing_ok=True)
    done = subprocess.run(  # noqa: S603 (our own arguments)
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", CONFIG, "run", f"{address}/openapi.json"),
            *("--checks", "all", "--seed", str(seed), "--max-examples", str(max(1, examples)), "--no-color"),
            *("--report", "json", "--report-json-path", str(report)),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), KEY: token, TALLY: str(tally)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or not tally.exists():
        _say(done.stdout + done.stderr)
    if not (report.exists() and tally.exists()):
        sys.exit("schemathesis did not run.")
    cases = found.add(report, tally)
    if done.returncode and not found.failures:
        sys.exit(f"schemathesis ended with {done.returncode}.")
    return cases


def _check_document(address: str) -> None:
    validate(requests.get(f"{address}/openapi.json", timeout=_SECONDS_TO_ANSWER).json())
    _say("The document is valid OpenAPI.")


def _check_still_open(address: str, token: str) -> None:
    """Raises HTTPError where the key of the run was ended by it: most of its cases would have been in vain."""
    requests.get(f"{address}/v1/keys", headers={"X-API-Key": token}, timeout=_SECONDS_TO_ANSWER).raise_for_status()


def _sum_up(found: Found, seconds: float) -> None:
    _say(f"answers: {', '.join(f'{status} {count}' for status, count in sorted(found.answers.items()))}")
    for reason, count in found.let_pass.most_common():
        _say(f"let pass {count}: {reason}")
    for kind, count in found.failures.most_common():
        _say(f"FAILED {count}: {kind}")
    _say(
        f"{found.cases} cases in {found.rounds} rounds, {sum(found.failures.values())} failures, "
        f"{found.server_errors} server errors, {found.undocumented} undocumented answers, {seconds:.0f} s"
    )


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
