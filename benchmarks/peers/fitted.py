"""Fits what the peers serve, in Tasador's own environment, and writes it so that theirs can read it.

python benchmarks/peers/fitted.py SALES.csv FOLDER      started by serving.py

FOLDER/boosted.pickle: the default recipe at full effort, as a function from a table of homes to values; its columns are
made as Tasador makes them, its values are scikit-learn's. FOLDER/original.joblib: the notebook's pipeline of
TargetEncoder and GradientBoosting.
"""

import sys
from pathlib import Path

import cloudpickle
import joblib
import numpy as np
import pandas as pd

from adapters.data_sources.csv_file import CsvDataSource
from adapters.valuation_models.trainer import RECIPES
from application.sales.layout import SalesLayout
from application.sales.table import check_sales
from domain.model_version import FeatureSchema


def main() -> None:
    """Fits both and writes both."""
    sales = check_sales(CsvDataSource(Path(sys.argv[1]), None).sales(), SalesLayout()).usable
    folder = Path(sys.argv[2])
    features = FeatureSchema((), (), tuple(sorted(sales["type"].unique())), tuple(sorted(sales["sector"].unique())))
    fitted = RECIPES["boosted"].fit(sales, features, 0)
    pipeline, prepare = fitted.pipeline, fitted.prepare

    def predict(homes: pd.DataFrame) -> np.ndarray:
        return np.exp(pipeline.predict(prepare(homes)))

    (folder / "boosted.pickle").write_bytes(cloudpickle.dumps(predict))
    joblib.dump(RECIPES["notebook"].fit(sales, features, 0).pipeline, folder / "original.joblib")


if __name__ == "__main__":
    main()
