"""What every quarantine does with the rows that it is given."""

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pandas as pd
import pytest

from adapters.quarantines.csv_folder import CsvFolderQuarantine
from application.ports.quarantine import Quarantine
from domain.errors import QuarantineUnavailable
from tests.fakes.in_memory_quarantine import InMemoryQuarantine

ROWS = pd.DataFrame({"row": [4, 9], "reason": ["price is missing", "type is missing"], "Tipo, ñ": ["casa", None]})


class World(Protocol):
    """Makes quarantines of one technology, and looks into them."""

    @abstractmethod
    def quarantine(self) -> Quarantine:
        """One that works."""

    @abstractmethod
    def out_of_order(self) -> Quarantine:
        """One that cannot take anything."""

    @abstractmethod
    def kept(self, quarantine: Quarantine, place: str) -> list[list[str]]:
        """What is found at `place`: the header and the rows, as text."""


class Memory(World):
    def quarantine(self) -> Quarantine:
        return InMemoryQuarantine()

    def out_of_order(self) -> Quarantine:
        return InMemoryQuarantine(full=True)

    def kept(self, quarantine: Quarantine, place: str) -> list[list[str]]:
        assert isinstance(quarantine, InMemoryQuarantine)
        frame = quarantine.kept[place]
        return [list(frame.columns), *frame.astype(object).where(frame.notna(), "").astype(str).to_numpy().tolist()]


class CsvFolder(World):
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def quarantine(self) -> Quarantine:
        return CsvFolderQuarantine(self._folder / "made" / "when needed")

    def out_of_order(self) -> Quarantine:
        (self._folder / "file").touch()
        return CsvFolderQuarantine(self._folder / "file")

    def kept(self, quarantine: Quarantine, place: str) -> list[list[str]]:
        frame = pd.read_csv(place, dtype=str, keep_default_na=False)
        return [list(frame.columns), *frame.to_numpy().tolist()]


WORLDS: dict[str, Callable[[pytest.FixtureRequest], World]] = {
    "memory": lambda request: Memory(),
    "csv": lambda request: CsvFolder(request.getfixturevalue("tmp_path")),
}


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> World:
    return WORLDS[request.param](request)


class TestQuarantine:
    def test_rows_are_found_where_it_says_as_they_came(self, world: World) -> None:
        quarantine = world.quarantine()

        place = quarantine.keep("2026-11-22T10-00", ROWS)

        assert "2026-11-22T10-00" in place
        assert world.kept(quarantine, place) == [
            ["row", "reason", "Tipo, ñ"],
            ["4", "price is missing", "casa"],
            ["9", "type is missing", ""],
        ]

    def test_a_second_table_of_one_run_does_not_take_the_place_of_the_first(self, world: World) -> None:
        quarantine = world.quarantine()

        first = quarantine.keep("run", ROWS)
        second = quarantine.keep("run", ROWS.head(1))

        assert first != second
        assert len(world.kept(quarantine, first)) == 3
        assert len(world.kept(quarantine, second)) == 2

    def test_one_that_cannot_take_the_rows_says_so_in_one_line(self, world: World) -> None:
        with pytest.raises(QuarantineUnavailable) as refusal:
            world.out_of_order().keep("run", ROWS)
        assert "\n" not in str(refusal.value)
