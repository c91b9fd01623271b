"""One Chromium and one real service for all tests of the console."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from domain.api_key import Scope
from tests.browser.chromium import a_browser
from tests.browser.visit import Visit, Windows, visit
from tests.cli.command import run
from tests.e2e.service import Service, a_key, serving
from tests.trained_folder import trained_folder


@dataclass(frozen=True)
class Console:
    """A running service with its console, and tokens by what their keys may do."""

    service: Service
    folder: Path
    everything: str
    value_only: str

    def new_key(self, *scopes: str) -> str:
        """The token of a key of the test's own."""
        return a_key(self.folder, *(word for scope in scopes for word in ("--scope", scope)))


@pytest.fixture(scope="module")
def windows() -> Iterator[Windows]:
    """Of a real Chromium, closed after the file: Playwright runs an event loop, beside which others cannot be run."""
    with a_browser() as browser:
        yield Windows(browser)


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """The real service over a trained model, two versions stored; its keys are not limited in how often they ask."""
    folder = Path(shutil.copytree(trained_folder(tmp_path_factory), tmp_path_factory.mktemp("console") / "client"))
    assert run("models", "promote", "v2", "--config", folder / "tasador.toml").code == 0
    everything = a_key(folder, *(word for scope in Scope for word in ("--scope", scope.value)))
    value_only = a_key(folder, "--scope", "value")
    with serving(folder, environment={"TASADOR_HTTP__RATE_LIMIT": "off"}) as service:
        yield Console(service, folder, everything, value_only)


Visiting = Callable[..., AbstractContextManager[Visit]]


@pytest.fixture
def visiting(windows: Windows, console: Console) -> Visiting:
    """Opens a window on the console: `with visiting(language="es", size="phone") as seen`; signed in as everything."""

    def opened(token: str | None = console.everything, **more: object) -> AbstractContextManager[Visit]:
        return visit(windows, console.service.address, token, **more)  # type: ignore[arg-type]

    return opened
