"""The process that serves: what it loads, and how it starts from the environment."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from litestar.testing import TestClient

from config.settings import KeyStoreSettings
from entrypoints.cli.learners import LEARNERS
from entrypoints.http.asgi import create_app

REPOSITORY = Path(__file__).parents[2]
HEAVY = (
    *sorted(LEARNERS),
    "distributed",
    "sqlalchemy.orm",
    "hvac",
    "requests",
    "limits",
    "redis",
    "opentelemetry",
)
KINDS = sorted({*get_args(get_type_hints(KeyStoreSettings)["kind"])} - {"vault"})  # which would ask a server
BUILD = f"""
import os, sys
from pathlib import Path
from entrypoints.http.asgi import create_app
from config.container import Container
from config.loader import load_settings

for kind in {KINDS!r}:
    loaded = load_settings(None, os.environ | {{"TASADOR_KEY_STORE__KIND": kind}}, Path())
    container = Container(settings=loaded.settings)
    container.loggers().prepare()
    for name in ("value_property", "check_readiness", "authenticate_key", "list_models", "promote_model",
                 "roll_back_model", "served_model", "issue_key", "rotate_key", "revoke_key", "list_keys"):
        getattr(container, name)()
    container.served_model().refresh()
    for ask in container.check_readiness().parts.values():
        ask()
    container.list_models()()
    container.list_keys()()
print(*[name for name in {HEAVY!r} if name in sys.modules])
create_app()  # which looks for a tracer, and so loads that
print(*[name for name in {HEAVY!r} if name in sys.modules and name != "opentelemetry"])
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An environment of its own, and the root logger as it was."""
    monkeypatch.setenv("TASADOR_HOME", str(tmp_path / "var"))
    monkeypatch.delenv("TASADOR_CONFIG", raising=False)
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield tmp_path
    root.handlers = handlers
    root.setLevel(level)


def test_the_serving_process_loads_nothing_that_only_training_needs(home: Path) -> None:
    built = subprocess.run([sys.executable, "-c", BUILD], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    assert built.stdout.split() == []


def test_a_worker_starts_from_the_environment(home: Path) -> None:
    with TestClient(create_app()) as client:
        assert client.get("/health/live").status_code == 200
        ready = client.get("/health/ready")
        assert ready.status_code == 503
        assert ready.json()["checks"]["key_store"] == "ok"
    assert list((home / "var" / "logs").glob("tasador-*.log"))


def test_a_worker_that_cannot_be_set_up_ends_with_one_line(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASADOR_HTTP__PORT", "many")
    with pytest.raises(SystemExit) as ended:
        create_app()
    assert str(ended.value).startswith("tasador: ")
    assert "http.port" in str(ended.value)
