"""The real service in a home of its own: two small models, keys, a server on a free port."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]

_SALES = 600
_SECONDS_TO_START = 60.0
_PROGRAM = [sys.executable, "-c", "from entrypoints.cli.main import main; main()"]
_SETTINGS = """\
[data_source]
path = "sales.csv"

[data_source.extra]
numeric = ["year_built"]
categorical = ["heating"]

[http]
rate_limit = "off"
failed_keys_limit = "off"
"""


class Service:
    """A home in `folder`, and what may be done with it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "tasador.toml").write_text(_SETTINGS)
        _write_sales(folder / "sales.csv")
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TASADOR_")},
            "TASADOR_CONFIG": str(folder / "tasador.toml"),
            "TASADOR_HOME": str(folder / "var"),
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
        }

    def train(self) -> None:
        """Stores two models, of which the first is served."""
        for further in ([], ["--no-promote"]):
            self._run("train", "--recipe", "notebook", *further)

    def token(self, scopes: Sequence[str]) -> str:
        """The token of a new key."""
        asked = [part for scope in scopes for part in ("--scope", scope)]
        issued = json.loads(self._run("keys", "create", "--label", "fuzzing", *asked, "--json"))
        return str(issued["token"])

    @contextmanager
    def serving(self, port: int) -> Iterator[str]:
        """Its address, while it serves. Raises RuntimeError where it does not start, or does not live to the end."""
        command = [*_PROGRAM, "serve", "--port", str(port)]
        address = f"http://127.0.0.1:{port}"
        with (self._folder / "served.txt").open("w") as said:
            process = subprocess.Popen(  # noqa: S603 (our own arguments)
                command, env=self._environment, cwd=self._folder, stdout=said, stderr=said
            )
            try:
                deadline = time.monotonic() + _SECONDS_TO_START
                while not _is_ready(address):
                    if process.poll() is not None or time.monotonic() > deadline:
                        raise RuntimeError(f"The service does not start:\n{self.said()}")
                    time.sleep(0.2)
                yield address
                if process.poll() is not None:
                    raise RuntimeError(f"The service has ended:\n{self.said()}")
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(20)

    def said(self) -> str:
        """The last lines that it wrote."""
        return "\n".join((self._folder / "served.txt").read_text().splitlines()[-10:])

    def _run(self, *arguments: str) -> str:
        command = [*_PROGRAM, *arguments]
        done = subprocess.run(  # noqa: S603 (our own arguments)
            command, env=self._environment, cwd=self._folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"tasador {arguments[0]} failed:\n{done.stderr}")
        return done.stdout


def _is_ready(address: str) -> bool:
    try:
        return requests.get(f"{address}/health/ready", timeout=5).ok
    except requests.RequestException:
        return False


def _write_sales(path: Path) -> None:
    """Some of the bundled sales, with two further columns, so that the models have further features."""
    with (ROOT / "data/ames_sales.csv").open(newline="") as source, path.open("w", newline="") as target:
        rows = csv.DictReader(source)
        writer = csv.DictWriter(target, [*(rows.fieldnames or ()), "year_built", "heating"])
        writer.writeheader()
        for place, row in zip(range(_SALES), rows, strict=False):
            writer.writerow(row | {"year_built": 1950 + place % 60, "heating": ("gas", "oil", "")[place % 3]})
