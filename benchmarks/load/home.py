"""A Tasador with a model and a key, and homes to ask it about."""

import csv
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from domain.property import NUMBER_FIELDS, PROPERTY_FIELDS, TEXT_FIELDS
from load.processes import ROOT, TASADOR, CannotRun, Served, output_of, serving

BUNDLED = ROOT / "data" / "ames_sales.csv"
HOMES = 1_000
ROWS = 1_000
"""Homes in a batch."""
_SEED = 0
_BATCHES = 20
_DETAILS = "/v1/valuations?explain=true&comparables=5"

Home = dict[str, Any]


@dataclass(frozen=True)
class Prepared:
    """A trained Tasador: its folder, what training said, a key, the sales it learned from."""

    folder: Path
    training: Mapping[str, Any]
    key: str
    sales: Path


@contextmanager
def prepared(sales: Path, folder: Path | None) -> Iterator[Prepared]:
    """Trains the default recipe on `sales` in a folder of its own, or takes a folder that was trained in before."""
    with TemporaryDirectory(prefix="tasador-bench-") as temporary:
        home = (folder or Path(temporary)).resolve()
        home.mkdir(parents=True, exist_ok=True)
        told = home / "training.json"
        if not told.is_file():
            source = str(sales.resolve())
            told.write_text(output_of([*TASADOR, "train", "--json"], home, TASADOR_DATA_SOURCE__PATH=source), "utf-8")
        issued = json.loads(output_of([*TASADOR, "keys", "create", "--label", "benchmark", "--json"], home))
        yield Prepared(home, json.loads(told.read_text("utf-8")), issued["token"], sales)


@contextmanager
def tasador(home: Prepared, *python: str, **more: str) -> Iterator[Served]:
    """`tasador serve` on a free port; `python` are options of the interpreter."""
    command = [TASADOR[0], *python, *TASADOR[1:], "serve", "--port", "0"]
    with serving("Tasador", command, home.folder, "/health/ready", **more) as served:
        yield served


def homes_to_ask(home: Prepared, served: Served) -> list[Home]:
    """Homes like those of the sales, all different and none refused; always the same ones."""
    drawn = random.Random(_SEED)  # noqa: S311
    with home.sales.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    homes: list[Home] = []
    for row in drawn.choices(rows, k=2 * HOMES):
        made: Home = {name: row[name] for name in TEXT_FIELDS} | {name: float(row[name]) for name in NUMBER_FIELDS}
        for name in ("net_usable_area", "net_area"):
            made[name] = round(made[name] * drawn.uniform(0.95, 1.05), 2)
        for name in ("latitude", "longitude"):
            made[name] = round(made[name] + drawn.uniform(-0.0005, 0.0005), 6)
        homes.append({name: made[name] for name in PROPERTY_FIELDS})
    answer = httpx.post(
        f"{served.address}/v1/valuations/batch",
        headers={"X-API-Key": home.key},
        json={"properties": homes},
        timeout=120,
    )
    if answer.status_code != 200:
        raise CannotRun(f"the homes to ask about are not valued: {answer.status_code} {answer.text[:300]}")
    valued = [each["status"] == "valued" for each in answer.json()["valuations"]]
    return [made for made, good in zip(homes, valued, strict=True) if good][:HOMES]


@dataclass(frozen=True)
class Requests:
    """Files of requests, each a line of path and body."""

    predict: Path
    valuations: Path
    details: Path
    batch: Path
    predict_batch: Path
    mixed: Path


def written_requests(folder: Path, homes: Sequence[Home]) -> Requests:
    """The requests of every route of interest, about these homes."""
    drawn = random.Random(_SEED)  # noqa: S311
    batches = [drawn.choices(homes, k=ROWS) for _ in range(_BATCHES)]
    one = {name: [(path, home) for home in homes] for name, path in _PATHS.items()}
    mixed = [drawn.choices(list(one.values()), (4, 4, 1))[0][place] for place in range(len(homes))]
    mixed += [("/predict_batch", {"data": homes[:10]}), ("/v1/valuations/batch", {"properties": homes[:10]})] * 10
    return Requests(
        **{name: write_requests(folder / f"{name}.txt", requests) for name, requests in one.items()},
        batch=write_requests(
            folder / "batch.txt", [("/v1/valuations/batch", {"properties": batch}) for batch in batches]
        ),
        predict_batch=write_requests(folder / "all.txt", [("/predict_batch", {"data": batch}) for batch in batches]),
        mixed=write_requests(folder / "mixed.txt", mixed),
    )


_PATHS = {"predict": "/predict", "valuations": "/v1/valuations", "details": _DETAILS}


def write_requests(file: Path, requests: Sequence[tuple[str, object]]) -> Path:
    """The file, written."""
    file.write_text("".join(f"{path}\t{json.dumps(body)}\n" for path, body in requests), "utf-8")
    return file


def answer_of(served: Served, key: str, requests: Path) -> bytes:
    """What is answered to the first request of a file. Raises CannotRun where it is no 2xx."""
    with requests.open(encoding="utf-8") as lines:
        path, _, body = next(lines).partition("\t")
    headers = {"Content-Type": "application/json", "X-API-Key": key}
    answer = httpx.post(f"{served.address}{path}", content=body.encode(), headers=headers, timeout=120)
    if not answer.is_success:
        raise CannotRun(f"{path} answers {answer.status_code}: {answer.text[:300]}")
    return answer.content
