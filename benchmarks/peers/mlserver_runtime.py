"""Tasador's fitted pipeline as a custom runtime of MLServer, which hands it each request as a pandas table."""

import pickle
from pathlib import Path

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, PandasCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Homes(MLModel):
    """Values tables of homes."""

    async def load(self) -> bool:
        """Reads the pipeline."""
        self._value = pickle.loads(Path("boosted.pickle").read_bytes())  # noqa: S301
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """The values of the homes."""
        values = self._value(self.decode_request(payload, default_codec=PandasCodec))
        return InferenceResponse(
            model_name=self.name, outputs=[NumpyCodec.encode_output("value", np.asarray(values, dtype=float))]
        )
