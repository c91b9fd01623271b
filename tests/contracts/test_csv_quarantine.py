"""The quarantine's files: safe to open, whole or not there."""

import csv
import os
from pathlib import Path

import pandas as pd
import pytest

from adapters.data_sources.csv_file import CsvDataSource
from adapters.quarantines.csv_folder import CsvFolderQuarantine
from domain.errors import QuarantineUnavailable


def kept(folder: Path, cells: list[object], header: str = "cell") -> list[str]:
    path = CsvFolderQuarantine(folder).keep("run", pd.DataFrame({header: pd.Series(cells, dtype=object)}))
    with Path(path).open(encoding="utf-8", newline="") as file:
        return [row[0] for row in csv.reader(file)]


@pytest.mark.parametrize(
    "cell", ["=1+1", "+cmd|x", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1", "-", "+56 9"]
)
def test_a_cell_that_a_spreadsheet_would_run_is_made_text(tmp_path: Path, cell: str) -> None:
    assert kept(tmp_path, [cell]) == ["cell", f"'{cell}"]


def test_a_column_name_that_a_spreadsheet_would_run_is_made_text(tmp_path: Path) -> None:
    assert kept(tmp_path, ["x"], header="=1+1") == ["'=1+1", "x"]


@pytest.mark.parametrize("cell", ["-33.45", "+5", "-1.234,5", "-1e-7", "casa=1", "Ñuñoa", '"quoted", and more'])
def test_any_other_cell_stays_as_it_is(tmp_path: Path, cell: str) -> None:
    assert kept(tmp_path, [cell]) == ["cell", cell]


def test_numbers_stay_numbers_and_nothing_stays_nothing(tmp_path: Path) -> None:
    assert kept(tmp_path, [-33.45, 7, None, float("nan"), "x"]) == ["cell", "-33.45", "7", "", "", "x"]


def test_mended_rows_can_be_read_again(tmp_path: Path) -> None:
    rows = pd.DataFrame({"row": [3], "reason": ["price is missing"], "sector": ["Ñuñoa; «x», y"], "price": [None]})

    again = CsvDataSource(Path(CsvFolderQuarantine(tmp_path).keep("run", rows))).sales().frame

    assert again.to_dict("split")["data"] == [["3", "price is missing", "Ñuñoa; «x», y", None]]


def test_only_the_file_is_left_in_the_folder(tmp_path: Path) -> None:
    place = CsvFolderQuarantine(tmp_path).keep("run", pd.DataFrame({"row": [1]}))

    assert [str(path) for path in tmp_path.iterdir()] == [place]


def test_a_write_that_fails_leaves_nothing_half_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)

    with pytest.raises(QuarantineUnavailable, match=r"run\.csv: No space left on device"):
        CsvFolderQuarantine(tmp_path).keep("run", pd.DataFrame({"row": [1]}))
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_training_left_half_written_is_removed_once_it_is_old(tmp_path: Path) -> None:
    old, young = tmp_path / ".run.7.tmp", tmp_path / ".run.8.tmp"
    for leftover in (old, young):
        leftover.touch()
    os.utime(old, (0, 0))
    place = CsvFolderQuarantine(tmp_path).keep("run", pd.DataFrame({"row": [1]}))
    assert {str(path) for path in tmp_path.iterdir()} == {place, str(young)}, "somebody may be writing it"


def test_an_interrupted_write_leaves_nothing_half_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        CsvFolderQuarantine(tmp_path).keep("run", pd.DataFrame({"row": [1]}))
    assert list(tmp_path.iterdir()) == []


def test_only_the_owner_can_read_a_clients_sales(tmp_path: Path) -> None:
    path = Path(CsvFolderQuarantine(tmp_path / "quarantine").keep("run", pd.DataFrame({"cell": ["x"]})))
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
