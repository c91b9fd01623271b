"""A running service for each test, and one for the tests that only ask."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.http.service import Service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service of the test's own."""
    with Service(tmp_path).running() as service:
        yield service


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service for the tests of a file that do not disturb each other: they may make keys, and end their own."""
    with Service(tmp_path_factory.mktemp("logs")).running() as service:
        yield service
