"""`tasador db`, and what becomes of the database of an older Tasador."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.command import Command
from tests.contracts.test_database_schema import YESTERDAYS_TABLE

REFUSAL = "has the schema 0001 of an older Tasador, and this one needs 0003: run `tasador db upgrade`."


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
        upgraded = f"sqlite:///{yesterdays} is upgraded from the schema 0001 to 0003."
        assert done.out == f"{upgraded} As it was before, it is kept in {copy}.\n"
        again = tasador("db", "upgrade")
        assert again.out == f"There is nothing to upgrade: sqlite:///{yesterdays} has the schema 0003 already.\n"
        assert tasador("keys", "list", "--json").json == []

    def test_tells_a_program_the_same(self, yesterdays: Path, tasador: Command) -> None:
        database = f"sqlite:///{yesterdays}"
        ([first], [second]) = (tasador("db", "upgrade", "--json").json for _ in range(2))
        (copy,) = yesterdays.parent.glob("*.bak")
        assert first == {"database": database, "before": "0001", "after": "0003", "backup": str(copy)}
        assert second == {"database": database, "before": "0003", "after": "0003", "backup": None}

    def test_of_an_empty_folder_sets_the_database_up(self, here: Path, tasador: Command) -> None:
        assert tasador("db", "upgrade").out.endswith("was empty and is set up with the schema 0003.\n")
        assert tasador("keys", "list", "--json").json == []

    def test_has_nothing_to_do_where_there_is_no_database(
        self, here: Path, tasador: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TASADOR_KEY_STORE__KIND", "csv")
        nothing = "There is nothing to upgrade: neither keys nor valuations are kept in a database.\n"
        assert tasador("db", "upgrade").out == nothing
        assert tasador("db", "upgrade", "--json").json == []

    @pytest.mark.parametrize(
        ("keys", "valuations", "databases"),
        [
            ("csv", "sqlite:///a.db", ["a.db"]),
            ("sqlite:///a.db", "sqlite:///a.db", ["a.db"]),
            ("sqlite:///a.db", "sqlite:///b.db", ["a.db", "b.db"]),
        ],
    )
    def test_is_of_every_database_that_is_configured_once(
        self, here: Path, tasador: Command, keys: str, valuations: str, databases: list[str]
    ) -> None:
        of_keys = 'kind = "csv"' if keys == "csv" else f'url = "{keys}"'
        of_valuations = f'kind = "sql"\nurl = "{valuations}"'
        Path("tasador.toml").write_text(f"[key_store]\n{of_keys}\n[valuation_log]\n{of_valuations}\n")
        done = tasador("db", "upgrade", "--json").json
        assert [(each["database"], each["before"]) for each in done] == [
            (f"sqlite:///{here}/{name}", None) for name in databases
        ]


class TestAnOlderDatabase:
    @pytest.mark.parametrize("words", [["keys", "list"], ["keys", "create", "--label", "x"], ["serve", "--port", "0"]])
    def test_is_refused_in_one_line(self, yesterdays: Path, tasador: Command, words: list[str]) -> None:
        refused = tasador(*words)
        assert refused.code == 1
        assert refused.told == f"The database sqlite:///{yesterdays} {REFUSAL}"

    def test_is_upgraded_by_a_quickstart_which_says_so(self, yesterdays: Path, tasador: Command) -> None:
        ended = tasador("quickstart", "--port", "0")  # it goes no further than that: there are no sales
        assert ended.code == 1
        assert f"tasador: sqlite:///{yesterdays} is upgraded from the schema 0001 to 0003." in ended.err
        assert "There is nothing" in tasador("db", "upgrade").out


class TestADatabaseOfValuations:
    @pytest.fixture
    def settings(self, here: Path) -> Path:
        Path("tasador.toml").write_text('[valuation_log]\nkind = "sql"\nurl = "sqlite:///old.db"\n')
        with closing(sqlite3.connect(here / "old.db")) as connection:
            connection.execute(YESTERDAYS_TABLE.format(moment="TEXT"))
        return here / "old.db"

    def test_that_is_older_is_refused_by_the_service_in_one_line(self, settings: Path, tasador: Command) -> None:
        refused = tasador("serve", "--port", "0")
        assert (refused.code, refused.told) == (1, f"The database sqlite:///{settings} {REFUSAL}")

    def test_that_can_never_work_is_named_by_its_setting(self, settings: Path, tasador: Command) -> None:
        Path("tasador.toml").write_text('[valuation_log]\nkind = "sql"\nurl = "mysql://ana:geheim@h/d"\n')
        for words in (["serve", "--port", "0"], ["config", "check"], ["db", "upgrade"]):
            refused = tasador(*words)
            assert "valuation_log.url is of no use: 'mysql' is no database" in refused.told
            assert "geheim" not in refused.told
