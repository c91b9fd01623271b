"""Where a portfolio comes from or goes to, as the command line names it."""

from pathlib import Path

import pytest

from config.faults import ConfigurationError
from config.portfolio_places import Format, PortfolioPlace, is_parquet


@pytest.mark.parametrize(
    ("location", "form"),
    [
        ("homes.CSV", "csv"),
        ("homes.tsv.gz", "csv"),
        ("https://host/homes.csv?from=a/b.parquet", "csv"),
        ("-", "csv"),
        ("homes.parq", "parquet"),
        ("what?.pq", "parquet"),
        ("s3://bucket/homes.parquet/", "parquet"),
        ("https://host/homes.parquet?page=1", "parquet"),
    ],
)
def test_the_ending_tells_the_format(location: str, form: Format) -> None:
    assert PortfolioPlace("INPUT", location).kind == form
    assert is_parquet(location) == (form == "parquet")


def test_a_folder_is_parquet(tmp_path: Path) -> None:
    assert is_parquet(str(tmp_path))
    assert not is_parquet(str(tmp_path / "none"))


def test_what_no_ending_tells_is_asked_for() -> None:
    with pytest.raises(ConfigurationError, match="--input-format"):
        _ = PortfolioPlace("INPUT", "s3://bucket/homes").kind
