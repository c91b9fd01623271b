"""The peers, each served in its usual way from an environment that is not Tasador's."""

import csv
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from domain.property import TEXT_FIELDS, normalised
from load.home import Home, Prepared, write_requests
from load.processes import ROOT, Served, environment_of, free_port, output_of, serving

FOLDER = ROOT / "benchmarks" / "peers"
_LOOPBACK = "127.0.0.1"
_SILENT = {"BENTOML_DO_NOT_TRACK": "True", "DO_NOT_TRACK": "1", "OTEL_SDK_DISABLED": "true"}


@dataclass(frozen=True)
class Peer:
    """A peer: how it is called in files and in the table, how it is started in a folder, and what it is asked."""

    slug: str
    name: str
    start: Callable[[Path, Path, str], tuple[list[str], str, str]]
    request: Callable[[Home], tuple[str, object]]


def fitted(home: Prepared, python: str) -> tuple[Path, Path]:
    """The Python of the peers' environment, and a folder with what they serve. Raises CannotRun."""
    peers = environment_of("peers", FOLDER / "requirements.txt")
    folder = home.folder / "peers"
    folder.mkdir(exist_ok=True)
    if not (folder / "original.joblib").is_file():
        output_of([python, str(FOLDER / "fitted.py"), str(home.sales.resolve()), str(folder)], home.folder)
    return peers, folder


@contextmanager
def peer_serving(peer: Peer, python: Path, folder: Path, key: str) -> Iterator[Served]:
    """A running peer. Raises CannotRun."""
    command, address, ready = peer.start(python.parent, folder, key)
    more = {**_SILENT, "PYTHONPATH": f"{FOLDER}{os.pathsep}{ROOT}", "BENTOML_HOME": str(folder / "bentoml")}
    with serving(peer.slug, command, folder, ready, address, **more) as served:
        yield served


def peer_requests(peer: Peer, folder: Path, homes: Sequence[Home]) -> Path:
    """What the peer is asked about these homes; type and sector as its pipeline learned them."""
    plain = [home | {name: normalised(home[name]) for name in TEXT_FIELDS} for home in homes]
    return write_requests(folder / f"{peer.slug}.txt", [peer.request(home) for home in plain])


def _mlserver(binaries: Path, folder: Path, _: str) -> tuple[list[str], str, str]:
    ports = {"http_port": free_port(), "grpc_port": free_port(), "metrics_port": free_port()}
    settings = {"host": _LOOPBACK, "parallel_workers": 0, "debug": False, **ports}
    (folder / "settings.json").write_text(json.dumps(settings), "utf-8")
    model = {"name": "homes", "implementation": "mlserver_runtime.Homes"}
    (folder / "model-settings.json").write_text(json.dumps(model), "utf-8")
    address = f"http://{_LOOPBACK}:{ports['http_port']}"
    return [str(binaries / "mlserver"), "start", str(folder)], address, "/v2/models/homes/ready"


def _bentoml(binaries: Path, _: Path, __: str) -> tuple[list[str], str, str]:
    port = free_port()
    command = [str(binaries / "bentoml"), "serve", "bento:Homes", "--host", _LOOPBACK, "--port", str(port)]
    return command, f"http://{_LOOPBACK}:{port}", "/readyz"


def _original(binaries: Path, folder: Path, key: str) -> tuple[list[str], str, str]:
    with (folder / "keys.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("key", "label"), (key, "benchmark")])
    port = free_port()
    command = [str(binaries / "uvicorn"), "original:app", "--host", _LOOPBACK, "--port", str(port)]
    return command, f"http://{_LOOPBACK}:{port}", "/openapi.json"


def _infer(home: Home) -> tuple[str, object]:
    columns = [
        {"name": name, "shape": [1], "datatype": "BYTES", "parameters": {"content_type": "str"}, "data": [value]}
        if name in TEXT_FIELDS
        else {"name": name, "shape": [1], "datatype": "FP64", "data": [value]}
        for name, value in home.items()
    ]
    return "/v2/models/homes/infer", {"parameters": {"content_type": "pd"}, "inputs": columns}


PEERS = (
    Peer("mlserver", "MLServer, same pipeline, parallel_workers=0", _mlserver, _infer),
    Peer("bentoml", "BentoML, same pipeline, workers=1", _bentoml, lambda home: ("/predict", {"homes": [home]})),
    Peer("original", "FastAPI as the original, its notebook's small model", _original, lambda home: ("/predict", home)),
)
