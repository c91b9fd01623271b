"""Tasador's fitted pipeline as a BentoML service. bentoml serve bento:Homes, in a folder with boosted.pickle."""

import pickle
from pathlib import Path

import bentoml
import pandas as pd


@bentoml.service(workers=1, traffic={"timeout": 60}, metrics={"enabled": True})
class Homes:
    """Values tables of homes."""

    def __init__(self) -> None:
        self.value = pickle.loads(Path("boosted.pickle").read_bytes())  # noqa: S301

    @bentoml.api
    def predict(self, homes: pd.DataFrame) -> list[float]:
        """The values of the homes."""
        return self.value(homes).tolist()
