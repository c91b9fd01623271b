"""What goes wrong with what users bring: one clear line that names it, exit code 1, and nothing lost."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.command import Command
from tests.fakes.sales import some_sales

PASSWORD = "geheim-9"
HEADER, *ROWS = some_sales().to_csv(index=False).splitlines(keepends=True)
SALES = HEADER + "".join(ROWS)
NOWHERE = f"postgresql://ana:{PASSWORD}@127.0.0.1:1/sales"

Trouble = Callable[[str], str | bytes]


def _unusable(_: str) -> str:
    return some_sales().assign(net_area=-5).to_csv(index=False)


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (lambda _: "", "sales.csv is empty"),
        (lambda _: "\n \n", "sales.csv is empty"),
        (lambda _: HEADER, "sales.csv: 0 of 0 sales can be used, at least 10 are needed."),
        (lambda _: HEADER + "".join(ROWS[:9]), "sales.csv: 9 of 9 sales can be used, at least 10 are needed."),
        (lambda sales: sales.replace(",price", ",precio", 1), "sales.csv has no column 'price' (is it 'precio'?)"),
        (lambda sales: sales.replace("n_rooms", "net_area", 1), "names the column 'net_area' twice on line 1"),
        (_unusable, "60 x net_area is out of range"),
        (lambda sales: sales.encode("utf-16")[2:], "sales.csv holds a control character on line 1"),
        (lambda _: b"PK\x03\x04" + bytes(100), "sales.csv is a ZIP archive or an Excel workbook"),
        (lambda sales: sales + '"open', "sales.csv cannot be read from line"),
    ],
)
def test_sales_that_cannot_be_trained_on_are_refused(
    configured: Path, tasador: Command, trouble: Trouble, told: str
) -> None:
    content = trouble(SALES)
    Path("sales.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    for words in (("train",), ("train", "--json")):
        refused = tasador(*words)
        assert refused.code == 1
        assert told in refused.told
        assert "sales.csv" in refused.told
    assert tasador("models", "list", "--json").json == []


@pytest.mark.parametrize(
    ("trouble", "note"),
    [
        (lambda sales: b"\xef\xbb\xbf" + sales.encode(), None),
        (lambda sales: sales.replace(",", ";").encode(), "cells are separated by semicolons."),
        (lambda sales: sales.encode("latin-1"), "is not UTF-8, so the file is read as Windows-1252."),
        (lambda sales: sales.replace("\n", "\r\n").encode(), None),
    ],
)
def test_sales_that_are_only_written_otherwise_are_the_same_sales(
    trained: dict[str, object], tasador: Command, trouble: Callable[[str], bytes], note: str | None
) -> None:
    Path("sales.csv").write_bytes(trouble(SALES))
    # The same sales, or else the holdout of v1 could not be told among them.
    judged = tasador("evaluate", "--json")
    assert (judged.code, judged.json["metrics"]) == (0, trained["metrics"])
    if note:
        assert note in tasador("train").out


def test_text_in_a_number_column_is_named_with_its_row_and_column(configured: Path, tasador: Command) -> None:
    sales = some_sales().assign(net_area="viel")
    sales.to_csv("sales.csv", index=False)
    told = tasador("train").told
    assert "The first: line 2: net_area is not a number: 'viel'." in told
    (quarantine,) = (configured / "var/quarantine").iterdir()
    assert str(quarantine) in told


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ('path = "no.csv"', "There is no file {here}/no.csv: set data_source.path"),
        ('path = "."', "{here} is a folder: set data_source.path"),
        (
            f'kind = "sql"\nurl = "{NOWHERE}"\nquery = "select 1"',
            "postgresql://ana@127.0.0.1:1/sales cannot be reached",
        ),
        ('kind = "sql"\nurl = "sqlite:///no.db"\nquery = "select 1"', "There is no SQLite database {here}/no.db"),
        (f'kind = "sql"\nurl = "oracle://u:{PASSWORD}@h/d"\nquery = "select 1"', "'.[databases]' in the checkout"),
        (f'kind = "sql"\nurl = "{PASSWORD}"\nquery = "select 1"', "data_source.url cannot be used"),
        ("", "No sales are configured: set data_source.path"),
    ],
)
def test_a_source_that_cannot_be_reached_is_named(here: Path, tasador: Command, source: str, told: str) -> None:
    Path("tasador.toml").write_text(f"[data_source]\n{source}\n")
    refused = tasador("train")
    assert refused.code == 1
    assert told.format(here=here) in refused.told
    assert PASSWORD not in refused.told


@pytest.mark.parametrize("words", [("keys", "create", "--label", "x"), ("keys", "list"), ("keys", "revoke", "0" * 12)])
@pytest.mark.parametrize(
    ("url", "told", "code"),
    [
        (NOWHERE, "The key store postgresql://ana@127.0.0.1:1/sales cannot be used", 1),
        (PASSWORD, "key_store.url is of no use", 2),
        ("sqlite:///:memory:", "key_store.url is of no use: SQLite needs a file that outlives the process", 2),
        ("sqlite:////dev/null/keys.db", "/dev/null/keys.db", 1),
    ],
)
def test_a_key_store_that_cannot_be_reached_is_named(
    here: Path, tasador: Command, words: tuple[str, ...], url: str, told: str, code: int
) -> None:
    Path("tasador.toml").write_text(f'[key_store]\nurl = "{url}"\n')
    refused = tasador(*words)
    assert refused.code == code
    assert told in refused.told
    assert PASSWORD not in refused.told


class TestAVarThatIsAFile:
    @pytest.mark.parametrize("words", [("train",), ("keys", "create", "--label", "x"), ("models", "list")])
    def test_is_named_before_anything_is_done(self, configured: Path, tasador: Command, words: tuple[str, ...]) -> None:
        Path("var").write_text("mine")
        refused = tasador(*words)
        assert refused.code == 1
        assert refused.told.startswith(f"the logs cannot be written to {configured}/var/logs: not a directory")
        assert Path("var").read_text() == "mine"

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("train",), "{here}/var/models/training.lock cannot be locked"),
            (("models", "list"), "The model repository {here}/var/models cannot be used: not a directory."),
            (("keys", "create", "--label", "x"), "{here}/var/pepper.json cannot be"),
            (("keys", "list"), "{here}/var/tasador.db cannot be made"),
        ],
    )
    def test_is_named_by_whoever_needs_it_where_the_logs_are_elsewhere(
        self, configured: Path, tasador: Command, words: tuple[str, ...], told: str
    ) -> None:
        Path("var").write_text("mine")
        with Path("tasador.toml").open("a") as file:
            file.write('[logging]\ndirectory = "logs"\n')
        refused = tasador(*words)
        assert refused.code == 1
        assert told.format(here=configured) in refused.told

    def test_is_named_where_rows_are_to_be_set_aside(self, configured: Path, tasador: Command) -> None:
        (configured / "quarantine").write_text("mine")
        with Path("tasador.toml").open("a") as file:
            file.write('[screening]\nquarantine = "quarantine"\n')
        Path("sales.csv").write_text(_unusable(SALES))
        assert "The rows set aside cannot be written to" in tasador("train").told
