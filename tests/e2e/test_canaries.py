"""A key and a home that can be recognised, taken through every route and command, and then looked for everywhere."""

import json
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.api_key import Scope, Token
from tests.e2e.service import HOME, Service, a_key, ordered, serving

ADDRESS = "Canary Lane 47114"
CLIENT = "canary-client-81"
CANARY_HOME = HOME | {"sector": "Canaryfield", "address": ADDRESS, "client_ref": CLIENT}
BODIES: dict[str, Any] = {
    "/predict": CANARY_HOME,
    "/predict_batch": {"data": [CANARY_HOME]},
    "/v1/valuations": CANARY_HOME,
    "/v1/valuations/batch": {"properties": [CANARY_HOME, {"address": ADDRESS}]},
    "/v1/valuations/what-if": {"property": CANARY_HOME, "changes": {"address": ADDRESS}},
    "/v1/keys": {"label": "another"},
}
BAD = CANARY_HOME | {"net_area": ADDRESS, "latitude": -1e9, "n_rooms": None}


def ask_everything(service: Service, token: str) -> Iterator[httpx.Response]:
    """The answers of every route, to good and bad bodies, with the key, with a spoiled one, and as a bearer token."""
    paths = service.get("/openapi.json").json()["paths"]
    with httpx.Client(base_url=service.address, timeout=30) as client:
        for headers in ({"X-API-Key": token}, {"Authorization": f"Bearer {token}"}, {"X-API-Key": token[:-1] + "!"}):
            for path, item in paths.items():
                address = path.replace("{version}", "v9").replace("{key_id}", token)
                for method in item:
                    for body in (BODIES.get(path), BAD, [ADDRESS]):
                        yield client.request(method, address, headers=headers, json=body)
        yield client.get(f"/{token}")
        yield client.get(f"/v1/models/{token}", headers={"X-API-Key": token})
        yield client.get("/v1/models", params={"key": token, "address": ADDRESS})
        yield client.post(f"/predict?key={token}", json=HOME | {"sector": token})
        yield client.post("/predict", json=HOME | {"client_ref": token}, headers={"X-API-Key": token[:-1] + "!"})
        yield client.post("/predict", content=ADDRESS, headers={"X-API-Key": token, "X-Request-ID": token})


@pytest.fixture(scope="module")
def everything(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Token, str]:
    """The folder of a service that all was asked of, the canary key, and all that it said but for valuations."""
    folder = Path(shutil.copytree(trained, tmp_path_factory.mktemp("canaries") / "client"))
    token = a_key(folder, *(word for scope in Scope for word in ("--scope", scope.value)))
    canary = Token.parse(token)
    assert canary
    said = []
    with serving(folder, "serve", "--workers", "2", from_nothing=True) as service:
        service.wait_until("/health/ready", 200)
        said = [
            answer.text + str(answer.headers) for answer in ask_everything(service, token) if answer.status_code >= 400
        ]
        said += [service.get(path).text for path in ("/metrics", "/health/ready", "/openapi.json")]
        processes = [service.process.pid, *service.workers()]
        for process in map(Path, (f"/proc/{pid}" for pid in processes)):
            said.append((process / "cmdline").read_text())
            with suppress(PermissionError):  # which is as it should be
                said.append((process / "environ").read_text(errors="replace"))
            limits = (process / "limits").read_text()
            assert limits.partition("Max core file size")[2].split()[:2] == ["0", "0"]
        for words in (["keys", "list", "--json"], ["keys", "events"], ["keys", "revoke", token]):
            done = ordered(folder, *words)
            said += [done.err, done.out]
        service.process.send_signal(signal.SIGTERM)
        said.append(service.all_printed())
    return folder, canary, "\n".join(said)


def test_neither_leaves_a_trace_where_it_does_not_belong(everything: tuple[Path, Token, str]) -> None:
    folder, canary, said = everything
    files = [file for file in folder.rglob("*") if file.is_file()]
    holding = {file: file.read_bytes() for file in files}
    secret = canary.secret.encode()
    assert [file.name for file, content in holding.items() if secret in content or secret[:20] in content] == []
    assert canary.secret not in said
    assert any("keys-" in file.name for file in holding)

    # A home is in the record of valuations, and nowhere else: not in logs, not in the database of keys, not in errors.
    records = folder / "var" / "valuations"
    for trace in (ADDRESS, CLIENT, "Canaryfield"):
        found = [file for file, content in holding.items() if trace.encode() in content]
        assert [file for file in found if not file.is_relative_to(records)] == [], trace
        assert trace not in said
    assert any(ADDRESS.encode() in content for file, content in holding.items() if file.is_relative_to(records))


def test_of_the_key_its_id_and_a_keyed_hash_are_kept(everything: tuple[Path, Token, str]) -> None:
    folder, canary, _ = everything
    with sqlite3.connect(folder / "var" / "tasador.db") as database:
        database.row_factory = sqlite3.Row
        [row] = database.execute("SELECT * FROM api_keys WHERE id = ?", [canary.key_id])
    database.close()
    peppers = json.loads((folder / "var" / "pepper.json").read_text())["peppers"]
    assert row["secret_hash"] not in peppers.values()
    assert len(row["secret_hash"]) == 64
    assert not [name for name in row.keys() if canary.secret[:8] in str(row[name])]  # noqa: SIM118
