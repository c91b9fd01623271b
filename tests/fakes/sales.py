"""Plausible sales of a made-up market, for tests that need many."""

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
