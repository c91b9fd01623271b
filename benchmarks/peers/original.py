"""The service that Tasador replaces, as it was written: FastAPI, a CSV of keys, a pandas table a request.

uvicorn original:app, in a folder with keys.csv and original.joblib
"""

import csv
import logging
import warnings
from pathlib import Path

import joblib
import pandas as pd
from fastapi import Depends, FastAPI, HTTPException, Security
from fastapi.security import APIKeyHeader
from pydantic import BaseModel

warnings.filterwarnings("ignore")
logging.basicConfig(filename="original.log", level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
model = joblib.load("original.joblib")
app = FastAPI()
header = APIKeyHeader(name="X-API-Key")


class Property(BaseModel):
    """A home."""

    type: str
    sector: str
    net_usable_area: float
    net_area: float
    n_rooms: float
    n_bathroom: float
    latitude: float
    longitude: float
    price: float = 0


def check_key(key: str = Security(header)) -> str:
    """The key, looked up in the file."""
    with Path("keys.csv").open(encoding="utf-8", newline="") as file:
        known = {row["key"] for row in csv.DictReader(file)}
    if key not in known:
        raise HTTPException(status_code=401, detail="Invalid API key")
    return key


@app.post("/predict")
async def predict(home: Property, key: str = Depends(check_key)) -> float:  # noqa: ARG001
    """The value of a home."""
    table = pd.DataFrame([home.model_dump(exclude={"price"})])
    value = float(model.predict(table.astype({"type": object, "sector": object}))[0])
    logging.info("prediction %s -> %s", home.model_dump_json(), value)
    return value
