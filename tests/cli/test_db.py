"""`tasador db`, and what becomes of the database of an older Tasador."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.command import Command
from tests.contracts.test_database_schema import YESTERDAYS_TABLE

REFUSAL = "has the schema 0001 of an older Tasador, and this one needs 0002: run `tasador db upgrade`."


@pytest.fixture
def yesterdays(here: Path) -> Path:
    """The database of a Tasador that had no migrations."""
    (here / "var").mkdir()
    file = here / "var" / "tasador.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(YESTERDAYS_TABLE.format(moment="TEXT"))
    return file


class TestUpgrade:
    def test_says_from_where_to_where_and_where_the_copy_is(self, yesterdays: Path, tasador: Command) -> None:
        done = tasador("db", "upgrade")
        (copy,) = yesterdays.parent.glob("*.bak")
        assert (done.code, done.err) == (0, "")
        upgraded = f"sqlite:///{yesterdays} is upgraded from the schema 0001 to 0002."
        assert done.out == f"{upgraded} As it was before, it is kept in {copy}.\n"
        again = tasador("db", "upgrade")
        assert again.out == f"There is nothing to upgrade: sqlite:///{yesterdays} has the schema 0002 already.\n"
        assert tasador("keys", "list", "--json").json == []

    def test_tells_a_program_the_same(self, yesterdays: Path, tasador: Command) -> None:
        database = f"sqlite:///{yesterdays}"
        first, second = (tasador("db", "upgrade", "--json").json for _ in range(2))
        (copy,) = yesterdays.parent.glob("*.bak")
        assert first == {"database": database, "before": "0001", "after": "0002", "backup": str(copy)}
        assert second == {"database": database, "before": "0002", "after": "0002", "backup": None}

    def test_of_an_empty_folder_sets_the_database_up(self, here: Path, tasador: Command) -> None:
        assert tasador("db", "upgrade").out.endswith("was empty and is set up with the schema 0002.\n")
        assert tasador("keys", "list", "--json").json == []

    def test_has_nothing_to_do_where_there_is_no_database(
        self, here: Path, tasador: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TASADOR_KEY_STORE__KIND", "csv")
        assert tasador("db", "upgrade").out == "There is nothing to upgrade: the keys are not kept in a database.\n"
        nothing = {"database": None, "before": None, "after": None, "backup": None}
        assert tasador("db", "upgrade", "--json").json == nothing


class TestAnOlderDatabase:
    @pytest.mark.parametrize("words", [["keys", "list"], ["keys", "create", "--label", "x"], ["serve", "--port", "0"]])
    def test_is_refused_in_one_line(self, yesterdays: Path, tasador: Command, words: list[str]) -> None:
        refused = tasador(*words)
        assert refused.code == 1
        assert refused.told == f"The database sqlite:///{yesterdays} {REFUSAL}"

    def test_is_upgraded_by_a_quickstart_which_says_so(self, yesterdays: Path, tasador: Command) -> None:
        ended = tasador("quickstart", "--port", "0")  # it goes no further than that: there are no sales
        assert ended.code == 1
        assert f"tasador: sqlite:///{yesterdays} is upgraded from the schema 0001 to 0002." in ended.err
        assert "There is nothing" in tasador("db", "upgrade").out
