"""The whole of it, as a user runs it: real processes, real files, real requests."""

import json
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import Ran
from tests.e2e.service import HOME, Finished, Service, a_key, ordered, serving, tasador
from tests.trained_folder import few_trees


@pytest.fixture(scope="module")
def running(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Service]]:
    """A service that two tests share, and its folder."""
    folder = Path(shutil.copytree(trained, tmp_path_factory.mktemp("running") / "client"))
    with serving(folder) as service:
        yield folder, service


def test_train_create_a_key_serve_value_and_stop(folder: Path) -> None:
    key = a_key(folder)
    with serving(folder, from_nothing=True) as service:
        service.wait_until("/health/ready", 200)
        number = service.post("/predict", key, HOME)
        valuation = service.post("/v1/valuations", key, HOME).json()
        assert number.status_code == 200
        assert valuation["value"] == number.json()
        assert (valuation["currency"], valuation["model"]["version"]) == ("UF", "v2")
        assert service.post("/predict", "tsd_wrong", HOME).status_code == 401
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(timeout=30) == 0


def test_a_key_revoked_by_command_stops_working_within_seconds(running: tuple[Path, Service]) -> None:
    folder, service = running
    key = a_key(folder)
    assert service.post("/predict", key, HOME).status_code == 200
    assert ordered(folder, "keys", "revoke", key.split("_")[1]).code == 0
    until = time.monotonic() + 10
    while service.post("/predict", key, HOME).status_code == 200:
        assert time.monotonic() < until
    assert service.post("/predict", key, HOME).status_code == 401


def test_a_promotion_by_command_reaches_the_running_service(running: tuple[Path, Service]) -> None:
    folder, service = running
    key = a_key(folder, "--scope", "value", "--scope", "models:read")
    before = service.post("/v1/valuations", key, HOME).json()
    assert ordered(folder, "models", "promote", "v1").code == 0
    for _ in range(3_000):
        after = service.post("/v1/valuations", key, HOME).json()
        if after["model"]["version"] == "v1":
            break
    assert (before["model"]["version"], after["model"]["version"]) == ("v2", "v1")
    assert after["value"] != before["value"]


def test_a_service_without_a_model_runs_and_takes_up_the_first_one_trained(folder: Path) -> None:
    shutil.rmtree(folder / "var" / "models")
    key = a_key(folder)
    with serving(folder) as service:
        assert service.get("/health/live").status_code == 200
        refused = service.post("/predict", key, HOME)
        assert refused.status_code == 503
        assert "tasador train" in refused.json()["detail"]
        assert "Retry-After" in refused.headers
        with few_trees():
            assert ordered(folder, "train", "--recipe", "forest").code == 0
        service.wait_until("/health/ready", 200)
        assert service.post("/predict", key, HOME).status_code == 200


def test_a_damaged_model_is_refused_by_name_and_the_previous_version_serves(folder: Path) -> None:
    verified = ordered(folder, "models", "verify")
    assert verified.code == 0
    blob = _blob_of(folder, "v2")
    blob.write_bytes(blob.read_bytes()[:-100])
    damaged = ordered(folder, "models", "verify")
    assert damaged.code == 1
    assert "v2" in damaged.out
    key = a_key(folder)
    with serving(folder) as service:
        ready = service.wait_until("/health/ready", 200).json()
        assert ready["serving"] == "v1"
        assert "v2" in ready["warnings"][0]
        assert service.post("/v1/valuations", key, HOME).json()["model"]["version"] == "v1"


def test_workers_whose_parent_was_killed_leave_the_port_to_the_next_start_which_knows_its_keys(folder: Path) -> None:
    key = a_key(folder)
    with serving(folder, "serve", "--workers", "2") as service:
        service.wait_until("/health/ready", 200)
        service.post("/predict", key, HOME)
        service.process.kill()
        service.all_printed()  # to the end: the workers hold the same output, so that they have ended as well
    port = service.address.rpartition(":")[2]
    with serving(folder, "serve", port=port) as again:
        assert again.wait_until("/health/ready", 200).status_code == 200
        assert again.post("/predict", key, HOME).status_code == 200


def test_quickstart_trains_creates_a_key_prints_a_request_that_works_and_does_neither_twice(folder: Path) -> None:
    shutil.rmtree(folder / "var")
    forest = {"TASADOR_TRAINING__RECIPE": "forest"}
    with serving(folder, "quickstart", environment=forest, from_nothing=True) as service:
        request = service.wait_for(r"curl -s (\S+)/predict -H 'X-API-Key: (tsd_\w+)' .* -d '(\{.*\})'")
        assert request[1] == service.address
        token, body = request[2], json.loads(request[3])
        first = service.post("/predict", token, body)
        assert first.status_code == 200
    with serving(folder, "quickstart") as service:
        service.wait_for("Ctrl-C stops it")
        assert service.post("/predict", token, body).json() == first.json()
        service.process.send_signal(signal.SIGTERM)
        assert token not in service.all_printed()
    assert len(ordered(folder, "keys", "list", "--json").json) == 1
    assert len(ordered(folder, "models", "list", "--json").json) == 1


def test_quickstart_trains_anew_where_all_that_is_stored_is_of_an_older_program(folder: Path) -> None:
    for manifest in (folder / "var" / "models" / "versions").glob("*/manifest.json"):
        manifest.write_text(manifest.read_text().replace('"format": 3', '"format": 2', 1))
    with serving(folder, "quickstart", environment={"TASADOR_TRAINING__RECIPE": "forest"}) as service:
        request = service.wait_for(r"curl -s (\S+)/predict -H 'X-API-Key: (tsd_\w+)' .* -d '(\{.*\})'")
        assert service.post("/predict", request[2], json.loads(request[3])).status_code == 200
        assert service.get("/health/ready").json()["serving"] == "v3"
        service.process.send_signal(signal.SIGTERM)
        printed = service.all_printed()
    assert "v1 is refused" in printed
    assert "train again with `tasador train`" in printed
    assert "no stored model can be used: training" in printed


def test_a_port_in_use_is_told_in_one_line(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        failed = tasador(folder, "serve", "--port", str(port))
    _is_one_line(failed, 1, f"port {port} of 127.0.0.1 is in use")


def test_an_unwritable_var_is_told_in_one_line(folder: Path) -> None:
    shutil.rmtree(folder / "var")
    (folder / "var").write_text("a file where the folder should be")
    for command in ("serve", "train"):
        _is_one_line(ordered(folder, command), 1, "logs cannot be written")


def test_a_wrong_configuration_is_told_in_one_line(folder: Path) -> None:
    _is_one_line(tasador(folder, "serve", environment={"TASADOR_HTTP__PROT": "1"}), 2, "did you mean 'http.port'?")


def _is_one_line(finished: Finished | Ran, code: int, words: str) -> None:
    assert finished.code == code
    assert words in finished.err
    assert finished.err.count("\n") == 1
    assert not finished.out


def _blob_of(folder: Path, version: str) -> Path:
    models = folder / "var" / "models"
    manifest = (models / "versions" / version / "manifest.json").read_text()
    [blob] = [file for file in (models / "blobs").rglob("*.joblib") if file.stem in manifest]
    return blob
