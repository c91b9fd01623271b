"""Portfolios of any size, made of a market's own sales: other places and areas nearby, a few homes that are refused."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from adapters.data_sources.csv_file import CsvDataSource
from application.sales.layout import SalesLayout
from application.sales.table import check_sales

_SEED = 0
_AT_ONCE = 250_000
_REFUSED = 0.002


def portfolio(folder: Path, sales: Path, rows: int, form: str = "parquet") -> Path:
    """A file of so many homes; always the same ones. Made where it is not there yet."""
    file = folder / f"{sales.stem}-{rows}.{form}"
    if file.is_file():
        return file
    unfinished = file.with_name(f"{file.name}.unfinished")
    if form == "parquet":
        _write_parquet(unfinished, sales, rows)
    else:
        _write_csv(unfinished, sales, rows)
    unfinished.rename(file)
    return file


def tables(sales: Path, rows: int) -> Iterator[pa.Table]:
    """The homes, a quarter of a million at a time."""
    known = check_sales(CsvDataSource(sales, None).sales(), SalesLayout()).usable
    drawn = np.random.default_rng(_SEED)
    for start in range(0, rows, _AT_ONCE):
        count = min(_AT_ONCE, rows - start)
        homes = known.iloc[drawn.integers(0, len(known), count)].reset_index(drop=True)
        scale = drawn.uniform(0.9, 1.1, count)
        off = drawn.random(count) < _REFUSED
        yield pa.Table.from_pandas(
            pd.DataFrame(
                {
                    "loan": [f"L{number:09d}" for number in range(start, start + count)],
                    "type": homes["type"],
                    "sector": homes["sector"],
                    "net_usable_area": (homes["net_usable_area"] * scale).round(2),
                    "net_area": (homes["net_area"] * scale).round(2),
                    "n_rooms": homes["n_rooms"],
                    "n_bathroom": homes["n_bathroom"],
                    "latitude": (homes["latitude"] + drawn.normal(0, 0.0005, count)).round(6) + 5.0 * off,
                    "longitude": (homes["longitude"] + drawn.normal(0, 0.0005, count)).round(6),
                }
            ),
            preserve_index=False,
        )


def _write_parquet(file: Path, sales: Path, rows: int) -> None:
    writer = None
    for table in tables(sales, rows):
        writer = writer or pq.ParquetWriter(file, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()


def _write_csv(file: Path, sales: Path, rows: int) -> None:
    with file.open("wb") as out:
        for number, table in enumerate(tables(sales, rows)):
            options = pyarrow.csv.WriteOptions(include_header=number == 0, quoting_style="needed")
            pyarrow.csv.write_csv(table, out, options)
