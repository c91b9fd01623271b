"""Values a Parquet file the way a data scientist would: pandas and the fitted training pipeline, values alone.

Started by batch.py: FROM TO MODEL (the boosted.pickle of fitted.py). There are no intervals, no refusals and no checks.
"""

import pickle
import sys
from pathlib import Path

import pandas as pd

predict = pickle.loads(Path(sys.argv[3]).read_bytes())  # noqa: S301 (written by fitted.py a moment ago)
homes = pd.read_parquet(sys.argv[1])
homes["value"] = predict(homes)
homes.to_parquet(sys.argv[2], index=False)
