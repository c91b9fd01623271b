"""Plausible sales of a made-up market, for tests that need many."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

SECTORS = {
    "Ñuñoa": (-33.456, -70.597, 62.0),
    "Las Condes": (-33.409, -70.567, 88.0),
    "Puente Alto": (-33.611, -70.576, 38.0),
}


def some_sales(count: int = 60, *, seed: int = 0, dated: bool = False) -> pd.DataFrame:
    """Sales with the columns of the sales table: prices follow area, sector and luck of about 10 per cent."""
    random = np.random.default_rng(seed)
    sector = random.choice(list(SECTORS), count)
    centre = np.array([SECTORS[name] for name in sector]).reshape(count, 3)
    kind = random.choice(["departamento", "casa"], count, p=[0.7, 0.3])
    usable = random.uniform(30, 200, count).round(1)
    frame = pd.DataFrame(
        {
            "id": [f"s{number:04}" for number in range(count)],
            "type": kind,
            "sector": sector,
            "net_usable_area": usable,
            "net_area": (usable * random.uniform(1.0, 1.4, count)).round(1),
            "n_rooms": random.integers(1, 6, count).astype(float),
            "n_bathroom": random.integers(1, 4, count).astype(float),
            "latitude": (centre[:, 0] + random.normal(0, 0.01, count)).round(6),
            "longitude": (centre[:, 1] + random.normal(0, 0.01, count)).round(6),
            "price": (usable * centre[:, 2] * np.exp(random.normal(0, 0.1, count))).round(),
        }
    )
    if dated:
        frame["sold_on"] = (np.datetime64("2020-01-01") + random.integers(0, 1500, count)).astype("datetime64[us]")
    return frame


def with_errors(sales: pd.DataFrame, *, prices: Sequence[int] = (), areas: Sequence[int] = ()) -> pd.DataFrame:
    """The same sales, with prices a thousand times too high and usable areas 50 times the whole in these rows."""
    price, usable = (sales[name].to_numpy(dtype=np.float64, copy=True) for name in ("price", "net_usable_area"))
    price[list(prices)] *= 1000
    usable[list(areas)] = 50 * sales["net_area"].to_numpy(dtype=np.float64)[list(areas)]
    return sales.assign(price=price, net_usable_area=usable)
